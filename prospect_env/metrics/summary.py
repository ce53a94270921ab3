"""Figures for many episodes: sums pooled over what is reported together, with 95% intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped
from numpy.typing import NDArray

from prospect_env.core import registry
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.metrics.intervals import DRAWS, Interval, cluster_bootstrap
from prospect_env.metrics.metric import Comparison, Metric, Runs
from prospect_env.metrics.table import named

#: what rows can be grouped by
KEYS = ("policy", "co_players", "game", "feed", "seat", "agent")


def _keys(episodes: Episodes, seat: int) -> dict[str, Any]:
    """Every key of the rows of this seat."""
    others = [name for i, name in enumerate(episodes.policies) if i != seat]
    return {
        "policy": episodes.policies[seat],
        "co_players": ", ".join(others),
        "game": episodes.spec.name,
        "feed": episodes.feeds[seat],
        "seat": seat,
        "agent": episodes.spec.agents[seat],
    }


def summary(
    episodes: Episodes | Sequence[Episodes],
    names: Iterable[str] | None = None,
    by: Sequence[str] = ("policy",),
    interval: bool = True,
    clusters: Sequence[Shaped[np.ndarray, " E"]] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """One row per group and metric: the keys of `by`, `metric`, `value`, `low`, `high`, `rows` and `clusters`.

    Rates and scores are the formula applied to sums over the group; other metrics are means over its rows. Rows with
    nothing to add are left out and not counted. Intervals are drawn by co-player instance: an episode's co-players are
    one, and so are those of equally numbered episodes, which share their luck when seeds are paired. `clusters` gives
    other labels, one array `[E]` for each of `episodes`.
    """
    runs = [episodes] if isinstance(episodes, Episodes) else list(episodes)
    for key in by:
        if key not in KEYS:
            raise UnknownName("key to group by", key, KEYS)
    if clusters is not None and [len(labels) for labels in clusters] != [len(run) for run in runs]:
        raise BadParameter("clusters must be one array of labels for each of the episodes, one label an episode")
    labels = [run.episode for run in runs] if clusters is None else list(clusters)
    groups: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
    for r, run in enumerate(runs):
        for seat in range(run.spec.seats):
            groups.setdefault(tuple(_keys(run, seat)[key] for key in by), []).append((r, seat))
    rows = []
    for one in named(names):
        parts = [one.parts(run) for run in runs]
        for group, members in groups.items():
            found = _stacked([parts[r][:, seat] for r, seat in members])
            who = np.concatenate([labels[r] for r, _ in members])
            figure = _figure(one, found, who, draws if interval else 0, seed)
            rows.append({**dict(zip(by, group, strict=True)), "metric": one.name, **figure})
    return rows


def _stacked(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Rows of several runs below each other; raises `BadParameter` where their games are too different to pool."""
    if len({part.shape[-1] for part in parts}) > 1:
        raise BadParameter("games with different numbers of reactions cannot be pooled here; group by game")
    return np.concatenate(parts)


def _figure(one: Metric, parts: NDArray[np.float64], clusters: NDArray[Any], draws: int, seed: int) -> dict[str, Any]:
    """The pooled figure of these rows, its interval if `draws` is not 0, and how much it rests on."""
    value, low, high = cluster_bootstrap(parts, clusters, one.pooled, draws, seed)
    # Rows whose sums are all 0 had nothing to say: seats that do not forecast, conditions that never came.
    says = ~np.isnan(parts).any(axis=1) & (parts != 0).any(axis=1)
    backing = {"rows": int(says.sum()), "clusters": len(np.unique(clusters[says]))}
    return {"value": value, "low": low, "high": high, **backing}


def compare(
    name: str,
    runs: Runs | Sequence[Runs],
    seat: int = 0,
    clusters: Shaped[np.ndarray, " E"] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """A comparison of paired runs with its interval; `name` is that of a registered `Comparison`.

    Several sets of runs (one a co-player, say) are pooled; `clusters` then labels the episodes of all of them, in their
    order. By default equally numbered episodes, which share their luck, are one cluster. Raises `BadParameter` for a
    metric of one run, and unless the runs are those it needs, with the same episodes.
    """
    one = registry.metrics[name]
    if not isinstance(one, Comparison):
        raise BadParameter(f"{name} is read off one run; use metrics.table or metrics.summary")
    sets = [runs] if isinstance(runs, Mapping) else list(runs)
    parts = np.concatenate([one.checked(played, seat) for played in sets])
    labels = np.concatenate([next(iter(played.values())).episode for played in sets]) if clusters is None else clusters
    return cluster_bootstrap(parts, labels, one.formula, draws, seed, one.positive)
