"""The orchard: apples are eaten, and grow again as often as there are apples nearby."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env.core.conformance import require_conformance
from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.games.grid_map import APPLE, GRASS
from prospect_env.games.harvest import Harvest
from tests.games.grid import EAST, NORTH, did, luck, measured, shown, standing, step

ROW = "#########\n#P.aa,a.#\n#.......#\n#P......#\n#########"
RATES = (0.0, 0.1, 0.3, 0.6)


def orchard(text: str, seats: int = 1, regrowth: tuple[float, ...] = RATES) -> Harvest:
    return Harvest(seats=seats, map=text, steps=100, regrowth=regrowth)


def test_apples_are_eaten_by_walking_onto_them() -> None:
    game = orchard(ROW, regrowth=(0.0,))
    first = step(game, standing(game, (1, 2, EAST)), "forward")
    assert first.rewards.tolist() == [[1.0]]
    assert did(game, first) == ["harvested"]
    assert shown(game, first.state).splitlines()[1] == "#..0a,a.#"
    second = step(game, first.state, "stay")
    assert second.rewards.tolist() == [[0.0]]
    assert did(game, second) == ["other"]
    third = step(game, first.state, "back")
    assert shown(game, third.state).splitlines()[1] == "#.0,a,a.#"
    assert measured(game, third, "apples") == [0.0]
    assert measured(game, third, "stock") == [2.0]


def test_of_two_who_want_an_apple_one_eats_it() -> None:
    game = orchard("#####\n#PaP#\n#####", 2, regrowth=(0.0,))
    outcome = step(game, standing(game, (1, 1, EAST), (1, 3, EAST), matches=4000), "forward", "back")
    assert (outcome.rewards.sum(axis=1) == 1).all()
    # Standard error sqrt(.25 / 4000) = .008; four of them.
    assert outcome.rewards[:, 0].mean() == pytest.approx(0.5, abs=0.032)


# Apples around the grass in the middle; within distance 2 of it are the twelve cells of a diamond.
AROUND = {
    0: ["...a...", ".a...a.", ".......", "a..,..a", ".......", ".a...a.", "...a..."],
    1: [".......", "...a...", ".......", "...,...", ".......", ".......", "......."],
    2: [".......", ".......", "..a....", "...,a..", ".......", ".......", "......."],
    3: [".......", ".......", "...a...", ".a.,...", "....a..", ".......", "......."],
    12: [".......", "...a...", "..aaa..", ".aa,aa.", "..aaa..", "...a...", "......."],
}


@pytest.mark.parametrize("apples", list(AROUND))
def test_regrowth_by_the_number_of_apples_nearby(apples: int) -> None:
    rows = [f"#{row}#" for row in AROUND[apples]]
    game = orchard("\n".join(["#########", *rows, "#P......#", "#########"]))
    matches = 5000
    after = step(game, standing(game, (8, 1, NORTH), matches=matches), "stay").state
    grown = (after.cells[:, 4 * 9 + 4] == APPLE).mean()
    rate = RATES[min(apples, 3)]
    # Four standard errors of at most sqrt(.25 / 5000) = .0071; none at all where the rate is 0.
    assert grown == pytest.approx(rate, abs=0.0283 if rate else 0.0)


def test_what_grows_depends_on_what_was_there_before() -> None:
    # Only the left grass has an apple within distance 2: with certain growth the right one waits a step.
    game = orchard("#########\n#Pa.,.,.#\n#########", regrowth=(0.0, 1.0))
    first = step(game, standing(game, (1, 1, NORTH)), "stay").state
    assert shown(game, first).splitlines()[1] == "#0a.a.,.#"
    assert shown(game, step(game, first, "stay").state).splitlines()[1] == "#0a.a.a.#"


def test_nothing_grows_under_a_seat() -> None:
    game = orchard("######\n#Pa,.#\n######", regrowth=(1.0,))
    state = standing(game, (1, 3, NORTH))
    held = step(game, state, "stay").state
    assert held.cells[0, 9] == GRASS
    assert step(game, held, "step_right").state.cells[0, 9] == APPLE


def test_eating_is_before_growing() -> None:
    # The last apple nearby is eaten in this step, so that nothing grows in it.
    game = orchard("######\n#Pa,.#\n######", regrowth=(0.0, 1.0))
    state = standing(game, (1, 1, EAST))
    assert step(game, state, "stay").state.cells[0, 9] == APPLE
    assert step(game, state, "forward").state.cells[0, 9] == GRASS


def test_draws_are_a_cells_own() -> None:
    # Cells with the same rate grow independently: the number grown of four is binomial, not all or nothing.
    game = orchard("#######\n#.,.,.#\n#..a..#\n#.,.,P#\n#######", regrowth=(0.5,))
    after = step(game, standing(game, (3, 5, NORTH), matches=4000), "stay").state
    grown = (after.cells == APPLE).sum(axis=1) - 1
    expected = np.array([1, 4, 6, 4, 1]) / 16
    assert np.bincount(grown, minlength=5) / 4000 == pytest.approx(expected, abs=0.032)


def test_the_default_field() -> None:
    game = make_game("harvest")
    spec = game.spec
    assert (spec.seats, spec.horizon, spec.events, spec.ranked, spec.window) == (7, 1000, True, True, 3)
    assert spec.reactions == ("zapped", "harvested", "other")
    assert spec.cooperative == ()
    assert spec.welfare_bounds == (0.0, 7.0)
    assert spec.observation_size == 11 * 11 * 7
    assert isinstance(game, Harvest)
    assert game.regrowth == (0.0, 0.005, 0.02, 0.05)
    # Nine patches of thirteen trees.
    assert len(game.chart.orchard) == 9 * 13
    assert (game.initial(1, luck()).cells == APPLE).sum() == 9 * 13


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"regrowth": [0.1, 1.5]}, "regrowth is 1.5; it must be from 0 to 1"),
        ({"regrowth": [-0.1]}, "regrowth is -0.1"),
        ({"regrowth": [float("nan")]}, "regrowth is nan"),
        ({"regrowth": []}, "regrowth is .*one or more"),
        ({"regrowth": 0.5}, "regrowth( is |=)0.5"),
        ({"map": "#####\n#P,~#\n#####", "seats": 1}, "harvest has none"),
        ({"rounds": 5}, "unknown parameter 'rounds'"),
    ],
)
def test_bad_parameters(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_game("harvest", **parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        {"seats": 3, "map": "small", "steps": 30, "timeout": 4},
        {"seats": 4, "map": "######\n#PaaP#\n#Pa,P#\n######", "steps": 25, "beam": 1, "timeout": 2, "view": (1, 0, 1)},
        {"seats": 2, "map": "small", "steps": 12, "zap": False},
    ],
    ids=str,
)
def test_conformance(parameters: dict[str, object]) -> None:
    require_conformance(make_game("harvest", **parameters))
