"""What views say in words."""

from __future__ import annotations

import pytest

import prospect_env
from prospect_env.core.registry import games
from prospect_env.games.noise import with_noise
from prospect_env.games.termination import with_termination_probability
from prospect_env.stories.plain import CHARACTERS, LENGTH, narrate
from tests.samples import GAME_PARAMETERS
from tests.toys import Offers

SECOND_STEP = """\
You are player_1 in a game of prisoners dilemma with player_0.
In each step both choose at once, without seeing what the other chooses. The payoffs:
- you cooperate, player_0 cooperate: you get 3, player_0 gets 3
- you cooperate, player_0 defect: you get 0, player_0 gets 5
- you defect, player_0 cooperate: you get 5, player_0 gets 0
- you defect, player_0 defect: you get 1, player_0 gets 1
The game lasts at most 10 steps; 1 is played.
In the last step player_0 chose cooperate and you chose defect. You got 5.
You may choose 0 (cooperate) or 1 (defect)."""


def test_the_second_step_of_a_dilemma() -> None:
    view = prospect_env.parallel_env("prisoners_dilemma", forecast="off", text=True, noise=0.0)
    view.reset(seed=1)
    observations, *_ = view.step({"player_0": 0, "player_1": 1})
    assert observations["player_1"]["text"] == SECOND_STEP


NOISY_AND_SHORT = """\
Choices go wrong: with probability 0.15 another action than the chosen one is done, any that may be chosen being as \
likely as any other.
The game lasts at most 10 steps; 1 is played. After each round it ends with probability 0.1.
In the last step player_0 played defect and you played defect. You got 1.
You may choose 0 (cooperate) or 1 (defect)."""


def test_noise_and_an_end_by_chance_are_told_with_their_numbers() -> None:
    game = prospect_env.make_game("prisoners_dilemma", noise=0.15, termination_probability=0.1)
    assert narrate(game, 1, 1, [0, 1], [1, 1], 1.0).endswith(f"you get 1, player_0 gets 1\n{NOISY_AND_SHORT}")
    # In whatever order they are put around the game, and each alone.
    other_way = with_noise(with_termination_probability(prospect_env.make_game("prisoners_dilemma"), 0.1), 0.15)
    assert narrate(other_way, 1, 1, [0, 1], [1, 1], 1.0).endswith(NOISY_AND_SHORT)
    noisy = narrate(prospect_env.make_game("prisoners_dilemma", noise=0.15), 0, 0, [0, 1])
    assert "with probability 0.15" in noisy
    assert "it ends" not in noisy
    short = narrate(prospect_env.make_game("prisoners_dilemma", termination_probability=0.1), 0, 1, [0, 1], [1, 1])
    assert "it ends with probability 0.1." in short
    assert "go wrong" not in short
    assert "you chose defect" in short


def test_payoffs_are_told_from_the_seats_own_side() -> None:
    view = prospect_env.parallel_env("battle_of_the_sexes", text=True, noise=0.1, termination_probability=0.1)
    observations, _ = view.reset(seed=1)
    assert "- you opera, player_1 opera: you get 3, player_1 gets 2" in observations["player_0"]["text"]
    assert "- you opera, player_0 opera: you get 2, player_0 gets 3" in observations["player_1"]["text"]
    assert (
        "You are player_1 (column) in a game of battle of the sexes with player_0 (row)."
        in observations["player_1"]["text"]
    )


def test_a_game_in_turns() -> None:
    view = prospect_env.parallel_env(Offers(rounds=1), forecast="off", text=True)
    observations, _ = view.reset(seed=1)
    assert observations["player_1"]["text"].endswith("You do not choose in this step.")
    observations, *_ = view.step({"player_0": 1})
    assert observations["player_1"]["text"].endswith(
        "In the last step player_0 chose low. You got 0.\nYou may choose 3 (accept) or 4 (reject)."
    )
    observations, *_ = view.step({"player_1": 3})
    assert observations["player_0"]["text"].endswith("The game is over.")


@pytest.mark.parametrize("game", sorted(games))
def test_every_narration_is_in_its_space(game: str) -> None:
    view = prospect_env.parallel_env(game, text=True, **GAME_PARAMETERS[game])
    observations, _ = view.reset(seed=1)
    while view.agents:
        for agent in view.agents:
            assert observations[agent] in view.observation_space(agent)
        observations, *_ = view.step(
            {a: view.action_space(a).sample(observations[a]["action_mask"]) for a in view.agents}
        )


def test_strange_labels_and_long_tables_fit() -> None:
    labels = [f"Öffnung {i}" for i in range(30)]
    game = prospect_env.make_game(
        "matrix_game", payoffs=[[[i, j] for j in range(30)] for i in range(30)], actions=labels
    )
    text = narrate(game, 0, 0, list(range(30)))
    assert len(text) <= LENGTH
    assert set(text) <= set(CHARACTERS)
    assert text.endswith("29 (?ffnung 29).")


def test_rendering(capsys: pytest.CaptureFixture[str]) -> None:
    shown = prospect_env.parallel_env("chicken", forecast="off", render_mode="ansi")
    shown.reset(seed=1)
    assert shown.render() == "\n\n".join(shown.match.text(seat) for seat in (0, 1))
    printed = prospect_env.raw_env("chicken", forecast="off", render_mode="human")
    printed.reset(seed=1)
    assert printed.render() is None
    assert "You are player_0 in a game of chicken" in capsys.readouterr().out
    silent = prospect_env.parallel_env("chicken")
    silent.reset(seed=1)
    assert silent.render() is None
