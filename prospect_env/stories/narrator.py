"""`Narrator`: a game in the words of a story, for views, people and language models; `story` makes one by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from prospect_env.core.errors import BadParameter, UnreadableText
from prospect_env.core.game import Game
from prospect_env.core.state import Shared
from prospect_env.games.grid_view import Sight
from prospect_env.stories.distractors import distracted
from prospect_env.stories.drawing import canonical, turned, variants
from prospect_env.stories.fitting import fits
from prospect_env.stories.frames import CANONICAL
from prospect_env.stories.grammar import Form
from prospect_env.stories.numerals import plainest
from prospect_env.stories.reading import read
from prospect_env.stories.rules import lines, placed, telling
from prospect_env.stories.story import Story
from prospect_env.stories.telling import sentences

_REMEMBERED = 4096  #: sentences a narrator keeps, so that each is rendered once


@dataclass(frozen=True)
class Narrator(Shared):
    """Tells `game` as `story`; what it says of a match depends on its arguments alone."""

    game: Game
    story: Story

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What is said for each action, in the order of the rules."""
        return self.story.actions

    @cached_property
    def reaction_labels(self) -> tuple[str, ...]:
        """What is said for each reaction."""
        return self.story.reactions

    def listed(self, actions: Iterable[int]) -> list[int]:
        """Actions in the order in which this story lists them."""
        return sorted(actions, key=lambda action: self.story.places[action])

    def rules(self, seat: int) -> str:
        """The rules as `seat` is told them, distractors included; `read` gives the game back."""
        return self._told.rules(seat)

    def event(
        self, seat: int, seen: Sequence[int], reward: float | None = None, situation: Mapping[str, float] | None = None
    ) -> str:
        """What `seat` learns from one step, one line an event.

        `seen` is what it saw each seat do (-1: nothing), `reward` its payoff, `situation` where things now stand.
        """
        said = [self._told.deed(seat, who, int(action)) for who, action in enumerate(seen) if action >= 0]
        if reward is not None:
            said.append(self._told.line(seat, "paid", amount=plainest(reward)))
        return "\n".join([*said, *([self.situation(seat, situation)] if situation else [])])

    def situation(self, seat: int, situation: Mapping[str, float]) -> str:
        """Where things stand, one line a number, by the names of `Game.situation`; nan is not told."""
        known = {name: value for name, value in situation.items() if not np.isnan(value)}
        return "\n".join(self._told.standing(seat, name, value) for name, value in known.items())

    def sight(self, seat: int, sight: Sight | None) -> str:
        """What `seat` sees, row by row under a heading; the rules say how it is drawn. Empty if it sees nothing."""
        return "\n".join([self._told.line(seat, "sight"), *sight.rows]) if sight and sight.rows else ""

    def clock(self, seat: int, played: int) -> str:
        """How many steps have been played."""
        return self._told.line(seat, "clock", played=played)

    def choice(self, seat: int, legal: Sequence[int]) -> str:
        """The question what to do; with nothing to choose from, that one has to wait."""
        if not legal:
            return self._told.line(seat, "wait")
        return self._told.line(seat, "choice", options=tuple(int(action) for action in legal))

    def forecast_question(
        self, seat: int, lead: int, own_action: int | None, who: int, reactions: Sequence[int] | None = None
    ) -> str:
        """The question what `who` will do: now (lead 0), or first after it has seen `own_action` (lead 1)."""
        options = tuple(range(len(self.story.reactions)) if reactions is None else map(int, reactions))
        return self._told.line(seat, "forecast", lead=lead, own_action=own_action, who=who, options=options)

    def over(self, seat: int) -> str:
        """That the game is over."""
        return self._told.line(seat, "over")

    def text(
        self,
        seat: int,
        step: int,
        legal: Sequence[int],
        seen: Sequence[int] | None = None,
        reward: float | None = None,
        over: bool = False,
        situation: Mapping[str, float] | None = None,
        sight: Sight | None = None,
    ) -> str:
        """All that `seat` is told after `step` steps: rules, how far the game is, what happened, what may be done."""
        now = [self.rules(seat), self.clock(seat, step)]
        if seen is not None:
            now.append(self.event(seat, seen, reward))
        if situation:
            now.append(self.situation(seat, situation))
        now.append(self.sight(seat, sight))
        return "\n".join(part for part in [*now, self.over(seat) if over else self.choice(seat, legal)] if part)

    def read(self, text: str) -> Game:
        """The game whose rules `text` tells in this story; raises `UnreadableText`."""
        return read(text, self.story)

    def read_event(self, seat: int, text: str) -> tuple[list[int], float | None]:
        """What was seen of each seat (-1: nothing) and the own payoff, of what `event` told; raises `UnreadableText`.

        Payoffs come back as the plainest number that is the float32 which was told (`numerals.plainest`).
        """
        seen, reward = [-1] * self.game.spec.seats, None
        for sentence in sentences(text):
            found = [fact for form in self._told.events(seat) if (fact := form.read(sentence))]
            if len(found) != 1:
                raise UnreadableText(f"{sentence!r} is {'no event' if not found else 'several events'} of this story")
            name, values = found[0]
            if name == "paid":
                reward = values["amount"]
            else:
                action = values["action"]
                seen[values["who"]] = self.game.spec.announces.index(action) if name == "said" else action
        return seen, reward

    @cached_property
    def _told(self) -> _Told:
        return _Told(self.game, self.story)

    def __reduce__(self) -> tuple[object, ...]:
        # Templates are compiled where they are used.
        return Narrator, (self.game, self.story)


class _Told:
    """What a narrator has said so far, so that no sentence is rendered twice."""

    def __init__(self, game: Game, story: Story) -> None:
        self.game, self.story = game, story
        self._tellings = [telling(game, story, seat) for seat in range(game.spec.seats)]
        self._lines: dict[Any, str] = {}

    def rules(self, seat: int) -> str:
        key = (seat, "rules")
        if key not in self._lines:
            self._lines[key] = placed(lines(self.game, self._tellings[seat]), self.story.distractors)
        return self._lines[key]

    def deed(self, seat: int, who: int, action: int) -> str:
        """The line of what somebody did: said something, took an action of the rules, or one that a modifier added."""
        spec, added = self.game.spec, self._tellings[seat].context["added"]
        announced = spec.announces[action] if spec.announces else -1
        if announced >= 0:
            return self.line(seat, "said", who=who, action=announced)
        return self.line(seat, "acted" if action in added else "did", who=who, action=action)

    def standing(self, seat: int, name: str, value: Any) -> str:
        """The line of one number of a situation."""
        number = plainest(value) if isinstance(value, float | np.floating) else int(value)
        if f"situation_{name}" in self._tellings[seat].macros:
            return self.line(seat, f"situation_{name}", value=number)
        return self.line(seat, "situation", name=name.replace("_", " "), value=number)

    def line(self, seat: int, macro: str, **values: Any) -> str:
        key = (seat, macro, *values.values())
        if key not in self._lines:
            if len(self._lines) > _REMEMBERED:
                self._lines.clear()
            self._lines[key] = " ".join(self._tellings[seat].tell(macro, **values))
        return self._lines[key]

    def events(self, seat: int) -> list[Form]:
        told = self._tellings[seat]
        return [Form(told, name) for name in ("did", "acted", "said", "paid")]


def story(
    game: Game,
    frame: str = CANONICAL,
    variant: int = 0,
    seed: int = 0,
    distractors: int = 0,
    kind: str = "numbers",
    turn: int = 0,
) -> Narrator:
    """A narrator of `game` in a frame: variant 0 is canonical, `variant` > 0 the one of that number for this `seed`.

    `distractors` sentences of a `kind` (`numbers`, `events`, `opinions`) are placed in its rules, and options are
    listed in an order turned by `turn` places. Raises `UnknownName` or `BadParameter` if there is no
    such frame or it does not fit, saying which do.
    """
    if isinstance(variant, bool) or not isinstance(variant, int | np.integer) or variant < 0:
        raise BadParameter(f"variant is {variant!r}; it must be a whole number, 0 (canonical) or more")
    return _narrator(game, frame, int(variant), seed, distractors, kind, turn)


@lru_cache(maxsize=256)
def _narrator(game: Game, frame: str, variant: int, seed: int, number: int, kind: str, turn: int) -> Narrator:
    fits(game, frame)
    told = canonical(game, frame)
    if variant:
        told = variants(game, told, variant, seed)[-1]
    told = turned(told, turn)
    return Narrator(game, distracted(told, number, kind, seed) if number else told)
