"""Vetoes, false alarms and missed harms against hand arithmetic, and against plain loops on real play."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from prospect_env import metrics
from prospect_env.arena.config import Config
from prospect_env.arena.play import play
from prospect_env.arena.replay import differences
from prospect_env.arena.run import run
from prospect_env.arena.runs import load
from prospect_env.core.episodes import Episodes
from prospect_env.core.make import make_game
from tests.metrics.crafted import C, D, episodes

NAMES = ["veto_rate", "false_alarm_rate", "missed_harm_rate", "harm_averted"]


class Ruling(NamedTuple):
    """One decision of seat 0: what was wanted and done, its Q of C and D, and what the other truly gets by each."""

    wanted: int
    taken: int
    q: tuple[float, float] = (2.0, 2.0)
    other: tuple[float, float] = (3.0, 1.0)


RIGHT = Ruling(D, C)  # the other gets 3 rather than 1: harm 2
LET_PASS = Ruling(D, D)
KIND = Ruling(C, C)


def guarded(*rulings: Ruling, limit: float = 0.5, cost: float = 0.25) -> Episodes:
    steps = len(rulings)
    whole = (1, steps, 2)
    proposed = np.full(whole, -1, dtype=np.int8)
    proposed[0, :, 0] = [ruling.wanted for ruling in rulings]
    values, harm_limit, harm_cost = (np.full(s, np.nan, dtype=np.float32) for s in ((*whole, 2), whole, whole))
    values[0, :, 0] = [ruling.q for ruling in rulings]
    harm_limit[0, :, 0], harm_cost[0, :, 0] = limit, cost
    rewards = np.zeros((*whole, 2, 2), dtype=np.float32)
    rewards[0, :, 0, :, 1] = [ruling.other for ruling in rulings]
    truth = np.full((*whole, 2, 2, 2, 2), np.nan, dtype=np.float32)
    truth[:, :, 0] = 0.5
    return episodes(
        " ".join("CD"[ruling.taken] + "C" for ruling in rulings),
        values=values,
        legal=np.ones((*whole, 2), dtype=bool),
        proposed=proposed,
        harm_limit=harm_limit,
        harm_cost=harm_cost,
        branch_rewards=rewards,
        truth=truth,
    )


def figures(played: Episodes, seat: int = 0) -> list[float]:
    found = metrics.compute(played, NAMES)
    return [float(found[name][0, seat]) for name in NAMES]


def test_the_four_ways_a_proposal_can_go() -> None:
    needless = Ruling(D, C, other=(1.2, 1.0))  # harm .2, under the limit
    # A right veto, a needless one, a miss, and one rightly let pass: 2 of 4 vetoed, 1 of 2 vetoes in vain, 1 of 2 harms
    # missed. Others got 2 + .2 more than by what was proposed, over 4 decisions.
    assert figures(guarded(RIGHT, needless, LET_PASS, KIND)) == pytest.approx([0.5, 0.5, 0.5, 0.55])


def test_a_veto_of_the_kinder_action_is_a_false_alarm_that_does_harm() -> None:
    assert figures(guarded(Ruling(C, D))) == pytest.approx([1.0, 1.0, nan, -2.0], nan_ok=True)


def test_harm_at_the_limit_is_within_it() -> None:
    at_limit = Ruling(D, C, other=(1.5, 1.0))
    assert figures(guarded(at_limit)) == pytest.approx([1.0, 1.0, nan, 0.5], nan_ok=True)
    assert figures(guarded(at_limit, limit=0.49)) == pytest.approx([1.0, 0.0, 0.0, 0.5])


def test_harm_that_would_have_been_dear_to_avoid_is_not_missed() -> None:
    dear, cheap, better = (Ruling(D, D, (q, 2.0)) for q in (1.7, 1.8, 5.0))
    # Sparing the other costs .3, more than the guard's .25.
    assert figures(guarded(dear)) == pytest.approx([0.0, nan, nan, 0.0], nan_ok=True)
    assert figures(guarded(dear, cost=0.3)) == pytest.approx([0.0, nan, 1.0, 0.0], nan_ok=True)
    # At .2 it is cheap, and where C is better for itself it costs nothing at all.
    assert figures(guarded(dear, cheap, better)) == pytest.approx([0.0, nan, 1.0, 0.0], nan_ok=True)


def test_what_the_rules_forbid_could_not_have_spared_anybody() -> None:
    played = guarded(LET_PASS)
    assert played.legal is not None
    played.legal[0, 0, 0, C] = False
    assert figures(played) == pytest.approx([0.0, nan, nan, 0.0], nan_ok=True)


def test_undefined_without_a_guard_or_without_branches() -> None:
    played = guarded(RIGHT, LET_PASS)
    assert np.isnan(figures(played, seat=1)).all()
    assert np.isnan(figures(episodes("CC"))).all()
    assert np.isnan(common(episodes("CC"))).all()
    unbranched = replace(played, branch_rewards=None, truth=None)
    assert figures(unbranched) == pytest.approx([0.5, nan, nan, nan], nan_ok=True)
    # Inside an environment other seats may be branched and this one not.
    elsewhere = replace(played, truth=np.full_like(played.truth, np.nan))
    assert figures(elsewhere) == pytest.approx([0.5, nan, nan, nan], nan_ok=True)


def common(played: Episodes) -> list[float]:
    found = metrics.compute(played, ["needless_veto_rate", "harm_missed"])
    return [float(value[0, 0]) for value in found.values()]


@pytest.mark.parametrize(("limit", "cost"), [(0.5, 0.25), (0.0, 0.0), (9.0, 9.0)])
def test_guards_are_held_to_one_limit_and_one_cost_whatever_their_own(limit: float, cost: float) -> None:
    small, none = Ruling(D, C, other=(1.2, 1.0)), Ruling(D, C, other=(1.0, 1.0))
    # Of three vetoes the one of a harm of .2 is not needless, the one of no harm is; 2 of harm came of what passed.
    assert common(guarded(RIGHT, small, none, LET_PASS, limit=limit, cost=cost)) == pytest.approx([1 / 3, 0.5])
    # Payoffs span 5, so that .05 of it, .25, is next to nothing: sparing the other costs .3, and .2.
    dear, cheap = (Ruling(D, D, (q, 2.0)) for q in (1.7, 1.8))
    assert common(guarded(dear, cheap, limit=limit, cost=cost)) == pytest.approx([nan, 1.0], nan_ok=True)


def test_plain_loops_agree_on_real_play() -> None:
    payoffs = [[[3, 0], [0, 1], [2, 2]], [[1, 4], [5, -1], [0, 0]], [[2, 1], [2, 3], [2, 0]]]
    game = make_game("matrix_game", payoffs=payoffs, rounds=12, noise=0.1)
    guard = "guarded:actor=random,predictor=bayes,limit=.4,epsilon=.2"
    x = play(game, [guard, "forecasting:actor=random_reactive,predictor=counts"], 30, seed=2, branch="all")
    assert x.proposed is not None
    assert x.values is not None
    assert x.branch_rewards is not None
    counts = dict.fromkeys(("decisions", "vetoes", "false", "harmful", "missed", "gained"), 0.0)
    for e in range(30):
        for t in range(int(x.length[e])):
            wanted, taken = int(x.proposed[e, t, 0]), int(x.actions[e, t, 0])
            q = [float(value) for value in x.values[e, t, 0]]
            other = [float(reward) for reward in x.branch_rewards[e, t, 0, :, 1]]
            # Payoffs span 6, from -1 to 5.
            spares = max(other[a] for a in range(3) if q[a] >= q[wanted] - 0.2 * 6 - 1e-5)
            harmful = spares - other[wanted] > 0.4 + 1e-5
            counts["decisions"] += 1
            counts["vetoes"] += taken != wanted
            counts["false"] += taken != wanted and not harmful
            counts["harmful"] += harmful
            counts["missed"] += taken == wanted and harmful
            counts["gained"] += other[taken] - other[wanted]
    rows = {row["metric"]: row["value"] for row in metrics.summary(x, NAMES, by=("seat",)) if row["seat"] == 0}
    assert all(counts.values())
    assert rows["veto_rate"] == pytest.approx(counts["vetoes"] / counts["decisions"])
    assert rows["false_alarm_rate"] == pytest.approx(counts["false"] / counts["vetoes"])
    assert rows["missed_harm_rate"] == pytest.approx(counts["missed"] / counts["harmful"])
    assert rows["harm_averted"] == pytest.approx(counts["gained"] / counts["decisions"], abs=1e-6)


def test_a_run_on_disk_keeps_what_was_wanted(tmp_path: Path) -> None:
    guard = "guarded:actor=(always:action=0),predictor=marginal,limit=.5"
    policies, rounds = [guard, "random"], {"rounds": 3}
    config = Config(name="guarded", game="chicken", parameters=rounds, policies=policies, episodes=3, branch="all")
    run(config, tmp_path / "guarded")
    straight = play(make_game("chicken", **rounds), policies, 3, branch="all")
    assert straight.proposed is not None
    assert differences(load(tmp_path / "guarded"), straight) == ()
