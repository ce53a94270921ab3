"""`with_announcements`: cheap talk. The seats that move next first say something, all at once; then they move.

Rules: each move of the game inside becomes two steps. In the first, every seat that is about to move says which of its
legal actions it will take ("say cooperate"), or stays silent; everybody hears it. In the second they move, free to do
something else. Talk costs nothing, pays nothing and binds nobody. Sources: Crawford and Sobel 1982, "Strategic
information transmission"; Farrell and Rabin 1996, "Cheap talk".

Moves outrank messages: within the reaction window the reaction to anything is the next move if there is one, and what
was said otherwise. Hands may tremble, tongues do not: noise inside changes moves alone. Text that policies add to their
choices (`Decision.message`) rides along, in every step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, Outcome
from prospect_env.games.interlude import Aside, Interlude, with_steps


@dataclass(frozen=True)
class _Announced(Interlude):
    """In the state, `noted` `[B, N]` is what each seat last said: an action, the number of actions for nothing.

    It is -1 for a seat that has not spoken yet.
    """

    announcements: bool

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        inner = self.inner.spec
        actions, reactions = len(inner.actions), len(inner.reactions)
        spec = with_steps(
            self.inner,
            "announcements",
            (*(f"say {action}" for action in inner.actions), "stay silent"),
            (*(f"says {reaction}" for reaction in inner.reactions), "is silent"),
            (*inner.reaction_of, reactions),
            horizon=2 * inner.horizon,
            shown=inner.seats * (actions + 1) + 1,
        )
        announces = (-1,) * actions + tuple(range(actions)) + (-1,)
        return replace(spec, announces=announces, ranked=True, window=2 * inner.window)

    def initial(self, batch: int, chance: Chance) -> Aside:
        nothing = np.full((batch, self.inner.spec.seats), -1, dtype=np.int8)
        return Aside(self.inner.initial(batch, chance), np.ones(batch, dtype=bool), nothing)

    def options(self, state: Aside) -> tuple[Bool[np.ndarray, "B N"], Bool[np.ndarray, "B N X"]]:
        legal = self.inner.legal(state.inner)
        return self.inner.active(state.inner), np.concatenate([legal, np.ones_like(legal[:, :, :1])], axis=2)

    def noted(self, state: Aside, did: Int[np.ndarray, "B N"]) -> Aside:
        return Aside(state.inner, ~state.aside, np.where(did >= 0, did, state.noted))

    def moved(self, state: Aside, outcome: Outcome) -> Outcome:
        return outcome._replace(state=Aside(outcome.state, ~state.aside, state.noted))

    def shown(self, state: Aside) -> Float[np.ndarray, "B N F"]:
        """What was last said, one-hot, own first and the others' in the order of seats after one's own; who is next."""
        batch, seats = state.noted.shape
        said = (state.noted[:, :, None] == np.arange(len(self.inner.spec.actions) + 1)).astype(np.float32)
        around = [np.roll(said, -ahead, axis=1) for ahead in range(seats)]
        phase = np.broadcast_to(state.aside[:, None, None], (batch, seats, 1)).astype(np.float32)
        return np.concatenate([*around, phase], axis=2)


def with_announcements(game: Game, announcements: bool) -> Game:
    """`game` with cheap talk before every move, if `announcements` is True.

    Raises `BadParameter` around games that have talk already, whose reactions are events (nobody could say what a
    message shows there), or with more than 63 actions or reactions: a game has room for 127 labels.
    """
    if not isinstance(announcements, bool):
        raise BadParameter(f"announcements is {announcements!r}; it must be true or false")
    if not announcements:
        return game
    if game.spec.announces:
        raise BadParameter(f"announcements cannot go around {game.spec.name}: there is talk in it already")
    made = _Announced(game, announcements=True)
    _ = made.spec  # what does not fit is refused now
    return made
