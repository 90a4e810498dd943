"""AsyncAPI 3.0, as far as our document uses it, as a closed JSON Schema.

Written after the specification, https://www.asyncapi.com/docs/reference/specification/v3.0.0: what
is not listed here is either not allowed there, or not used by us.
"""

from typing import Any

Json = dict[str, Any]

NAME = "^[A-Za-z0-9._-]+$"
TEXT: Json = {"type": "string", "minLength": 1}


def closed(required: str, **fields: Json) -> Json:
    """Write an object: the fields that it must have, and all that it may have."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": {name.rstrip("_"): schema for name, schema in fields.items()},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }


def named(schema: Json) -> Json:
    """Write a mapping from names."""
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": NAME},
        "additionalProperties": schema,
    }


def reference(above: str) -> Json:
    """Write a reference below a place in the document."""
    return {
        "type": "object",
        "required": ["$ref"],
        "properties": {"$ref": {"type": "string", "pattern": f"^#/{above}/[A-Za-z0-9._/-]+$"}},
        "additionalProperties": False,
    }


TAGS: Json = {"type": "array", "uniqueItems": True, "items": closed("name", name=TEXT)}
CHANNEL = closed(
    "address messages",
    address=TEXT,
    description=TEXT,
    parameters=named(closed("", description=TEXT, default=TEXT)),
    messages=named(reference("components/messages")),
)
OPERATION = closed(
    "action channel",
    action={"enum": ["send", "receive"]},
    channel=reference("channels"),
    tags=TAGS,
    messages={"type": "array", "minItems": 1, "items": reference("channels")},
)
MESSAGE = closed(
    "name payload",
    name=TEXT,
    title=TEXT,
    summary=TEXT,
    contentType={"const": "application/json"},
    tags=TAGS,
    payload={"type": "object"},
    examples={"type": "array", "items": closed("payload", name=TEXT, payload={"type": "object"})},
)
DOCUMENT = closed(
    "asyncapi info channels operations components",
    asyncapi={"const": "3.0.0"},
    info=closed(
        "title version",
        title=TEXT,
        version=TEXT,
        description=TEXT,
        license=closed("name", name=TEXT),
    ),
    defaultContentType={"const": "application/json"},
    channels=named(CHANNEL),
    operations=named(OPERATION),
    components=closed(
        "messages schemas", messages=named(MESSAGE), schemas=named({"type": "object"})
    ),
)
