"""`Interlude`: modifiers that put steps of their own between those of the game inside.

In a step of its own the inner game stands still and nobody is paid; everybody sees what everybody does. The actions of
these steps come after the inner ones, and so do their reactions, since they are less significant than moves.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import LABELS, Game, GameSpec, Known, Outcome, State
from prospect_env.core.state import put, take
from prospect_env.games.modifier import Modifier


@dataclass(frozen=True)
class Aside:
    """The state inside; whether the next step is an interlude, Bool `[B]`; what interludes left behind, Int8 `[B, K]`.

    What is left behind is public: what each seat said last, or which contract is in force.
    """

    inner: State
    aside: Bool[np.ndarray, " B"]
    noted: Int[np.ndarray, "B K"]


@dataclass(frozen=True)
class Interlude(Modifier):
    """The game inside with steps in between; subclasses say when these come, and what is done in them."""

    @abstractmethod
    def options(self, state: Aside) -> tuple[Bool[np.ndarray, "B N"], Bool[np.ndarray, "B N X"]]:
        """Who chooses if this is an interlude, and which of the X added actions each seat may take then."""

    @abstractmethod
    def noted(self, state: Aside, did: Int[np.ndarray, "B N"]) -> Aside:
        """The state after an interlude in which seats did this: numbers of added actions, -1 for inactive seats."""

    @abstractmethod
    def moved(self, state: Aside, outcome: Outcome) -> Outcome:
        """What a step of the game inside becomes; `outcome.state` is the inner state."""

    @abstractmethod
    def shown(self, state: Aside) -> Float[np.ndarray, "B N F"]:
        """What seats observe of interludes, float32 in -1..1."""

    def active(self, state: Aside) -> Bool[np.ndarray, "B N"]:
        inner = self.inner.active(state.inner)
        return np.where(state.aside[:, None], self.options(state)[0], inner) if state.aside.any() else inner

    def legal(self, state: Aside) -> Bool[np.ndarray, "B N A"]:
        inner = self.inner.legal(state.inner)
        batch, seats, moves = inner.shape
        legal = np.zeros((batch, seats, len(self.spec.actions)), dtype=bool)
        aside = state.aside[:, None, None]
        legal[:, :, :moves] = inner & ~aside
        if state.aside.any():
            active, options = self.options(state)
            legal[:, :, moves:] = options & active[:, :, None] & aside
            legal[:, :, 0] |= state.aside[:, None] & ~active
        return legal

    def step(self, state: Aside, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        if state.aside.all():
            return self._interlude(state, actions)
        acts = self.inner.active(state.inner) & ~state.aside[:, None]
        # Actions that the game inside does not have come from seats that do not act.
        moves = np.where(acts & (actions < len(self.inner.spec.actions)), actions, -1).astype(np.int8)
        outcome = self.inner.step(state.inner, moves, chance)
        over = np.flatnonzero(~acts.any(axis=1) & ~state.aside)
        if len(over):
            # Interludes keep the matches of a batch apart in time: the first to be over wait as they are.
            outcome = outcome._replace(state=put(outcome.state, over, take(state.inner, over)))
        outcome = self.moved(state, outcome)
        outcome = outcome._replace(
            executed=outcome.executed.astype(np.int8),
            reactions=outcome.reactions.astype(np.int8),
            seen=None if outcome.seen is None else outcome.seen.astype(np.int8),
        )
        rows = np.flatnonzero(state.aside)
        return _joined(outcome, rows, self._interlude(take(state, rows), actions[rows])) if len(rows) else outcome

    def _interlude(self, state: Aside, actions: Int[np.ndarray, "B N"]) -> Outcome:
        active, _ = self.options(state)
        did = np.where(active, actions, -1).astype(np.int8)
        batch, seats = did.shape
        added = np.maximum(did - np.int8(len(self.inner.spec.actions)), np.int8(-1))
        measures = self.spec.measures
        return Outcome(
            state=self.noted(state, added),
            rewards=np.zeros((batch, seats), dtype=np.float32),
            executed=did,
            reactions=self.spec.reaction_table[did],
            seen=np.repeat(did[:, None], seats, axis=1) if self._partial else None,
            round_end=np.zeros(batch, dtype=bool),
            terminated=np.asarray(~active.any(axis=1)),
            measures=np.full((batch, seats, len(measures)), np.nan, dtype=np.float32) if measures else None,
        )

    @cached_property
    def _partial(self) -> bool:
        """Whether seats of the game inside see different things: then they are told of interludes in the same form."""
        luck = Chance(np.zeros(1, dtype=np.uint64))
        state = self.inner.initial(1, luck)
        return self.inner.step(state, np.argmax(self.inner.legal(state), axis=2), luck).seen is not None

    def observe(self, state: Aside) -> Float[np.ndarray, "B N O"]:
        return np.concatenate([self.inner.observe(state.inner), self.shown(state)], axis=2)

    def board(self, state: Aside) -> Int[np.ndarray, "B H W"] | None:
        return self.inner.board(state.inner)

    def situation(self, known: Aside, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        return self.inner.situation(known.inner, seat)

    def hide(self, state: Aside, seat: int) -> Known:
        return replace(state, inner=self.inner.hide(state.inner, seat))

    def believe(self, known: Aside, seat: int, chance: Chance) -> Aside:
        return replace(known, inner=self.inner.believe(known.inner, seat, chance))

    @cached_property
    def noiseless(self) -> Game:
        return replace(self, inner=self.inner.noiseless)

    @cached_property
    def unending(self) -> Game:
        return replace(self, inner=self.inner.unending)

    def executed(self, state: Aside, probs: Float[np.ndarray, "B N A"]) -> Float[np.ndarray, "B N A"]:
        if state.aside.all():
            return probs
        moves = len(self.inner.spec.actions)
        done = np.zeros(probs.shape)
        done[:, :, :moves] = self.inner.executed(state.inner, probs[:, :, :moves])
        return np.where(state.aside[:, None, None], probs, done)


def _joined(moved: Outcome, rows: NDArray[np.intp], aside: Outcome) -> Outcome:
    """`moved`, with the matches `rows` as `aside` has them."""
    return Outcome._make(
        None if part is None else put(part, rows, other) for part, other in zip(moved, aside, strict=True)
    )


def with_steps(
    game: Game,
    who: str,
    actions: tuple[str, ...],
    reactions: tuple[str, ...],
    reaction_of: tuple[int, ...],
    horizon: int,
    shown: int,
) -> GameSpec:
    """The spec of `game` with added actions, which show added reactions (`reaction_of`, numbers from 0), and steps.

    Interludes pay nothing, so payoffs reach 0; what is told a step (`reference`, `discount`) is spread over all steps,
    so that sums over a match of full length are the same. Raises `BadParameter` for labels that clash or are too many
    and for games whose reactions are events, since nobody could say what an added action shows there.
    """
    spec = game.spec
    if spec.events:
        raise BadParameter(f"{who} cannot go around {spec.name}: its reactions are events, and no labels of actions")
    for kind, labels in (("actions", spec.actions + actions), ("reactions", spec.reactions + reactions)):
        if len(labels) >= LABELS:
            raise BadParameter(f"{who} would give {spec.name} {len(labels)} {kind}; up to {LABELS - 1} are possible")
        if len(set(labels)) < len(labels):
            raise BadParameter(f"{who} cannot go around {spec.name}: its {kind} {labels} would not be unique")
    share = spec.horizon / horizon
    return replace(
        spec,
        actions=spec.actions + actions,
        reactions=spec.reactions + reactions,
        reaction_of=spec.reaction_of + tuple(len(spec.reactions) + r for r in reaction_of),
        announces=spec.announces and spec.announces + (-1,) * len(actions),
        uncooperative=spec.alternatives,
        horizon=horizon,
        # A bound that is nan stays nan: whatever is unknown stays unknown.
        payoff_bounds=_reaching_zero(spec.payoff_bounds),
        welfare_bounds=_reaching_zero(spec.welfare_bounds),
        reference=spec.reference * share,
        discount=spec.discount**share,
        observation_size=spec.observation_size + shown,
    )


def _reaching_zero(bounds: tuple[float, float]) -> tuple[float, float]:
    return min(bounds[0], 0.0), max(bounds[1], 0.0)
