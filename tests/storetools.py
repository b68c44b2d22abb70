"""storetools.py - imported by the tests of the database: a fresh one in a folder of its own, and a second reader of it."""
import os, sqlite3, tempfile

from tap import run

_work = tempfile.TemporaryDirectory()
WORK = _work.name


def path(name):
    return os.path.join(WORK, name)


def db(part, database, *arguments, **more):
    return run("db", part, "--db", path(database), *arguments, **more)


def rows(database, sql, *arguments):
    """What the database holds, read by another program."""
    connection = sqlite3.connect(path(database))
    try:
        return connection.execute(sql, arguments).fetchall()
    finally:
        connection.close()


def change(database, *statements):
    connection = sqlite3.connect(path(database))
    for sql in statements:
        connection.execute(sql)
    connection.commit()
    connection.close()


def value(database, sql, *arguments):
    return rows(database, sql, *arguments)[0][0]


def is_sound(database):
    return value(database, "PRAGMA integrity_check") == "ok" and not rows(database, "PRAGMA foreign_key_check")


def whole_boots(database):
    """Every boot has all its parts: its ledger sums, from the root down, and its checks are as many as were counted."""
    torn = rows(database, """
        SELECT b.id FROM boots AS b
        WHERE (SELECT count(*) FROM checks AS c WHERE c.boot = b.id AND c.verdict IN ('match', 'mismatch')) <> b.matches + b.mismatches
           OR (b.mem_total_bytes IS NOT NULL AND NOT EXISTS (SELECT 1 FROM zones AS z WHERE z.boot = b.id))
           OR (b.installed_bytes IS NOT NULL AND NOT EXISTS (SELECT 1 FROM v_ledger AS l WHERE l.boot = b.id AND l.owner = 'mem_total'))""")
    strays = rows(database, "SELECT boot FROM ledger WHERE boot NOT IN (SELECT id FROM boots) UNION SELECT boot FROM checks WHERE boot NOT IN (SELECT id FROM boots)")
    return not torn and not strays
