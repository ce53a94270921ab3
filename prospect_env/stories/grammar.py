"""The grammar of a story, made from its own templates: what each macro can say, and which values it said it of.

A macro is told with slots in the place of its values. What comes out, its marks replaced by patterns for what may
stand there, is the form of everything the macro can say. A sentence of that form is read by taking the values out
of it and telling them again: only if the very same sentence comes out was it said of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from prospect_env.core.errors import BadParameter
from prospect_env.games.grid_map import DRAWN
from prospect_env.stories.facts import Fact
from prospect_env.stories.numerals import NUMBER, ORDINALS, place, value
from prospect_env.stories.slots import CLOSE, OPEN, Slot, Word
from prospect_env.stories.telling import Telling

_MARK = re.compile(f"{OPEN}(.*?){CLOSE}")
_IMPLIED = frozenset({"index"})  #: arguments that a sentence need not say
_MIXED = frozenset({"plural", "verb"})  #: kinds that write a value's form and not the value


class Form:
    """What the macro `name` can say: one sentence, with values in it."""

    def __init__(self, telling: Telling, name: str) -> None:
        self.telling, self.name = telling, name
        self.fields = tuple(telling.macros[name].arguments)
        said = telling.tell(name, **{field: Slot(field) for field in self.fields})
        if len(said) != 1:
            raise BadParameter(f"{self._where} says {len(said)} sentences; a fact is told in one")
        parts = _MARK.split(said[0])
        self.literals = parts[::2]
        self.slots = [_Place.read(mark) for mark in parts[1::2]]
        said_fields = {slot.field.partition(".")[0] for slot in self.slots if slot.kind not in _MIXED}
        for field in self.fields:
            if field not in said_fields | _IMPLIED:
                raise BadParameter(f"{self._where} does not say its {field!r}, so that it could not be read")
        patterns = [f"({_either_case(slot.pattern(telling))})" for slot in self.slots]
        pieces = [re.escape(literal) for literal in self.literals]
        self.pattern = re.compile("".join(a + b for a, b in zip(pieces, [*patterns, ""], strict=True)))

    @property
    def _where(self) -> str:
        return f"macro {self.name!r} of frame {self.telling.story.frame!r} of {self.telling.story.game}"

    def read(self, sentence: str) -> Fact | None:
        """The fact that `sentence` tells; None if it does not have this form."""
        found = self.pattern.fullmatch(sentence)
        if not found:
            return None
        values: dict[str, Any] = {}
        for slot, text in zip(self.slots, found.groups(), strict=True):
            if slot.kind not in _MIXED:
                value = slot.value(self.telling, text)
                if value is None:
                    return None
                values.setdefault(slot.field, value)
        values = _gathered(values)
        # A place that is not said is known from the order of sentences.
        values = {field: values.get(field) for field in self.fields}
        return Fact(self.name, values) if self.telling.tell(self.name, **values) == [sentence] else None


def _gathered(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers that stand apart (`values.0`, `values.1`) as one tuple."""
    found = {field: value for field, value in values.items() if "." not in field}
    for name in {field.partition(".")[0] for field in values if "." in field}:
        apart = {int(field.partition(".")[2]): value for field, value in values.items() if field.startswith(f"{name}.")}
        found[name] = tuple(apart.get(i) for i in range(max(apart) + 1))
    return found


@dataclass(frozen=True)
class _Place:
    """A slot in a sentence: which argument stands there, as what kind of thing."""

    kind: str
    field: str
    given: tuple[str, ...]

    @classmethod
    def read(cls, mark: str) -> _Place:
        kind, field, given = mark.split(":", 2)
        if kind not in _PATTERNS:
            raise BadParameter(f"the filter {kind!r} cannot be read back, so that no fact can be told with it")
        return cls(kind, field, tuple(given.split("/")) if given else ())

    def pattern(self, telling: Telling) -> str:
        return _PATTERNS[self.kind](telling, *self.given)

    def value(self, telling: Telling, text: str) -> Any:
        """The value that is told as `text`; None if there is none."""
        return _VALUES[self.kind](telling, text)


def forms(telling: Telling, names: Iterable[str]) -> list[Form]:
    """The forms of these macros."""
    return [Form(telling, name) for name in names]


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


def _either_case(pattern: str) -> str:
    """A pattern whose alternatives may each begin with a capital, as they do at the beginning of a sentence."""
    return f"(?i:{pattern})"


def _seats(telling: Telling) -> dict[str, int]:
    return {telling.seat(seat).lower(): seat for seat in range(len(telling.story.names))}


def _money(telling: Telling, *_: str) -> str:
    currency = telling.story.word["currency"]
    return "|".join(re.escape(form).replace(r"\{\}", f"(?:{NUMBER})") for form in {str(currency), currency.many})


def _amount(telling: Telling, text: str, shift: int) -> int | float:
    told = re.search(NUMBER, text)
    assert told is not None
    return value((Fraction(told[0]) - shift) / telling.story.scale)


def _plain(_: Telling, text: str) -> int | float:
    return value(Fraction(text))


def _place_of(words: Iterable[str], text: str) -> int | None:
    return next((i for i, word in enumerate(words) if word.lower() == text.lower()), None)


#: what may stand where a value of each kind is told
_PATTERNS: Mapping[str, Callable[..., str]] = {
    "seat": lambda telling: _any(_seats(telling)),
    "whose": lambda telling: _any(telling.whose(seat) for seat in range(len(telling.story.names))),
    "name": lambda telling: _any(telling.story.names),
    "verb": lambda _, you, others: _any([you, others]),
    "action": lambda telling: _any(telling.story.actions),
    "reaction": lambda telling: _any(telling.story.reactions),
    "number": lambda _: NUMBER,
    "numbers": lambda _: f"{NUMBER}(?:, {NUMBER})*(?: and {NUMBER})?",
    "probability": lambda _: NUMBER,
    "ordinal": lambda _: f"{_any(ORDINALS)}|[1-9][0-9]*(?:st|nd|rd|th)",
    "amount": _money,
    "transfer": _money,
    "plural": lambda _, word: _any([Word(word), Word(word).many]),
    "term": lambda telling, vocabulary: _any(telling.context["vocabulary"][vocabulary]),
    "cells": lambda _: f"[{re.escape(DRAWN)}]+",
}

#: the value that a text of each kind tells
_VALUES: Mapping[str, Callable[[Telling, str], Any]] = {
    "seat": lambda telling, text: _seats(telling).get(text.lower()),
    "whose": lambda telling, text: _place_of(map(telling.whose, range(len(telling.story.names))), text),
    "name": lambda telling, text: _place_of(telling.story.names, text),
    "action": lambda telling, text: _place_of(telling.story.actions, text),
    "reaction": lambda telling, text: _place_of(telling.story.reactions, text),
    "number": _plain,
    "numbers": lambda _, text: tuple(_plain(_, number) for number in re.findall(NUMBER, text)),
    "probability": _plain,
    "ordinal": lambda _, text: place(text),
    "amount": lambda telling, text: _amount(telling, text, telling.story.shift),
    "transfer": lambda telling, text: _amount(telling, text, 0),
    "term": lambda _, text: text,
    "cells": lambda _, text: text,
}
