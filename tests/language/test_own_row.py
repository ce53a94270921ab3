"""What is foreseen of oneself is what one will have done: hands tremble in it as they do in what is foreseen of others.

The truth it is scored against is that of executed reactions, and counting predictors learn from nothing else.
"""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env import metrics
from prospect_env.arena.play import play
from prospect_env.core.make import make_game

NOISE = 0.2
GAME = make_game("prisoners_dilemma", rounds=4, noise=NOISE)
THREE = make_game("public_goods", seats=3, rounds=2, noise=NOISE)


def trembling(chosen):
    """One time in five another action is done, each of the others as often."""
    return (1 - NOISE) * chosen + NOISE * (1 - chosen) / (chosen.shape[-1] - 1)


@pytest.mark.parametrize("rows", ["rolled", "asked"])
@pytest.mark.parametrize("game", [GAME, THREE], ids=["two", "three"])
def test_a_model_that_is_asked_to_choose_and_to_foresee_in_the_same_words_knows_itself(game, rows):
    others = ["tit_for_tat"] if game is GAME else ["random"] * 2
    episodes = play(game, [f"lm:model=fake,mode=direct,rows={rows}", *others], episodes=2, branch="all")
    own, chosen = episodes.forecast[:, :, 0, 0, :, 0], episodes.probs[:, :, 0, None]
    assert np.allclose(own, episodes.truth[:, :, 0, 0, :, 0])
    assert np.allclose(own, trembling(chosen))
    assert not np.allclose(own, chosen, atol=0.05)


@pytest.mark.parametrize("mode", ["plan", "verbal", "reflect", "simulate"])
def test_every_way_to_foresee_reckons_with_trembling_hands_once(mode):
    episodes = play(GAME, [f"lm:model=fake,mode={mode}", "tit_for_tat"])
    asked = [call for call in episodes.calls if call.purpose == "own forecast" and not call.imagined]
    assert [call.step for call in asked] == [0, 1, 2, 3]
    for call in asked:
        said = np.exp(call.logprobs) / np.exp(call.logprobs).sum()
        assert np.allclose(episodes.forecast[0, call.step, 0, 0, :, 0], trembling(said))
    assert np.ptp(episodes.forecast[0, :, 0, 0, 0, 0]) > 0.1


def test_what_is_counted_of_oneself_is_what_was_done():
    long = make_game("prisoners_dilemma", rounds=400, noise=NOISE)
    counting = "forecasting:actor=always_defect,predictor=counts"
    episodes = play(long, [counting, "always_defect"], episodes=20, branch="all")
    assert np.allclose(episodes.truth[:, :, 0, 0, :, 0], [NOISE, 1 - NOISE])
    assert episodes.forecast[:, -1, 0, 0, 0, 0, 0].mean() == pytest.approx(NOISE, abs=0.02)
    row = metrics.summary(episodes, ["self_forecast_skill"], by=("seat",))[0]
    # Uniform is .5 off: 2 * .3^2 of excess over what cannot be known, .32. Counting comes near 1 - .32 / .5.
    assert row["value"] == pytest.approx(0.36, abs=0.02)
