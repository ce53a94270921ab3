"""Foragers for gridworlds (`harvest`, `cleanup`): each follows the first of its wishes that can be followed.

They read the whole state, as everybody at the table may, walk shortest ways around walls, and choose with equal chance
where several steps are as good. Whoever has no wish left stays.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_agents.strategies.constant import one_hot
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Game
from prospect_env.core.policy import Decision, Memory, Policy, Table, View
from prospect_env.games.grid_beam import covered
from prospect_env.games.grid_map import APPLE, RIVER, WASTE
from prospect_env.games.gridworld import Field, GridWorld

#: the action that goes so many quarter turns to the right of where one faces, and the one that turns there
_STEPS = np.array([1, 4, 2, 3])
_TURNS = np.array([0, 6, 6, 5])


class Scene:
    """What one seat finds in a batch of matches; wishes are weights of actions `[B, A]`, all 0 where there is none."""

    def __init__(self, world: GridWorld, field: Field, seat: int) -> None:
        self.world, self.field, self.seat, self.chart = world, field, seat, world.chart
        self.actions = world.spec.actions
        self.matches = np.arange(len(field.time))
        self.place, self.facing = field.place[:, seat].astype(np.intp), field.facing[:, seat].astype(np.intp)
        self.others = np.delete(field.place, seat, axis=1)

    @cached_property
    def taken(self) -> Bool[np.ndarray, "B cells"]:
        """Cells where somebody else is."""
        taken = np.zeros(self.field.cells.shape, dtype=bool)
        taken[self.matches[:, None], self.others] = True
        taken[:, self.chart.nowhere] = False
        return taken

    def apples(self) -> Bool[np.ndarray, "B cells"]:
        """Cells with an apple."""
        return np.asarray(self.field.cells == APPLE)

    def nearby(self, cells: Bool[np.ndarray, "B cells"]) -> Int[np.ndarray, "B cells"]:
        """How many of these cells are within distance 2 of each place where apples grow; 0 elsewhere."""
        orchard = self.chart.orchard
        count = np.zeros(cells.shape, dtype=np.int64)
        count[:, orchard] = np.count_nonzero(cells[:, self.chart.near[orchard]], axis=2)
        return count

    def approach(
        self, targets: Bool[np.ndarray, "B cells"], shunned: Bool[np.ndarray, "B cells"] | None = None
    ) -> Float[np.ndarray, "B A"]:
        """Step nearer to the nearest target; step aside where a seat or what is `shunned` is in the way."""
        away = np.where(targets, self.chart.distances[self.place], np.int16(self.chart.cells + 1))
        nearest = np.argmin(away, axis=1)
        distance = away[self.matches, nearest]
        beyond = self.chart.ahead[:, self.place].T
        row = self.matches[:, None]
        closed = self.taken[row, beyond] | (beyond == self.place[:, None])
        if shunned is not None:
            closed |= shunned[row, beyond]
        nearer = ~closed & (self.chart.distances[beyond, nearest[:, None]] < distance[:, None])
        ways = np.where(nearer.any(axis=1, keepdims=True), nearer, ~closed)
        ways &= ((distance > 0) & (distance <= self.chart.cells))[:, None]
        wish = np.zeros((len(self.matches), len(self.actions)))
        wish[row, _STEPS[(np.arange(4) - self.facing[:, None]) % 4]] = ways
        return wish

    def sparing(self, leave: int) -> Float[np.ndarray, "B A"]:
        """Step nearer to the nearest apple that has `leave` others within distance 2, and on no other one."""
        apples = self.apples()
        ripe = apples & (self.nearby(apples) >= leave)
        return self.approach(ripe, shunned=apples & ~ripe)

    def waste_share(self) -> Float[np.ndarray, " B"]:
        """The waste's share of the river, 0 to 1."""
        waste, river = (np.count_nonzero(self.field.cells == ground, axis=1) for ground in (WASTE, RIVER))
        return np.asarray(waste / (waste + river))

    def cleaning(self, work: Bool[np.ndarray, " B"]) -> list[Float[np.ndarray, "B A"]]:
        """Clean, or walk to the nearest waste, in matches with `work` to do; take the nearest apple in the others."""
        dirty = (self.field.cells == WASTE) & work[:, None]
        return [self.use("clean", dirty), self.approach(dirty), self.approach(self.apples())]

    def use(self, tool: str, targets: Bool[np.ndarray, "B cells"]) -> Float[np.ndarray, "B A"]:
        """Use a beam where a target is in its reach; where one would be if one turned, turn."""
        pose = np.arange(4) * (self.chart.cells + 1) + self.place[:, None]
        reached = (covered(self.chart, self.world.beam)[pose] & targets[:, None, :]).any(axis=2)
        quarter = (np.arange(4) - self.facing[:, None]) % 4
        action = np.where(quarter == 0, self.actions.index(tool), _TURNS[quarter])
        # Where one faces comes first, then the right, the left and what is behind.
        rank = np.where(reached, np.array([0, 1, 3, 2])[quarter], 4)
        best = np.argmin(rank, axis=1)
        wish = np.zeros((len(self.matches), len(self.actions)))
        wish[self.matches, action[self.matches, best]] = reached.any(axis=1)
        return wish


class Forager(Policy, ABC):
    """Follows the first of its `wishes` that it can follow."""

    tools: tuple[str, ...] = ()

    def begin(self, table: Table) -> Memory:
        world = _world(table.game)
        for tool in self.tools:
            if tool not in world.spec.actions:
                raise UnsuitablePolicy(f"{self.name} needs the action {tool!r}; {world.spec.name} here has it not")
        return None

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        scene = Scene(_world(view.game), _field(view.known), view.seat)
        matches, actions = view.legal.shape
        weights = np.zeros((matches, actions))
        for wish in self.wishes(scene, memory):
            weights = np.where(weights.any(axis=1, keepdims=True), weights, wish * view.legal)
        stay = one_hot(np.zeros(matches, dtype=np.intp), actions)
        weights = np.where(weights.any(axis=1, keepdims=True), weights, stay)
        probs = weights / weights.sum(axis=1, keepdims=True)
        return Decision(chance.categorical("action", probs), probs)

    @abstractmethod
    def wishes(self, scene: Scene, memory: Memory) -> list[Float[np.ndarray, "B A"]]:
        """What it would do here, with what it remembers; the first wish first."""


class GreedyForager(Forager):
    """Takes the nearest apple, whatever is left of the others."""

    def wishes(self, scene: Scene, memory: Memory) -> list[Float[np.ndarray, "B A"]]:
        return [scene.approach(scene.apples())]


class SustainableForager(Forager):
    """Takes the nearest apple that has `leave` others within distance 2, and steps on no other one."""

    def __init__(self, leave: int = 3) -> None:
        self.leave = neighbours(leave)

    def wishes(self, scene: Scene, memory: Memory) -> list[Float[np.ndarray, "B A"]]:
        return [scene.sparing(self.leave)]


class Cleaner(Forager):
    """Cleans the river while more than `level` of it is waste, and takes the nearest apple otherwise.

    With `crew`, seats take turns: that many clean at a time, for `shift` steps, and the others forage.
    """

    tools = ("clean",)

    def __init__(self, level: float = 0.1, crew: int | None = None, shift: int = 100) -> None:
        self.level, self.shift = share("level", level), steps("shift", shift)
        self.crew = None if crew is None else steps("crew", crew)

    def wishes(self, scene: Scene, memory: Memory) -> list[Float[np.ndarray, "B A"]]:
        work = scene.waste_share() > self.level
        if self.crew is not None:
            work &= (scene.seat - scene.field.time // self.shift) % scene.world.seats < self.crew
        return scene.cleaning(work)


class PatrollingZapper(Forager):
    """Walks after the nearest other seat and sends off whoever comes before its beam; apples are eaten by the way."""

    tools = ("zap",)

    def wishes(self, scene: Scene, memory: Memory) -> list[Float[np.ndarray, "B A"]]:
        return [scene.use("zap", scene.taken), scene.approach(scene.taken)]


def neighbours(leave: object) -> int:
    """`leave` as a number of apples within distance 2; raises `BadParameter`."""
    if isinstance(leave, bool) or not isinstance(leave, int) or not 0 <= leave <= 12:
        raise BadParameter(f"leave is {leave!r}; it must be a whole number from 0 to 12")
    return leave


def share(name: str, value: Any) -> float:
    """`value` as a number from 0 to 1, in which it is called `name`; raises `BadParameter`."""
    if isinstance(value, bool) or not 0 <= value <= 1:
        raise BadParameter(f"{name} is {value!r}; it may be from 0 to 1")
    return float(value)


def steps(name: str, value: object) -> int:
    """`value` as a number of steps, in which it is called `name`; raises `BadParameter`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadParameter(f"{name} is {value!r}; it must be a whole number, 1 or more")
    return value


def _world(game: Game) -> GridWorld:
    """The gridworld that is played, perhaps inside modifiers that leave its actions alone."""
    inner: Any = game
    while not isinstance(inner, GridWorld):
        if not hasattr(inner, "inner"):
            raise UnsuitablePolicy(f"foragers play gridworlds (harvest, cleanup); {game.spec.name} is none")
        inner = inner.inner
    if inner.spec.actions != game.spec.actions:
        raise UnsuitablePolicy(f"foragers know the actions {inner.spec.actions}; here they are {game.spec.actions}")
    return inner


def _field(known: Any) -> Field:
    while not isinstance(known, Field):
        known = known.inner
    return known
