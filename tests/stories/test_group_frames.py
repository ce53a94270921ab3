"""Frames of games for groups: told with other parameters than the samples, and told while they are played."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from prospect_env.stories.frames import frames
from prospect_env.stories.narrator import story
from prospect_env.stories.plain import CHARACTERS
from tests.samples import GAME_PARAMETERS

OTHERWISE: list[tuple[str, dict[str, Any]]] = [
    ("public_goods", {"network": "cycle_graph(4)", "threshold": 30, "refund": True, "punishment": True}),
    ("public_goods", {"levels": 11, "threshold": 12.5, "announcements": True}),
    ("public_goods", {"contracts": [1, 2]}),
    ("collective_risk", {"seats": 2, "contributions": [0, 3], "target": 12, "probability": 0.25, "noise": 0.1}),
    ("commons", {"growth": "exponential", "rate": 1.5, "start": 40.5, "collapse": 0}),
    ("commons", {"seats": 1, "takes": list(range(8)), "termination_probability": 0.1}),
    ("donation", {"norm": "image_scoring", "reputation": "public"}),
    ("donation", {"norm": "simple_standing", "gossip": 0.5, "network": [(0, 1), (1, 2), (2, 3)]}),
    ("donation", {"norm": "shunning", "error": 0}),
    ("audit", {"workers": 1, "budget": 0, "close": 1, "accuracy": 0.5}),
    ("audit", {"workers": 4, "noise": 0.1}),
    ("prediction_market_trap", {"partners": 4, "bets": (0.25,), "levy": 1}),
    ("prediction_market_trap", {"rounds": 3, "bets": (0, 0.1, 0.9), "announcements": True}),
]
NAMES = tuple(dict.fromkeys(name for name, _ in OTHERWISE))


@pytest.mark.parametrize(("name", "parameters"), OTHERWISE)
def test_other_parameters_are_told_and_read_back(name: str, parameters: dict[str, Any]) -> None:
    game = make_game(name, **parameters)
    for frame in frames(game):
        for variant in range(3):
            narrator = story(game, frame, variant, distractors=3)
            for seat in range(game.spec.seats):
                assert narrator.read(narrator.rules(seat)) == game


@pytest.mark.parametrize("name", NAMES)
def test_all_that_a_seat_can_ever_do_is_offered_to_it_and_nothing_else(name: str) -> None:
    game = make_game(name, **({"punishment": True} if name == "public_goods" else {}))
    can = np.any([game.legal(state)[0] for state in played(game)[0]], axis=0)
    for frame in frames(game):
        narrator = story(game, frame)
        for seat in range(game.spec.seats):
            offered = next(line for line in narrator.rules(seat).splitlines() if " you may " in line)
            for action, label in enumerate(game.spec.actions):
                if label != "wait":
                    assert (narrator.labels[action] in offered) == can[seat, action], (frame, seat, label)


@pytest.mark.parametrize("name", NAMES)
def test_where_things_stand_is_told_in_the_frames_own_words(name: str) -> None:
    game = make_game(name, **GAME_PARAMETERS[name])
    states, outcomes = played(game)
    for frame in frames(game):
        narrator = story(game, frame, variant=1)
        for state, outcome in zip(states[1:], outcomes, strict=True):
            for seat in range(game.spec.seats):
                known = game.situation(game.hide(state, seat), seat)
                situation = {key: float(value[0]) for key, value in known.items()}
                told = narrator.situation(seat, situation).splitlines()
                assert len(told) == sum(not np.isnan(value) for value in situation.values())
                assert not any("Now the" in line or not set(line) <= set(CHARACTERS) for line in told)
                seen = outcome.executed[0] if outcome.seen is None else outcome.seen[0, seat]
                reward = float(outcome.rewards[0, seat])
                event = narrator.event(seat, seen.tolist(), reward)
                assert narrator.read_event(seat, event)[0] == seen.tolist()


def test_pots_of_ones_own_are_told_of_on_networks_only() -> None:
    everybody = make_game("public_goods")
    some = make_game("public_goods", network="path_graph(4)")
    for frame in frames(everybody):
        cover, *_ = story(everybody, frame).rules(0).splitlines()
        longer, *_ = story(some, frame).rules(0).splitlines()
        assert longer.startswith(cover)
        assert "split evenly" in longer[len(cover) :]


def test_a_false_report_is_told_as_what_it_looks_like() -> None:
    game = make_game("audit")
    pretends = game.spec.actions.index("pretend")
    told = story(game).event(1, game.step(
        game.initial(1, Streams.of(episode_seeds(1, 1), 3).game(0)),
        np.array([[pretends, pretends, 0]]),
        Streams.of(episode_seeds(1, 1), 3).game(1),
    ).seen[0, 1].tolist())  # fmt: skip
    assert told == "Ann was seen to work.\nYou chose to pretend."


def played(game: Game) -> tuple[list[Any], list[Any]]:
    """The states and outcomes of a match in which all seats choose by chance."""
    streams, rng = Streams.of(episode_seeds(1, 1), game.spec.seats), np.random.default_rng(5)
    states, outcomes = [game.initial(1, streams.game(0))], []
    while not outcomes or not outcomes[-1].terminated[0]:
        legal = game.legal(states[-1])[0]
        actions = np.array([[rng.choice(np.flatnonzero(row)) for row in legal]])
        outcomes.append(game.step(states[-1], actions, streams.game(len(outcomes) + 1)))
        states.append(outcomes[-1].state)
    return states, outcomes
