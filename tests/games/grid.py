"""Gridworlds put up by hand: where everybody stands and faces, and what they do step by step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.game import Outcome
from prospect_env.games.gridworld import Field, GridWorld
from prospect_env.games.harvest import Harvest

NORTH, EAST, SOUTH, WEST = range(4)
Seat = tuple[int, int, int]  # row, column, facing

#: a room of 5 x 7 cells, without growth as far as these tests go
ROOM = """
#########
#P.....P#
#.......#
#.......#
#...#...#
#P..,..P#
#########
"""


def room(seats: int = 1, **parameters: object) -> Harvest:
    return Harvest(**({"seats": seats, "map": ROOM, "steps": 100, "regrowth": (0.0,)} | parameters))  # type: ignore[arg-type]


def luck(step: int = 1, matches: int = 1, seed: int = 0) -> Chance:
    return Streams.of(episode_seeds(seed, matches), 1).game(step)


def standing(game: GridWorld, *seats: Seat, matches: int = 1) -> Field:
    """The first state of the game with its seats standing and facing as said."""
    state = game.initial(matches, luck(0, matches))
    place = np.array([row * game.chart.columns + column for row, column, _ in seats], dtype=np.int16)
    facing = np.array([facing for _, _, facing in seats], dtype=np.int8)
    return replace(state, place=np.tile(place, (matches, 1)), facing=np.tile(facing, (matches, 1)))


def step(game: GridWorld, state: Field, *actions: str, chance: Chance | None = None) -> Outcome:
    """One step in which seats do this in every match ("-" for a seat that is off)."""
    chosen = [game.spec.actions.index(action) if action != "-" else -1 for action in actions]
    matches = len(state.time)
    legal = game.legal(state)
    for seat, action in enumerate(chosen):
        assert legal[:, seat, max(action, 0)].all(), f"{actions[seat]} is not legal for seat {seat}"
    return game.step(state, np.tile(np.array(chosen, dtype=np.int8), (matches, 1)), chance or luck(1, matches))


def where(game: GridWorld, state: Field, seat: int = 0, match: int = 0) -> Seat:
    row, column = divmod(int(state.place[match, seat]), game.chart.columns)
    return row, column, int(state.facing[match, seat])


def shown(game: GridWorld, state: Field, match: int = 0) -> str:
    return "\n".join("".join(game.legend[code].character for code in row) for row in game.board(state)[match])


def did(game: GridWorld, outcome: Outcome) -> list[str]:
    """What each seat is said to have done in the first match."""
    return [game.spec.reactions[label] if label >= 0 else "-" for label in outcome.reactions[0].tolist()]


def measured(game: GridWorld, outcome: Outcome, name: str) -> list[float]:
    assert outcome.measures is not None
    return [float(value) for value in outcome.measures[0, :, game.spec.measures.index(name)]]
