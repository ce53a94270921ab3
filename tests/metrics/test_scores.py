"""Forecast scores: hand arithmetic, the exact Bayes figure, and the examples that broke earlier definitions."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest

from prospect_agents.predictors.counts import Bayes
from prospect_env import metrics
from prospect_env.core import position
from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.make import make_game
from prospect_env.core.policy import Event, Table
from prospect_env.metrics.rules import excess, expected_log, irreducible, spread, uniform_over
from tests.metrics.crafted import episodes, forecasting


def one(name: str, played: object, seat: int = 0) -> float:
    return float(metrics.compute(played, [name])[name][0, seat])  # type: ignore[arg-type]


#: one step, own action C taken: rows after C and after D, what was said and what is true
SAID = np.array([[[[0.8, 0.2], [0.5, 0.5]]]])
TRUE = np.array([[[[0.6, 0.4], [1.0, 0.0]]]])


def test_expected_brier_and_its_parts() -> None:
    played = forecasting(["CC"], SAID, TRUE)
    # Factual: S(q, q) = 1 - .36 - .16 = .48; |p - q|^2 = .04 + .04 = .08; together .56, as .6 * .08 + .4 * 1.28.
    assert one("factual_brier", played) == pytest.approx(0.56)
    assert one("factual_excess", played) == pytest.approx(0.08)
    assert one("unpredictability", played) == pytest.approx(0.48)
    # Counterfactual: q is certain, so S = |p - q|^2 = .25 + .25.
    assert one("counterfactual_brier", played) == pytest.approx(0.5)
    assert one("counterfactual_excess", played) == pytest.approx(0.5)
    assert one("understanding_gap", played) == pytest.approx(0.5 - 0.08)
    # Uniform reference: 1/2 for any q of two labels. Skill 1 - .56/.5 = -.12 and 1 - .5/.5 = 0.
    assert one("factual_skill", played) == pytest.approx(-0.12)
    assert one("counterfactual_skill", played) == pytest.approx(0.0)
    assert one("skill_gap", played) == pytest.approx(-0.12)


def test_expected_log_score_and_its_floor() -> None:
    played = forecasting(["CC"], SAID, TRUE)
    assert one("factual_log_score", played) == pytest.approx(-0.6 * log(0.8) - 0.4 * log(0.2))
    wrong = forecasting(["CC"], np.array([[[[0.0, 1.0]] * 2]]), np.array([[[[1.0, 0.0]] * 2]]))
    assert one("factual_log_score", wrong) == pytest.approx(-log(1e-6))


def test_realised_scores_are_those_of_what_happened() -> None:
    played = forecasting(["CC CD"], np.repeat(SAID, 2, axis=1), np.repeat(TRUE, 2, axis=1))
    # After step 0 the other did D, of which .2 was said: .64 + .64, -ln .2. After step 1 nothing came.
    assert one("realised_brier", played) == pytest.approx(1.28)
    assert one("realised_log_score", played) == pytest.approx(-log(0.2))
    assert one("realised_skill", played) == pytest.approx(1 - 1.28 / 0.5)


def test_masked_rows_are_never_scored() -> None:
    played = forecasting(["CC"], SAID, TRUE)
    assert played.mask is not None
    played.mask[:, :, 0, 1, 1, 1] = False  # the game would have ended after D
    assert one("factual_brier", played) == pytest.approx(0.56)
    assert np.isnan(one("counterfactual_brier", played))
    # A gap needs both rows of a decision.
    assert np.isnan(one("skill_gap", played))
    assert np.isnan(one("understanding_gap", played))


def test_without_branches_only_realised_scores_are_defined() -> None:
    branched = forecasting(["CC CD"], np.repeat(SAID, 2, axis=1), np.repeat(TRUE, 2, axis=1))
    played = replace(branched, truth=None, mask=None, attainable=None)
    assert np.isnan(one("factual_skill", played))
    assert one("realised_brier", played) == pytest.approx(1.28)


def test_without_forecasts_everything_about_them_is_nan() -> None:
    row = metrics.table(episodes("CC DC"))[0]
    undefined = [name for name, number in row.items() if isinstance(number, float) and np.isnan(number)]
    assert {"factual_skill", "realised_brier", "coherence", "foreseen_harm", "magical_thinking"} <= set(undefined)
    assert "return" not in undefined


@pytest.mark.parametrize("n", [0, 1, 2, 5, 20])
def test_expected_brier_of_bayes_after_n_visits(n: int) -> None:
    # Binary: 1/6 + 1/(6(n+2)); twice that over two labels. theta ~ U(0,1), n_C given theta is binomial; quadrature of
    # this many nodes is exact for the polynomials in theta that come up.
    nodes, weights = np.polynomial.legendre.leggauss(n + 3)
    theta, weights = (nodes + 1) / 2, weights / 2
    total = 0.0
    for seen in range(n + 1):
        chosen = float(np.prod([(n - i) / (i + 1) for i in range(seen)]))
        likely = chosen * theta**seen * (1 - theta) ** (n - seen)
        p = bayes_after(seen, n) if n <= 5 else (seen + 1) / (n + 2)
        q = np.stack([theta, 1 - theta], axis=-1)
        said = np.broadcast_to([p, 1 - p], q.shape)
        total += float((weights * likely * (irreducible(q) + excess(said, q))).sum())
    assert total / 2 == pytest.approx(1 / 6 + 1 / (6 * (n + 2)), abs=1e-12)


def bayes_after(cooperations: int, visits: int) -> float:
    """What the Bayes predictor says after mutual cooperation, once it saw this many C in so many visits to it."""
    game = make_game("prisoners_dilemma", rounds=50)
    streams = Streams.of(episode_seeds(0, 1), 2)
    bayes = Bayes()
    memory = bayes.begin(Table(game, 0, 1, streams.seat(0, 0)))

    def see(own: int, other: int) -> None:
        nonlocal memory
        everybody = np.ones((1, 2), dtype=bool)
        memory = bayes.observe(memory, Event(np.zeros(1), np.array([[own, other]], dtype=np.int8), everybody))

    see(0, 0)
    for visit in range(visits):
        see(0, 0 if visit < cooperations else 1)
        if visit >= cooperations:
            see(0, 0)  # back to mutual cooperation, which is noted under another context
    at = position.begin(game, {}, episode_seeds(0, 1))
    said = bayes.predict(memory, position.view(game, at, 0), position.chance(at, 0))
    return float(said[0, 1, 0])


def test_scoring_the_distance_alone_would_flatter() -> None:
    # q = (.6, .4) and p = (.52, .48): the distance falls from .02 to .0128, "skill" .36. Most of the score cannot be
    # known, though: 1 - (.48 + .0128) / (.48 + .02) = .0144.
    q = np.full((1, 1, 2, 2), [0.6, 0.4])
    p = np.full((1, 1, 2, 2), [0.52, 0.48])
    assert one("factual_skill", forecasting(["CC"], p, q)) == pytest.approx(0.0144, abs=1e-6)


def test_knowing_the_rules_earns_no_skill() -> None:
    # Of three labels the other has two. Uniform over these scores .5; against a uniform over all three (2/3) that would
    # look like a skill of .25.
    game = make_game("matrix_game", payoffs=np.ones((3, 2, 2)).tolist())
    lawful = np.full((1, 1, 3, 3), [0.5, 0.5, 0.0])
    true = np.full((1, 1, 3, 3), [0.9, 0.1, 0.0])
    can = np.ones((1, 1, 2, 2, 3, 2, 3), dtype=bool)
    can[..., 1, 2] = False
    played = forecasting(["CC"], lawful, true, game=game, attainable=can)
    assert one("factual_skill", played) == 0.0
    assert uniform_over(np.array([True, True, False])).tolist() == [0.5, 0.5, 0.0]


def test_the_marginal_reference_knows_earlier_steps_only() -> None:
    # The other plays C, C, D. At step 0 nothing is known: (1/2, 1/2). At step 1 one C: (2/3, 1/3). At 2: (3/4, 1/4).
    true = np.full((1, 3, 2, 2), [1.0, 0.0])
    played = forecasting(["CC CC CD"], true, true)
    sums = metrics.sums(played)
    distances = [2 * 0.5**2, 2 * (1 / 3) ** 2, 2 * 0.25**2]
    assert sums["marginal_sum_lead_1_factual_others"][0, 0] == pytest.approx(sum(distances))
    # What happens later must not reach back: the last reaction is in no reference.
    other = forecasting(["CC CC CC"], true, true)
    assert metrics.sums(other)["marginal_sum_lead_1_factual_others"][0, 0] == pytest.approx(sum(distances))


def test_skill_is_a_ratio_of_sums() -> None:
    # One episode of 1 step: S = .02 of .5. One of 2 steps, both rows off: S = 2 * 2 of 2 * .5. Pooled over the three
    # rows 1 - 4.02/1.5 = -1.68; the mean of .96 and -3 would be -1.02.
    said = np.stack([np.full((2, 2, 2), [0.9, 0.1]), np.full((2, 2, 2), [0.0, 1.0])])
    true = np.full((2, 2, 2, 2), [1.0, 0.0])
    played = forecasting(["CC", "CC CC"], said, true)
    assert metrics.compute(played, ["factual_skill"])["factual_skill"][:, 0] == pytest.approx([0.96, -3.0])
    pooled = metrics.summary(played, ["factual_skill"], by=("seat",))[0]
    assert pooled["value"] == pytest.approx(-1.68)
    assert (pooled["rows"], pooled["clusters"]) == (2, 2)


def test_a_reference_with_nothing_to_lose_makes_skill_undefined() -> None:
    certain = np.full((1, 1, 2, 2), [1.0, 0.0])
    can = np.zeros((1, 1, 2, 2, 2, 2, 2), dtype=bool)
    can[..., 0] = True
    assert np.isnan(one("factual_skill", forecasting(["CC"], certain, certain, attainable=can)))


def test_gaps_weigh_each_decision_once_on_either_side() -> None:
    # Decision 1 has one action not taken, decision 2 has three (of four), and no row differs from the taken one in its
    # own decision. Pooling rows would make it (.5 + 0 * 3) / 4 - (.5 + 0) / 2 = -.125; there is no gap.
    game = make_game("matrix_game", payoffs=np.ones((4, 2, 2)).tolist())
    said = np.full((1, 2, 4, 4), [0.5, 0.5, 0.0, 0.0])
    true = np.full((1, 2, 4, 4), [0.5, 0.5, 0.0, 0.0])
    true[0, 0] = [1.0, 0.0, 0.0, 0.0]
    played = forecasting(["CC CC"], said, true, game=game)
    assert played.mask is not None
    played.mask[0, 0, 0, 1, 2:, 1] = False
    assert one("understanding_gap", played) == pytest.approx(0.0)
    assert one("skill_gap", played) == pytest.approx(0.0)


def test_rules_agree_with_their_definitions() -> None:
    luck = np.random.default_rng(0)
    p, q = luck.dirichlet(np.ones(4), size=50), luck.dirichlet(np.ones(4), size=50)
    for i in range(50):
        expected = sum(q[i, r] * sum((p[i, k] - (k == r)) ** 2 for k in range(4)) for r in range(4))
        assert (irreducible(q) + excess(p, q))[i] == pytest.approx(expected)
        assert expected_log(p, q)[i] == pytest.approx(-sum(q[i, r] * log(p[i, r]) for r in range(4)))
    assert spread(np.array([3.0, 1.0, 2.0]), np.array([True, True, False])).tolist() == [0.75, 0.25, 0.0]
    assert spread(np.array([3.0, 1.0]), np.array([False, False])).tolist() == [0.0, 0.0]
