"""storetools.py - imported by the tests of the database: a fresh one in a folder of its own, and a second reader of it."""
import json, os, re, sqlite3, tempfile

from tap import SRCDIR, run

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


KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


def faults(value, schema, where="$"):
    """What a document has against its JSON Schema: as much of the language as doc/schema uses, and nothing is passed over."""
    known = {"$schema", "title", "description", "type", "properties", "required", "additionalProperties", "items", "enum", "const", "pattern"}
    found = [f"{where}: the schema says '{word}'" for word in schema if word not in known]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, KINDS[k]) and not (k == "integer" and isinstance(value, bool)) for k in kinds):
        return found + [f"{where}: {value!r} is no {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: {value!r} is not {schema['const']!r}")
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        found.append(f"{where}: {value!r} does not match {schema['pattern']}")
    if isinstance(value, dict):
        found += [f"{where}: no {key}" for key in schema.get("required", []) if key not in value]
        for key, part in value.items():
            if key in schema.get("properties", {}):
                found += faults(part, schema["properties"][key], f"{where}.{key}")
            elif schema.get("additionalProperties") is False:
                found.append(f"{where}: {key} is not in the schema")
    if isinstance(value, list) and "items" in schema:
        for n, part in enumerate(value):
            found += faults(part, schema["items"], f"{where}[{n}]")
    return found


def schema(name):
    with open(os.path.join(SRCDIR, "doc", "schema", name), encoding="utf-8") as f:
        return json.load(f)
