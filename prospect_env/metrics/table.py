"""Metrics of one run: as arrays, as rows, and the sums that pooled figures are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float

from prospect_env.core import registry
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter
from prospect_env.metrics.metric import Comparison, Metric
from prospect_env.metrics.realised import realised_sums
from prospect_env.metrics.scores import QUANTITIES, expected_sums


def named(names: Iterable[str] | None = None) -> list[Metric]:
    """The registered metrics of these names, by default all that one run suffices for.

    Raises `UnknownName`, or `BadParameter` for a comparison, which needs several runs.
    """
    found = []
    names = [names] if isinstance(names, str) else names
    for name in registry.metrics if names is None else names:
        one = registry.metrics[name]
        if isinstance(one, Comparison):
            if names is None:
                continue
            raise BadParameter(f"{name} compares the runs {', '.join(one.runs)}; use metrics.compare")
        found.append(one)
    return found


def compute(episodes: Episodes, names: Iterable[str] | None = None) -> dict[str, Float[np.ndarray, "E N"]]:
    """Each metric as an array `[episode, seat]`, nan where it is undefined."""
    return {one.name: one(episodes) for one in named(names)}


def table(episodes: Episodes, names: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """One row per (episode, seat): `episode`, `seat`, `agent`, `policy` and the metrics, nan where undefined."""
    columns = {name: values.tolist() for name, values in compute(episodes, names).items()}
    agents, seats = episodes.spec.agents, range(episodes.spec.seats)
    rows = []
    for e, number in enumerate(episodes.episode.tolist()):
        for seat in seats:
            row = {"episode": number, "seat": seat, "agent": agents[seat], "policy": episodes.policies[seat]}
            row.update((name, values[e][seat]) for name, values in columns.items())
            rows.append(row)
    return rows


def sums(episodes: Episodes) -> dict[str, Float[np.ndarray, "E N"]]:
    """What skill is pooled from, by name, `[episode, seat]`; empty where nobody forecast.

    Names are `{what}_sum_lead_{0|1}_{factual|counterfactual|realised}_{others|self}` with `what` one of `QUANTITIES`:
    the number of rows, their Brier scores, those of the uniform and the marginal reference, excess, and log scores.
    """
    found: dict[str, Float[np.ndarray, "E N"]] = {}
    expected, realised = expected_sums(episodes), realised_sums(episodes)
    for k, what in enumerate(QUANTITIES):
        for lead in (0, 1):
            for s, whom in enumerate(("others", "self")):
                if whom == "self" and lead == 1:
                    continue
                for w, kind in enumerate(("factual", "counterfactual")):
                    if expected is not None and (whom, kind) != ("self", "counterfactual"):
                        found[f"{what}_sum_lead_{lead}_{kind}_{whom}"] = expected.rows[:, :, lead, w, s, k]
                if realised is not None:
                    found[f"{what}_sum_lead_{lead}_realised_{whom}"] = realised[:, :, lead, s, k]
    return found
