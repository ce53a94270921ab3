"""`expand`: the continuations of a batch of positions by one joint choice each, as somebody says everybody acts.

It lists every joint choice while they are few, match by match, and draws them when they are many.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.arrays import short_sum
from prospect_env.core.game import Game, Outcome
from prospect_env.core.position import Position
from prospect_env.core.state import Shared, take

EXACT = 256  #: joint choices up to which everything is enumerated
SAMPLES = 64  #: joint choices of the others drawn otherwise, and draws of what is hidden or left to dice


class Source(Shared, ABC):
    """Somebody who says how everybody acts, here and in continuations that did not happen."""

    game: Game

    @property
    def speaks_of(self) -> tuple[int, ...]:
        """The seats it can speak of."""
        return tuple(range(self.game.spec.seats))

    @abstractmethod
    def probs(self, node: Position) -> Float[np.ndarray, "B N A"]:
        """Probabilities of every seat's executed action at `node`; rows of seats it does not speak of are arbitrary."""

    def probs_of(self, thoughts: Sequence[Position], together: Position) -> Float[np.ndarray, "B N A"]:
        """`probs` at several thoughts of the same matches, which stand side by side in `together`."""
        return self.probs(together)

    def everybody(self, node: Position) -> Float[np.ndarray, "B N A"]:
        """`probs` with no row arbitrary, where a step in between is played: seats it does not speak of play too."""
        return self.probs(node)

    @abstractmethod
    def advance(
        self, node: Position, executed: Int[np.ndarray, "B N"], now: Bool[np.ndarray, "B N"]
    ) -> tuple[Position, Outcome]:
        """What `node` becomes when these actions are executed, everything else equal."""


class Expansion(NamedTuple):
    """The continuations of a batch of positions by one joint choice each.

    Continuation `k` belongs to position `rows[k]`; seat `keep` executed `mine[k]` in it (0 if no seat is kept), and
    what the others did is number `cols[k]` of their joint choices, `weights[b, mine, col]` likely. `fan` says how each
    is to be continued. `after` and `outcome` have one row a continuation.
    """

    rows: Int[np.ndarray, " K"]
    mine: Int[np.ndarray, " K"]
    cols: Int[np.ndarray, " K"]
    executed: Int[np.ndarray, "K N"]
    weights: Float[np.ndarray, "B M X"]
    fan: Fan
    after: Position
    outcome: Outcome

    def expected(self, values: Float[np.ndarray, "K ..."]) -> NDArray[np.float64]:
        """The expectation of `values` (one row a continuation) over what the others do, `[B, M, ...]`."""
        table = np.zeros((*self.weights.shape, *values.shape[1:]))
        table[self.rows, self.mine, self.cols] = values
        trailing = (1,) * (values.ndim - 1)
        # No BLAS: it would make a row's bits depend on its batch.
        return short_sum(self.weights.reshape(*self.weights.shape, *trailing) * table, axis=2)

    def by_choice(self, values: NDArray[Any], own: Float[np.ndarray, "B A M"]) -> NDArray[np.float64]:
        """The expectation of `values` under each own choice, `[B, A, ...]`; `own` is the kept seat's `own_executed`."""
        done = self.expected(np.asarray(values, dtype=np.float64))
        return short_sum(own.reshape(*own.shape, *(1,) * (done.ndim - 2)) * done[:, None], axis=2)


class Fan(NamedTuple):
    """How many continuations stand for a position by now, and the number of this one among them.

    Where there are many already, each is continued by few; its number tells its draws from those of the others.
    """

    size: Int[np.ndarray, " K"]
    number: Int[np.ndarray, " K"]


def expand(
    source: Source,
    node: Position,
    executed: Float[np.ndarray, "B N A"],
    now: Bool[np.ndarray, "B N"],
    keep: int = -1,
    fan: Fan | None = None,
) -> Expansion:
    """Every joint choice that `executed` makes possible, taken; seat `keep` is enumerated, never sampled.

    Where more than `EXACT` joint choices would stand for one position (times those that `fan` says stand for it
    already), the other seats' choices are draws from imagination, `SAMPLES` in all. `keep` has weight 1 throughout.
    """
    batch, seats, actions = executed.shape
    # A seat that is inactive "does" index 0, once.
    p = np.where(now[..., None], executed, np.arange(actions) == 0)
    support = p > 0
    sizes = np.maximum(support.sum(axis=-1), 1)
    size = np.ones(batch, dtype=np.int64) if fan is None else fan.size
    joint = np.prod(sizes, axis=1, dtype=np.float64)
    exact = joint * size <= EXACT
    kept = sizes[:, keep] if keep >= 0 else np.ones(batch, dtype=np.int64)
    draws = np.maximum(1, SAMPLES // size)
    others = np.where(exact, np.where(exact, joint, 0) // kept, draws).astype(np.int64)
    rows = np.repeat(np.arange(batch), kept * others)
    number = np.arange(len(rows)) - np.repeat(np.cumsum(kept * others) - kept * others, kept * others)
    nth, cols = np.divmod(number, others[rows])
    labels = np.argsort(~support, axis=-1, kind="stable")
    choices = np.zeros((len(rows), seats), dtype=np.int64)
    weights = np.zeros((batch, actions if keep >= 0 else 1, int(others.max(initial=1))))
    likely = np.ones(len(rows))
    rest, listed = cols, exact[rows]
    unlisted = np.flatnonzero(~listed)
    before = np.zeros(batch, dtype=np.int64) if fan is None else fan.number
    for seat in range(seats):
        if seat == keep:
            choices[:, seat] = labels[rows, seat, nth]
            continue
        rest, digit = np.divmod(rest, sizes[rows, seat])
        choices[:, seat] = labels[rows, seat, np.where(listed, digit, 0)]
        likely *= p[rows, seat, choices[:, seat]]
        if len(unlisted):
            at = rows[unlisted]
            luck = take(node.streams, at).game(_of(node.step, at)).imagine()
            # One's own action is not in it: all of them meet the same draws.
            u = luck.uniform_at(f"joint/{seat}", before[at] * draws[at] + cols[unlisted])
            choices[unlisted, seat] = _drawn(p[at, seat], u)
    mine = choices[:, keep] if keep >= 0 else np.zeros(len(rows), dtype=np.int64)
    weights[rows, mine, cols] = np.where(listed, likely, 1.0 / draws[rows])
    wide = Fan(size[rows] * others[rows], before[rows] * others[rows] + cols)
    after, outcome = source.advance(take(node, rows), choices, now[rows])
    return Expansion(rows, mine, cols, choices, weights, wide, after, outcome)


def _of(step: int | Int[np.ndarray, " B"], rows: Int[np.ndarray, " K"]) -> int | Int[np.ndarray, " K"]:
    return step[rows] if isinstance(step, np.ndarray) else step


def _drawn(probs: Float[np.ndarray, "K A"], u: Float[np.ndarray, " K"]) -> Int[np.ndarray, " K"]:
    """An index from each row of `probs`, by the numbers `u` in 0..1; a label with probability 0 is never drawn."""
    cumulative = np.cumsum(probs, axis=-1)
    picked = (u[:, None] * cumulative[:, -1:] >= cumulative).sum(axis=-1)
    return np.minimum(picked, probs.shape[-1] - 1 - np.argmax(probs[:, ::-1] > 0, axis=-1))


def own_executed(game: Game, node: Position, seat: int) -> Float[np.ndarray, "B A A"]:
    """`[b, a, x]`: the probability that `x` is executed when `seat` chooses `a`."""
    batch, actions = len(node.over), len(game.spec.actions)
    if game.noiseless is game:
        return np.broadcast_to(np.eye(actions), (batch, actions, actions))
    chosen = np.zeros((batch, game.spec.seats, actions))
    result = np.empty((batch, actions, actions))
    for action in range(actions):
        chosen[:, :, :] = 0.0
        chosen[:, :, action] = 1.0
        result[:, action] = game.executed(node.state, chosen)[:, seat]
    return result
