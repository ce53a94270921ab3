"""Slots: what stands in a sentence where a value will be, and the filters that templates write values with.

A template writes every value through a filter that says what kind of thing it is: `{{ value|number }}`,
`{{ mine|action }}`. Given a `Slot` instead of a value, a filter leaves a mark that names the slot and its kind, and
so a macro turns into the grammar of what it says (`prospect_env.stories.grammar`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from jinja2 import pass_context
from jinja2.runtime import Context

from prospect_env.core.errors import BadParameter

OPEN, CLOSE = "\ue000", "\ue001"  #: around a mark; no template and no name has these characters
KINDS = (
    "seat", "name", "whose", "role", "verb", "action", "reaction", "number", "numbers", "ordinal", "probability",
    "amount", "transfer", "plural", "options", "reactions", "company", "term", "cells",
)  # fmt: skip


class Slot:
    """The place of an argument; only filters can do anything with it."""

    def __init__(self, field: str) -> None:
        self.field = field

    def __getitem__(self, index: int) -> Slot:
        """The place of one number of an argument `values`."""
        return Slot(f"{self.field}.{index}")

    def mark(self, kind: str, *given: str) -> str:
        """What stands for the argument in a sentence."""
        return f"{OPEN}{kind}:{self.field}:{'/'.join(given)}{CLOSE}"

    def _refuse(self, *_: object) -> NoReturn:
        raise BadParameter(
            f"a template uses {self.field!r} without a filter; a sentence that tells a value must not depend on it "
            f"otherwise than through one of the filters {', '.join(KINDS)}"
        )

    __str__ = __bool__ = __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __add__ = __sub__ = __mul__ = _refuse
    __radd__ = __rsub__ = __rmul__ = __truediv__ = __neg__ = __index__ = __int__ = __float__ = __iter__ = _refuse
    __html__ = __len__ = _refuse
    __hash__ = object.__hash__


class Word(str):
    """A word in the singular, and its plural `many`; declared as `"coin|coins"`, or as one form that serves as both."""

    __slots__ = ("many",)
    many: str

    def __new__(cls, declared: str) -> Word:
        """The word that a template declares."""
        one, _, many = declared.partition("|")
        word = super().__new__(cls, one)
        word.many = many or one
        return word

    def __reduce__(self) -> tuple[object, ...]:
        return Word, (f"{self}|{self.many}",)


def _filter(kind: str) -> Callable[..., str]:
    @pass_context
    def write(context: Context, value: Any, *given: Any) -> str:
        if isinstance(value, Slot):
            return value.mark(kind, *(f"{g}|{g.many}" if isinstance(g, Word) else str(g) for g in given))
        return str(getattr(context["telling"], kind)(value, *given))

    return write


#: what templates write values with; how each kind is written, the method of that name of a `Telling` says
FILTERS = {kind: _filter(kind) for kind in KINDS}
