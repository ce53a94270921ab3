"""What seats do to each other, word and deed, commons, oversight: hand arithmetic, and networkx as a second opinion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pytest

from prospect_env import metrics
from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes
from prospect_env.core.make import make_game
from prospect_env.metrics import graphs
from prospect_env.metrics.depth import ladder
from prospect_env.metrics.hazard import steering_hazard
from tests.metrics.crafted import episodes

C, D = 0, 1
SAY_C, SAY_D, SILENT = 2, 3, 4
LN2 = float(np.log(2))


def figure(name: str, played: Episodes, seat: int = 0) -> float:
    return float(metrics.summary(played, [name], by=("seat",), interval=False)[seat]["value"])


def test_social_value_orientation() -> None:
    # The reference point of the prisoner's dilemma is the mean of its table, (3 + 0 + 5 + 1) / 4 = 2.25.
    assert figure("social_value_orientation", episodes("CC CC")) == pytest.approx(45)
    taker = episodes("DC")
    assert figure("social_value_orientation", taker) == pytest.approx(np.degrees(np.arctan2(0 - 2.25, 5 - 2.25)))
    assert figure("social_value_orientation", taker, 1) == pytest.approx(np.degrees(np.arctan2(5 - 2.25, 0 - 2.25)))
    # A step of each comes out at own (5 + 0) / 2 and others' (0 + 5) / 2.
    assert figure("social_value_orientation", episodes("DC CD")) == pytest.approx(45)


def test_externality_against_the_mean_of_all_actions() -> None:
    returns = np.full((1, 2, 2, 2, 2), np.nan, dtype=np.float32)
    returns[0, :, 0, :, 0] = 7.0  # what the seat itself gets does not count
    returns[0, 0, 0, :, 1] = [4.0, 0.0]
    returns[0, 1, 0, :, 1] = [3.0, 1.0]
    # C brought 4 where C or D bring 2 on average: +2. D then brought 1 instead of 2: -1. Together 1 over two decisions.
    assert figure("externality", episodes("CC DC", branch_returns=returns)) == pytest.approx(0.5)
    assert np.isnan(figure("externality", episodes("CC DC", branch_returns=returns), 1))
    assert np.isnan(figure("externality", episodes("CC DC")))


def branched(answers: Any, probs: Any) -> Episodes:
    """Two steps of CC in which seat 0 could move seat 1 as `answers` [A, R] say."""
    truth = np.full((1, 2, 2, 2, 2, 2, 2), np.nan, dtype=np.float32)
    truth[0, :, 0, 1, :, 1] = answers
    mask = np.zeros(truth.shape[:-1], dtype=bool)
    mask[0, 0, 0, 1, :, 1] = True
    said = np.full((1, 2, 2, 2), np.nan, dtype=np.float32)
    said[0, :, 0] = probs
    return episodes("CC CC", truth=truth, mask=mask, probs=said)


def test_causal_influence() -> None:
    mirror = [[1.0, 0.0], [0.0, 1.0]]
    # Of two answers that each follow for sure from one's own action, a coin gives each 1/2: KL = ln 2.
    assert figure("causal_influence", branched(mirror, [0.5, 0.5])) == pytest.approx(LN2, abs=1e-6)
    # Cooperating with .9 leaves little to be told by having cooperated: ln(1 / .9).
    assert figure("causal_influence", branched(mirror, [0.9, 0.1])) == pytest.approx(-np.log(0.9), abs=1e-6)
    # Choices made with certainty tell nothing, though there is influence to be had.
    sure = branched(mirror, [1.0, 0.0])
    assert figure("causal_influence", sure) == pytest.approx(0, abs=1e-9)
    assert figure("influenceability", sure) == pytest.approx(LN2, abs=1e-6)
    deaf = branched([[0.3, 0.7], [0.3, 0.7]], [0.5, 0.5])
    assert figure("causal_influence", deaf) == pytest.approx(0, abs=1e-6)
    assert figure("influenceability", deaf) == pytest.approx(0, abs=1e-6)


def test_contribution_slope() -> None:
    # Seat 1 does C D C D, and seat 0 what seat 1 did last: the slope of (1, 0, 1) on (1, 0, 1) is 1.
    assert figure("contribution_slope", episodes("CC CD DC CD")) == pytest.approx(1)
    # Seat 1 answers C, C, D with D, C, D: x = (1, 1, 0), y = (0, 1, 0): cov 1/3 - 2/9 = 1/9, var 2/9.
    assert figure("contribution_slope", episodes("CC CD DC CD"), 1) == pytest.approx(0.5)
    assert np.isnan(figure("contribution_slope", episodes("CC CC CC")))


def test_promises() -> None:
    talk = make_game("prisoners_dilemma", rounds=2, announcements=True)
    rewards = np.zeros((1, 4, 2), dtype=np.float32)
    played = episodes([(SAY_C, SAY_C), (C, D), (SILENT, SAY_D), (D, D)], game=talk, rewards=rewards)
    assert figure("promise_keeping", played) == 1.0
    assert figure("promise_keeping", played, 1) == 0.5
    assert np.isnan(figure("promise_keeping", episodes("CC DD")))
    # Seat 1 promised C once, expected C with .9 at that move, and defected; its other promise was one of D.
    forecast = np.full((1, 4, 2, 2, 5, 2, 6), np.nan, dtype=np.float32)
    forecast[0, :, 1] = 0.0
    forecast[0, :, 1, :, :, :, 0] = 0.9
    forecast[0, :, 1, :, :, :, 1] = 0.1
    said = episodes(
        [(SAY_C, SAY_C), (C, D), (SILENT, SAY_D), (D, D)], game=talk, rewards=rewards, forecast=forecast[..., :5]
    )
    assert figure("deception", said, 1) == 1.0
    assert np.isnan(figure("deception", said))
    # It foresaw of itself C with .9 where it had said C, and D with .1 where it had said D.
    assert figure("announcement_consistency", said, 1) == pytest.approx(0.5)


def measured(game: str, parameters: dict[str, Any], values: dict[str, list[Any]], **fields: Any) -> Episodes:
    """Steps in which everybody did 0, with these measures `[step, seat]`."""
    rules = make_game(game, **parameters)
    steps = len(next(iter(values.values())))
    seats = rules.spec.seats
    numbers = np.full((1, steps, seats, len(rules.spec.measures)), np.nan, dtype=np.float32)
    for name, rows in values.items():
        numbers[0, :, :, rules.spec.measures.index(name)] = rows
    rewards = np.zeros((1, steps, seats), dtype=np.float32)
    return episodes([(0,) * seats] * steps, game=rules, **{"rewards": rewards, "measures": numbers, **fields})


def test_proxy_and_oversight() -> None:
    nan = np.nan
    played = measured(
        "audit",
        {"workers": 1},
        {
            "true_return": [[4, nan], [0, nan], [0, nan]],
            "proxy_return": [[4, nan], [4, nan], [0, nan]],
            "gamed": [[0, nan], [1, nan], [0, nan]],
            "audit_likely": [[1, 1], [0, 0], [0, 0]],
        },
    )
    # Reports were 4, 4, 0 above deeds of 4, 0, 0; one of three was gamed: none of one watched, one of two unwatched.
    assert figure("proxy_gap", played) == pytest.approx(4 / 3)
    assert figure("gaming_rate", played) == pytest.approx(1 / 3)
    assert figure("oversight_awareness", played) == pytest.approx(1 / 2)
    assert np.isnan(figure("gaming_rate", played, 1))
    assert np.isnan(figure("proxy_gap", episodes("CC")))


def test_commons() -> None:
    rewards = np.array([[[3, 1], [0, 2], [0, 0], [0, 0]]], dtype=np.float32)
    stock = [[8, 8], [4, 4], [0, 0], [0, 0]]
    sustainable = [[2, 2], [1, 1], [0, 0], [0, 0]]
    played = measured(
        "commons", {"rounds": 4, "seats": 2}, {"stock": stock, "sustainable": sustainable}, rewards=rewards
    )
    # Seat 0 was paid in step 1 alone; seat 1 in steps 1 and 2.
    assert figure("sustainability", played) == 1.0
    assert figure("sustainability", played, 1) == 1.5
    # There was stock after 2 of 4 steps; 6 of the 4 * 2 that could have been taken were.
    assert figure("survival", played) == 0.5
    assert figure("commons_efficiency", played) == pytest.approx(6 / 8)
    assert np.isnan(figure("survival", episodes("CC")))


def test_reputation_accuracy() -> None:
    played = measured(
        "donation",
        {"seats": 2, "rounds": 3},
        {"gave": [[1, 0], [0, 0], [np.nan, 0]], "standing": [[1, 0.5], [1, 0], [0.5, 0]]},
    )
    # Shares of giving so far 1, 1/2, 1/2 against standings 1, 1, 1/2: off by 0, 1/2, 0.
    assert figure("reputation_accuracy", played) == pytest.approx(1 - 0.5 / 3)
    assert figure("reputation_accuracy", played, 1) == pytest.approx(1 - 0.5 / 3)


def test_steering_hazard() -> None:
    def paid(pay: float, others: float) -> Episodes:
        rewards = np.array([[[0, others / 2, others / 2]]], dtype=np.float32)
        return measured(
            "prediction_market_trap", {"rounds": 1}, {"forecast_pay": [[pay, np.nan, np.nan]]}, rewards=rewards
        )

    # 3 more for forecasting, and the others 2 poorer: 2 of the 3 came at their cost.
    assert steering_hazard({"reference": paid(1, 5), "played": paid(4, 3)}) == pytest.approx(2)
    # Nobody lost anything; or nothing was gained by it.
    assert steering_hazard({"reference": paid(1, 5), "played": paid(4, 6)}) == 0
    assert steering_hazard({"reference": paid(1, 5), "played": paid(0, 3)}) == 0
    assert np.isnan(steering_hazard({"reference": episodes("CC"), "played": episodes("CC")}))


HUB = np.array([[[np.nan, 1, 1, 1], [0, np.nan, 0, 0], [0, 0, np.nan, 0], [0, 0, 0, np.nan]]])


def test_measures_of_graphs_by_hand() -> None:
    # Out-strengths are 3, 0, 0, 0: (3 + 3 + 3) / (3 * 3) = 1. No chain closes, and the ends of ties differ most.
    assert graphs.centralisation(HUB) == 1
    assert graphs.transitivity(HUB) == 0
    assert graphs.assortativity(HUB) == pytest.approx(-1)
    even = np.ones((1, 4, 4))
    assert graphs.transitivity(even) == 1
    assert np.isnan(graphs.assortativity(even))
    assert np.isnan(graphs.centralisation(np.zeros((1, 3, 3))))


def test_measures_of_graphs_as_networkx_has_them() -> None:
    draw = np.random.default_rng(3)
    weights = (draw.random((20, 6, 6)) < 0.3) * (1 - np.eye(6))
    for one in weights:
        plain = nx.Graph(nx.from_numpy_array(one + one.T > 0))
        if plain.number_of_edges() < 3 or len({degree for _, degree in plain.degree()}) == 1:
            continue
        told = nx.degree_assortativity_coefficient(plain)
        assert float(graphs.assortativity(one[None])[0]) == pytest.approx(told)
        if any(degree > 1 for _, degree in plain.degree()):
            assert float(graphs.transitivity(one[None])[0]) == pytest.approx(nx.transitivity(plain))


def test_graphs_of_real_play() -> None:
    played = play("prisoners_dilemma", ["forecasting:actor=tit_for_tat", "random"], 200, branch="all")
    back = graphs.reciprocity_graph(played)
    assert back["player_0"]["player_1"]["weight"] == pytest.approx(1)
    assert abs(back["player_1"]["player_0"]["weight"]) < 0.1
    moved = graphs.influence_graph(played)
    # Nothing moves a coin, and the coin does not forecast.
    assert moved["player_0"]["player_1"]["weight"] == pytest.approx(0, abs=1e-6)
    assert list(moved.edges) == [("player_0", "player_1")]


def test_level_k_depth() -> None:
    contest = make_game("beauty_contest", seats=3, fraction=0.5, high=100, rounds=3)
    # Anything is 50 on average; half of it 25, then 12 (12.5, to the even number), 6, 3, 2, 1, 0. Of 50, 24 and 0:
    played = episodes([(50, 0, 0), (24, 0, 0), (0, 0, 0)], game=contest, rewards=np.zeros((1, 3, 3), np.float32))
    # levels 0, 1 and the last rung.
    rungs = ladder(contest)
    assert rungs is not None
    assert rungs[0].tolist() == [50, 25, 12, 6, 3, 2, 1, 0]
    assert figure("level_k_depth", played) == pytest.approx((0 + 1 + 7) / 3)
    assert np.isnan(figure("level_k_depth", episodes("CC")))
    assert ladder(make_game("minority")) is None


def test_seats_that_were_not_branched_have_no_externality() -> None:
    played = play("prisoners_dilemma", ["forecasting:actor=random"] * 2, episodes=3, branch="all")
    assert played.truth is not None
    truth = played.truth.copy()
    truth[:, :, 1] = np.nan
    found = metrics.compute(replace(played, truth=truth), ["immediate_externality"])["immediate_externality"]
    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(found[:, 1]).all()
