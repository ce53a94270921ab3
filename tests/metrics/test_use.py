"""Use and agreement by hand arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_env.core.errors import BadParameter
from prospect_env.core.swapped import Swapped
from prospect_env.metrics.agreement import agreement, kappa
from prospect_env.metrics.use import movements, rows, use


def swapped(turn: int, said: Any, placebo: Any, predicted: int = 0, episodes: Any = (0, 1)) -> Swapped:
    """Two positions told in one way, nothing moved at .5; `said[r]` and `placebo[r]` are P(action 0)."""
    whole = [np.broadcast_to(np.array([[p, 1 - p] for p in given]), (2, 1, 2, 2)) for given in (said, placebo)]
    return Swapped(
        game="g", turn=turn, best=np.array([[0, 1], [1, 0]][turn]), nothing=np.full((2, 1, 2), 0.5),
        said=whole[0], placebo=whole[1], predicted=np.full((2, 1), predicted), cluster=np.array(episodes),
        tokens=np.array([[[5.0, 9, 9, 8, 10]]] * 2), mass=np.full((2, 1, 5), 0.9),
    )  # fmt: skip


def test_use_by_hand() -> None:
    # Coordination: P(0 | says 0) = .9, P(1 | says 1) = 1 - .4 = .6: movements .4 and .1, mean .25.
    # Placebos: P(0 | page 0) = .7, P(1 | page 1) = .5: .2 and 0, mean .1. Use .25 - .1 = .15.
    found = movements(swapped(0, (0.9, 0.4), (0.7, 0.5)))
    assert found["prediction"] == pytest.approx([0.25, 0.25])
    assert found["placebo"] == pytest.approx([0.1, 0.1])
    assert found["use"] == pytest.approx([0.15, 0.15])
    assert found["priming"] == pytest.approx([0.1, 0.1])
    # It foresees 0: .4 - .2.
    assert found["use_of_own"] == pytest.approx([0.2, 0.2])
    # In the twin the best response to 0 is 1: P(1 | says 0) = .1, P(0 | says 1) = .4, so -.4 and -.1; the placebo
    # moves it by -.2 and 0 towards the same actions. Use -.25 + .1, and priming as before.
    other = movements(swapped(1, (0.9, 0.4), (0.7, 0.5)))
    assert other["use"] == pytest.approx([-0.15, -0.15])
    assert other["priming"] == pytest.approx([0.1, 0.1])


def test_twins_are_averaged_and_ones_missing_are_missed() -> None:
    both = [swapped(0, (0.9, 0.4), (0.7, 0.5)), swapped(1, (0.2, 0.8), (0.7, 0.5))]
    # Twin 1: P(1 | says 0) = .8, P(0 | says 1) = .8: .3 each; placebo -.2 and 0, so .3 + .1 = .4. (.15 + .4) / 2.
    assert use(both)["use"].value == pytest.approx(0.275)
    table = rows(both)
    assert [row["turn"] for row in table] == [None, 0, 1]
    assert [row["use"].value for row in table] == pytest.approx([0.275, 0.15, 0.4])
    assert table[0]["positions"] == 4
    assert table[0]["episodes"] == 2
    # 9 - 8 = 1 and 9 - 10 = -1: the first of the longest.
    assert abs(table[0]["longer"]) == 1
    with pytest.raises(BadParameter, match="all 2 twins"):
        use(both[:1])


def test_a_tie_has_no_use_of_its_own() -> None:
    assert np.isnan(movements(swapped(0, (0.9, 0.4), (0.7, 0.5), predicted=-1))["use_of_own"]).all()


def test_agreement_by_hand() -> None:
    # 20 times both 0, 5 times 0 and 1, 10 times 1 and 0, 15 times both 1: agreement 35 / 50. By chance
    # (25 x 30 + 25 x 20) / 50^2 = .5; kappa (.7 - .5) / (1 - .5) = .4. Certain choices that differ are 1 apart.
    pairs = [(0, 0)] * 20 + [(0, 1)] * 5 + [(1, 0)] * 10 + [(1, 1)] * 15
    direct, implied = (np.eye(2)[list(side)] for side in zip(*pairs, strict=True))
    found = agreement(direct, implied, np.arange(50))
    assert found["agreement"].value == pytest.approx(0.7)
    assert found["kappa"].value == pytest.approx(0.4)
    assert found["total_variation"].value == pytest.approx(0.3)
    assert found["kappa"].low < 0.4 < found["kappa"].high


def test_equally_likely_choices_have_equal_shares() -> None:
    # Always 0 beside a tie: the same half the time, and half apart.
    found = agreement(np.array([[1.0, 0], [1, 0]]), np.full((2, 2), 0.5), np.arange(2))
    assert found["agreement"].value == pytest.approx(0.5)
    assert found["total_variation"].value == pytest.approx(0.5)
    # Who always agrees with the one action there is cannot be told from chance.
    same = np.array([[0.9, 0.1], [0.8, 0.2]])
    assert np.isnan(agreement(same, same, np.arange(2))["kappa"].value)


def test_kappa_is_that_of_statsmodels() -> None:
    rater = pytest.importorskip("statsmodels.stats.inter_rater")
    table = np.random.default_rng(3).integers(1, 30, (5, 3, 3)).astype(float)
    assert kappa(table) == pytest.approx([rater.cohens_kappa(one).kappa for one in table])
