"""A match told in a story: the rules, then what happened line by line, then a question that a line of it answers.

`lm:format=(story:frame=business,variant=3,distractors=5)` is told any game that the frame fits. The question is
followed by the beginning of the line that will tell the answer (`Corvid went to market with`), so that a model
continues a text, as in the other formats; labels are how that line may go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from prospect_agents.language.asked import Asked, Note, Past
from prospect_agents.language.formats import PromptFormat, Telling
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game
from prospect_env.core.make import call
from prospect_env.core.registry import stories

#: how a placebo says what is on a page, in one word, two, and so on
_MARKED = ("is", "page is", "page is marked", "page here is marked", "page here is now marked")
#: how it begins where a prediction begins with an own action, in three words, four, and so on
_BESIDE = ("Where one says", "Where one page says", "Where one page now says")


@dataclass(frozen=True)
class Told(Telling):
    """A match as a narrator tells it; `turn` is by how many places options are turned in it."""

    narrator: Any
    turn: int
    _lines: dict[Any, tuple[str, tuple[str, ...]]] = field(default_factory=dict, compare=False)

    def deed(self, who: int, action: int) -> str:
        """The line of what somebody did."""
        seen = [action if seat == who else -1 for seat in range(self.game.spec.seats)]
        return str(self.narrator.event(self.seat, seen))

    def answers(self, asked: Asked) -> tuple[str, tuple[str, ...]]:
        """How the line begins that answers a question, and how it may go on, one way an option."""
        key = asked.about, asked.options, asked.reactions
        if key not in self._lines:
            if asked.reactions and not self.game.spec.reactions_are_actions:
                words = [self.reactions[option] for option in asked.options]
                found = "Answer:", _apart([(f" {word}", f" {word}\n") for word in words])
            else:
                found = begun([self.deed(asked.about, option) for option in asked.options])
            self._lines[key] = found
        return self._lines[key]

    def listed(self, options: tuple[int, ...], reactions: bool = False) -> tuple[int, ...]:
        """Options in the order in which this match lists them."""
        if not reactions or self.game.spec.reactions_are_actions:
            return tuple(self.narrator.listed(options))
        place = self.turn % len(options)
        return options[place:] + options[:place]


class StoryFormat(PromptFormat):
    """Tells matches by `stories["story"]` with `words`: `frame`, `variant`, `seed`, `distractors`, `kind`.

    The order of options is turned by one place a match, beyond `turn`, so that each stands first equally often. With
    `scale` and `shift`, payoffs are told as `scale * payoff + shift`: canonical words in a variant's amounts. With
    `shuffled`, the lines of what really happened stand in an order drawn anew each round: the same actions, but not
    which answered which. Imagined rounds are told last and in order. Raises `UnknownName` or `BadParameter` for
    words that cannot tell the game.
    """

    def __init__(
        self, turn: int = 0, scale: int | None = None, shift: int | None = None, shuffled: bool = False, **words: Any
    ) -> None:
        if not isinstance(shuffled, bool):
            raise BadParameter(f"shuffled is {shuffled!r}; it may be true or false")
        for name, value, least in (("turn", turn, 0), ("scale", scale, 1), ("shift", shift, 0)):
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and value >= least):
                raise BadParameter(f"{name} is {value!r}; it must be a whole number, {least} or more")
        amounts = {"scale": scale, "shift": shift}
        self.amounts = {name: value for name, value in amounts.items() if value is not None}
        self.turn, self.shuffled, self.words = turn, shuffled, words
        self._made: dict[tuple[Game, int, int], Told] = {}

    def telling(self, game: Game, seat: int, match: int) -> Told:
        key = (game, seat, match % len(game.spec.actions))
        if key not in self._made:
            narrator = self._narrator(game, self.turn + key[2])
            self._made[key] = Told(game, seat, narrator.labels, narrator.reaction_labels, narrator, key[2])
        return self._made[key]

    def _narrator(self, game: Game, turn: int) -> Any:
        narrator = call("format story", stories["story"], {"game": game, **self.words, "turn": turn})
        return replace(narrator, story=replace(narrator.story, **self.amounts))

    def opening(self, telling: Telling, asked: Asked) -> str:
        return str(_told(telling).narrator.rules(telling.seat)) + "\n"

    def line(self, telling: Telling, past: Past, at: int, asked: Asked) -> str:
        """What was done in a step, and said; what it paid follows from the rules and is not told again."""
        told, moment = _told(telling), past.moments[at]
        lines = [str(told.narrator.event(telling.seat, moment.seen))] if any(a >= 0 for a in moment.seen) else []
        lines += [f'{_name(told, seat)} said: "{text}"' for seat, text in enumerate(moment.said) if text]
        return "".join(f"{line}\n" for line in lines)

    def segments(self, telling: Telling, past: Past, asked: Asked) -> tuple[str, ...]:
        opening, *lines = super().segments(telling, past, asked)
        if self.shuffled:
            # Drawn from the history itself, so that the same one is always told the same.
            lines = [line for step in lines for line in step.splitlines(keepends=True)]
            Random(f"{telling.seat}/{[moment.seen for moment in past.moments]}").shuffle(lines)
        return (opening, *lines)

    def cue(self, telling: Telling, past: Past, asked: Asked) -> str:
        beginning, _ = _told(telling).answers(asked)
        said = self.said(asked, self.speech(telling, past, asked))
        return f"{self._asking(telling, asked)}\n{said}{beginning}"

    def speech(self, telling: Telling, past: Past, asked: Asked) -> str:
        return 'You said: "'

    def labels(self, telling: Telling, asked: Asked) -> tuple[str, ...]:
        return _told(telling).answers(asked)[1]

    def plea(self, telling: Telling, past: Past, asked: Asked) -> str:
        said = self.said(asked, self.speech(telling, past, asked))
        quoted = ", in quotation marks" if self.replies(telling, asked)[0].startswith('"') else ""
        return f"{said}{self._asking(telling, asked)}\nAnswer with that alone{quoted}."

    def replies(self, telling: Telling, asked: Asked) -> tuple[str, ...]:
        words = telling.reactions if asked.reactions else telling.symbols
        return _apart([(words[option], f'"{words[option]}"') for option in asked.options])

    def _asking(self, telling: Telling, asked: Asked) -> str:
        """Where things stand, whatever is noted, and the question itself."""
        told, seat = _told(telling), telling.seat
        lines = [told.narrator.situation(seat, dict(asked.situation))] if asked.situation else []
        lines += [told.narrator.sight(seat, asked.sight)] if asked.sight is not None else []
        lines += [_noted(told, note) for note in asked.notes]
        options = told.listed(asked.options, asked.reactions)
        if asked.about == seat and asked.given is None and not asked.reactions:
            question = told.narrator.choice(seat, options)
        else:
            lead = 0 if asked.given is None else 1
            if not asked.reactions and not told.game.spec.reactions_are_actions:
                # The narrator asks about reactions; where these are coarser, the options of the question are named.
                question = f"What does {_name(told, asked.about)} choose now: {_or(told, options)}?"
            else:
                question = told.narrator.forecast_question(seat, lead, asked.given, asked.about, options)
        return "\n".join([*lines, str(question)])


class Instances(StoryFormat):
    """Many tellings in one batch: `each` matches in a row are told by the first of `formats`, the next by the second.

    All of them shuffle or none does.
    """

    def __init__(self, formats: Sequence[StoryFormat], each: int = 1) -> None:
        shuffled = {told.shuffled for told in formats}
        if len(shuffled) != 1 or each < 1:
            raise BadParameter(
                f"{len(formats)} formats, {each} matches each: there must be some, and all shuffle alike"
            )
        super().__init__(shuffled=shuffled.pop())
        self.formats, self.each = tuple(formats), each

    def telling(self, game: Game, seat: int, match: int) -> Told:
        return self.formats[match // self.each % len(self.formats)].telling(game, seat, match)


def _told(telling: Telling) -> Told:
    assert isinstance(telling, Told)
    return telling


def _name(told: Told, seat: int) -> str:
    return "You" if seat == told.seat else str(told.narrator.story.names[seat])


def _or(told: Told, options: tuple[int, ...]) -> str:
    words = [told.symbols[option] for option in options]
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _noted(told: Told, note: Note) -> str:
    """A prediction as a question that is answered already, or a placebo in the same form and about as long.

    A move is asked about with its options, as the question of the choice is. Of reactions there is one line an own
    action, so these are not listed again in each of them.
    """
    options, name = told.listed(note.options, reactions=True), _name(told, note.about)
    lead = 0 if note.given is None else 1
    asked = str(told.narrator.forecast_question(told.seat, lead, note.given, note.about, options))
    head, _, offered = asked.partition(":")
    if not told.game.spec.reactions_are_actions:
        # No line of the story tells one: it is named as in a question about it.
        if note.placebo:
            beside = "What" if note.given is None else f"Where one says {told.symbols[note.given]}, what"
            return f"{beside} marks {name}'s page:{offered}\nMark: {told.reactions[note.reaction]}"
        return f"{asked}\nAnswer: {told.reactions[note.reaction]}"
    answer = told.deed(note.about, note.reaction)
    if note.placebo:
        # Both hold the names and the labels, whose tokens cannot be counted here; the words between are matched.
        label = told.symbols[note.reaction]
        marked = _long(_MARKED, len(answer.split()) - len(name.split()) - len(label.split()) - 2)
        answer = f"{name}'s {marked} {label}."
        if note.given is None:
            head = f"What marks {name}'s page"
        else:
            given = told.symbols[note.given]
            beside = _long(_BESIDE, len(head.split()) - len(name.split()) - len(given.split()) - 7)
            head = f"{beside} {given}, what marks {name}'s page"
    return f"{head}:{offered}\n{answer}" if note.given is None else f"{head}? {answer}"


def _long(ladder: Sequence[str], words: int) -> str:
    """What has this many words more than the first."""
    return ladder[min(max(words, 0), len(ladder) - 1)]


def begun(lines: list[str]) -> tuple[str, tuple[str, ...]]:
    """The words that all lines begin with, and how each goes on, as far as is needed to tell them apart."""
    first, last = min(lines), max(lines)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    beginning = first[: max(first.rfind(" ", 0, same), 0)]
    ways = [line[len(beginning) :].removesuffix(".") for line in lines]
    return beginning, _apart([(way, f"{way}.", f"{way}.\n") for way in ways])


def _apart(forms: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The first form of labels in which none begins another: what a model says then stands for one of them."""
    for labels in zip(*forms, strict=True):
        if not any(a != b and b.startswith(a) for a in labels for b in labels):
            break
    return labels
