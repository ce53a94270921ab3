"""`GridWorld`: seats that walk on a map, eat apples and may send each other off with a beam.

What `harvest` and `cleanup` have in common; each of them says only how things grow and what else seats can do.

One step, in this order:

1. Seats move and turn. Where two want one cell, or one wants a cell that is taken, the match's seats move one after
   another in an order drawn anew, and whoever finds the cell taken stays (as in Melting Pot): nobody ever swaps places.
   Only walls and seats are in the way.
2. Whoever stands on an apple eats it: 1 point.
3. Tools are used (cleanup: cleaning).
4. Beams are fired, one after another in the order drawn. A beam is three lanes wide and `beam` cells long, passes
   through seats and is stopped by walls. Whoever is hit fires no more and is sent off: inactive for `timeout` steps
   (Perolat et al. 2017; no points are taken, unlike in Hughes et al. 2018). So there is always somebody left to act.
5. Things grow. Whoever's time is up comes back at a free starting place.

Policies know everything: what they read in `known` is the whole state, so that they can plan on it. But what a seat is
shown, in numbers (`observe`) and in words alike, is its window of `view` cells (ahead, behind, to each side), turned so
that forward is up, as learners in the originals see it, and nothing while it is off; of itself it is told where it is
and which way it faces (`situation`), and of others what they did in the last step, wherever they are.

Reactions are events, in order of significance: a seat has hit somebody, cleaned waste, eaten an apple, or none of
these. In one step it can do but one; over the window the most significant one counts.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, Outcome, Tile
from prospect_env.games.grid_beam import covered, fired
from prospect_env.games.grid_map import APPLE, GRASS, GridMap, grid_map, text_of
from prospect_env.games.grid_view import NAMES, GridView, Sight, grid_view, legend, picture
from prospect_env.games.grid_walk import MOVES, TURNS, returned, walked
from prospect_env.games.layers import layers
from prospect_env.games.parameters import amount, whole


@dataclass(frozen=True)
class Field:
    """What lies where, and where everybody is.

    `cells` Int8 `[B, cells + 1]` are codes of `grid_map`. `place` Int16 `[B, N]` is each seat's cell (the last number:
    sent off), `facing` Int8 `[B, N]` 0 north to 3 west, `away` Int16 `[B, N]` the steps it will still be off. `time`
    Int32 `[B]` are steps made.
    """

    cells: Int[np.ndarray, "B cells"]
    place: Int[np.ndarray, "B N"]
    facing: Int[np.ndarray, "B N"]
    away: Int[np.ndarray, "B N"]
    time: Int[np.ndarray, " B"]


class GridWorld(Game):
    """A gridworld; subclasses are frozen dataclasses with at least these parameters."""

    seats: int
    map: str | Sequence[str]
    steps: int
    zap: bool
    timeout: int
    beam: int
    view: Sequence[int]
    window: int

    name: ClassVar[str]
    source: ClassVar[str]
    maps: ClassVar[dict[str, str]]  #: by name
    planes: ClassVar[tuple[int, ...]]  #: the grounds that observations show
    cleans: ClassVar[bool] = False  #: whether seats can clean

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        actions = MOVES + ("zap",) * self.zap + ("clean",) * self.cleans
        return GameSpec(
            name=self.name,
            version=0,
            seats=self.seats,
            roles=("forager",) * self.seats,
            actions=actions,
            reactions=("zapped",) * self.zap + ("cleaned",) * self.cleans + ("harvested", "other"),
            reaction_of=(),
            ranked=True,
            window=self.window,
            horizon=self.steps,
            payoff_bounds=(0.0, 1.0),
            welfare_bounds=(0.0, float(min(self.seats, len(self.chart.orchard)))),
            measures=("apples", "tagged", "zapped", "stock") + ("cleaned", "waste") * self.cleans,
            cooperative=(actions.index("clean"),) if self.cleans else (),
            interchangeable=(tuple(range(self.seats)),),
            deterministic=False,
            observation_size=self.eyes.size,
            source=self.source,
        )

    @cached_property
    def _text(self) -> str:
        return text_of(self.map, self.maps)

    @property
    def chart(self) -> GridMap:
        """The map and its tables."""
        return grid_map(self._text)

    @property
    def eyes(self) -> GridView:
        """What `observe` sees with: the window's shape and planes."""
        ahead, behind, aside = self.view
        return grid_view(self.chart, (ahead, behind, aside), self.planes)

    @cached_property
    def legend(self) -> tuple[Tile, ...]:  # type: ignore[override]
        return legend(self.seats)

    @abstractmethod
    def grow(self, cells: Int[np.ndarray, "B cells"], place: Int[np.ndarray, "B N"], chance: Chance) -> None:
        """Let things grow: changes `cells` in place."""

    def clean(
        self, cells: Int[np.ndarray, "B cells"], pose: Int[np.ndarray, "B N"], doing: Int[np.ndarray, "B N"]
    ) -> Float[np.ndarray, "B N"]:
        """Let seats clean, if they can: changes `cells` in place and says how much each has cleaned."""
        return np.zeros(pose.shape, dtype=np.float32)

    def initial(self, batch: int, chance: Chance) -> Field:
        starts = self.chart.starts
        order = np.argsort(chance.uniform("places", (len(starts),)), axis=1)[:, : self.seats]
        return Field(
            np.tile(self.chart.ground, (batch, 1)),
            starts[order].astype(np.int16),
            chance.integers("facings", 4, (self.seats,)).astype(np.int8),
            np.zeros((batch, self.seats), dtype=np.int16),
            np.zeros(batch, dtype=np.int32),
        )

    def active(self, state: Field) -> Bool[np.ndarray, "B N"]:
        return (state.away == 0) & (state.time < self.steps)[:, None]

    def legal(self, state: Field) -> Bool[np.ndarray, "B N A"]:
        active, actions = self.active(state), len(self.spec.actions)
        if active.all():
            return np.broadcast_to(np.ones(actions, dtype=bool), (*active.shape, actions))
        legal = np.repeat(active[:, :, None], actions, axis=2)
        legal[:, :, 0] = True
        return legal

    def step(self, state: Field, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        active, chart = self.active(state), self.chart
        executed = np.where(active, actions, -1).astype(np.int8)
        doing = np.where(active, actions, 0)
        rows = np.arange(len(active))[:, None]
        cells = state.cells.copy()
        place = walked(chart, state.place, state.facing, doing, chance)
        facing = (state.facing + TURNS[doing]) & 3
        eaten = cells[rows, place] == APPLE
        cells[rows, place] -= eaten * np.int8(APPLE - GRASS)
        pose = facing.astype(np.intp) * (chart.cells + 1) + place
        cleaned = self.clean(cells, pose, doing)
        struck, hits = self._fired(place, pose, doing, chance)
        self.grow(cells, place, chance)
        off = state.away > 0
        away = np.where(struck, self.timeout, state.away - off).astype(np.int16)
        if struck.any():
            place = np.where(struck, chart.nowhere, place).astype(np.int16)
        if off.any():
            place, facing = returned(chart, off & (away == 0), place, facing, chance)
        after = Field(cells, place, facing, away, state.time + np.int32(1))
        did = self._labels({"zapped": hits > 0, "cleaned": cleaned > 0, "harvested": eaten})
        reactions = np.where(active, did, np.int8(-1))
        rewards, every = eaten.astype(np.float32), np.ones(len(active), dtype=bool)
        told = {"apples": rewards, "tagged": ~active, "zapped": hits, "cleaned": cleaned} | self._left(cells)
        measures = np.empty((*active.shape, len(self.spec.measures)), dtype=np.float32)
        for column, name in enumerate(self.spec.measures):
            measures[:, :, column] = told[name]
        return Outcome(after, rewards, executed, reactions, None, every, after.time >= self.steps, measures)

    def observe(self, state: Field) -> Float[np.ndarray, "B N O"]:
        return self.eyes.seen(state.cells, state.place, state.facing)

    def board(self, state: Field) -> Int[np.ndarray, "B H W"]:
        return picture(self.chart, state.cells, state.place)

    def situation(self, known: Field, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        """Where one is (-1: sent off) and faces (0 north to 3 west), steps one is still off, steps to come."""
        row, column = np.divmod(known.place[:, seat].astype(np.int64), self.chart.columns)
        here = known.away[:, seat] == 0
        return {
            "row": np.where(here, row, -1),
            "column": np.where(here, column, -1),
            "facing": known.facing[:, seat],
            "steps_off": known.away[:, seat],
            "steps_left": self.steps - known.time,
        }

    def _fired(
        self, place: Int[np.ndarray, "B N"], pose: Int[np.ndarray, "B N"], doing: Int[np.ndarray, "B N"], chance: Chance
    ) -> tuple[Bool[np.ndarray, "B N"], Float[np.ndarray, "B N"]]:
        """Who is hit by a beam, and how many each seat hits."""
        if not self.zap:
            return np.zeros(doing.shape, dtype=bool), np.zeros(doing.shape, dtype=np.float32)
        return fired(covered(self.chart, self.beam), doing == len(MOVES), place, pose, chance)

    def _labels(self, happened: dict[str, Bool[np.ndarray, "B N"]]) -> Int[np.ndarray, "B N"]:
        """The reaction that each seat has shown; whoever cleans or fires walks onto no apple, so there is but one."""
        other = len(self.spec.reactions) - 1
        did = np.full(happened["harvested"].shape, other, dtype=np.int8)
        for label, name in enumerate(self.spec.reactions[:other]):
            did[happened[name]] = label
        return did

    def _left(self, cells: Int[np.ndarray, "B cells"]) -> dict[str, Float[np.ndarray, "B 1"]]:
        """Measures of what is left on the map, the same for every seat."""
        return {"stock": np.count_nonzero(cells == APPLE, axis=1)[:, None].astype(np.float64)}

    def _check(self) -> None:
        """Raise `BadParameter` unless the common parameters hold; lists become tuples, and maps texts of their rows."""
        if isinstance(self.map, list | tuple):
            object.__setattr__(self, "map", "\n".join(map(str, self.map)))
        if isinstance(self.map, str) and "\n" in self.map.strip():
            # The same map is the same game, whatever blanks stand around it.
            object.__setattr__(self, "map", "\n".join(self.map.strip().splitlines()))
        whole(self, seats=1, steps=1, timeout=1, beam=1, window=1)
        if not isinstance(self.zap, bool):
            raise BadParameter(f"zap is {self.zap!r}; it may be True or False")
        view = list(self.view) if isinstance(self.view, list | tuple) else []
        if len(view) != 3 or not all(type(cells) is int and cells >= 0 for cells in view):
            raise BadParameter(f"view is {self.view!r}; it must be three numbers of cells: ahead, behind, to each side")
        object.__setattr__(self, "view", tuple(view))
        if not len(self.chart.orchard):
            raise BadParameter("the map has no place for apples; it needs grass (,) or apples (a)")
        most = min(len(self.chart.starts), len(NAMES))
        if self.seats > most:
            raise BadParameter(f"seats is {self.seats}; this map has starting places (P) for {most}")


def window_of(game: Game, seen: Float[np.ndarray, " O"]) -> Sight | None:
    """The window of a seat of `game` whose observation is `seen`; None where seats have none: they see everything."""
    *_, rules = layers(game)
    return rules.eyes.sight(seen) if isinstance(rules, GridWorld) else None


def probability(name: str, value: object) -> float:
    """`value` as a number from 0 to 1; raises `BadParameter`, in which it is called `name`, for anything else."""
    found = amount(name, value)
    if not 0 <= found <= 1:
        raise BadParameter(f"{name} is {value!r}; it must be from 0 to 1")
    return found
