"""Tables, summaries, the registry, and that no number depends on what else was computed beside it."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env import metrics
from prospect_env.arena.play import play
from prospect_env.core import registry
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, DuplicateName, UnknownName
from prospect_env.core.make import make_game
from prospect_env.metrics.metric import Case, Metric, metric
from tests.metrics.crafted import episodes


@pytest.fixture(scope="module")
def played() -> Episodes:
    game = make_game("prisoners_dilemma", rounds=13, noise=0.1, termination_probability=0.1, discount=0.9)
    return play(game, ["prospective:predictor=bayes,temperature=1", "random_memory_one"], 30, branch="all")


def test_one_row_an_episode_and_seat(played: Episodes) -> None:
    rows = metrics.table(played, ["return", "cooperation"])
    assert len(rows) == 60
    assert list(rows[3]) == ["episode", "seat", "agent", "policy", "return", "cooperation"]
    assert (rows[3]["episode"], rows[3]["seat"], rows[3]["agent"]) == (1, 1, "player_1")
    assert rows[3]["policy"] == "random_memory_one"
    assert rows[3]["return"] == metrics.compute(played, ["return"])["return"][1, 1]


def test_without_names_it_is_everything_one_run_tells(played: Episodes) -> None:
    found = metrics.compute(played)
    assert set(metrics.catalog) - set(found) == {
        name for name in metrics.catalog if not isinstance(registry.metrics[name], Metric)
    }
    assert all(values.shape == (30, 2) and values.dtype == np.float64 for values in found.values())


def test_the_registry_holds_the_catalogue() -> None:
    assert set(metrics.catalog) <= set(registry.metrics)
    with pytest.raises(UnknownName, match="did you mean 'welfare'"):
        metrics.compute(episodes("CC"), ["welfar"])


def test_two_functions_cannot_have_one_name() -> None:
    case = Case("random")
    words = {"unit": "", "formula": "", "source": "", "undefined": "", "direction": "neither", "range": (0.0, 1.0)}
    with pytest.raises(DuplicateName, match="'welfare' is declared already"):

        @metric("welfare", high=case, low=case, fake=case, **words)
        def another(episodes: Episodes) -> np.ndarray:
            return np.zeros((len(episodes), 2))


def test_numbers_do_not_depend_on_the_batch(played: Episodes) -> None:
    together = metrics.compute(played)
    backwards = metrics.compute(played.select(np.arange(30)[::-1]))
    for e in (0, 7, 29):
        alone = metrics.compute(played.select(np.array([e])))
        for name, values in together.items():
            assert np.array_equal(alone[name][0], values[e], equal_nan=True), name
            assert np.array_equal(backwards[name][29 - e], values[e], equal_nan=True), name


def test_numbers_do_not_depend_on_filled_up_steps_or_layout(played: Episodes) -> None:
    short = metrics.compute(play(played.game, list(played.policies), np.array([4]), branch="all"))
    together = metrics.compute(played)
    for name, values in together.items():
        assert np.array_equal(short[name][0], values[4], equal_nan=True), name


def test_what_is_remembered_cannot_be_written_to(played: Episodes) -> None:
    with pytest.raises(ValueError, match="read-only"):
        metrics.compute(played, ["return"])["return"][0, 0] = 1.0


def test_sums_are_what_skill_is_pooled_from(played: Episodes) -> None:
    sums = metrics.sums(played)
    brier, uniform = (sums[f"{what}_sum_lead_1_factual_others"][:, 0] for what in ("brier", "uniform"))
    row = metrics.summary(played, ["factual_skill"], by=("seat",))[0]
    assert row["value"] == pytest.approx(1 - brier.sum() / uniform.sum())
    assert row["low"] < row["value"] < row["high"]
    assert "brier_sum_lead_0_counterfactual_self" not in sums
    assert metrics.sums(episodes("CC")) == {}


def test_summary_groups_and_counts() -> None:
    game = make_game("prisoners_dilemma", rounds=4)
    runs = [play(game, [policy, "random"], 6) for policy in ("always_cooperate", "always_defect")]
    rows = metrics.summary(runs, ["return", "cooperation"], by=("policy", "game"))
    assert len(rows) == 2 * 3
    by_policy = {(row["policy"], row["metric"]): row for row in rows}
    assert by_policy["always_cooperate", "cooperation"]["value"] == 1.0
    # Episode 0 of both runs was played with the same luck, so its rows are one cluster.
    coin = by_policy["random", "return"]
    assert (coin["rows"], coin["clusters"]) == (12, 6)
    apart = metrics.summary(runs, ["return"], by=("game",), clusters=[np.arange(6), np.arange(6, 12)])
    assert (apart[0]["rows"], apart[0]["clusters"]) == (24, 12)
    with pytest.raises(UnknownName, match="key to group by"):
        metrics.summary(runs, ["return"], by=("colour",))
    with pytest.raises(BadParameter, match="one array of labels"):
        metrics.summary(runs, ["return"], clusters=[np.arange(6)])


def test_summary_of_what_nobody_did_is_nan_and_counts_nothing() -> None:
    (row, _) = metrics.summary(episodes("CC CC", "CC"), ["reciprocity"], by=("seat",))
    assert np.isnan(row["value"])
    (row, _) = metrics.summary(episodes("CC CC", "CC"), ["factual_skill"], by=("seat",))
    assert (row["rows"], row["clusters"]) == (0, 0)


def test_more_than_255_steps_are_counted() -> None:
    long = episodes(" ".join(["CD"] * 300 + ["DD"] * 300))
    found = metrics.compute(long, ["cooperation", "exploitation"])
    assert found["cooperation"][0].tolist() == [0.5, 0.0]
    assert found["exploitation"][0, 1] == 0.5
