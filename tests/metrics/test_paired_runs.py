"""Comparisons of paired runs: hand arithmetic, what they refuse, and why sums are pooled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prospect_env import metrics
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter
from prospect_env.metrics import magical_thinking as magic
from prospect_env.metrics import worth
from prospect_env.metrics.steering import steering
from tests.metrics.crafted import episodes, forecasting


def paying(feed: str, *returns: float) -> Episodes:
    """One-step episodes in which seat 0 earns these."""
    rewards = np.array([[[pay, 0]] for pay in returns], dtype=np.float32)
    return replace(episodes(*["CC"] * len(returns), rewards=rewards), feeds=(feed, "own"))


def fed(own: list[float], marginal: list[float], oracle: list[float]) -> dict[str, Episodes]:
    named = {"own": own, "marginal": marginal, "oracle": oracle}
    return {name: paying(name, *returns) for name, returns in named.items()}


def test_values_are_mean_differences() -> None:
    runs = fed([3, 4, 2], [1, 1, 1], [4, 5, 3])
    assert metrics.compare("value_of_prediction", runs).value == pytest.approx(2.0)
    assert metrics.compare("diagnosticity", runs).value == pytest.approx(3.0)
    # (2 + 3 + 1) / (3 + 4 + 2)
    assert metrics.compare("prediction_efficiency", runs).value == pytest.approx(6 / 9)


def test_efficiency_is_a_ratio_of_sums() -> None:
    # Own gains -40 and .5 where the oracle gains 10 and .1: pooled -39.5/10.1 = -3.9; the mean of -4 and 5 is +.5.
    runs = fed([-40, 0.5], [0, 0], [10, 0.1])
    assert worth.prediction_efficiency(runs) == pytest.approx(-39.5 / 10.1)


def test_efficiency_is_undefined_where_the_oracle_gains_nothing_for_sure() -> None:
    # Gains of +1 and -1 in turn: the mean is 0, and no interval of it is above 0.
    gains = [1.0, -1.0] * 20
    result = metrics.compare("prediction_efficiency", fed(gains, [0.0] * 40, gains))
    assert all(np.isnan(result))


def test_losses_telescope() -> None:
    luck = np.random.default_rng(1)
    runs = {name: paying("oracle" if "oracle" in name else "own", *luck.normal(size=12)) for name in worth.STAGES}
    parts = [metrics.compare(name, runs).value for name in ("prediction_loss", "choice_loss", "execution_loss")]
    total = runs["oracle_argmax"].rewards[:, 0, 0].mean() - runs["own_executed"].rewards[:, 0, 0].mean()
    assert sum(parts) == pytest.approx(float(total), abs=1e-6)


def test_runs_must_be_those_needed_and_paired() -> None:
    runs = fed([1, 2], [1, 2], [1, 2])
    with pytest.raises(BadParameter, match="missing: oracle"):
        metrics.compare("diagnosticity", {name: runs[name] for name in ("own", "marginal")})
    with pytest.raises(BadParameter, match="same episodes"):
        metrics.compare("value_of_prediction", {**runs, "marginal": runs["marginal"].select(np.array([1, 0]))})
    with pytest.raises(BadParameter, match="fed seat 0 with 'own'"):
        metrics.compare("value_of_prediction", {**runs, "marginal": runs["own"]})
    with pytest.raises(BadParameter, match="seats 0 to 1"):
        metrics.compare("value_of_prediction", runs, seat=2)
    with pytest.raises(BadParameter, match=r"use metrics\.compare"):
        metrics.compute(runs["own"], ["value_of_prediction"])
    with pytest.raises(BadParameter, match="read off one run"):
        metrics.compare("return", runs)


def test_steering_is_positive_for_predictability_made() -> None:
    # As played the other is certain (1 - sum q^2 = 0), with the reference a coin (1/2): made 1/2.
    coin, sure = (np.full((2, 1, 2, 2), q) for q in ([0.5, 0.5], [1.0, 0.0]))
    played, reference = (forecasting(["CC", "CC"], truth, truth) for truth in (sure, coin))
    assert steering({"played": played, "reference": reference}) == pytest.approx(0.5)
    assert steering({"played": reference, "reference": played}) == pytest.approx(-0.5)
    # What anybody says about it is of no account.
    ignorant = forecasting(["CC", "CC"], coin, sure)
    assert steering({"played": ignorant, "reference": reference}) == pytest.approx(0.5)


def lead_0(rows: list[list[float]]) -> Episodes:
    """One step in which seat 0 says these of seat 1's simultaneous choice, a row an own action."""
    said = np.full((1, 1, 2, 2), 0.5)
    played = forecasting(["CC"], said, said)
    assert played.forecast is not None
    played.forecast[0, 0, 0, 0, :, 1] = rows
    return played


@pytest.mark.parametrize(
    ("rows", "distance", "mirror"),
    [
        ([[0.7, 0.3], [0.7, 0.3]], 0.0, 0.0),
        # .3 of the mass moves; C is .3 likelier after C, D is .3 likelier after D.
        ([[0.8, 0.2], [0.5, 0.5]], 0.3, 0.3),
        ([[1.0, 0.0], [0.0, 1.0]], 1.0, 1.0),
        ([[0.0, 1.0], [1.0, 0.0]], 1.0, -1.0),
    ],
)
def test_magical_thinking_and_its_mirror(rows: list[list[float]], distance: float, mirror: float) -> None:
    found = metrics.compute(lead_0(rows), ["magical_thinking", "mirror_index"])
    assert found["magical_thinking"][0, 0] == pytest.approx(distance)
    assert found["mirror_index"][0, 0] == pytest.approx(mirror)
    assert np.isnan(found["magical_thinking"][0, 1])  # does not forecast


def test_the_null_is_what_two_answers_to_one_row_differ_by() -> None:
    answers, again = lead_0([[0.8, 0.2], [0.5, 0.5]]), lead_0([[0.7, 0.3], [0.6, 0.4]])
    # Rows differ by .3; the same row asked twice by .1 and .1.
    over_null = magic.magical_thinking_over_null({"answers": answers, "again": again})
    assert over_null == pytest.approx(0.2)
    with pytest.raises(BadParameter, match="same questions"):
        magic.magical_thinking_over_null({"answers": answers, "again": episodes("DC")})


def test_magical_thinking_is_undefined_with_windows_over_one() -> None:
    played = lead_0([[1.0, 0.0], [0.0, 1.0]])
    longer = replace(played.game, spec=replace(played.spec, window=2))  # type: ignore[type-var]
    found = metrics.compute(replace(played, game=longer), ["magical_thinking", "mirror_index"])
    assert all(np.isnan(values).all() for values in found.values())
