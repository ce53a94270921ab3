"""Use: does a prediction that is written into the prompt move the choice towards its best response, beyond priming?

A model is likelier to choose a label that is named, whatever the label means there. So what a prediction does is held
against a placebo of the same length that names the same label, in a game and its twins (the same payoffs re-paired),
and in every turn of the labels. With `P(a | x)` the probability of the own choice `a` when `x` is written:

    use = mean over r, positions and turns of
          [P(BR(r) | says r) - P(BR(r) | nothing)] - [P(BR(r) | placebo r) - P(BR(r) | nothing)],

averaged over the twins. Over all twins every action is once the best response to each label, so that a choice that
depends on the label written and not on the game has use 0 exactly. Use is at most `1 - P(BR(r) | placebo r)`: for a
model that otherwise chooses at random, 1/2 with two actions.
Source: this project; the placebo is that of a controlled trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.errors import BadParameter
from prospect_env.core.swapped import Swapped
from prospect_env.metrics.intervals import Interval, cluster_bootstrap
from prospect_env.metrics.steps import ratio

#: what is reported, and what it says
FIGURES = {
    "use": "movement towards the best response to what is predicted, beyond the placebo's",
    "prediction": "movement towards the best response when a prediction is written",
    "placebo": "movement towards that same action when a placebo names the label",
    "priming": "movement towards the label itself when a placebo names it",
    "use_of_own": "use, where what is written is what the model itself foresees",
}


def movements(one: Swapped) -> dict[str, NDArray[np.float64]]:
    """Each of `FIGURES` at every position, `[P]`; nan where it is undefined.

    All but `priming` are undefined where labels do not have best responses of their own: a movement towards an action
    that is best whatever the other does answers no prediction. `use_of_own` is nan where the model foresees a tie in
    every turn of the labels.
    """
    labels = np.arange(len(one.best))
    priming = _towards(one, one.placebo, labels).mean(axis=(1, 2))
    if -1 in one.best or len(set(one.best.tolist())) < len(one.best):
        return {**dict.fromkeys(FIGURES, np.full(len(priming), np.nan)), "priming": priming}
    said, placebo = _towards(one, one.said, one.best), _towards(one, one.placebo, one.best)
    foreseen = one.predicted[:, :, None] == labels
    own = ratio(np.where(foreseen, said - placebo, 0.0).sum(axis=(1, 2)), foreseen.sum(axis=(1, 2)))
    prediction, dummy = said.mean(axis=(1, 2)), placebo.mean(axis=(1, 2))
    return {
        "use": prediction - dummy, "prediction": prediction, "placebo": dummy, "priming": priming, "use_of_own": own,
    }  # fmt: skip


def use(swapped: Sequence[Swapped]) -> dict[str, Interval]:
    """Each of `FIGURES` of a game and its twins: the mean over twins, 95% bootstrap interval clustered by episode.

    Equally numbered episodes, of different twins or against different co-players, share their luck and are one cluster.
    Raises `BadParameter` unless all of the twins are there, or it is a game that has none, whose use is nan.
    """
    turns = sorted(one.turn for one in swapped)
    defined = len(swapped) > 0 and -1 not in swapped[0].best
    whole = len(swapped[0].best) if defined and len(set(swapped[0].best.tolist())) == len(swapped[0].best) else 1
    if turns != list(range(whole)):
        raise BadParameter(f"use is averaged over all {whole} twins; those numbered {turns} are given")
    moved = [movements(one) for one in swapped]
    return {name: _pooled([found[name] for found in moved], [one.cluster for one in swapped]) for name in FIGURES}


def rows(swapped: Sequence[Swapped]) -> list[dict[str, Any]]:
    """The table: one row for the twins together (`turn` None) and one for each of them alone.

    Each holds the figures as intervals, and `positions`, `episodes`, `mass` (of a label, where nothing is written) and
    `longer`: by how many tokens predictions are longer than their placebos at most, the sign kept.
    """
    groups = [(None, list(swapped)), *((one.turn, [one]) for one in swapped)]
    table = []
    for turn, members in groups if len(swapped) > 1 else groups[:1]:
        if turn is None:
            found = use(members)
        else:
            moved = movements(members[0])
            found = {name: _pooled([moved[name]], [members[0].cluster]) for name in FIGURES}
        table.append({"game": members[0].game, "turn": turn, **found, **_sample(members)})
    return table


def _sample(members: Sequence[Swapped]) -> dict[str, Any]:
    longer = np.concatenate([lengths(one).ravel() for one in members])
    return {
        "positions": sum(len(one.cluster) for one in members),
        "episodes": len(set().union(*(one.cluster.tolist() for one in members))),
        "mass": float(np.mean(np.concatenate([one.mass[:, :, 0].ravel() for one in members]))),
        "longer": float(longer[np.abs(longer).argmax()]),
    }


def lengths(one: Swapped) -> Float[np.ndarray, "P K R"]:
    """Tokens of the prompt with a prediction less those of the prompt with the placebo that names the same label."""
    count = len(one.best)
    return one.tokens[:, :, 1 : 1 + count] - one.tokens[:, :, 1 + count :]


def _towards(one: Swapped, under: NDArray[np.float64], action: NDArray[np.integer]) -> NDArray[np.float64]:
    """P(action[r] | r is written) - P(action[r] | nothing), `[P, K, R]`."""
    label = np.arange(len(action))
    return under[:, :, label, action] - one.nothing[:, :, action]


def _pooled(values: list[NDArray[np.float64]], clusters: list[Any]) -> Interval:
    """The mean over groups of their means; clusters that are in several groups are drawn together."""
    parts = np.zeros((sum(map(len, values)), 2 * len(values)))
    start = 0
    for number, one in enumerate(values):
        rows_ = slice(start, start + len(one))
        parts[rows_, 2 * number], parts[rows_, 2 * number + 1] = one, np.where(np.isnan(one), np.nan, 1.0)
        start += len(one)
    return cluster_bootstrap(
        parts, np.concatenate(clusters), lambda sums: ratio(sums[:, ::2], sums[:, 1::2]).mean(axis=1)
    )
