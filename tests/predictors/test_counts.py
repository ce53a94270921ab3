"""Counting predictors: posteriors by hand and against the exact law of their error."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_agents.predictors.counts import Bayes, Counted, Counts, Journal
from prospect_env.arena.play import play
from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.players import Players
from prospect_env.core.policy import Decision, Event, Policy, Predictor, Table, View
from prospect_env.core.position import active, view

GAME = make_game("prisoners_dilemma", rounds=60)


def after(predictor: Predictor, rounds: list[tuple[int, int]]) -> np.ndarray:
    """P(action) of both seats after these rounds (own, other), `[N, A]`."""
    streams = Streams.of(episode_seeds(0, 1), 2)
    memory = predictor.begin(Table(GAME, 0, 1, streams.seat(0, 0)))
    for pair in rounds:
        memory = predictor.observe(memory, Event(np.zeros(1), np.array([pair]), np.ones((1, 2), dtype=bool)))
    at = Players(GAME, {0: make_policy("random"), 1: make_policy("random")}).begin(episode_seeds(0, 1))
    return predictor.predict(memory, view(GAME, at, 0, active(GAME, at)), streams.seat(0, 1))[0]


def test_bayes_by_hand() -> None:
    # Rounds (own, other): CC, CD, CC, DC. The other's first C, then D after CC, C after (own C, other D), C after CC.
    rounds = [(0, 0), (0, 1), (0, 0), (1, 0)]
    # Now after (D, C): never seen before, so 1/2.
    assert np.allclose(after(Bayes(), rounds)[1], [1 / 2, 1 / 2])
    # One round more, CC: in CC it was seen twice (D, then C): (1 + 1) / (2 + 2).
    assert np.allclose(after(Bayes(), [*rounds, (0, 0)])[1], [2 / 4, 2 / 4])
    # Its answer to (C, D) was C once: (1 + 1) / (1 + 2).
    assert np.allclose(after(Bayes(), [*rounds, (0, 1)])[1], [2 / 3, 1 / 3])
    # Of oneself likewise: after CC, C then D: 1/2; after (C, D), C: 2/3.
    assert np.allclose(after(Bayes(), [*rounds, (0, 1)])[0], [2 / 3, 1 / 3])


def test_counts_look_at_the_own_action_only() -> None:
    rounds = [(0, 0), (0, 1), (0, 0), (1, 0)]
    # After own C: D, C, C: P(C) = (2 + 1) / (3 + 2). After own D: nothing seen.
    assert np.allclose(after(Counts(), rounds[:3])[1], [2 / 4, 2 / 4])
    assert np.allclose(after(Counts(), [*rounds, (0, 1)])[1], [3 / 5, 2 / 5])
    assert np.allclose(after(Counts(), rounds)[1], [1 / 2, 1 / 2])


class Constant(Policy):
    """Does C with a probability of its own, drawn per match from U(0, 1)."""

    def begin(self, table: Table) -> np.ndarray:
        return table.chance.uniform("p")

    def decide(self, memory: np.ndarray, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        return Decision((chance.uniform("action") >= memory).astype(np.int8), np.stack([memory, 1 - memory], axis=1))


def test_expected_brier_of_bayes_after_n_visits() -> None:
    """Binary Brier (p - y)^2 has expectation 1/6 + 1/(6 (n + 2)); in two categories twice that (derived, exact)."""
    game = make_game("prisoners_dilemma", rounds=8)
    # What was done before says nothing about a constant opponent, so the n-th round is the n-th visit to its one state.
    rider = "forecasting:actor=always_defect,predictor=marginal"
    episodes = play(game, [rider, Constant()], episodes=40_000, branch="all")
    p, q = (getattr(episodes, name)[:, :, 0, 0, 1, 1].astype(np.float64) for name in ("forecast", "truth"))
    score = (p**2).sum(-1) - 2 * (p * q).sum(-1) + 1
    for n in range(8):
        error = 4 * score[:, n].std() / np.sqrt(len(score))
        assert abs(score[:, n].mean() - 2 * (1 / 6 + 1 / (6 * (n + 2)))) <= error


def test_bayes_against_memory_one_matches_the_known_skill() -> None:
    """A small version of `experiments/counterfactual_skill.py`: .26 factual and .17 counterfactual."""
    game = make_game("prisoners_dilemma", rounds=101)
    rider = "forecasting:actor=tit_for_tat,predictor=bayes"
    episodes = play(game, [rider, "random_memory_one"], episodes=600, seed=1, branch="all")
    p = episodes.forecast[:, 50:100, 0, 1, :, 1].astype(np.float64)  # type: ignore[index]
    q = episodes.truth[:, 50:100, 0, 1, :, 1].astype(np.float64)  # type: ignore[index]
    score = (p**2).sum(-1) - 2 * (p * q).sum(-1) + 1
    taken = np.arange(2) == episodes.actions[:, 50:100, 0, None]
    # 600 opponents: within .04 of the figures for 4 000 (.256 and .168).
    assert abs(1 - score[taken].mean() / 0.5 - 0.256) < 0.04
    assert abs(1 - score[~taken].mean() / 0.5 - 0.168) < 0.04


def test_refusals() -> None:
    with pytest.raises(BadParameter):
        Bayes(prior=0)
    wide = make_game("beauty_contest", seats=10)
    with pytest.raises(UnsuitablePolicy, match="can be told apart"):
        play(wide, ["prospective:predictor=bayes", *["random"] * 9])


def test_a_journal_counts_as_a_table_does() -> None:
    draw = np.random.default_rng(1)
    table = Counted(np.zeros((5, 2, 4, 3), dtype=np.int32))
    nothing = np.full((5, 2, 30), -1)
    journal = Journal(3, nothing, nothing.astype(np.int8), np.zeros(5, dtype=np.int64))
    for _ in range(30):
        context, seen = draw.integers(0, 4, (5, 2)), draw.integers(-1, 3, (5, 2))
        table, journal = table.with_step(context, seen), journal.with_step(context, seen)
        asked = draw.integers(0, 4, (5, 2))
        assert np.array_equal(table.of(asked), journal.of(asked))
    assert table.of(asked).sum() > 0
