"""Frames of the games of one move, of commitment and of the coin: all their forms, and where things stand."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from prospect_env.stories.frames import frames
from prospect_env.stories.narrator import Narrator, story
from tests.samples import GAME_PARAMETERS

GAMES = ("travellers_dilemma", "beauty_contest", "volunteers_dilemma", "minority", "stackelberg", "coin_game")
#: modifiers, and the games they can go around
AROUND: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"noise": 0.1, "termination_probability": 0.05}, GAMES),
    ({"private_monitoring": 0.2}, GAMES[:4]),
    ({"announcements": True}, GAMES[:5]),
    ({"contracts": ["once", 3, 4.5]}, ("travellers_dilemma", "volunteers_dilemma", "stackelberg")),
    ({"affine": [2, -1]}, GAMES),
]
MODIFIED = [(name, around) for around, suited in AROUND for name in suited]
FORMS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in GAMES),
    ("travellers_dilemma", {"low": 0, "high": 0.3, "spacing": 0.1, "bonus": 0.2}),
    ("travellers_dilemma", {"low": 1, "high": 2, "spacing": 1}),
    ("beauty_contest", {"seats": 2, "fraction": 0.5, "prize": 12.5}),
    ("volunteers_dilemma", {"seats": 2, "rounds": 1}),
    ("minority", {"seats": 7}),
    ("stackelberg", {"followers": 2}),
    ("stackelberg", {"timing": "simultaneous"}),
    ("stackelberg", {"timing": "simultaneous", "followers": 3, "leader_cost": 1.5}),
    ("stackelberg", {"quantities": tuple(range(12))}),
    ("stackelberg", {"kind": "inspection"}),
    ("stackelberg", {"kind": "inspection", "followers": 2, "probabilities": [0.125, 1]}),
    ("stackelberg", {"kind": "inspection", "followers": 2, "timing": "simultaneous"}),
    ("coin_game", {"seats": 3, "stay": True, "window": 1, "discount": 0.9}),
    ("coin_game", {"height": 1, "width": 4, "steps": 1}),
]


def narrators(game: Game) -> list[Narrator]:
    """In each frame the canonical story and two variants."""
    return [story(game, frame, variant, seed=5) for frame in frames(game) for variant in range(3)]


def everywhere(narrator: Narrator) -> list[str]:
    """The rules as each seat is told them."""
    return [narrator.rules(seat) for seat in range(narrator.game.spec.seats)]


@pytest.mark.parametrize(("name", "parameters"), FORMS)
def test_all_forms_are_told_and_read_back(name: str, parameters: dict[str, Any]) -> None:
    game = make_game(name, **parameters)
    assert len(frames(game)) >= 4
    for narrator in narrators(game):
        for text in everywhere(narrator):
            assert narrator.read(text) == game
            assert len(text) < 2500


@pytest.mark.parametrize(("name", "around"), MODIFIED)
def test_so_are_they_under_modifiers(name: str, around: dict[str, Any]) -> None:
    game = make_game(name, **GAME_PARAMETERS[name], **around)
    for narrator in narrators(game):
        for text in everywhere(narrator):
            assert narrator.read(text) == game


@pytest.mark.parametrize(
    ("name", "listed"), [("travellers_dilemma", "80, 90, ..., 200"), ("beauty_contest", "0, 1, ..., 100")]
)
def test_many_numbers_are_listed_in_their_order_in_every_variant(name: str, listed: str) -> None:
    game = make_game(name)
    for narrator in narrators(game):
        assert listed in narrator.rules(0)
        assert listed in narrator.choice(0, range(len(game.spec.actions)))


@pytest.mark.parametrize("seat", [0, 1, 2])
def test_in_inspection_everybody_is_told_who_may_do_what(seat: int) -> None:
    game = make_game("stackelberg", kind="inspection", followers=2)
    for narrator in narrators(game):
        line = next(line for line in narrator.rules(seat).splitlines() if line.startswith("You may"))
        mine, theirs = line.split(". ")
        looks, answers = narrator.labels[1:-2], narrator.labels[-2:]
        assert all(label in (theirs if seat else mine) for label in looks)
        assert all(label in (mine if seat else theirs) for label in answers)
        assert not any(label in (mine if seat else theirs) for label in looks)
        question = narrator.forecast_question(seat, 0, None, 0)
        assert looks[0] in question
        assert not any(label in question for label in (*answers, "wait"))


def numbers(line: str) -> list[str]:
    """The numbers in it, in order."""
    return re.findall(r"\d+(?:\.\d+)?", line)


def told(narrator: Narrator, seat: int, state: Any) -> list[str]:
    """Where things stand, line by line."""
    known = narrator.game.situation(narrator.game.hide(state, seat), seat)
    return narrator.situation(seat, {name: float(value[0]) for name, value in known.items()}).splitlines()


def test_the_coin_is_told_with_rows_and_columns_from_one_and_its_owner() -> None:
    game = make_game("coin_game", seats=3, height=2, width=4)
    begun = game.initial(1, Streams.of(episode_seeds(1, 1), 3).game(0))
    # Cell 6 is the second row's third, cell 0 the first of all.
    state = type(begun)(np.array([[6, 0, 3]]), np.array([5]), np.array([2]), begun.step)
    assert told(story(game), 1, state) == [
        "You are in row 1.", "You are in column 1.",
        "Ann is in row 2.", "Ann is in column 3.",
        "Cleo is in row 1.", "Cleo is in column 4.",
        "The coin is in row 2.", "The coin is in column 2.",
        "The coin belongs to Cleo.",
    ]  # fmt: skip
    for narrator in narrators(game):
        for seat in range(3):
            lines = told(narrator, seat, state)
            order = [seat, *(who for who in range(3) if who != seat), 3]
            assert numbers(" ".join(lines)) == [number for who in order for number in ("23", "11", "14", "22")[who]]
            assert ("you" in lines[-1]) is (seat == 2)
            assert narrator.story.names[2] in lines[-1] or seat == 2


@pytest.mark.parametrize("parameters", [{}, {"kind": "inspection"}])
def test_commitments_are_told_once_made(parameters: dict[str, Any]) -> None:
    game = make_game("stackelberg", rounds=4, **parameters)
    streams = Streams.of(episode_seeds(1, 1), 2)
    begun = game.initial(1, streams.game(0))
    committed = game.step(begun, np.array([[3, 0]]), streams.game(1)).state
    for narrator in narrators(game):
        first, left = told(narrator, 1, begun)
        assert (numbers(first), numbers(left)) == (["1"], ["4"])
        *_, last = told(narrator, 1, committed)
        assert numbers(last) == ["0.2" if parameters else "6"]
        assert narrator.story.names[0] in last
        assert "you" in told(narrator, 0, committed)[-1].lower()
