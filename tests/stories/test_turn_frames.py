"""Frames of games in turns and of gridworlds: every rule they can have is told, and all there is to a situation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from prospect_env.stories.frames import frame_of, frames
from prospect_env.stories.narrator import Narrator, story
from tests.samples import GAME_PARAMETERS

POTS = ((1.0, 0.0), (2.5, -1.0), (3, 3), (7, 0.125))
#: parameters that between them take every form that a parameter of these games has
PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "trust": [
        {},
        {"sends": [0.25, 1], "returns": [0, 0.123], "multiplier": 1.5, "roles": "alternating"},
        {"announcements": True, "termination_probability": 0.1},
        {"contracts": [1, 2.5], "noise": 0.1},
    ],
    "ultimatum": [
        {},
        {"offers": [i / 20 for i in range(21)], "pie": 0.5, "roles": "alternating", "rounds": 1},
        {"announcements": True, "noise": 0.05},
        {"contracts": ["once", 3], "affine": [[2, 1], [1, 0]]},
    ],
    "centipede": [
        {},
        {"nodes": 3, "pots": POTS},
        {"nodes": 1, "roles": "alternating", "noise": 0.2},
        {"nodes": 3, "pots": POTS, "roles": "alternating", "announcements": True, "termination_probability": 0.5},
    ],
    "bargaining": [
        {},
        {"goods": [5], "total": 5, "turns": 1, "decay": 1.0, "outside": [0]},
        {"goods": [1, 3], "total": 6, "outside": [0, 1.5, 4], "private_values": False},
        {"goods": [1] * 6, "total": 3, "outside": [0, 1], "private_outside": False, "noise": 0.1},
        {"goods": [2, 2], "total": 4, "private_values": False, "private_outside": False, "announcements": True},
    ],
    "harvest": [
        {},
        {"seats": 1, "map": "small", "regrowth": [0.1]},
        {"seats": 2, "map": "small", "zap": False, "steps": 1, "timeout": 1, "beam": 1, "view": [0, 0, 0]},
        {"seats": 2, "map": "small", "noise": 0.1, "termination_probability": 0.01},
    ],
    "cleanup": [
        {},
        {"seats": 1, "map": "small", "waste_rate": 1},
        {"seats": 2, "map": "small", "zap": False, "restoration": 0.1, "depletion": 1, "window": 1},
        {"seats": 2, "map": "small", "noise": 0.1, "termination_probability": 0.01},
    ],
}
GAMES = [(name, parameters) for name, every in PARAMETERS.items() for parameters in every]


def played(game: Game, steps: int, rng: np.random.Generator) -> list[Any]:
    """The states of one match in which choices are made by chance, up to its end."""
    streams = Streams.of(episode_seeds(3, 1), game.spec.seats)
    states = [game.initial(1, streams.game(0))]
    for step in range(steps):
        active, legal = game.active(states[-1])[0], game.legal(states[-1])[0]
        if not active.any():
            break
        actions = np.array([[rng.choice(np.flatnonzero(options)) for options in legal]])
        states.append(game.step(states[-1], actions, streams.game(step + 1)).state)
    return states


def situation(game: Game, state: Any, seat: int) -> dict[str, float]:
    return {key: float(value[0]) for key, value in game.situation(game.hide(state, seat), seat).items()}


@pytest.mark.parametrize(("name", "parameters"), GAMES)
def test_whatever_the_parameters_all_frames_tell_the_very_game(name: str, parameters: dict[str, Any]) -> None:
    game = make_game(name, **parameters)
    for frame in frames(game):
        for variant in (0, 1, 2):
            told = story(game, frame, variant)
            for seat in (0, game.spec.seats - 1):
                assert told.read(told.rules(seat)) == game


@pytest.mark.parametrize(("name", "parameters"), GAMES)
def test_all_of_a_situation_has_words_of_its_own(name: str, parameters: dict[str, Any]) -> None:
    game, rng = make_game(name, **parameters), np.random.default_rng(5)
    states = played(game, 12, rng)
    for frame in frames(game):
        told = story(game, frame)
        macros = frame_of(game, frame).macros({})
        for state in states:
            for seat in {0, game.spec.seats - 1}:
                where = situation(game, state, seat)
                assert {f"situation_{key}" for key in where} <= macros.keys()
                lines = told.situation(seat, where).splitlines()
                assert len(lines) == sum(not np.isnan(value) for value in where.values())
                assert all(line.endswith((".", "!")) and "  " not in line for line in lines)


@pytest.mark.parametrize("name", ["harvest", "cleanup"])
def test_named_maps_are_told_as_they_are(name: str) -> None:
    kind: Any = type(make_game(name))
    for label, text in kind.maps.items():
        game = make_game(name, seats=2, map=label)
        for frame in frames(game):
            assert " ".join(text.split()) + "." in story(game, frame).rules(0)


def alternating(name: str, frame: str) -> Narrator:
    return story(make_game(name, roles="alternating", rounds=3), frame)


@pytest.mark.parametrize("name", ["trust", "ultimatum", "centipede"])
def test_who_opens_is_told_to_both_and_round_by_round(name: str) -> None:
    for frame in frames(name):
        told = alternating(name, frame)
        mine, theirs = (told.situation(0, {"you_open": opens}) for opens in (1, 0))
        assert mine != theirs
        first = [told.rules(seat).splitlines()[2] for seat in (0, 1)]  # both tell of seat 0: "you" and by name
        assert first[0].startswith("You ")
        assert first[1].startswith(told.story.names[0])
        assert "first" in first[0]


def test_labels_agree_with_what_rules_say_of_them() -> None:
    """Rules that speak of labels speak of those of the story, whatever was drawn."""
    for name in ("harvest", "cleanup"):
        game = make_game(name, **GAME_PARAMETERS[name])
        for frame in frames(game):
            for variant in range(4):
                told = story(game, frame, variant)
                setting = told.rules(0).splitlines()[0].lower()
                assert all(label.lower() in setting for label in told.labels)
