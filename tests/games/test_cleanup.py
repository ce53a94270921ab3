"""The river and the orchard: who cleans what, how fast waste comes, and what grows at which share of waste."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env.core.conformance import require_conformance
from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.games.cleanup import Cleanup
from prospect_env.games.grid_map import APPLE, RIVER, WASTE
from tests.games.grid import EAST, NORTH, WEST, did, luck, measured, shown, standing, step

BANK = "########\n#wwww.P#\n#~wwwP.#\n#w~~w.P#\n#wwww.,#\n########"


def river(text: str = BANK, seats: int = 1, **rates: float) -> Cleanup:
    return Cleanup(**({"seats": seats, "map": text, "steps": 100, "waste_rate": 0.0} | rates))  # type: ignore[arg-type]


def test_cleaning_removes_the_first_waste_in_each_lane() -> None:
    game = river()
    # From (2, 5) to the west: the lanes are rows 1, 2 and 3, columns 4 to 2.
    outcome = step(game, standing(game, (2, 5, WEST)), "clean")
    assert shown(game, outcome.state).splitlines()[1:5] == ["#www~..#", "#~ww~0.#", "#w~~~..#", "#wwww.,#"]
    assert did(game, outcome) == ["cleaned"]
    assert measured(game, outcome, "cleaned") == [3.0]
    assert outcome.rewards.tolist() == [[0.0]]
    outcome = step(game, outcome.state, "clean")
    assert shown(game, outcome.state).splitlines()[1:5] == ["#ww~~..#", "#~w~~0.#", "#w~~~..#", "#wwww.,#"]
    # In row 3 the waste at column 1 is out of reach.
    assert measured(game, outcome, "cleaned") == [2.0]


def test_cleaning_elsewhere_does_nothing() -> None:
    game = river()
    outcome = step(game, standing(game, (2, 5, EAST)), "clean")
    assert did(game, outcome) == ["other"]
    assert (outcome.state.cells == game.chart.ground).all()


def test_walls_stop_a_lane() -> None:
    game = river("#######\n#w.#.P#\n#w...,#\n#w...w#\n#######", beam=5)
    outcome = step(game, standing(game, (2, 4, WEST)), "clean")
    assert shown(game, outcome.state).splitlines()[1:4] == ["#w.#..#", "#~..0,#", "#~...w#"]


def test_two_beams_that_reach_the_same_waste_have_both_cleaned_it() -> None:
    game = river("#######\n#P...P#\n#.w..,#\n#.....#\n#######", seats=2)
    outcome = step(game, standing(game, (2, 4, WEST), (3, 4, WEST)), "clean", "clean")
    assert did(game, outcome) == ["cleaned", "cleaned"]
    assert (outcome.state.cells == WASTE).sum() == 0
    assert measured(game, outcome, "waste") == [0.0, 0.0]


def test_one_walks_through_water_and_waste() -> None:
    game = river()
    state = step(game, standing(game, (2, 5, WEST)), "forward").state
    assert state.place[0, 0] == 2 * 8 + 4
    assert state.cells[0, 2 * 8 + 4] == WASTE


def test_reactions_in_order_of_significance() -> None:
    assert river().spec.reactions == ("zapped", "cleaned", "harvested", "other")
    assert river(zap=False).spec.reactions == ("cleaned", "harvested", "other")
    game = river(zap=False)
    assert game.spec.actions[game.spec.cooperative[0]] == "clean"
    outcome = step(game, standing(game, (2, 5, WEST)), "clean")
    assert did(game, outcome) == ["cleaned"]


#: ten river cells, and 20 places for apples
GROUND = "############\n#{}P#\n#,,,,,,,,,,#\n#,,,,,,,,,,#\n############"


@pytest.mark.parametrize(
    ("waste", "expected"),
    # .2 at no waste, 0 from a share of .4 on, in a straight line between: .2 * (.4 - share) / .4.
    [(0, 0.2), (1, 0.15), (2, 0.1), (3, 0.05), (4, 0.0), (7, 0.0)],
)
def test_apples_by_the_share_of_waste(waste: int, expected: float) -> None:
    game = river(GROUND.format("w" * waste + "~" * (9 - waste)).replace("#,", "#~", 1), apple_rate=0.2)
    assert len(game.chart.river) == 10
    matches = 1000
    after = step(game, standing(game, (1, 10, NORTH), matches=matches), "stay").state
    grown = (after.cells == APPLE).sum() / (matches * len(game.chart.orchard))
    # 19 000 draws: four standard errors of at most sqrt(.16 / 19000) = .0029; none at all at rate 0.
    assert grown == pytest.approx(expected, abs=0.0116 if expected else 0.0)


def test_between_restoration_and_depletion_alone_the_share_matters() -> None:
    rates = {"apple_rate": 0.2, "restoration": 0.2, "depletion": 0.6}
    for waste, expected in ((1, 0.2), (2, 0.2), (4, 0.1), (6, 0.0)):
        game = river(GROUND.format("w" * waste + "~" * (9 - waste)).replace("#,", "#~", 1), **rates)
        after = step(game, standing(game, (1, 10, NORTH), matches=1000), "stay").state
        grown = (after.cells == APPLE).sum() / (1000 * len(game.chart.orchard))
        assert grown == pytest.approx(expected, abs=0.0116 if expected else 0.0)


def test_cleaning_brings_apples_back_in_the_same_step() -> None:
    game = river("#######\n#P.,,,#\n#~~w.,#\n#~~w.,#\n#######", apple_rate=1.0)
    state = standing(game, (2, 4, WEST))
    # With two of six waste the rate is 1 - (1/3) / .4 = 1/6; the beam cleans both, and then it is 1.
    assert measured(game, step(game, state, "clean"), "stock") == [5.0]


def test_waste_comes_to_one_clean_cell_any_with_equal_chance() -> None:
    game = river(GROUND.format("www~~~~~~").replace("#,", "#~", 1), waste_rate=0.5)
    matches = 4000
    before = standing(game, (1, 10, NORTH), matches=matches)
    after = step(game, before, "stay").state
    new = (after.cells == WASTE) & (before.cells == RIVER)
    count = new.sum(axis=1)
    assert count.max() == 1
    # Standard error sqrt(.25 / 4000) = .0079; four of them.
    assert count.mean() == pytest.approx(0.5, abs=0.032)
    each = new.sum(axis=0)[game.chart.river]
    assert (each[:3] == 0).all()
    # Seven clean cells: 4 000 * .5 / 7 = 286 each, standard error sqrt(286 * .93) = 16; four of them.
    assert each[3:] == pytest.approx(matches * 0.5 / 7, abs=64)


def test_waste_keeps_coming_until_the_river_is_full() -> None:
    game = river("#####\n#ww~#\n#~P,#\n#####", waste_rate=1.0)
    state = standing(game, (2, 2, NORTH))
    shares = []
    for t in range(1, 5):
        outcome = step(game, state, "stay", chance=luck(t))
        state = outcome.state
        shares.append(measured(game, outcome, "waste")[0])
    assert shares == [0.75, 1.0, 1.0, 1.0]


def test_a_match_comes_out_the_same_whichever_rivers_are_beside_it() -> None:
    # Waste is drawn for the matches in which some comes, so each must keep draws of its own.
    game = river(GROUND.format("~~~~~~~~~").replace("#,", "#~", 1), waste_rate=0.5, apple_rate=0.3)
    chance = luck(3, 40)
    together = step(game, standing(game, (1, 10, NORTH), matches=40), "stay", chance=chance).state
    assert (together.cells == WASTE).any()
    for match in range(0, 40, 7):
        alone = luck(3, 40)
        alone = type(alone)(alone.key[match : match + 1], alone.step)
        single = step(game, standing(game, (1, 10, NORTH)), "stay", chance=alone).state
        assert np.array_equal(single.cells[0], together.cells[match])


def test_the_share_of_waste_is_measured_and_told_to_no_seat() -> None:
    game = river()
    state = standing(game, (2, 5, WEST))
    # Thirteen of sixteen river cells.
    assert game.waste_share(state.cells).tolist() == [13 / 16]
    assert set(game.situation(state, 0)) == {"row", "column", "facing", "steps_off", "steps_left"}


def test_the_default_river() -> None:
    game = make_game("cleanup")
    assert isinstance(game, Cleanup)
    spec = game.spec
    assert (spec.seats, spec.horizon, spec.window, spec.events) == (7, 1000, 3, True)
    assert (game.chart.rows, game.chart.columns) == (18, 25)
    assert spec.observation_size == 11 * 11 * 8
    assert (game.apple_rate, game.restoration, game.depletion, game.waste_rate, game.timeout) == (0.05, 0, 0.4, 0.5, 50)
    state = game.initial(1, luck())
    assert (state.cells == APPLE).sum() == 0
    # Too much waste for any apple at first, as in the originals.
    assert 0.4 < game.waste_share(state.cells)[0] < 0.55


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"apple_rate": 1.1}, "apple_rate is 1.1; it must be from 0 to 1"),
        ({"waste_rate": -1}, "waste_rate is -1"),
        ({"depletion": float("inf")}, "depletion is inf"),
        ({"restoration": 0.4}, "restoration is 0.4; it must be below depletion, 0.4"),
        ({"map": "#####\n#P,a#\n#####", "seats": 1}, "the map has no river"),
        ({"seats": 9, "map": "small"}, "seats is 9; this map has starting places .P. for 3"),
    ],
)
def test_bad_parameters(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_game("cleanup", **parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        {"seats": 3, "map": "small", "steps": 30, "timeout": 4},
        {"seats": 2, "map": "######\n#P~w,#\n#Pww,#\n######", "steps": 25, "waste_rate": 1.0, "view": (1, 0, 1)},
        {"seats": 2, "map": "small", "steps": 12, "zap": False},
    ],
    ids=str,
)
def test_conformance(parameters: dict[str, object]) -> None:
    require_conformance(make_game("cleanup", **parameters))
