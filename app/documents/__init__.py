"""What gloss says to programs: each document is one model, for ``--json``, HTTP, MCP and Gradio.

The models describe the documents (OpenAPI, the tools' schemas) and print them: ``Shape.of`` fills
one from a noun, and ``Shape.to_json`` is what ``--json`` prints. Pages count from 1. Coordinates
are PDF points (1/72 inch) from the page's top left. Dates are ISO 8601.
"""

from __future__ import annotations

import json
import os
from functools import partial
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from app.controls import escaped_in_json

Points = Annotated[float, AfterValidator(partial(round, ndigits=2))]
"""A coordinate, to a hundredth of a point."""
Share = Annotated[float, AfterValidator(partial(round, ndigits=4))]
"""A share or a likeness, 0 to 1."""
PathText = Annotated[str, BeforeValidator(os.fspath)]
"""Of a ``pathlib.Path``."""


class Shape(BaseModel):
    """A document, or a part of one: all its fields are listed, and no other comes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", from_attributes=True, use_attribute_docstrings=True
    )

    @classmethod
    def of(cls, noun: object, **others: object) -> Self:
        """``others``, and for the rest of the fields what ``noun`` has under their names.

        What is nested in them is filled likewise. Raises ``pydantic.ValidationError`` where a field
        is missing or does not fit.
        """
        own = {
            name: getattr(noun, name)
            for name in cls.model_fields
            if name not in others and hasattr(noun, name)
        }
        return cls.model_validate({**own, **others})

    def to_json(self) -> str:
        """As ``--json`` prints it. Raises ``ValueError`` for NaN, which other programs refuse."""
        text = json.dumps(self.model_dump(), ensure_ascii=False, indent=2, allow_nan=False)
        return escaped_in_json(text) + "\n"


def is_empty(value: object) -> bool:
    """Whether a field that may be absent is."""
    return not value
