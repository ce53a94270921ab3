"""`teller`: how a game is told to a seat, by name: plainly, or in one of its stories.

teller(game)                          the plain telling, which every game has
teller(game, "business")              in a frame's canonical words
teller(game, "business:variant=3")    in other words; also seed, distractors, kind, turn (see `stories.narrator`)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from prospect_env.core.game import Game
from prospect_env.core.make import call, parse
from prospect_env.games.grid_view import Sight
from prospect_env.stories import plain
from prospect_env.stories.narrator import Narrator, story


@runtime_checkable
class Teller(Protocol):
    """Tells one seat everything it is to know after `step` steps; see `plain.narrate`."""

    def __call__(
        self,
        seat: int,
        step: int,
        legal: Sequence[int],
        seen: Sequence[int] | None = None,
        reward: float | None = None,
        over: bool = False,
        situation: Mapping[str, float] | None = None,
        sight: Sight | None = None,
    ) -> str: ...


def narrator(game: Game, spec: str) -> Narrator:
    """The narrator that `spec`, a frame with parameters, describes; raises `UnknownName` or `BadParameter`."""
    frame, parameters = parse(spec)
    made: Narrator = call(f"story {frame!r}", story, {"game": game, "frame": frame, **parameters})
    return made


def teller(game: Game, spec: str | None = None) -> Teller:
    """The teller that `spec` describes, or the plain one; what cannot tell this game is refused at once."""
    told = None if spec is None else narrator(game, spec)

    def tell(
        seat: int,
        step: int,
        legal: Sequence[int],
        seen: Sequence[int] | None = None,
        reward: float | None = None,
        over: bool = False,
        situation: Mapping[str, float] | None = None,
        sight: Sight | None = None,
    ) -> str:
        if told is None:
            return plain.narrate(game, seat, step, legal, seen, reward, over, situation, sight)
        now = [told.clock(seat, step)]
        if seen is not None:
            now.append(told.event(seat, seen, reward))
        if situation:
            now.append(told.situation(seat, situation))
        now += [told.sight(seat, sight), told.over(seat) if over else told.choice(seat, legal)]
        return plain.fitted(told.rules(seat), "\n".join(part for part in now if part))

    return tell
