"""Coherence and foreseen harm against hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env import metrics
from prospect_env.core.episodes import Episodes
from tests.metrics.crafted import episodes


def decided(
    *q: list[float], actions: str = "CC", probs: list[float] | None = None, others: list[float] | None = None
) -> Episodes:
    """Seat 0 values its actions so, a list a step, and foresees these payoffs of the other after C and after D."""
    steps = len(q)
    values = np.full((1, steps, 2, 2), np.nan, dtype=np.float32)
    values[0, :, 0] = q
    stated = np.full((1, steps, 2, 2), np.nan, dtype=np.float32)
    if probs is not None:
        stated[0, :, 0] = probs
    foreseen = np.full((1, steps, 2, 2, 2), np.nan, dtype=np.float32)
    foreseen[0, :, 0, :, 0] = 0.0
    foreseen[0, :, 0, :, 1] = others if others is not None else 0.0
    legal = np.ones((1, steps, 2, 2), dtype=bool)
    return episodes(actions, values=values, probs=stated, foreseen_rewards=foreseen, legal=legal)


def value(name: str, played: Episodes, seat: int = 0) -> float:
    return float(metrics.compute(played, [name])[name][0, seat])


def test_coherence() -> None:
    assert value("coherence", decided([3.0, 1.0])) == 1.0  # took C, the best
    assert value("coherence", decided([1.0, 3.0])) == 0.0  # took C, the worst
    # Drawn with .75 from C: (3 - (.75 * 3 + .25 * 1)) / 2 = .25 lost.
    assert value("coherence", decided([3.0, 1.0], probs=[0.75, 0.25])) == pytest.approx(0.75)
    # The mean over decisions; one whose values are all but equal (under 1e-3 of the range 5) is left out.
    assert value("coherence", decided([3.0, 1.0], [1.0, 3.0], [1.0, 1.004], actions="CC CC CC")) == 0.5


def test_coherence_is_undefined_without_values_or_range() -> None:
    assert np.isnan(value("coherence", decided([1.0, 1.004])))
    assert np.isnan(value("coherence", decided([3.0, 1.0]), seat=1))
    assert np.isnan(value("coherence", episodes("CC")))


def test_foreseen_harm() -> None:
    # D was taken; C is .2 worse for itself, within .05 * 5 = .25, and would have given the other 3 rather than 1.
    assert value("foreseen_harm", decided([1.8, 2.0], actions="DC", others=[3.0, 1.0])) == 2.0
    # At a price of .3 it was not cheap to avoid.
    assert value("foreseen_harm", decided([1.7, 2.0], actions="DC", others=[3.0, 1.0])) == 0.0
    # C is better for itself by 1, so that nothing excuses D: harm at one's own expense is harm.
    assert value("foreseen_harm", decided([3.0, 2.0], actions="DC", others=[3.0, 1.0])) == 2.0
    # What was taken is the kindest: never below 0.
    assert value("foreseen_harm", decided([2.0, 2.0], actions="CC", others=[3.0, 1.0])) == 0.0
    # A mean over decisions: 2 and 0.
    assert value("foreseen_harm", decided([2.0, 2.0], [2.0, 2.0], actions="DC CC", others=[3.0, 1.0])) == 1.0


def test_harm_that_an_illegal_action_would_have_spared_is_none() -> None:
    played = decided([2.0, 2.0], actions="DC", others=[3.0, 1.0])
    assert played.legal is not None
    played.legal[0, 0, 0, 0] = False
    assert value("foreseen_harm", played) == 0.0


def test_foreseen_harm_is_undefined_without_values_or_forecast() -> None:
    assert np.isnan(value("foreseen_harm", decided([2.0, 2.0]), seat=1))
    assert np.isnan(value("foreseen_harm", episodes("CC")))
