"""What episodes come down to: a column a metric for `episodes.parquet`, and pooled figures for `summary.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prospect_env.arena.seating import Seating
from prospect_env.core.episodes import Episodes
from prospect_env.core.registry import load

#: metrics are a sibling of the arena, found by name so that neither needs the other to be imported
METRICS = "prospect_env.metrics"

#: what figures are pooled over in the two parts of a summary
BY_SEAT = ("game", "policy", "co_players", "feed", "seat", "agent")
BY_POLICY = ("game", "policy", "feed")


def sum_names(seatings: Sequence[Seating], branch: str) -> tuple[str, ...]:
    """The sums that skill is pooled from, as far as this run has them: the same columns in all its parts."""
    if not any(policy.forecasts for seating in seatings for policy in seating.policies):
        return ()
    names = []
    for what in load(f"{METRICS}.scores:QUANTITIES"):
        for lead, whom in ((0, "others"), (0, "self"), (1, "others")):
            kinds = ["factual", "counterfactual"] if whom == "others" else ["factual"]
            names += [
                f"{what}_sum_lead_{lead}_{kind}_{whom}" for kind in [*(kinds if branch != "none" else []), "realised"]
            ]
    return tuple(names)


def metric_columns(episodes: Episodes, sums: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Every metric and the named sums, one value per episode and seat, in that order; nan where undefined."""
    found = {**load(f"{METRICS}:compute")(episodes), **load(f"{METRICS}:sums")(episodes)}
    absent = np.full((len(episodes), episodes.spec.seats), np.nan)
    names = [*(name for name in found if "_sum_lead_" not in name), *sums]
    return {name: np.asarray(found.get(name, absent), dtype=np.float64).reshape(-1) for name in names}


def summarise(parts: Sequence[Episodes], about: dict[str, Any]) -> dict[str, Any]:
    """Every metric with its 95% interval: `seats` by pairing and seat, `policies` pooled over pairings.

    `about` are the entries of the manifest that the summary repeats. What is undefined is None, as JSON has no nan.
    """
    figures = load(f"{METRICS}:summary")
    seats = [
        {"pairing": pairing, **row} for pairing, episodes in enumerate(parts) for row in figures(episodes, by=BY_SEAT)
    ]
    pooled = figures(list(parts), by=BY_POLICY)
    return {**about, "seats": [_plain(row) for row in seats], "policies": [_plain(row) for row in pooled]}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in row.items()}
