"""tap.py - imported by the tests that are Python scripts: results in the Test Anything Protocol.

    from tap import ok, same, skip, run, finish, BOOTS
    ok("what must hold", condition, "what is shown if it does not")
    same("what", got, wanted)
    finish()                       last line of every test
"""
import glob, json, os, subprocess

MEMINIT = os.environ.get("MEMINIT", "./meminit-analyze")
SRCDIR = os.environ.get("SRCDIR", ".")
DATA = os.environ.get("MIA_TEST_DATA", "test-data")
SHARED = os.environ.get("SHARED", "../shared")
BOOTS = sorted(glob.glob(os.path.join(DATA, "boots", "*")))
_nr = 0


def ok(what, condition, why=""):
    global _nr
    _nr += 1
    print(f"{'ok' if condition else 'not ok'} {_nr} - {what.replace('#', '')}")
    if not condition:
        for line in str(why).splitlines()[:40]:
            print("#", line[:400])
    return bool(condition)


def same(what, got, wanted):
    return ok(what, got == wanted, f"got:    {got!r}\nwanted: {wanted!r}")


def skip(what, why):
    global _nr
    _nr += 1
    print(f"ok {_nr} - {what} # SKIP {why}")


def run(*arguments, stdin=None, env=None, timeout=60):
    """The command with these arguments: (status, standard output, standard error), both as text."""
    p = subprocess.run([MEMINIT, *map(str, arguments)], input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                       capture_output=True, timeout=timeout, env=dict(os.environ, **(env or {})))
    return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")


def document(*arguments, **more):
    """The JSON document that the command writes; {} if it writes none."""
    status, out, err = run(*arguments, "--json", **more)
    try:
        return json.loads(out)
    except ValueError:
        print(f"# status {status}: {err[:300]}")
        return {}


def finish():
    print(f"1..{_nr}")
