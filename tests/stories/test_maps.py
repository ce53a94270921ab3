"""Maps given as text: told row by row in every frame, and read back to the identical game."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prospect_env.core.errors import UnreadableText
from prospect_env.core.make import make_game
from prospect_env.stories.distractors import KINDS
from prospect_env.stories.facts import Fact, facts, game_of
from prospect_env.stories.frames import frames
from prospect_env.stories.narrator import Narrator, story
from prospect_env.stories.telling import sentences

#: what maps of each game may hold inside their rims
GROUNDS = {"harvest": "#.,aP", "cleanup": "#.,aPw~"}
MAP = "#####\n#Pa,#\n#P.a#\n#####"


@st.composite
def mapped(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Parameters of a game on a random map: a rim, places for seats, something that grows and, in cleanup, a river."""
    height, width, seats = draw(st.integers(1, 5)), draw(st.integers(3, 7)), draw(st.integers(1, 2))
    needed = [*"PP"[:seats], draw(st.sampled_from(",a")), *(["~"] if name == "cleanup" else [])]
    height = max(height, -(-len(needed) // width))
    rest = height * width - len(needed)
    ground = st.text(GROUNDS[name], min_size=rest, max_size=rest)
    inside = "".join(draw(st.permutations([*needed, *draw(ground)])))
    rows = [f"#{inside[i : i + width]}#" for i in range(0, len(inside), width)]
    rim = "#" * (width + 2)
    parameters: dict[str, Any] = {"steps": draw(st.integers(1, 2000)), "zap": draw(st.booleans())}
    around = draw(st.sampled_from([{}, {"noise": 0.1}, {"termination_probability": 0.25}]))
    return {"seats": seats, "map": "\n".join([rim, *rows, rim]), **parameters, **around}


@pytest.mark.parametrize("name", list(GROUNDS))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_map_is_told_and_read_back(name: str, data: st.DataObject) -> None:
    game = make_game(name, **data.draw(mapped(name), label="game"))
    narrator = story(
        game,
        data.draw(st.sampled_from(frames(game)), label="frame"),
        variant=data.draw(st.integers(0, 4), label="variant"),
        seed=data.draw(st.integers(0, 3), label="seed"),
        distractors=data.draw(st.integers(0, 8), label="distractors"),
        kind=data.draw(st.sampled_from(KINDS), label="kind"),
    )
    seat = data.draw(st.integers(0, game.spec.seats - 1), label="seat")
    text = narrator.rules(seat)
    assert narrator.read(text) == game
    told = sentences(text)
    for row in game.parameters["map"].splitlines():
        assert any(sentence.endswith(f" {row}.") for sentence in told)


def told(name: str = "harvest", frame: str = "ecology") -> tuple[Narrator, list[str]]:
    narrator = story(make_game(name, seats=2, map=MAP), frame, variant=2, distractors=3, kind="events")
    return narrator, sentences(narrator.rules(0))


@pytest.mark.parametrize(
    "planted",
    [
        "{before} fifth row of the chart is #####.",
        "{before} second row of the chart is #aaa#.",
        "{before} second row of the chart is #Pa,#.",
        "{before} second row of the chart is #Pa,# and {other} begins there.",
        "{before} second row of the chart is #Pa,#, as {other} always starts there.",
        "{before} last row of the chart is #####.",
        "The chart is called small and looks like this: {other}.",
        "On charts an a is poison.",
    ],
)
@pytest.mark.parametrize("place", [0, 30, -1])
def test_planted_rows_are_caught(planted: str, place: int) -> None:
    narrator, said = told()
    row = next(sentence for sentence in said if " row of the chart is" in sentence)
    before = row.partition(" first row")[0]
    said.insert(place, planted.format(before=before, other=narrator.story.names[1]))
    with pytest.raises(UnreadableText):
        narrator.read("\n".join(said))


def test_a_row_left_out_doubled_or_moved_is_missed() -> None:
    narrator, said = told()
    rows = [i for i, sentence in enumerate(said) if " row of the chart is" in sentence]
    assert len(rows) == 4
    for i in rows:
        for text in ([*said[:i], *said[i + 1 :]], [*said[: i + 1], *said[i:]], [said[i], *said[:i], *said[i + 1 :]]):
            with pytest.raises(UnreadableText):
                narrator.read("\n".join(text))


def test_another_row_is_another_game() -> None:
    narrator, said = told()
    text = "\n".join(said)
    assert narrator.read(text.replace("#Pa,#", "#Paa#")) == make_game("harvest", seats=2, map=MAP.replace(",", "a"))
    for row, complaint in (("#Pa,a#", "widths"), ("#Pa,a", "rim"), ("#Paw#", "harvest has none"), ("#PaP#", None)):
        if complaint is None:
            assert narrator.read(text.replace("#Pa,#", row)).parameters["map"] == MAP.replace("#Pa,#", row)
            continue
        with pytest.raises(UnreadableText, match=complaint):
            narrator.read(text.replace("#Pa,#", row))


def test_a_high_map_has_rows_beyond_any_list_of_numerals() -> None:
    rows = ["#####", *["#P,a#"] * 230, "#####"]
    game = make_game("harvest", seats=2, map=rows)
    narrator = story(game)
    text = narrator.rules(0)
    assert "222nd row of the map is" in text
    assert narrator.read(text) == game


@pytest.mark.parametrize("name", list(GROUNDS))
def test_every_character_of_a_map_is_explained(name: str) -> None:
    spoken = {".": "a dot is", ",": "a comma is", "a": "an a is"}
    for frame in frames(name):
        setting = story(make_game(name, map="small", seats=2), frame).rules(0).splitlines()[0]
        for character in GROUNDS[name]:
            assert spoken.get(character, f"a {character} is") in setting, (frame, character)


def test_one_map_is_one_game_however_it_is_written() -> None:
    game = make_game("harvest", seats=2, map=MAP)
    assert game.parameters["map"] == MAP
    for written in (f"\n{MAP}\n", MAP.splitlines(), tuple(MAP.splitlines()), MAP.replace("\n", "\r\n")):
        assert make_game("harvest", seats=2, map=written) == game
    assert game != make_game("harvest", seats=2, map="small")


def test_a_text_is_as_many_facts_as_it_has_lines() -> None:
    game = make_game("cleanup", seats=1, map=MAP.replace(".", "~"))
    rows = [fact for fact in facts(game) if fact.name == "map"]
    assert rows[1] == Fact("map", {"index": 1, "line": "#Pa,#"})
    assert [fact.values["line"] for fact in rows] == ["#####", "#Pa,#", "#P~a#", "#####"]
    assert game_of("cleanup", facts(game)) == game
