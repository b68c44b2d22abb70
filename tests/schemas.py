"""schemas.py - imported by the tests that hold documents against doc/schema.

A schema is closed here: every key that is written must be described, though readers must expect new keys.
"""
import json, os

from tap import SRCDIR

try:
    from jsonschema import Draft202012Validator as Validator
except ImportError:
    Validator = None


def closed(schema):
    """The same schema, refusing keys that it does not describe."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(part) for key, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        result.setdefault("additionalProperties", False)
    return result


def load(name):
    with open(os.path.join(SRCDIR, "doc", "schema", name), encoding="utf-8") as f:
        return json.load(f)


def why_not(validator, document):
    errors = sorted(validator.iter_errors(document), key=lambda e: list(map(str, e.path)))
    return "\n".join(f"{'.'.join(map(str, e.path))}: {e.message[:200]}" for e in errors[:8])
