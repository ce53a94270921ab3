"""What seats see of boards in words: no more than their observations show; and all of it to onlookers only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import prospect_env
from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from prospect_env.games.grid_map import APPLE, GRASS, RIVER, WALL, WASTE
from prospect_env.games.gridworld import Field, GridWorld, window_of
from prospect_env.games.layers import layers
from prospect_env.report.table_talk import Sitting, _Table
from prospect_env.stories.frames import frames
from prospect_env.stories.narrator import story
from prospect_env.zoo.cast import Cast, cast
from prospect_env.zoo.options import Options
from prospect_env.zoo.pictures import text_of
from tests.samples import GAME_PARAMETERS

GRIDWORLDS = [name for name in games if isinstance(make_game(name, **GAME_PARAMETERS[name]), GridWorld)]
TURNED = {GRASS: APPLE, APPLE: GRASS, RIVER: WASTE, WASTE: RIVER}
ROOM = "#######\n#P,,,P#\n#,,,,,#\n#,,a,,#\n#P,,,P#\n#######"


def played(game: Game, steps: int, seed: int = 1) -> list[Any]:
    """The states of a match in which all choose by chance."""
    streams, rng = Streams.of(episode_seeds(seed, 1), game.spec.seats), np.random.default_rng(seed)
    states = [game.initial(1, streams.game(0))]
    for step in range(steps):
        if not game.active(states[-1]).any():
            break
        actions = np.array([[rng.choice(np.flatnonzero(row)) for row in game.legal(states[-1])[0]]])
        states.append(game.step(states[-1], actions, streams.game(step + 1)).state)
    return states


def told(game: Game, text: bool | str) -> Cast:
    return cast(game, {}, None, Options("off", text=text, metrics=False))


def tellings(game: Game) -> list[Cast]:
    """The plain telling, all stories, and what is said at the terminal."""
    said = [told(game, True), *(told(game, frame) for frame in frames(game))]
    return [*said, *(_Table(one.players, one.options) for one in said)]


def changed_beyond(game: GridWorld, state: Field, seat: int, rng: np.random.Generator) -> Field:
    """`state` with everything changed that `seat` cannot see, and nothing else."""
    chart = game.chart
    pose = int(state.facing[0, seat]) * (chart.cells + 1) + int(state.place[0, seat])
    unseen = np.setdiff1d(np.arange(chart.cells), game.eyes.window[pose])
    cells, place, facing, away = (part.copy() for part in (state.cells, state.place, state.facing, state.away))
    for cell in unseen:
        cells[0, cell] = TURNED.get(int(cells[0, cell]), cells[0, cell])
    free = rng.permutation([cell for cell in unseen if chart.ground[cell] != WALL]).tolist()
    for other in range(game.seats):
        if other != seat and place[0, other] in [*unseen, chart.nowhere]:
            on = bool(free) and (place[0, other] == chart.nowhere or rng.random() < 0.7)
            place[0, other], away[0, other] = (free.pop(), 0) if on else (chart.nowhere, 3)
            facing[0, other] = rng.integers(4)
    return replace(state, cells=cells, place=place, facing=facing, away=away)


def test_gridworlds_there_are() -> None:
    assert {"harvest", "cleanup"} <= set(GRIDWORLDS)


@pytest.mark.parametrize("around", [{}, {"noise": 0.1}])
@pytest.mark.parametrize("name", GRIDWORLDS)
def test_what_lies_beyond_the_window_is_not_told(name: str, around: dict[str, Any]) -> None:
    """States that differ only in what a seat's observation does not show are told to it alike, in every telling."""
    game = make_game(name, **GAME_PARAMETERS[name] | {"steps": 40, "timeout": 3}, **around)
    *_, rules = layers(game)
    assert isinstance(rules, GridWorld)
    rng, casts, different = np.random.default_rng(4), tellings(game), 0
    for state in played(game, 24)[::4]:
        for seat in range(rules.seats):
            other = changed_beyond(rules, state, seat, rng)
            assert np.array_equal(game.observe(state)[0, seat], game.observe(other)[0, seat])
            different += text_of(game, state) != text_of(game, other)
            for one in casts:
                texts = {one.told(seat, 4, stands, legal=[0, 1]) for stands in (state, other)}
                assert len(texts) == 1
    assert different > 10, "the whole boards differ"


@pytest.mark.parametrize("name", GRIDWORLDS)
def test_what_lies_within_it_is(name: str) -> None:
    game = make_game(name, **GAME_PARAMETERS[name])
    assert isinstance(game, GridWorld)
    state, seen = played(game, 0)[0], 0
    for seat in range(game.seats):
        pose = int(state.facing[0, seat]) * (game.chart.cells + 1) + int(state.place[0, seat])
        for cell in game.eyes.window[pose]:
            ground = int(state.cells[0, cell])
            if ground in TURNED and cell not in state.place[0]:
                cells = state.cells.copy()
                cells[0, cell] = TURNED[ground]
                for one in tellings(game):
                    texts = {one.told(seat, 4, stands, legal=[0]) for stands in (state, replace(state, cells=cells))}
                    assert len(texts) == 2
                seen += 1
    assert seen > 0


@pytest.mark.parametrize("name", list(games))
def test_no_text_tells_more_than_a_seat_knows(name: str) -> None:
    """Whatever else may lie behind what a seat knows: it is told the same."""
    game = make_game(name, **GAME_PARAMETERS[name])
    luck = Streams.of(episode_seeds(9, 1), game.spec.seats)
    for step, state in enumerate(played(game, 6)):
        for seat in range(game.spec.seats):
            other = game.believe(game.hide(state, seat), seat, luck.game(step))
            for one in (told(game, True), told(game, "canonical")):
                assert one.told(seat, step, state, legal=[0]) == one.told(seat, step, other, legal=[0])


def standing(game: GridWorld, *seats: tuple[int, int, int]) -> Field:
    """A state in which seats stand at these rows and columns and face so (0 north to 3 west)."""
    state = played(game, 0)[0]
    place = np.array([[row * game.chart.columns + column for row, column, _ in seats]], dtype=np.int16)
    return replace(state, place=place, facing=np.array([[facing for *_, facing in seats]], dtype=np.int8))


def test_a_window_cell_by_cell() -> None:
    """Seat 0 looks east, two cells ahead, one behind and one aside; every other seat is turned from where it looks."""
    game = make_game("harvest", seats=4, map=ROOM, view=[2, 1, 1])
    assert isinstance(game, GridWorld)
    # Row 3 is "#,,a,,#", the apple in column 3. Around seat 0 in row 2, column 3: seat 1 one to its left (row 1) looks
    # east as it does, seat 2 ahead (column 4) looks west back at it, seat 3 ahead to its right (row 3, column 4) south.
    state = standing(game, (2, 3, 1), (1, 3, 1), (2, 4, 3), (3, 4, 2))
    sight = window_of(game, game.observe(state)[0, 0])
    assert sight is not None
    # From the farthest column, 5, to column 2; from its left, row 1, to its right, row 3. A starting place is floor.
    assert sight.rows == (".,,", ",v>", "^@a", ",,,")
    assert list(sight.signs) == [".", ",", "a", "^", ">", "v", "@"]
    assert sight.signs["@"] == "you"
    text = told(game, True).told(0, 0, state, legal=[0])
    assert (
        "What you see, with what is ahead of you at the top; you face east:\n.,,\n,v>\n^@a\n,,,\n"
        "(. floor; , grass; a apple; ^ somebody facing the way you do; > somebody facing to your right; "
        "v somebody facing the opposite way; @ you)\n"
    ) in text
    assert "This is what you see:\n.,,\n,v>\n^@a\n,,,\n" in told(game, "ecology").told(0, 0, state, legal=[0])
    # Seat 2 looks west from column 4: row 3 is to its left. Seats 0 and 1 look east, against it; seat 3, beside it,
    # looks south, which is to its left.
    other = window_of(game, game.observe(state)[0, 2])
    assert other is not None
    assert other.rows == (",,,", "avv", "<@,", ",,.")


def test_grounds_that_numbers_do_not_tell_apart_words_do_not_either() -> None:
    game = make_game("cleanup", seats=1, map="#####\n#P,a#\n#.~w#\n#####", view=[0, 1, 2])
    assert isinstance(game, GridWorld)
    sight = window_of(game, game.observe(standing(game, (1, 1, 0)))[0, 0])
    assert sight is not None
    assert sight.rows == ("##@.a", "##.~w")
    assert sight.signs["."] == "floor or grass"


def test_from_off_the_map_nothing_is_seen() -> None:
    game = make_game("harvest", seats=2, map=ROOM)
    assert isinstance(game, GridWorld)
    state = standing(game, (1, 1, 0), (2, 2, 0))
    off = replace(
        state,
        place=np.array([[8, game.chart.nowhere]], dtype=np.int16),
        away=np.array([[0, 4]], dtype=np.int16),
    )
    sight = window_of(game, game.observe(off)[0, 1])
    assert sight is not None
    assert sight.rows == ()
    text = told(game, True).told(1, 3, off, legal=[])
    assert "You are off the map and see nothing.\nYou do not choose in this step." in text
    text = told(game, "canonical").told(1, 3, off, legal=[])
    assert "You are off the map." in text
    assert "what you see" not in text


@pytest.mark.parametrize("name", GRIDWORLDS)
def test_a_window_is_the_board_turned_and_cut_out(name: str) -> None:
    """Another way to the same rows: pad the onlooker's picture with wall, turn it until ahead is up, cut."""
    game = make_game(name, seats=5, view=[4, 2, 3], steps=60)
    assert isinstance(game, GridWorld)
    looks = dict(enumerate(".#,a~w"))
    if name == "cleanup":
        looks[GRASS] = "."
    for state in played(game, 40, seed=2)[::8]:
        grounds = np.vectorize(looks.get)(state.cells[0, :-1]).reshape(game.chart.rows, game.chart.columns)
        for seat in range(game.seats):
            picture = grounds.copy()
            mine = int(state.facing[0, seat])
            for other in range(game.seats):
                if state.place[0, other] < game.chart.nowhere:
                    turned = "^>v<"[(int(state.facing[0, other]) - mine) % 4]
                    picture[np.unravel_index(state.place[0, other], picture.shape)] = turned
            if state.place[0, seat] == game.chart.nowhere:
                continue
            picture[np.unravel_index(state.place[0, seat], picture.shape)] = "@"
            upright = np.rot90(np.pad(picture, 8, constant_values="#"), mine)
            row, column = np.argwhere(upright == "@")[0]
            window = upright[row - 4 : row + 3, column - 3 : column + 4]
            sight = window_of(game, game.observe(state)[0, seat])
            assert sight is not None
            assert sight.rows == tuple("".join(line) for line in window)


@pytest.mark.parametrize("name", GRIDWORLDS)
def test_all_rules_and_all_that_is_seen_fit_into_a_text(name: str) -> None:
    game = make_game(name)
    assert isinstance(game, GridWorld)
    game = make_game(name, map=game.maps["open"])
    for frame in frames(game):
        rules = story(game, frame).rules(0)
        text = told(game, frame).told(0, 0, played(game, 0)[0], legal=list(range(len(game.spec.actions))))
        assert text.startswith(f"{rules}\n")
        assert len(text) > 4096, "what has once been the bound"


def test_onlookers_see_the_whole_board() -> None:
    view = prospect_env.parallel_env("harvest", forecast="off", render_mode="ansi", **GAME_PARAMETERS["harvest"])
    view.reset(seed=1)
    board = text_of(view.match.cast.game, view.match.node.state)
    assert board.count("\n") == 7
    assert view.render().startswith(f"{board}\n\n")
    assert board.splitlines()[3] not in view.match.text(0)


def test_where_every_seat_sees_the_whole_board_it_is_told_all_of_it_in_the_words_of_the_telling() -> None:
    game = make_game("coin_game", seats=3)
    state = played(game, 0)[0]
    assert window_of(game, game.observe(state)[0, 0]) is None
    board = text_of(game, state)
    assert board.splitlines()[3].startswith("(. empty; A player_0; ")
    assert f"{board}\n" in told(game, True).told(1, 0, state, legal=[0])
    rows = "\n".join(board.splitlines()[:3])
    for frame in frames(game):
        text = told(game, f"{frame}:variant=1").told(1, 0, state, legal=[0])
        first, _, third = story(game, frame, 1).story.names[:3]
        assert f"This is what you see:\n{rows}\nWhat do you" in text
        assert f"the capital letters from A on stand for {first}, you and {third}, in this order" in text
        assert "player_" not in text


def test_a_person_sees_their_window_and_no_more() -> None:
    lines: list[str] = []
    given = "harvest:seats=2,map=small,steps=2,view=[2,1,1]"
    for told_in in (None, "symbols"):
        sitting = Sitting(given, story=told_in, seed=2, ask=lambda _: "1", say=lines.append)
        sitting.play()
    shown = "\n".join(lines)
    assert shown.count("What you see, with what is ahead of you at the top; you face") == 3
    assert shown.count("This is what you see:") == 3
    assert "a apple, 0 seat 0" not in shown


def test_stories_explain_what_sights_are_drawn_with() -> None:
    for name in GRIDWORLDS:
        for frame in frames(name):
            narrator = story(make_game(name), frame)
            rule = next(line for line in narrator.rules(0).splitlines() if line.startswith("Where it is shown"))
            assert all(f"a {sign} " in rule or f"a {sign}, " in rule for sign in "^>v<")
            assert "an @ is" in rule
            assert narrator.sight(0, None) == ""
