"""The clustered bootstrap: by hand, by brute force, and by how often its intervals cover."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env.core.errors import BadParameter
from prospect_env.metrics.intervals import bounds, cluster_bootstrap, replicates
from prospect_env.metrics.metric import quotient


def means(values: np.ndarray) -> np.ndarray:
    return np.stack([values, np.ones_like(values)], axis=1)


def test_it_is_the_same_every_time_and_another_with_another_seed() -> None:
    parts = means(np.arange(10.0))
    one, two = (cluster_bootstrap(parts, np.arange(10), quotient) for _ in range(2))
    assert one == two
    assert one.value == 4.5
    assert cluster_bootstrap(parts, np.arange(10), quotient, seed=1) != one


def test_whole_clusters_are_drawn() -> None:
    # Two clusters, 0 0 0 and 1 1 1: only 0, 1/2 and 1 can come, a quarter, a half and a quarter of the time.
    parts = means(np.array([0.0, 0, 0, 1, 1, 1]))
    drawn = quotient(replicates(parts, np.array([7, 7, 7, 9, 9, 9]), draws=4000))
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [0.0, 0.5, 1.0]
    assert counts / 4000 == pytest.approx([0.25, 0.5, 0.25], abs=0.03)


def test_replicates_equal_plain_resampling() -> None:
    luck = np.random.default_rng(5)
    parts, clusters = luck.normal(size=(30, 3)), luck.integers(0, 7, size=30)
    names = np.unique(clusters)
    picked = np.random.default_rng(2).integers(0, len(names), size=(50, len(names)))
    by_hand = [sum(parts[clusters == names[c]].sum(axis=0) for c in row) for row in picked]
    assert replicates(parts, clusters, draws=50, seed=2) == pytest.approx(np.array(by_hand))


def test_dependence_within_clusters_widens_the_interval() -> None:
    luck = np.random.default_rng(3)
    values = np.repeat(luck.normal(size=20), 25)
    alone = cluster_bootstrap(means(values), np.arange(500), quotient)
    together = cluster_bootstrap(means(values), np.repeat(np.arange(20), 25), quotient)
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_it_covers_about_as_often_as_it_says() -> None:
    luck = np.random.default_rng(11)
    samples = luck.normal(size=(200, 40))
    found = [cluster_bootstrap(means(sample), np.arange(40), quotient, draws=400) for sample in samples]
    covered = np.mean([one.low <= 0 <= one.high for one in found])
    assert 0.88 <= covered <= 0.99


def test_too_little_to_draw_from() -> None:
    alone = cluster_bootstrap(means(np.array([1.0, 2.0])), np.array([4, 4]), quotient)
    assert alone.value == 1.5
    assert np.isnan(alone.low)
    nothing = cluster_bootstrap(np.full((3, 2), np.nan), np.arange(3), quotient)
    assert np.isnan(nothing).all()
    assert all(np.isnan(bounds(np.array([1.0, np.nan]))))


def test_rows_without_a_part_are_left_out() -> None:
    parts = means(np.array([1.0, np.nan, 3.0]))
    assert cluster_bootstrap(parts, np.arange(3), quotient).value == 2.0


def test_labels_must_fit() -> None:
    with pytest.raises(BadParameter, match="2 cluster labels for 3 rows"):
        replicates(means(np.arange(3.0)), np.arange(2))
