"""cases.py - imported by tests whose cases are files: a real boot, changed as the case says, and what must be found in it.

A case is a head of "key: value" lines and perhaps, behind an empty line, a log of its own.

    why: what it shows
    base: debian-6.1-pc-2g            folder of test-data/boots; its log alone, or "base: NAME all" for the whole bundle
    log: NAME                         instead: a log of test-data/logs, lines of a real boot as they were printed
    file: NAME OF                     a file beside it, from test-data/logs/OF
    shared: corpus/real/NAME          instead: a folder of ../shared, read in place; skipped where that is not there
    edit: FILE |pattern|replacement|  every match; there must be one
    drop: FILE pattern                lines that match
    after: FILE pattern => text       a line of the log behind the first that matches
    taken: KIB                        the Memory: line has so much more reserved
    write: FILE text                  a file beside it; \\n is a new line
    b-KEY: ...                        the same of a second boot, which stands behind the first on the command line
    argv: words                       arguments before the inputs
    find: ID severity bytes           a finding; severity and bytes may be left out
    absent: ID                        no such finding
    head: pattern                     in the first ten lines of the text report, blanks as one
    detail: ID pattern                in the detail of a finding
    status: number                    of the text report
"""
import os, re, shutil

from tap import DATA, SHARED, document, ok, run, skip

HEAD_LINES = 10


def load(path):
    head, _, log = open(path, encoding="utf-8").read().partition("\n\n")
    return [tuple(line.split(": ", 1)) for line in head.splitlines() if line and not line.startswith("#")], log


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", errors="surrogateescape") as f:
        return f.read()


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8", errors="surrogateescape") as f:
        f.write(text)


def change(folder, key, value):
    """One change of the case; returns what is wrong with it."""
    if key == "taken":
        kib = int(value)
        text, n = re.subn(r"(Memory: )(\d+)(K/.*?)(\d+)(K reserved)", lambda m: f"{m[1]}{int(m[2]) - kib}{m[3]}{int(m[4]) + kib}{m[5]}", read(folder, "dmesg"))
        write(folder, "dmesg", text)
        return "" if n == 1 else "no Memory: line"
    name, rest = value.split(" ", 1)
    if key == "write":
        write(folder, name, rest.replace("\\n", "\n").replace("\\t", "\t") + "\n")
        return ""
    text = read(folder, name)
    if key == "edit":
        pattern, replacement, _ = rest[1:].split(rest[0])
        text, n = re.subn(pattern, replacement, text, flags=re.M)
    elif key == "drop":
        kept = [line for line in text.splitlines(True) if not re.search(rest, line)]
        n = len(text.splitlines()) - len(kept)
        text = "".join(kept)
    else:
        pattern, line = rest.split(" => ", 1)
        text, n = re.subn(f"(?m)^(.*{pattern}.*)$", lambda m: f"{m[1]}\n<6>[    0.000000] {line}", text, count=1)
    write(folder, name, text)
    return "" if n else f"nothing matches: {key}: {value}"


def prepare(path, fields, log, work):
    """The input of the case: (path, what is wrong)."""
    case = dict(fields)
    folder = os.path.join(work, os.path.basename(path))
    if "shared" in case:
        place = os.path.join(SHARED, case["shared"])
        return (place, "") if os.path.exists(place) else (None, "")
    if log or "log" in case:
        os.mkdir(folder)
        write(folder, "dmesg", log or read(os.path.join(DATA, "logs"), case["log"]))
        for key, value in fields:
            if key == "file":
                write(folder, value.split()[0], read(os.path.join(DATA, "logs"), value.split()[1]))
    else:
        base, _, everything = case["base"].partition(" ")
        shutil.copytree(os.path.join(DATA, "boots", base), folder, ignore=None if everything else lambda _, names: [n for n in names if n != "dmesg"])
    wrong = [change(folder, key, value) for key, value in fields if key in ("edit", "drop", "after", "taken", "write")]
    files = os.listdir(folder)
    return os.path.join(folder, "dmesg") if files == ["dmesg"] else folder, "\n".join(filter(None, wrong))


def prepare_second(path, fields, work):
    """The second boot of the case: ([path] or nothing, what is wrong)."""
    second = [(key[2:], value) for key, value in fields if key.startswith("b-")]
    if not second:
        return [], ""
    place, wrong = prepare(path + "-b", second, "", work)
    return [place] if place else None, wrong


def check(path, work):
    """Run one case; every expectation is a result."""
    name = os.path.basename(path)
    fields, log = load(path)
    case = dict(fields)
    place, wrong = prepare(path, fields, log, work)
    second, more = prepare_second(path, fields, work)
    if place is None or second is None:
        skip(f"{name}: {case['why']}", f"{case.get('shared', case.get('b-shared'))} of ../shared is not there")
        return
    wrong = "\n".join(filter(None, [wrong, more]))
    # A tilde is a blank inside of an argument.
    arguments = [word.replace("~", " ") for word in case.get("argv", "").split()]
    status, text, err = run(*arguments, place, *second)
    head = " ".join(" ".join(text.splitlines()[:HEAD_LINES]).split())
    findings = document(*arguments, place, *second).get("findings", [])
    told = "\n".join(f"{f['id']} {f['severity']} {f['bytes']} {f['title']}" for f in findings)
    ok(f"{name}: {case['why']}", not wrong and status in (0, 1, 3), f"{wrong}\nstatus {status} {err}")
    for key, value in fields:
        if key == "find":
            rule, severity, size = (value.split() + [None, None])[:3]
            ok(f"{name}: {value} is found", any(f["id"] == rule and severity in (None, f["severity"]) and size in (None, str(f["bytes"])) for f in findings), told)
        elif key == "absent":
            ok(f"{name}: {value} is not found", not any(f["id"] == value for f in findings), told)
        elif key == "detail":
            rule, pattern = value.split(" ", 1)
            ok(f"{name}: {rule} tells {pattern}", any(f["id"] == rule and re.search(pattern, f["detail"]) for f in findings), "\n".join(f["detail"] for f in findings if f["id"] == rule))
        elif key == "head":
            ok(f"{name}: the first lines say {value}", re.search(value, head), "\n".join(text.splitlines()[:HEAD_LINES]) or err)
        elif key == "status":
            ok(f"{name}: status {value}", status == int(value), f"{status} {err}")
        elif key == "stderr":
            ok(f"{name}: it says {value}", re.search(value, err), err)
