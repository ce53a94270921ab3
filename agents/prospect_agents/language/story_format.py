"""A match told in a story: the rules, then one line an event, then a question that a line of the story answers.

`lm:format=(story:frame=business,variant=3,distractors=5)` is told two-seat matrix games by a narrator of that story.
The question is followed by the beginning of the line that will tell the answer (`Corvid went to market with`), so that
a model continues a text, as in the other formats, and is scored on the story's labels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from prospect_agents.language.formats import PromptFormat, Rounds, Telling
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import call
from prospect_env.core.registry import stories
from prospect_env.games.layers import layers
from prospect_env.games.matrix import MatrixGame


@dataclass(frozen=True)
class Told(Telling):
    """A match as a narrator tells it; `cues` begin the line of what this seat and the other do."""

    narrator: Any
    cues: tuple[str, str]
    options: tuple[tuple[int, ...], tuple[int, ...]]

    def line(self, who: int, action: int) -> str:
        """The line of an action: 0 is this seat's, 1 the other's."""
        return _line(self.narrator, self.seat, self.seat if who == 0 else 1 - self.seat, action)


class StoryFormat(PromptFormat):
    """Tells matches by `stories["story"]` with `words`: `frame`, `variant`, `seed`, `distractors`, `kind`.

    The order of options is turned by one place a match, beyond `turn`, so that each stands first equally often. With
    `scale` and `shift`, payoffs are told as `scale * payoff + shift`: canonical words in a variant's amounts. With
    `shuffled`, the lines of what really happened stand in an order drawn anew each round: the same actions, but not
    which answered which. Imagined rounds are told last and in order. Raises `UnknownName` or `BadParameter` for
    words that cannot tell the game, and `UnsuitablePolicy` for games that are no matrix games of two seats.
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
            self._made[key] = self._make(*key)
        return self._made[key]

    def _make(self, game: Game, seat: int, turn: int) -> Told:
        *_, core = layers(game)
        spec = game.spec
        if spec.seats != 2 or not isinstance(core, MatrixGame) or spec.actions != core.spec.actions:
            raise UnsuitablePolicy(
                f"format=story tells matrix games of 2 seats without added actions; {spec.name} is none"
            )
        narrator = self._narrator(game, turn)
        order = narrator.listed(range(len(spec.actions)))
        options = tuple(
            tuple(action for action in order if action < core.payoffs.shape[who]) for who in (seat, 1 - seat)
        )
        cues = tuple(_cue(narrator, seat, who) for who in (seat, 1 - seat))
        return Told(game, seat, narrator.labels, narrator, cues, options)  # type: ignore[arg-type]

    def _narrator(self, game: Game, turn: int) -> Any:
        words = {"game": game, **self.words, "turn": self.turn + turn}
        narrator = call("format story", stories["story"], words)
        return replace(narrator, story=replace(narrator.story, **self.amounts))

    def segments(self, telling: Telling, rounds: Rounds, own: bool) -> tuple[str, ...]:
        assert isinstance(telling, Told)
        opening = telling.narrator.rules(telling.seat) + "\n"
        lines = [_round(telling, pair) for pair in rounds]
        if self.shuffled:
            # Drawn from the history itself, so that the same one is always told the same.
            lines = [line for pair in lines for line in pair.splitlines(keepends=True)]
            Random(f"{telling.seat}/{list(rounds)}").shuffle(lines)
        return (opening, *lines)

    def question(self, telling: Telling, rounds: Rounds, own: bool, start: int, said: int | None = None) -> str:
        assert isinstance(telling, Told)
        imagined = "".join(_round(telling, pair) for pair in rounds[start:])
        narrator, seat = telling.narrator, telling.seat
        foreseen = narrator.forecast_question(seat, 0, None, 1 - seat, telling.options[1])
        if not own:
            return f"{imagined}{foreseen}\n{telling.cues[1]}"
        if said is not None:
            imagined += f"{foreseen}\n{telling.line(1, said)}\n"
        return f"{imagined}{narrator.choice(seat, telling.options[0])}\n{telling.cues[0]}"


def _round(telling: Told, pair: tuple[int, int]) -> str:
    """The lines of a round; what it paid is in the rules and not told again."""
    seen = pair if telling.seat == 0 else pair[::-1]
    return str(telling.narrator.event(telling.seat, seen)) + "\n"


def _line(narrator: Any, seat: int, who: int, action: int) -> str:
    return str(narrator.event(seat, [action if other == who else -1 for other in range(2)]))


def _cue(narrator: Any, seat: int, who: int) -> str:
    """How the line of what `who` did begins, up to the label and without the blank before it."""
    begun = set()
    for action, label in enumerate(narrator.labels):
        line = _line(narrator, seat, who, action)
        before, found, _ = line.partition(f" {label}")
        if not found:
            raise BadParameter(f"{line!r} does not say the label {label!r} as it is; choose another frame or variant")
        begun.add(before)
    if len(begun) > 1:
        raise BadParameter(f"lines of different actions begin differently: {sorted(begun)}; choose another frame")
    return str(begun.pop())
