"""The description of the HTTP API as a page to read: no scripts, and no requests to anybody.

FastAPI's own pages load their scripts from elsewhere. This one is made of the OpenAPI document
alone, so it cannot say anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from app.show.html import fill, style

_REFERENCE = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """A parameter of a request, or a field of a schema."""

    name: str
    type: str
    shape: str  # the shape's name that it is made of, or empty
    said: str
    needed: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True)
class ResponseDescription:
    """A possible response of an operation."""

    status: str
    said: str
    shape: str
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with its parameters and responses."""

    name: str
    method: str
    path: str
    example: str  # an address that can be tried
    said: str
    values: tuple[FieldDescription, ...]
    answers: tuple[ResponseDescription, ...]


@dataclass(frozen=True, slots=True)
class SchemaDescription:
    """A named schema with its fields."""

    name: str
    said: str
    values: tuple[FieldDescription, ...]


def api_page(document: Mapping[str, Any], prefix: str) -> str:
    """An OpenAPI 3.1 document as HTML; ``prefix`` stands before every path."""
    operations = [
        _operation(prefix + path, method, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    ]
    shapes = [_described(name, it) for name, it in document["components"]["schemas"].items()]
    return fill(
        "api.html",
        style=style("gloss.css", "api.css"),
        title=f"{document['info']['title']} {document['info']['version']}: HTTP API",
        said=document["info"]["description"],
        prefix=prefix,
        operations=operations,
        shapes=shapes,
    )


def _operation(path: str, method: str, said: Mapping[str, Any]) -> Operation:
    parameters = said.get("parameters", ())
    return Operation(
        name=said["operationId"],
        method=method.upper(),
        path=path,
        example=_example(path, parameters),
        said=said.get("description") or said.get("summary", ""),
        values=tuple(_parameter(one) for one in parameters),
        answers=tuple(_answer(status, one) for status, one in said["responses"].items()),
    )


def _example(path: str, parameters: Any) -> str:
    """The address with the examples of what is needed in it; ``1`` where there is none."""
    query = {}
    for one in parameters:
        example = str((one["schema"].get("examples") or one.get("examples") or ["1"])[0])
        if one["in"] == "path":
            path = path.replace("{" + one["name"] + "}", quote(example, safe="/"))
        elif one.get("required"):
            query[one["name"]] = example
    return path + (f"?{urlencode(query)}" if query else "")


def _parameter(one: Mapping[str, Any]) -> FieldDescription:
    schema = one["schema"]
    default = schema.get("default")
    return FieldDescription(
        name=one["name"],
        type=_type(schema),
        shape="",
        said=one.get("description") or schema.get("description", ""),
        needed=bool(one.get("required")),
        default="" if default is None else str(default),
    )


def _answer(status: str, one: Mapping[str, Any]) -> ResponseDescription:
    content = one.get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return ResponseDescription(status, one.get("description", ""), _shape(schema), tuple(content))


def _described(name: str, schema: Mapping[str, Any]) -> SchemaDescription:
    needed = schema.get("required", ())
    fields = schema.get("properties", {})
    return SchemaDescription(
        name=name,
        said=schema.get("description", ""),
        values=tuple(
            FieldDescription(
                field, _type(it), _shape(it), it.get("description", ""), needed=field in needed
            )
            for field, it in fields.items()
        ),
    )


def _type(schema: Mapping[str, Any]) -> str:
    """A schema in words: "list of BoxShape", "integer, 1 to 100", "passages or digests"."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REFERENCE)
    if "anyOf" in schema:
        kinds = dict.fromkeys(_type(one) for one in schema["anyOf"])
        return " or ".join(kinds)
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object":
        return f"names with {_type(schema['additionalProperties'])}s"
    if "minimum" in schema and "maximum" in schema:
        return f"{kind}, {schema['minimum']} to {schema['maximum']}"
    return {"date": "date"}.get(str(schema.get("format")), kind)


def _shape(schema: Mapping[str, Any]) -> str:
    """The shape that a schema names, itself, as one of several, or as a list's items."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REFERENCE)
    inner = (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ()))
    return next((name for one in inner if (name := _shape(one))), "")
