"""`Telling`: a story at one seat, which turns macros into sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any
from zlib import crc32

from jinja2.runtime import Macro

from prospect_env.core.errors import BadParameter
from prospect_env.core.game import GameSpec
from prospect_env.stories.frames import frame_at
from prospect_env.stories.numerals import decimal, meant, ordinal, written
from prospect_env.stories.slots import Word
from prospect_env.stories.story import Story

_BOUNDARY = re.compile(r"(?<=[.!?])\s+|\s*\n\s*")
_NUMBERED = re.compile(r"(.*?)(\d+)(.*)")
_MANY = 6  #: more numbered options than this are told as their range


def sentences(text: str) -> list[str]:
    """The sentences of a text: a sentence ends at a line's end, or with `.`, `!` or `?` before a blank."""
    return [" ".join(part.split()) for part in _BOUNDARY.split(text) if part.strip()]


class Telling:
    """A story told to `seat`. Without a game's `spec`, only what tells parameters can be told."""

    def __init__(
        self, story: Story, seat: int, spec: GameSpec | None = None, added: Sequence[int] = (), noisy: bool = False
    ) -> None:
        self.story, self.seat_told = story, seat
        others = [other for other in range(len(story.names)) if other != seat]
        self.context: dict[str, Any] = {
            "telling": self,
            "word": story.word,
            "by_round": story.by_round,
            "cooperative": story.cooperative,
            "one_of": self._one_of,
            "me": seat,
            "others": others,
            "them": others[0] if others else seat,
        }
        if spec is not None:
            self.context |= {"spec": spec, "added": added, "noisy": noisy}
        self._macro, self._asked = "", 0

    @cached_property
    def macros(self) -> dict[str, Macro]:
        """The macros of the frame by name."""
        return frame_at(self.story.template).macros(self.context)

    def tell(self, name: str, /, **values: Any) -> list[str]:
        """What a macro says, in sentences, each with a capital; raises `BadParameter` if there is no such macro."""
        if name not in self.macros:
            raise BadParameter(f"frame {self.story.frame!r} of {self.story.game} has no macro {name!r}")
        self._macro, self._asked = name, 0
        said = " ".join(self.macros[name](**values).split())
        return [sentence[0].upper() + sentence[1:] for sentence in sentences(said)]

    def _one_of(self, *phrases: str) -> str:
        """The paraphrase that this story uses here: always the same at one place of one macro."""
        self._asked += 1
        if not self.story.phrasing:
            return phrases[0]
        return phrases[crc32(f"{self.story.phrasing}/{self._macro}/{self._asked}".encode()) % len(phrases)]

    def seat(self, seat: int) -> str:
        """`you`, or the seat's name."""
        return "you" if seat == self.seat_told else self.story.names[seat]

    def name(self, seat: int) -> str:
        """The seat's name, one's own too."""
        return self.story.names[seat]

    def role(self, seat: int) -> str:
        """What is said for the seat's role."""
        return self.story.roles[seat]

    def whose(self, seat: int) -> str:
        """`your`, or the name's genitive."""
        return "your" if seat == self.seat_told else f"{self.story.names[seat]}'s"

    def verb(self, seat: int, you: str, others: str) -> str:
        """The verb's form for a seat: `{{ who|verb("get", "gets") }}`."""
        return you if seat == self.seat_told else others

    def action(self, action: int) -> str:
        """What is said for an action."""
        return self.story.actions[action]

    def reaction(self, reaction: int) -> str:
        """What is said for a reaction."""
        return self.story.reactions[reaction]

    def number(self, number: float) -> str:
        """A plain number."""
        return decimal(number)

    def numbers(self, numbers: Iterable[float]) -> str:
        """Plain numbers, as in `0, 0.5 and 1`."""
        return _listed([decimal(number) for number in numbers], "and")

    def ordinal(self, index: int) -> str:
        """`first` for index 0."""
        return ordinal(index)

    def probability(self, probability: float) -> str:
        """A probability as a number between 0 and 1."""
        return decimal(probability)

    def amount(self, payoff: float) -> str:
        """What a payoff comes to in this story, with its currency."""
        return self._paid(meant(payoff) * self.story.scale + self.story.shift)

    def transfer(self, payoff: float) -> str:
        """A difference of payoffs (a fine, a gift) in this story, with its currency."""
        return self._paid(meant(payoff) * self.story.scale)

    def plural(self, number: float | Fraction, word: str) -> str:
        """The form of a word that goes with a number: `{{ value|plural("coin|coins") }}`."""
        word = word if isinstance(word, Word) else Word(word)
        return word if number == 1 else word.many

    def options(self, actions: Iterable[int]) -> str:
        """Actions in this story's order, as in `X, Y or Z`."""
        ordered = sorted(actions, key=lambda action: self.story.places[action])
        return _listed(_ranges([self.story.actions[action] for action in ordered]), "or")

    def reactions(self, reactions: Iterable[int]) -> str:
        """Reactions, as in `X, Y or Z`, in the order of options if they are the same labels."""
        labels = [self.story.reactions[reaction] for reaction in reactions]
        if self.story.reactions == self.story.actions:
            return self.options(reactions)
        return _listed(_ranges(labels), "or")

    def company(self, seats: Iterable[int]) -> str:
        """Seats, as in `you, Ann and Bob`."""
        return _listed([self.seat(seat) for seat in seats], "and")

    def term(self, term: str, vocabulary: str) -> str:
        """A word of a closed vocabulary."""
        return term

    def cells(self, row: str) -> str:
        """A row of a map, in the map's own characters."""
        return row

    def _paid(self, amount: Fraction) -> str:
        return self.plural(amount, self.story.word["currency"]).format(written(amount))


def _listed(words: Sequence[str], joint: str) -> str:
    return f" {joint} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part) if words else ""


def _ranges(options: list[str]) -> list[str]:
    """Options with long rows of numbers shortened: `give 0, give 1, ..., give 10` are told as `give 0, 1, ..., 10`."""
    found: list[str] = []
    run: list[str] = []
    for option in [*_in_rows(options), ""]:
        if run and not _follows(run, option):
            found += [_span(run)] if len(run) > _MANY else run
            run = []
        run.append(option)
    return found


def _in_rows(options: list[str]) -> list[str]:
    """Options with long rows of numbers put in order: nobody finds his way through `give 11, give 19, give 12, ...`."""
    rows: dict[tuple[str, str], list[tuple[int, str]]] = {}
    numbered = [(option, _NUMBERED.fullmatch(option)) for option in options]
    for option, found in numbered:
        if found:
            rows.setdefault((found[1], found[3]), []).append((int(found[2]), option))
    told: list[str] = []
    for option, found in numbered:
        row = rows[found[1], found[3]] if found else []
        if len(row) <= _MANY:
            told.append(option)
        elif row[0][1] == option:
            told += [label for _, label in sorted(row)]
    return told


def _follows(run: list[str], option: str) -> bool:
    before, after = _NUMBERED.fullmatch(run[-1]), _NUMBERED.fullmatch(option)
    if not before or not after or before[1] != after[1] or before[3] != after[3]:
        return False
    start = int((_NUMBERED.fullmatch(run[0]) or before)[2])
    stride = int(after[2]) - int(before[2])
    return len(run) == 1 or stride == (int(before[2]) - start) / (len(run) - 1)


def _span(run: list[str]) -> str:
    first, second, last = (_NUMBERED.fullmatch(run[i]) for i in (0, 1, -1))
    assert first is not None
    assert second is not None
    assert last is not None
    return f"{first[1]}{first[2]}, {second[2]}, ..., {last[2]}{last[3]}"
