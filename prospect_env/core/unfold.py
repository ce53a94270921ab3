"""`unfold`: what follows from each own action, as a tensor; the one place where the future is computed.

Fed with a predictor it rolls the forecast forward; fed with the real co-players it is the oracle, and the truth that
forecasts are scored against. All three are one function of a `Source`: somebody who says how everybody acts at a
position and what the position becomes. It is exact while joint choices are few and sampled when they are many.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.decided import predicted
from prospect_env.core.forecast import Forecast, attainable, normalised
from prospect_env.core.game import Game, Outcome
from prospect_env.core.policy import Memory, Predictor, View
from prospect_env.core.position import Position, active, advance, chance, imagined, view
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

    @abstractmethod
    def advance(
        self, node: Position, executed: Int[np.ndarray, "B N"], now: Bool[np.ndarray, "B N"]
    ) -> tuple[Position, Outcome]:
        """What `node` becomes when these actions are executed, everything else equal."""


@dataclass(frozen=True)
class PredictorSource(Source):
    """A predictor asked about hypothetical continuations: its memory is at key `"predictor"` of the nodes."""

    game: Game
    predictor: Predictor
    seat: int

    def probs(self, node: Position) -> Float[np.ndarray, "B N A"]:
        seen = view(self.game, node, self.seat)
        said = self.predictor.predict(node.memories["predictor"], seen, chance(node, self.seat))
        return predicted(said, seen, self.predictor.name or type(self.predictor).__name__)

    def advance(
        self, node: Position, executed: Int[np.ndarray, "B N"], now: Bool[np.ndarray, "B N"]
    ) -> tuple[Position, Outcome]:
        watchers = {"predictor": self.predictor}
        return advance(self.game.unending, node, executed, watchers, now, seats={"predictor": self.seat})


class Unfolding(NamedTuple):
    """What follows from each own action `a`.

    `probs` `[B, L, A, N, R]`: reactions. `mask` `[B, L, A, N]`: rows that mean something (legal own action, a seat that
    does act); the others are uniform. `attainable` `[B, L, A, N, R]`: reactions that the rules allow there. `rewards`
    `[B, A, N]`: every seat's expected payoff in this step.
    """

    probs: Float[np.ndarray, "B L A N R"]
    mask: Bool[np.ndarray, "B L A N"]
    attainable: Bool[np.ndarray, "B L A N R"]
    rewards: Float[np.ndarray, "B A N"]


class Expansion(NamedTuple):
    """The continuations of a batch of positions by one joint choice each.

    Continuation `k` is the `cols[k]`-th of position `rows[k]`, and `weights[b, x]` the probability of the `x`-th of
    position `b`; those with probability 0 are left out. `after` and `outcome` have one row a continuation.
    """

    rows: Int[np.ndarray, " K"]
    cols: Int[np.ndarray, " K"]
    executed: Int[np.ndarray, "K N"]
    weights: Float[np.ndarray, "B X"]
    after: Position
    outcome: Outcome

    def expected(self, values: Float[np.ndarray, "K ..."], weights: Float[np.ndarray, "B *A X"]) -> NDArray[np.float64]:
        """The expectation of `values` (one row a continuation) under `weights` `[B, X]` or `[B, A, X]`."""
        table = np.zeros((*self.weights.shape, *values.shape[1:]))
        table[self.rows, self.cols] = values
        trailing = (1,) * (values.ndim - 1)
        if weights.ndim == 3:
            table = table[:, None]
        # No BLAS: it would make a row's bits depend on its batch.
        return short_sum(weights.reshape(*weights.shape, *trailing) * table, axis=weights.ndim - 1)


def expand(
    source: Source, node: Position, executed: Float[np.ndarray, "B N A"], now: Bool[np.ndarray, "B N"], keep: int = -1
) -> Expansion:
    """Every joint choice that `executed` makes possible, taken; seat `keep` is enumerated, never sampled.

    With more than `EXACT` joint choices the other seats' choices are `SAMPLES` draws from imagination.
    """
    batch, seats, actions = executed.shape
    playing = [seat for seat in range(seats) if now[:, seat].any()]
    if actions ** len(playing) <= EXACT:
        options = [range(actions) if seat in playing else (0,) for seat in range(seats)]
        joint = np.array(list(product(*options)), dtype=np.int64)
        weights = np.ones((batch, len(joint)))
        for seat in playing:
            # A seat that is inactive in some matches "does" index 0 there, once.
            p = np.where(now[:, seat, None], executed[:, seat], np.arange(actions) == 0)
            weights *= p[:, joint[:, seat]]
        rows, cols = np.nonzero(weights > 0)
        choices = joint[cols]
    else:
        luck = node.streams.game(node.step).imagine()
        kept = actions if keep in playing else 1
        draws = np.zeros((batch, SAMPLES, kept, seats), dtype=np.int64)
        for seat in playing:
            if seat == keep:
                draws[..., seat] = np.arange(actions)
            else:
                u = luck.uniform(f"joint/{seat}", (SAMPLES,))
                cumulative = np.cumsum(executed[:, seat], axis=-1)
                picked = (u[..., None] * cumulative[:, None, -1:] >= cumulative[:, None]).sum(axis=-1)
                draws[..., seat] = np.minimum(picked, actions - 1)[..., None] * now[:, seat, None, None]
        flat = draws.reshape(batch, SAMPLES * kept, seats)
        weights = np.full((batch, SAMPLES * kept), 1.0 / SAMPLES)
        if keep in playing:
            weights = weights * np.take_along_axis(executed[:, keep], flat[..., keep], axis=1)
        rows, cols = np.nonzero(weights > 0)
        choices = flat[rows, cols]
    after, outcome = source.advance(take(node, rows), choices, now[rows])
    return Expansion(rows, cols, choices, weights, after, outcome)


def own_executed(game: Game, node: Position, seat: int) -> Float[np.ndarray, "B A A"]:
    """`[b, a, x]`: the probability that `x` is executed when `seat` chooses `a`."""
    batch, actions = len(node.over), len(game.spec.actions)
    chosen = np.zeros((batch, game.spec.seats, actions))
    result = np.empty((batch, actions, actions))
    for action in range(actions):
        chosen[:, :, :] = 0.0
        chosen[:, :, action] = 1.0
        result[:, action] = game.executed(node.state, chosen)[:, seat]
    return result


def unfold(source: Source, node: Position, seat: int, first: Float[np.ndarray, "B N A"] | None = None) -> Unfolding:
    """What follows from each action of `seat` at `node`, as `source` has it.

    `first` are everybody's executed-action probabilities in this very step, where they are known already.
    """
    game, spec = source.game, source.game.spec
    batch = len(node.over)
    now, legal = active(game, node), game.legal(node.state)
    executed = np.asarray(source.probs(node) if first is None else first, dtype=np.float64)
    own = own_executed(game, node, seat) * legal[:, seat, :, None]

    # Enumerate whatever own action could be executed with weight 1, then weigh it by each choice's chances.
    support = executed.copy()
    support[:, seat] = own.max(axis=1) > 0
    branches = expand(source, node, support, now, keep=seat)
    mine = np.zeros(branches.weights.shape, dtype=np.int64)
    mine[branches.rows, branches.cols] = branches.executed[:, seat]
    weights = branches.weights[:, None, :] * np.take_along_axis(own, mine[:, None, :], axis=2)

    rewards = branches.expected(branches.outcome.rewards, weights)
    later, acts, can = first_choices(
        source, branches.after, np.ones((len(branches.rows), spec.seats), bool), spec.window
    )
    reached = branches.expected(acts.astype(np.float64), weights)
    lead_1 = normalised(branches.expected(later * acts[..., None], weights))
    can_1 = branches.expected((can & acts[..., None]).astype(np.float64), weights) > 0

    probs = np.empty((batch, *spec.forecast_shape))
    probs[:, 0] = normalised(spec.reactions_from(executed))[:, None]
    probs[:, 1] = lead_1
    speaks = np.zeros(spec.seats, dtype=bool)
    speaks[list(source.speaks_of)] = True
    mask = np.empty((batch, 2, len(spec.actions), spec.seats), dtype=bool)
    mask[:, 0], mask[:, 1] = now[:, None], reached > 0
    mask &= (legal[:, seat] & now[:, seat, None])[:, None, :, None] & speaks
    could = np.empty((batch, *spec.forecast_shape), dtype=bool)
    could[:, 0], could[:, 1] = attainable(spec, legal)[:, None], can_1
    np.copyto(probs, 1.0 / len(spec.reactions), where=~mask[..., None])
    return Unfolding(probs, mask, could, rewards)


def first_choices(
    source: Source, node: Position, pending: Bool[np.ndarray, "K N"], window: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """The first choice of each `pending` seat within `window` steps.

    Returns the reaction probabilities `[K, N, R]`, whether the seat chooses at all `[K, N]`, and which reactions the
    rules allow it `[K, N, R]`. Steps in between are played as `source` says.
    """
    spec = source.game.spec
    shape = (len(node.over), spec.seats, len(spec.reactions))
    now = active(source.game, node)
    hopeless = window == 1 or not (now.any() and pending.any())
    if hopeless and not (now & pending).any():
        return np.full(shape, 1.0 / shape[-1]), np.zeros(shape[:2], bool), np.zeros(shape, bool)
    executed = np.asarray(source.probs(node), dtype=np.float64)
    shown = spec.reactions_from(executed)
    acts = now & pending
    probs = np.where(acts[..., None], shown, 1.0 / shape[-1])
    can = attainable(spec, source.game.legal(node.state)) & acts[..., None]
    rest = pending & ~acts
    if window > 1 and rest.any() and now.any():
        onward = expand(source, node, executed, now)
        later, later_acts, later_can = first_choices(source, onward.after, rest[onward.rows], window - 1)
        reached = onward.expected(later_acts.astype(np.float64), onward.weights)
        late = rest & (reached > 0)
        mixed = normalised(onward.expected(later * later_acts[..., None], onward.weights))
        probs = np.where(late[..., None], mixed, probs)
        can |= (onward.expected((later_can & later_acts[..., None]).astype(np.float64), onward.weights) > 0) & late[
            ..., None
        ]
        # Where it acts in some continuations only, the forecast is given that it acts.
        acts = acts | late
    return probs, acts, can


def thoughts(seen: View, luck: Chance, memories: dict[Any, Memory]) -> tuple[Position, ...]:
    """The positions to think from: one where everything is known and certain, otherwise `SAMPLES` draws.

    The hidden state comes from `believe`, chance from imagination; never from the state or the chance that is real.
    """
    sure = seen.game.spec.perfect_information and seen.game.spec.deterministic
    return tuple(imagined(seen, luck.imagine(draw), memories) for draw in range(1 if sure else SAMPLES))


def blend(parts: Sequence[Unfolding]) -> Unfolding:
    """The average of several unfoldings; draws in which a seat does not act have no say in what it does."""
    if len(parts) == 1:
        return parts[0]
    says = np.stack([part.mask for part in parts])
    weighted = sum(part.probs * part.mask[..., None] for part in parts)
    return Unfolding(
        normalised(np.asarray(weighted)),
        np.asarray(says.any(axis=0)),
        np.any([part.attainable for part in parts], axis=0),
        np.mean([part.rewards for part in parts], axis=0),
    )


def roll_forward(predictor: Predictor, memory: Memory, seen: View, luck: Chance) -> Forecast:
    """The forecast `[B, L, A, N, R]` that follows from what `predictor` says, rolled forward through the rules.

    Exact where all is known, certain and the joint choices are few; otherwise an average over `SAMPLES` draws. It is
    given that the match goes on: ends by chance are for planners to reckon with.
    """
    source = PredictorSource(seen.game, predictor, seen.seat)
    nodes = thoughts(seen, luck, {"predictor": memory})
    return Forecast(blend([unfold(source, node, seen.seat) for node in nodes]).probs, Asking(source, nodes))


@dataclass(frozen=True)
class Asking:
    """A source, and the positions from which it is to be asked: several where not everything is known."""

    source: Source
    nodes: tuple[Position, ...]
