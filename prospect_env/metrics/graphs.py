"""Who reciprocates whom, and who moves whom: weighted directed graphs of the seats, and what can be said of them.

`reciprocity_graph` and `influence_graph` give networkx graphs, pooled over episodes; three measures describe either.
They are computed here on weight matrices `[.., N, N]` (nan: no tie known), many episodes at once, and registered for
both graphs. With two seats there is one pair and nothing to describe.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.cooperation import tells
from prospect_env.metrics.influence import influence_sums
from prospect_env.metrics.metric import Case, Metric, metric
from prospect_env.metrics.reciprocity import turns
from prospect_env.metrics.steps import count, once, over, ratio, undefined

if TYPE_CHECKING:
    from networkx import DiGraph

TIE = 0.05  #: differences of probabilities above this make a tie, where a measure asks only whether there is one
MOVED = 0.01  #: and so do influences above this, in nats


@once
def reciprocity_counts(episodes: Episodes) -> Float[np.ndarray, "E N N 4"] | None:
    """By (who, towards whom): cooperations and choices after the other's last C, the same after its last D."""
    seats = episodes.spec.seats
    if not tells(episodes) or seats < 2:
        return None
    now = turns(episodes)
    sums = np.zeros((len(episodes), seats, seats, 4))
    for i in range(seats):
        for j in (other for other in range(seats) if other != i):
            for k, was in enumerate((now.was_nice, now.was_nasty)):
                answered = count(now.nice[:, :, i] & was[:, :, j])
                sums[:, i, j, 2 * k] = answered
                sums[:, i, j, 2 * k + 1] = answered + count(now.nasty[:, :, i] & was[:, :, j])
    return sums


def reciprocity_weights(sums: Float[np.ndarray, "... 4"]) -> NDArray[np.float64]:
    """P(C | the other's last was C) - P(C | its last was D)."""
    return ratio(sums[..., 0], sums[..., 1]) - ratio(sums[..., 2], sums[..., 3])


def influence_weights(sums: Float[np.ndarray, "... 4"]) -> NDArray[np.float64]:
    """Mean influenceability in nats."""
    return ratio(sums[..., 2], sums[..., 3])


def reciprocity_graph(episodes: Episodes) -> DiGraph:
    """An edge i -> j of weight w: seat i cooperates with probability w more after j cooperated than after it did not.

    Pooled over episodes. Edges whose weight is undefined are left out; nodes are agents' names.
    """
    sums = reciprocity_counts(episodes)
    return _graph(episodes, None if sums is None else reciprocity_weights(over(sums, axis=0)))


def influence_graph(episodes: Episodes) -> DiGraph:
    """An edge k -> j of weight w: the own actions of k, equally likely, tell w nats about what j does next.

    Pooled over episodes; of seats that forecast, in episodes with branches.
    """
    sums = influence_sums(episodes)
    return _graph(episodes, None if sums is None else influence_weights(over(sums, axis=0)))


def _graph(episodes: Episodes, weights: NDArray[np.float64] | None) -> DiGraph:
    from networkx import DiGraph

    graph = DiGraph()
    graph.add_nodes_from(episodes.spec.agents)
    agents = episodes.spec.agents
    if weights is not None:
        known = np.argwhere(~np.isnan(weights))
        graph.add_weighted_edges_from((agents[i], agents[j], float(weights[i, j])) for i, j in known if i != j)
    return graph


def centralisation(weights: Float[np.ndarray, "E N N"], tie: float = 0.0) -> NDArray[np.float64]:
    """Freeman's: sum over seats of (largest out-strength - own) / ((N - 1) largest), 0..1; weights below 0 count 0."""
    # Strength is a matter of degree: weights count as they are, above `tie`.
    strength = over(np.where(weights > tie, _ties(weights), 0.0), axis=2)
    top = strength.max(axis=1)
    seats = weights.shape[1]
    return ratio(over(top[:, None] - strength, axis=1), (seats - 1) * top)


def transitivity(weights: Float[np.ndarray, "E N N"], tie: float = TIE) -> NDArray[np.float64]:
    """Of all chains i - j - k, the share in which i - k are tied too; a tie is a weight above `tie` either way."""
    tied = _ties(weights) > tie
    tied = tied | tied.swapaxes(1, 2)
    seats, closed, chains = weights.shape[1], np.zeros(len(weights)), np.zeros(len(weights))
    for j in range(seats):
        for i in range(seats):
            for k in range(i):
                if j not in (i, k):
                    chain = tied[:, i, j] & tied[:, j, k]
                    chains += chain
                    closed += chain & tied[:, i, k]
    return ratio(closed, chains)


def assortativity(weights: Float[np.ndarray, "E N N"], tie: float = TIE) -> NDArray[np.float64]:
    """Newman's: over ties, the correlation of both ends' numbers of ties; a tie is a weight above `tie` either way."""
    tied = _ties(weights) > tie
    tied = tied | tied.swapaxes(1, 2)
    degree = over(tied, axis=2)
    # Every tie counts from both ends, so that both ends have one mean and one variance.
    ends = over(tied, axis=2)
    total = over(ends, axis=1)
    mean = ratio(over(ends * degree, axis=1), total)
    away = degree - mean[:, None]
    variance = over(ends * away**2, axis=1)
    together = over(over(tied * away[:, :, None] * away[:, None, :], axis=2), axis=1)
    return ratio(together, np.where(variance > 1e-12, variance, 0.0))


def _ties(weights: Float[np.ndarray, "E N N"]) -> NDArray[np.float64]:
    return np.maximum(np.nan_to_num(weights), 0.0)


_OF_GRAPHS = {
    "centralisation": (centralisation, (0.0, 1.0), "Freeman 1978, on out-strength", "no positive weight"),
    "transitivity": (transitivity, (0.0, 1.0), "Newman 2003, section III.B", "no chain of two ties"),
    "assortativity": (assortativity, (-1.0, 1.0), "Newman 2002", "no ties, or all seats have as many"),
}
_GRAPHS = {
    "reciprocity": (reciprocity_counts, reciprocity_weights, 4, TIE),
    "influence": (influence_sums, influence_weights, 4, MOVED),
}


def _declared(graph: str, what: str, high: Case, low: Case, fake: Case) -> Metric:
    counted, weighed, width, tie = _GRAPHS[graph]
    describe, bounds, source, never = _OF_GRAPHS[what]

    def function(episodes: Episodes) -> Float[np.ndarray, "E N K"]:
        # A graph's sums are those of all its pairs, so that graphs of many episodes pool into one.
        seats, sums = episodes.spec.seats, counted(episodes)
        if sums is None or seats < 3:
            return undefined(episodes, width * seats**2)
        return np.repeat(sums.reshape(len(episodes), 1, -1), seats, axis=1)

    def formula(parts: Float[np.ndarray, "... K"]) -> NDArray[np.float64]:
        seats = isqrt(parts.shape[-1] // width)
        weights = weighed(parts.reshape(-1, seats, seats, width))
        return np.where(
            np.isnan(parts).any(axis=-1),
            np.nan,
            describe(weights, *([] if what == "centralisation" else [tie])).reshape(parts.shape[:-1]),
        )

    function.__doc__ = f"The {what} of the {graph} graph, the same for all seats."
    return metric(
        f"{graph}_{what}",
        unit="index",
        range=bounds,
        direction="neither",
        formula=f"of the {graph} graph: " + " ".join((describe.__doc__ or "").split()).replace("`tie`", f"{tie:g}"),
        source=source,
        undefined=f"fewer than three seats, no such graph, or {never}",
        formula_of_parts=formula,
        high=high,
        low=low,
        fake=fake,
    )(function)


_LONG = {"seats": 3, "rounds": 100, "noise": 0.25}
_FOUR = {**_LONG, "seats": 4}
_ONE = Case("conditional_cooperator", "random", "public_goods", _LONG)
_ALL = Case("conditional_cooperator", "conditional_cooperator", "public_goods", _LONG)
_STAR = Case("conditional_cooperator", "random", "public_goods", _FOUR)
_TWO = Case("conditional_cooperator", ("conditional_cooperator", "random", "random"), "public_goods", _FOUR)

reciprocity_centralisation = _declared("reciprocity", "centralisation", _ONE, _ALL, _TWO)
reciprocity_transitivity = _declared("reciprocity", "transitivity", _ALL, _ONE, _STAR)
reciprocity_assortativity = _declared("reciprocity", "assortativity", _TWO, _STAR, _STAR)


def _watched(*ties: tuple[int, int]) -> Case:
    """A random seat 0 among three that answer whom they see."""
    follows = "forecasting:actor=random_reactive,predictor=uniform"
    where = {"seats": 4, "rounds": 6, "network": ties or None}
    return Case("forecasting:actor=random,predictor=uniform", follows, "public_goods", where)


_HUB, _PAW = _watched((0, 1), (0, 2), (0, 3)), _watched((0, 1), (1, 2), (0, 2), (2, 3))

influence_centralisation = _declared("influence", "centralisation", _HUB, _watched(), _PAW)
influence_transitivity = _declared("influence", "transitivity", _watched(), _HUB, _PAW)
influence_assortativity = _declared("influence", "assortativity", _PAW, _HUB, _HUB)
