"""The frames there are: enough of them, complete, plain text, and shipped."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from prospect_env.games.layers import layers
from prospect_env.games.matrix import MatrixGame
from prospect_env.stories.drawing import canonical
from prospect_env.stories.fitting import fits, fitting, lacking, needed
from prospect_env.stories.frames import TEMPLATES, frame_of, frames
from prospect_env.stories.narrator import story
from prospect_env.stories.plain import CHARACTERS
from tests.samples import GAME_PARAMETERS
from tests.stories.told_games import told_games

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", list(games))
def test_every_game_has_frames_which_lack_nothing(name: str) -> None:
    game = make_game(name, **GAME_PARAMETERS[name])
    assert frames(game), f"no templates; needed: {', '.join(needed(game))}"
    assert frames(game)[0] == "canonical"
    assert len(frames(game)) >= (6 if isinstance([*layers(game)][-1], MatrixGame) else 3)
    for frame in frames(game):
        assert lacking(game, frame) == ()
        assert lacking(make_game(name), frame) == ()
        fits(game, frame)


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.j2")), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_templates_are_plain_text_and_shipped(file: Path) -> None:
    assert set(file.read_text(encoding="utf-8")) <= set(CHARACTERS)
    assert str(file) in shipped()


@cache
def shipped() -> set[str]:
    """The files that the wheel holds."""
    return {included.path for included in WheelBuilder(str(ROOT)).recurse_included_files()}


@pytest.mark.parametrize("name", [name for name in games if frames(name)])
def test_words_hold_no_digits_so_that_all_numbers_are_the_games(name: str) -> None:
    for frame in frames(name):
        words = str(frame_of(name, frame).words)
        assert not any(character.isdigit() for character in words)


def test_canonical_words_are_the_games_own() -> None:
    assert canonical(make_game("stag_hunt")).actions == ("stag", "hare")
    assert canonical(make_game("matrix_game", payoffs=[[[1, 2]]], actions=["go_on"])).actions == ("go on",)


def test_a_frame_that_does_not_fit_is_refused_with_those_that_do() -> None:
    many = make_game("matrix_game", payoffs=[[[0, 0]] * 9] * 9)
    assert fitting(many) == ("canonical",)
    with pytest.raises(BadParameter, match=r"'ecology' has labels for up to 8 actions; matrix_game has 9; .*canonical"):
        story(many, "ecology")
    with pytest.raises(UnknownName, match="unknown frame 'ecologie'; did you mean 'ecology'"):
        story(many, "ecologie")
    six = make_game("matrix_game", payoffs=[[[0, 0]] * 6] * 6)
    assert fitting(six) == frames(six)


def test_labels_that_could_be_taken_for_each_other_are_refused() -> None:
    game = make_game("matrix_game", payoffs=[[[0, 0], [0, 0]]], actions=["Go", "go"])
    with pytest.raises(BadParameter, match="go must stand for one only"):
        story(game)
    game = make_game("matrix_game", payoffs=[[[0, 0], [0, 0]]], actions=["Go. Bob always goes", "stay"])
    with pytest.raises(BadParameter, match="plain text within a sentence"):
        story(game)


def test_games_told_here_are_all_kinds() -> None:
    assert {"prisoners_dilemma", "matrix_game", "modified 0", "uneven"} <= told_games().keys()
