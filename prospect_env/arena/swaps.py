"""Swaps: a policy that forecasts is fed something else in place of its forecast, and everybody's return is watched.

Where code wires the forecast to the choice (a planner), what is lost says what the forecast is *worth*. Where the
policy only reads it (a prompt), it also says whether the forecast is read at all; but see `prospect_env.metrics.use`
for what naming a label does by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from prospect_env.core.policy import Policy
from prospect_env.metrics.intervals import Interval, cluster_bootstrap
from prospect_env.metrics.metric import quotient
from prospect_env.metrics.returns import returns
from prospect_env.metrics.summary import compare

#: what a forecast is replaced by; `own` is none of it
FEEDS = ("own", "uniform", "marginal", "shuffled", "inverted", "oracle")
WORTH = ("value_of_prediction", "diagnosticity", "prediction_efficiency")
Fed = Mapping[str, Episodes]  #: by feed: the same episodes against one co-player


def swapped(
    policy: str | Policy,
    game: str | Game,
    others: Sequence[str | Policy],
    episodes: int = 20,
    seed: int = 0,
    feeds: Sequence[str] = FEEDS,
    seat: int = 0,
) -> list[dict[str, Episodes]]:
    """Play `policy` at `seat` under every feed, with each of `others` in all other seats: one dict a co-player.

    All feeds play the same episodes with the same luck. Raises what `play` raises.
    """
    rules = make_game(game)
    tables = [[policy if one == seat else other for one in range(rules.spec.seats)] for other in others]
    return [
        {feed: play(rules, table, episodes, seed, feeds=None if feed == "own" else {seat: feed}) for feed in feeds}
        for table in tables
    ]


def return_audit(played: Sequence[Fed], seat: int = 0) -> list[dict[str, Any]]:
    """What each feed changes, pooled over co-players: one row a feed, with 95% intervals.

    A row holds `feed`, the mean `return` of the seat and `others` (mean over the other seats), and `gain` and
    `others_gain`: how much more each is than with the own forecast, in the same episodes. Equally numbered episodes,
    which share their luck, are one cluster. Raises `BadParameter` where the own forecast was not played, or where feeds
    played other episodes.
    """
    table = []
    for feed in _feeds(played):
        own = np.concatenate([_returns(one["own"], seat) for one in played])
        fed = np.concatenate([_returns(one[feed], seat) for one in played])
        cluster = np.concatenate([one["own"].episode for one in played])
        figures = {
            "return": fed[:, 0],
            "gain": (fed - own)[:, 0],
            "others": fed[:, 1],
            "others_gain": (fed - own)[:, 1],
        }
        table.append({"feed": feed, **{name: _mean(values, cluster) for name, values in figures.items()}})
    return table


def worth(played: Sequence[Fed], seat: int = 0) -> dict[str, Interval]:
    """Value of prediction, diagnosticity and efficiency, pooled over co-players; needs own, marginal and oracle."""
    return {name: compare(name, list(played), seat) for name in WORTH}


def _feeds(played: Sequence[Fed]) -> list[str]:
    """The feeds that all played, the own forecast first."""
    found = [list(one) for one in played]
    if not found or any("own" not in feeds or feeds != found[0] for feeds in found):
        raise BadParameter(f"swaps need the own forecast and the same feeds throughout, not {found}")
    if any(not np.array_equal(one[feed].episode, one["own"].episode) for one in played for feed in one):
        raise BadParameter("swaps are compared in the same episodes; their numbers differ between feeds")
    return ["own", *(feed for feed in played[0] if feed != "own")]


def _returns(episodes: Episodes, seat: int) -> np.ndarray:
    """The seat's return and the mean of the others', `[E, 2]`."""
    earned = returns(episodes)
    return np.stack([earned[:, seat], np.delete(earned, seat, axis=1).mean(axis=1)], axis=1)


def _mean(values: np.ndarray, cluster: np.ndarray) -> Interval:
    return cluster_bootstrap(np.stack([values, np.ones_like(values)], axis=1), cluster, quotient)
