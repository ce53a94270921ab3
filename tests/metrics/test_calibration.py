"""The Murphy decomposition and the reliability curve against hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env import metrics
from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes
from tests.metrics.crafted import episodes, forecasting


def said(*p_of_c: float, came: str) -> Episodes:
    """Step by step, how likely seat 0 said C was next, and what came, a letter a step."""
    rows = np.full((1, len(p_of_c) + 1, 2, 2), 0.5)
    rows[0, :-1, :] = [[[p, 1 - p]] * 2 for p in p_of_c]
    match = " ".join(f"C{other}" for other in "C" + came)
    return forecasting([match], rows, rows)


def test_murphy() -> None:
    # .75 is said four times and C comes three times; .25 twice and C never comes. Bins are of equal forecasts.
    played = said(0.75, 0.75, 0.75, 0.75, 0.25, 0.25, came="CCCDDD")
    found = metrics.murphy(played, seat=0)
    # Each label: reliability (4 * 0 + 2 * .25^2) / 6; frequency of C is 1/2: resolution (4 * .25^2 + 2 * .5^2) / 6;
    # uncertainty 1/4. Twice that over both labels.
    assert found.reliability == pytest.approx(2 * 2 * 0.0625 / 6)
    assert found.resolution == pytest.approx(2 * (4 * 0.0625 + 2 * 0.25) / 6)
    assert found.uncertainty == pytest.approx(0.5)
    assert found.within == pytest.approx(0.0, abs=1e-12)
    # The Brier score itself: 2 * (3 * .0625 + .5625 + 2 * .0625) / 6.
    assert found.brier == pytest.approx(2 * (3 * 0.0625 + 0.5625 + 2 * 0.0625) / 6)
    assert metrics.compute(played, ["realised_brier"])["realised_brier"][0, 0] == pytest.approx(found.brier)
    # Secondary: (4 * 0 + 2 * .25) / 6 for each of two labels, averaged.
    error = metrics.compute(played, ["calibration_error"])["calibration_error"][0, 0]
    assert error == pytest.approx(2 * 0.25 / 6)


def test_reliability_curve() -> None:
    curve = metrics.reliability_curve(said(0.75, 0.75, 0.75, 0.75, 0.25, 0.25, came="CCCDDD"), seat=0)
    assert curve.number[0].tolist() == [0, 0, 2, 0, 0, 0, 0, 4, 0, 0]
    assert curve.forecast[0, [2, 7]] == pytest.approx([0.25, 0.75])
    assert curve.frequency[0, [2, 7]] == pytest.approx([0.0, 0.75])
    assert np.isnan(curve.frequency[0, 0])


def test_certainty_falls_into_the_last_bin() -> None:
    curve = metrics.reliability_curve(said(1.0, came="C"), seat=0)
    assert (curve.number[0, 9], curve.number[1, 0]) == (1, 1)


def test_an_honest_forecaster_is_reliable_and_an_ignorant_one_resolves_nothing() -> None:
    honest, ignorant = (
        play(
            "prisoners_dilemma", [f"forecasting:actor=random,predictor={kind}", "random_memory_one"], 500, branch="all"
        )
        for kind in ("oracle", "uniform")
    )
    knows, flat = metrics.murphy(honest, seat=0), metrics.murphy(ignorant, seat=0)
    assert knows.reliability < 0.005
    assert knows.resolution > 0.05
    assert flat.resolution == 0.0
    for found in (knows, flat):
        assert found.brier == pytest.approx(found.reliability - found.resolution + found.uncertainty + found.within)


def test_nothing_forecast_is_undefined() -> None:
    played = episodes("CC CD")
    assert all(np.isnan(metrics.murphy(played, seat=0)))
    assert metrics.reliability_curve(played, seat=0).number.sum() == 0
