"""How a server is made to keep to a JSON schema or to a choice.

The fields differ, and servers ignore those they do not know, so a form counts only once it was seen to work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Form:
    """One way to say "keep to this JSON schema".

    Attributes:
        name: of the field that says it.
        fields: the request's fields, from a schema.
    """

    name: str
    fields: Callable[[dict[str, Any]], dict[str, Any]]


#: the protocol's own; vLLM's; and that of llama.cpp for text to be continued
FORMS = (
    Form(
        "response_format",
        lambda schema: {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": schema, "strict": True},
            }
        },
    ),
    Form("structured_outputs", lambda schema: {"structured_outputs": {"json": schema}}),
    Form("json_schema", lambda schema: {"json_schema": schema}),
)


def choice_schema(labels: Sequence[str]) -> dict[str, Any]:
    """The schema of an object whose only property, `answer`, is one of the labels."""
    return {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": list(labels)}},
        "required": ["answer"],
        "additionalProperties": False,
    }


def chosen(text: str) -> str | None:
    """The answer in a text that fits `choice_schema`, None if it does not."""
    found = parsed(text)
    answer = found.get("answer") if isinstance(found, dict) else None
    return answer if isinstance(answer, str) else None


def parsed(text: str) -> Any:
    """What a JSON text says, None if it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def fits(text: str, schema: str) -> bool:
    """Whether a text is JSON of the schema's outermost kind, with every property that is required, each of its kind."""
    found, wanted = parsed(text), json.loads(schema)
    kinds: dict[str, Any] = {
        "object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "boolean": bool,
    }  # fmt: skip

    def of_kind(value: Any, part: dict[str, Any]) -> bool:
        kind = kinds.get(part.get("type", ""), object)
        allowed = part.get("enum")
        return isinstance(value, kind) and (allowed is None or value in allowed)

    if found is None or not of_kind(found, wanted):
        return False
    if not isinstance(found, dict):
        return True
    properties = wanted.get("properties", {})
    named = all(key in found for key in wanted.get("required", properties))
    return named and all(of_kind(found[key], part) for key, part in properties.items() if key in found)
