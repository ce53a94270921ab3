"""Forecast swaps: what is fed, that it reaches the planner, and that what is recorded is what was committed."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env.arena.feeds import invert
from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, UnknownName, UnsuitablePolicy
from prospect_env.core.make import make_game

GAME = make_game("chicken", rounds=8, noise=0.05)


def fed(feed: str | None, predictor: str = "bayes", depth: int = 2, commit: bool = True, **kw: object) -> Episodes:
    spec = f"prospective:predictor={predictor},depth={depth}"
    feeds = None if feed is None else {0: feed}
    return play(GAME, [spec, "random_memory_one"], episodes=30, seed=3, feeds=feeds, commit=commit, **kw)  # type: ignore[arg-type]


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("feed", ["uniform", "marginal", "oracle"])
def test_fed_planners_choose_as_planners_made_with_that_predictor(feed: str, depth: int) -> None:
    swapped, made = fed(feed, depth=depth), fed(None, predictor=feed, depth=depth)
    assert np.array_equal(swapped.actions, made.actions)
    assert np.array_equal(swapped.values, made.values, equal_nan=True)  # type: ignore[arg-type]
    assert not np.array_equal(swapped.actions, fed(None, depth=depth).actions), (
        "the feed must matter for this to mean much"
    )


@pytest.mark.parametrize("feed", ["uniform", "marginal", "oracle", "shuffled", "inverted", "mixture:lam=.5"])
def test_what_is_recorded_is_what_was_committed(feed: str) -> None:
    episodes = fed(feed, branch="all")
    assert episodes.feeds == (feed, "own")
    assert episodes.forecast is not None
    assert episodes.fed is not None
    # At the first step nothing has been fed back yet: the committed forecast is that of an unfed match.
    assert np.array_equal(episodes.forecast[:, 0, 0], fed(None).forecast[:, 0, 0])  # type: ignore[index]
    assert not np.array_equal(episodes.fed[:, 1:, 0], episodes.forecast[:, 1:, 0])
    # What is said of oneself stays.
    assert np.array_equal(episodes.fed[:, :, 0, :, :, 0], episodes.forecast[:, :, 0, :, :, 0])


def test_the_oracle_is_fed_probabilities_and_not_draws() -> None:
    episodes = fed("oracle", branch="all")
    others = episodes.mask[:, :, 0, :, :, 1]  # type: ignore[index]
    assert np.array_equal(episodes.fed[:, :, 0, :, :, 1][others], episodes.truth[:, :, 0, :, :, 1][others])  # type: ignore[index]
    stated = episodes.fed[:, :, 0, 0, 0, 1, 0]  # type: ignore[index]
    assert ((stated > 0.05) & (stated < 0.95)).mean() > 0.5


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize(("lam", "end"), [(0.0, "marginal"), (1.0, "oracle")])
def test_mixtures_end_where_they_should(lam: float, end: str, depth: int) -> None:
    mixed, pure = fed(f"mixture:lam={lam}", depth=depth), fed(end, depth=depth)
    assert np.array_equal(mixed.actions, pure.actions)
    assert np.allclose(mixed.fed, pure.fed, equal_nan=True)  # type: ignore[arg-type]


def test_mixture_by_hand() -> None:
    half, truth = fed("mixture:lam=.25"), fed("oracle")
    # At the first step the marginal is 1/2 everywhere: .25 q + .75 * .5.
    expected = 0.25 * truth.fed[:, 0, 0, :, :, 1] + 0.375  # type: ignore[index]
    assert np.allclose(half.fed[:, 0, 0, :, :, 1], expected, atol=1e-6)  # type: ignore[index]


def test_inverted_by_hand() -> None:
    # (1 - p) / (k - 1) over the attainable: two labels swap, of three [.5, .3, .2] becomes [.25, .35, .4].
    two = invert(np.array([[0.7, 0.3]]), np.ones((1, 2), dtype=bool))
    three = invert(np.array([[0.5, 0.3, 0.2]]), np.ones((1, 3), dtype=bool))
    some = invert(np.array([[0.7, 0.3, 0.0]]), np.array([[True, True, False]]))
    one = invert(np.array([[1.0, 0.0]]), np.array([[True, False]]))
    assert np.allclose(two, [[0.3, 0.7]])
    assert np.allclose(three, [[0.25, 0.35, 0.4]])
    assert np.allclose(some, [[0.3, 0.7, 0.0]])
    assert np.allclose(one, [[1.0, 0.0]])


def test_shuffled_comes_from_another_match_with_the_same_policies() -> None:
    shuffled, own = fed("shuffled"), fed(None)
    assert not np.array_equal(shuffled.fed[:, 3, 0], own.forecast[:, 3, 0])  # type: ignore[index]
    # Over many matches a twin's forecasts have the mean of an unfed match's, within 4 standard errors.
    policies = ["prospective:predictor=bayes", "random_memory_one"]
    a = play(GAME, policies, episodes=2000, feeds={0: "shuffled"}).fed[:, 3, 0, 0, 0, 1, 0]  # type: ignore[index]
    b = play(GAME, policies, episodes=2000).forecast[:, 3, 0, 0, 0, 1, 0]  # type: ignore[index]
    assert abs(a.mean() - b.mean()) < 4 * np.hypot(a.std(), b.std()) / np.sqrt(2000)


def test_shuffled_does_not_depend_on_blocks() -> None:
    assert np.array_equal(fed("shuffled", block=7).fed, fed("shuffled").fed, equal_nan=True)  # type: ignore[arg-type]


def test_without_commitment_the_choices_are_the_same_and_nothing_is_forecast() -> None:
    for feed in ("uniform", "marginal", "oracle"):
        lean = fed(feed, commit=False)
        assert np.array_equal(lean.actions, fed(feed).actions)
        assert np.isnan(lean.forecast).all()  # type: ignore[arg-type]


def test_bad_feeds_are_refused() -> None:
    with pytest.raises(UnknownName, match="marginal"):
        fed("margnal")
    with pytest.raises(BadParameter, match="between 0 and 1"):
        fed("mixture:lam=2")
    with pytest.raises(UnsuitablePolicy, match="nothing that forecasts"):
        play("chicken", ["tit_for_tat", "tit_for_tat"], feeds={0: "uniform"})


def test_what_is_inverted_in_turns_is_the_answer_to_come() -> None:
    from tests.toys import Offers

    episodes = play(Offers(), ["forecasting:actor=random,predictor=bayes", "random"], episodes=5, feeds={0: "inverted"})
    # The responder can be kind or unkind next, never do nothing: [0, 1/2, 1/2] inverted over these two is itself, and
    # what it learns to expect is turned round.
    said, turned = (getattr(episodes, name)[:, 2, 0, 1, 1:3, 1] for name in ("forecast", "fed"))
    assert np.allclose(turned[..., 0], 0)
    assert np.allclose(turned[..., 1], said[..., 2], atol=1e-6)


def test_an_oracle_that_is_fed_something_else_still_forecasts_as_an_oracle() -> None:
    for feed in ("marginal", "inverted"):
        episodes = fed(feed, predictor="oracle", branch="all")
        others = episodes.mask[:, :, 0, :, :, 1]  # type: ignore[index]
        truth = episodes.truth[:, :, 0, :, :, 1][others]  # type: ignore[index]
        assert np.array_equal(episodes.forecast[:, :, 0, :, :, 1][others], truth)  # type: ignore[index]
    assert np.allclose(episodes.fed[:, :, 0, :, :, 1][others], 1 - truth, atol=1e-6)  # type: ignore[index]


def test_twins_lose_no_model_calls() -> None:
    policies = ["lm:model=fake,mode=plan", "tit_for_tat"]
    plain = play("chicken", policies, episodes=2)
    shuffled = play("chicken", policies, episodes=2, feeds={0: "shuffled"})
    twins = [call for call in shuffled.calls if call.purpose.startswith("twin")]
    own = [call for call in shuffled.calls if not call.purpose.startswith("twin")]
    assert {call.step for call in own} == {call.step for call in plain.calls} == set(range(10))
    assert len(twins) == len(plain.calls)
