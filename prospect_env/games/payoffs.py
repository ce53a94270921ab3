"""`with_payoffs`: every seat's payoffs under a positive affine map, `scale` x payoff + `shift`; play stays the same.

Rules: every payoff of seat `i` is multiplied by `scale_i`. `shift_i` is added once for every round, at its end, where
no choice can change how many rounds there are (`Repeated` games: their stage table is mapped), and once for the match,
in its first step, in all other games. Adding it in every step of a game that somebody can end would pay for staying.

Equilibria are kept. Proof: let `U_i(s)` be the expected discounted return of seat `i` when policies `s` play. The map
makes it `scale_i U_i(s) + c_i`, where `c_i = shift_i E[sum of discount^t over the steps t in which it is added]`. These
steps depend on chance alone: the first, or the ends of rounds that go by number and last a fixed number of steps. So
for any policy `s_i'` of seat `i`, `U_i(s_i', s_-i) - U_i(s)` is multiplied by `scale_i > 0` and keeps its sign. Hence
best responses are the same against everything, in every subgame too, and with them all equilibria: pure, mixed,
correlated, subgame-perfect. (von Neumann and Morgenstern 1944: utilities are unique up to positive affine maps.)

Sums over seats keep their order only where all scales are equal; measures besides payoffs are left as they are.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, Known, Outcome, State
from prospect_env.games.layers import fixed_rounds, layers
from prospect_env.games.matrix import MatrixGame
from prospect_env.games.modifier import Modifier

Bounds = tuple[float, float]

RESOLUTION = 1000  #: float32 numbers that the payoffs of a game must span at least once they are mapped


@dataclass(frozen=True)
class _Affine(Modifier):
    """`affine` holds (scale, shift) of each seat."""

    affine: tuple[tuple[float, float], ...]

    @property
    @abstractmethod
    def shifts(self) -> int:
        """How often the shift is added in a match of full length."""

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        inner = self.inner.spec
        scales, shifts = (np.array(column) for column in zip(*self.affine, strict=True))
        # In some steps there is no shift, unless each of them is a round or there is but one.
        factors = [1.0] if self.shifts == inner.horizon else [0.0, 1.0]
        low, high = (np.array([bound * scales + f * shifts for f in factors]) for bound in inner.payoff_bounds)
        alike = len(set(self.affine)) == 1
        welfare, reference = (math.nan, math.nan), math.nan
        if alike:
            sums = [[bound * scales[0] + f * shifts.sum() for f in factors] for bound in inner.welfare_bounds]
            welfare = (float(min(sums[0])), float(max(sums[1])))
            reference = float(inner.reference * scales[0] + shifts[0] * self.shifts / inner.horizon)
        return replace(
            inner,
            payoff_bounds=(float(low.min()), float(high.max())),
            welfare_bounds=welfare,
            reference=reference,
            interchangeable=tuple(part for group in inner.interchangeable for part in self._parts(group)),
        )

    def _parts(self, group: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Seats that were interchangeable, by how they are paid now."""
        maps = dict.fromkeys(self.affine[seat] for seat in group)
        return [tuple(seat for seat in group if self.affine[seat] == kind) for kind in maps]

    def _mapped(self, rewards: Float[np.ndarray, "B N"], shifted: Bool[np.ndarray, " B"]) -> NDArray[np.float32]:
        scales, shifts = (np.array(column) for column in zip(*self.affine, strict=True))
        return (rewards * scales + shifts * shifted[:, None]).astype(np.float32)

    @cached_property
    def noiseless(self) -> Game:
        return replace(self, inner=self.inner.noiseless)

    @cached_property
    def unending(self) -> Game:
        return replace(self, inner=self.inner.unending)


@dataclass(frozen=True)
class _ByRound(_Affine):
    """The shift is added at the end of every round."""

    @property
    def shifts(self) -> int:
        return fixed_rounds(self.inner) or 0

    def step(self, state: State, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        outcome = self.inner.step(state, actions, chance)
        return outcome._replace(rewards=self._mapped(outcome.rewards, outcome.round_end))


@dataclass(frozen=True)
class Begun:
    """The state inside, and whether the first step has been taken, Bool `[B]`."""

    inner: State
    begun: Bool[np.ndarray, " B"]


@dataclass(frozen=True)
class _ByMatch(_Affine):
    """The shift is added in the first step."""

    @property
    def shifts(self) -> int:
        return 1

    def initial(self, batch: int, chance: Chance) -> Begun:
        return Begun(self.inner.initial(batch, chance), np.zeros(batch, dtype=bool))

    def active(self, state: Begun) -> Bool[np.ndarray, "B N"]:
        return self.inner.active(state.inner)

    def legal(self, state: Begun) -> Bool[np.ndarray, "B N A"]:
        return self.inner.legal(state.inner)

    def step(self, state: Begun, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        outcome = self.inner.step(state.inner, actions, chance)
        after = Begun(outcome.state, np.ones(len(state.begun), dtype=bool))
        return outcome._replace(state=after, rewards=self._mapped(outcome.rewards, ~state.begun))

    def observe(self, state: Begun) -> Float[np.ndarray, "B N O"]:
        return self.inner.observe(state.inner)

    def board(self, state: Begun) -> Int[np.ndarray, "B H W"] | None:
        return self.inner.board(state.inner)

    def situation(self, known: Begun, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        return self.inner.situation(known.inner, seat)

    def hide(self, state: Begun, seat: int) -> Known:
        return Begun(self.inner.hide(state.inner, seat), state.begun)

    def believe(self, known: Begun, seat: int, chance: Chance) -> Begun:
        return Begun(self.inner.believe(known.inner, seat, chance), known.begun)

    def executed(self, state: Begun, probs: Float[np.ndarray, "B N A"]) -> Float[np.ndarray, "B N A"]:
        return self.inner.executed(state.inner, probs)


def with_payoffs(game: Game, affine: Any) -> Game:
    """`game` with payoffs `scale` x payoff + `shift`; `affine` is (scale, shift), or such a pair for every seat.

    Raises `BadParameter` unless every scale is above 0, all numbers are finite, and payoffs that differed by a
    thousandth of their range would differ still (payoffs are float32).
    """
    pairs = _pairs(affine, game.spec.seats)
    if all(pair == (1.0, 0.0) for pair in pairs):
        return game
    for scale, shift in pairs:
        if not (scale > 0 and math.isfinite(scale) and math.isfinite(shift)):
            raise BadParameter(f"affine has scale {scale:g} and shift {shift:g}; scale must be above 0, both finite")
        _require_resolution(game.spec.payoff_bounds, scale, shift)
    return (_ByMatch if fixed_rounds(game) is None else _ByRound)(game, pairs)


def _require_resolution(bounds: Bounds, scale: float, shift: float) -> None:
    low, high = (bound * scale + shift for bound in bounds)
    largest = max(abs(low), abs(high))
    if largest > float(np.finfo(np.float32).max):
        raise BadParameter(f"affine has scale {scale:g} and shift {shift:g}; payoffs up to {largest:g} are too large")
    if low < high and (high - low) < RESOLUTION * float(np.spacing(np.float32(largest))):
        raise BadParameter(
            f"affine has scale {scale:g} and shift {shift:g}; payoffs from {low:g} to {high:g} could not be told apart"
        )


def _pairs(affine: Any, seats: int) -> tuple[tuple[float, float], ...]:
    wrong = f"affine is {affine!r}; it must be (scale, shift), or {seats} such pairs, one a seat"
    try:
        table = np.array(affine, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadParameter(wrong) from error
    if table.shape == (2,):
        table = np.repeat(table[None], seats, axis=0)
    if table.shape != (seats, 2):
        raise BadParameter(wrong)
    return tuple((float(scale), float(shift)) for scale, shift in table)


def stage_payoffs(game: Game) -> Float[np.ndarray, "X Y 2"] | None:
    """What each pair of choices pays in a round of a matrix game, affine maps around it included; None for others."""
    *around, rules = layers(game)
    if not isinstance(rules, MatrixGame):
        return None
    table = rules.payoffs.astype(np.float64)
    for layer in reversed(around):
        if isinstance(layer, _Affine):
            scales, shifts = (np.array(column) for column in zip(*layer.affine, strict=True))
            table = table * scales + shifts
    return table
