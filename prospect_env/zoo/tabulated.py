"""`Tabulated`: the rules for a single match, looked up where they have been applied before.

The rules are batched, and for a batch of one nearly all their time is spent on starting numpy calls. But rules are
pure, so a step that draws no chance is a function of the state and the actions, and need be taken only once. Whether it
draws is not declared by games: it is tried, with chance that refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from prospect_env.core.chance import Chance
from prospect_env.core.game import Game, Outcome, State

CAPACITY = 4096  #: states remembered; a game with more is not tabulated at all

Moves = tuple[int, ...]  # an action a seat, -1 for those that do not choose


@dataclass(slots=True, eq=False)
class Node:
    """One state of one match, as a view needs it.

    `active` and `legal` say who chooses, and what may be chosen; `masks` int8 `[A]` and `observations` float32 `[O]`
    are one a seat. `edges` are the steps taken from here without chance.
    """

    state: State
    now: Bool[np.ndarray, "1 N"]
    active: tuple[bool, ...]
    legal: tuple[frozenset[int], ...]
    masks: tuple[NDArray[np.int8], ...]
    observations: tuple[NDArray[np.float32], ...]
    edges: dict[Moves, Edge] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Edge:
    """One step: what was chosen, int8 `[1, N]`, what it brought, and the node it leads to."""

    actions: NDArray[np.int8]
    outcome: Outcome
    rewards: tuple[float, ...]
    terminated: bool
    node: Node


class Tabulated:
    """The rules of `game` for one match at a time. Shared freely: what it holds does not depend on any match."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self._nodes: dict[Any, Node] | None = {}
        self._first: Node | None = None
        self._chancy = False

    def __reduce__(self) -> tuple[Any, ...]:
        return Tabulated, (self.game,)

    def first(self, chance: Callable[[], Chance]) -> Node:
        """The node of the first state; `chance` is asked for only if the rules draw."""
        if self._first is not None:
            return self._first
        try:
            self._first = self.node(self.game.initial(1, _NONE))
        except _Drawn:
            return self.node(self.game.initial(1, chance()))
        return self._first

    def follow(self, node: Node, moves: Moves, chance: Callable[[], Chance]) -> Edge:
        """The step from `node` by legal `moves`."""
        edge = node.edges.get(moves)
        if edge is not None:
            return edge
        actions = np.array([moves], dtype=np.int8)
        if not self._chancy:
            try:
                edge = self._edge(actions, self.game.step(node.state, actions, _NONE))
            except _Drawn:
                # Rules that draw in one step are taken to draw in many: trying each would cost more than it saves.
                self._chancy = True
            else:
                if self._nodes is not None:
                    node.edges[moves] = edge
                return edge
        return self._edge(actions, self.game.step(node.state, actions, chance()))

    def node(self, state: State) -> Node:
        """The node of this state of one match."""
        if self._nodes is None:
            return self._built(state)
        try:
            key = _key(state)
            found = self._nodes.get(key)
        except TypeError:  # a leaf that cannot be looked up
            self._nodes = None
            return self._built(state)
        if found is None:
            found = self._built(state)
            if len(self._nodes) < CAPACITY:
                self._nodes[key] = found
            else:
                self._forget()
        return found

    def _forget(self) -> None:
        assert self._nodes is not None
        for node in self._nodes.values():
            node.edges.clear()
        self._nodes = None

    def _edge(self, actions: NDArray[np.int8], outcome: Outcome) -> Edge:
        rewards = tuple(outcome.rewards[0].tolist())
        return Edge(actions, outcome, rewards, bool(outcome.terminated[0]), self.node(outcome.state))

    def _built(self, state: State) -> Node:
        game = self.game
        now, legal, seen = game.active(state), game.legal(state)[0], game.observe(state)[0]
        options = tuple(frozenset(np.flatnonzero(row).tolist()) for row in legal)
        masks = tuple(row.astype(np.int8) for row in legal)
        return Node(
            state, now, tuple(now[0].tolist()), options, masks, tuple(np.array(row, np.float32) for row in seen)
        )


class _Drawn(Exception):
    """Chance was asked for."""


class _Refusing(Chance):
    """Chance that refuses every draw."""

    __slots__ = ()

    def _bits(self, purpose: str, shape: tuple[int, ...]) -> NoReturn:
        raise _Drawn

    def derive(self, *scope: str | int) -> NoReturn:
        raise _Drawn


_NONE = _Refusing(np.zeros(1, dtype=np.uint64), 0)


def _key(x: Any) -> Any:
    """A value equal for equal trees; raises `TypeError` where a leaf cannot be hashed."""
    if isinstance(x, np.ndarray):
        if x.dtype == object:
            raise TypeError("an array of objects is no key")
        return x.shape, x.dtype.str, x.tobytes()
    if isinstance(x, dict):
        return tuple((name, _key(value)) for name, value in x.items())
    if is_dataclass(x) and not isinstance(x, type):
        return type(x), *(_key(getattr(x, item.name)) for item in fields(x))
    hash(x)
    return x
