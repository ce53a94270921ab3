"""Variants: other words, the same game, and numbers that can be had in canonical words too."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.stories.drawing import canonical, canonical_like, turned, variants
from prospect_env.stories.frames import frames
from prospect_env.stories.narrator import Narrator, story
from tests.stories.told_games import told_games

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")


def numbers(narrator: Narrator, seat: int) -> Counter[str]:
    return Counter(NUMBER.findall(narrator.rules(seat)))


@pytest.mark.parametrize("name", list(told_games()))
def test_numbers_are_those_of_canonical_words(name: str) -> None:
    game = told_games()[name]
    for frame in frames(game):
        for variant in variants(game, canonical(game, frame), 3, seed=1):
            alike = canonical_like(game, variant)
            for seat in range(game.spec.seats):
                assert numbers(Narrator(game, variant), seat) == numbers(Narrator(game, alike), seat)


def test_variants_differ_and_are_the_same_every_time() -> None:
    game = make_game("stag_hunt")
    for frame in frames(game):
        first = canonical(game, frame)
        fifty = variants(game, first, 50, seed=7)
        texts = {Narrator(game, told).rules(0) for told in (first, *fifty)}
        assert len(texts) == 51
        assert fifty[:10] == variants(make_game("stag_hunt"), first, 10, seed=7)
        assert fifty != variants(game, first, 50, seed=8)
        assert len({told.names for told in fifty}) > 5
        assert len({told.order for told in fifty}) == 2
        assert len({(told.scale, told.shift) for told in fifty}) > 10
        assert len({told.phrasing for told in fifty}) > 10
        if frame != "canonical":
            assert len({told.actions for told in fifty}) > 10
            assert len({told.word["currency"] for told in fifty}) > 1


def test_payoffs_are_told_under_the_affine_map() -> None:
    game = make_game("prisoners_dilemma")  # 3 0 5 1
    variant = next(told for told in variants(game, canonical(game), 50) if (told.scale, told.shift) == (10, 5))
    text = Narrator(game, variant).rules(0)
    assert Counter(re.findall(r"get (\d+) point", text)) == Counter(["35", "5", "55", "15"])
    assert Narrator(game, variant).event(0, [0, 1], 0.5).endswith("You got 10 points.")  # 10 x .5 + 5
    assert Narrator(game, canonical_like(game, variant)).event(0, [0, 1], -0.4).endswith("You got 1 point.")


@pytest.mark.parametrize(
    ("around", "scaled", "shifted"),
    [
        ({"noise": 0.1}, True, True),
        ({"announcements": True}, True, False),  # in steps of talk nobody is paid, and no more is to be told
        ({"contracts": 1}, False, False),  # what is signed has its amount in its label
        ({"affine": [2, 1]}, False, False),
    ],
)
def test_only_where_all_amounts_are_told_are_they_told_otherwise(around, scaled: bool, shifted: bool) -> None:
    game = make_game("prisoners_dilemma", **around)
    told = variants(game, canonical(game), 40)
    assert any(story.scale != 1 for story in told) is scaled
    assert any(story.shift != 0 for story in told) is shifted


def test_options_stand_first_equally_often() -> None:
    game = make_game("matrix_game")
    first = [story(game, "symbols", turn=turn).listed([0, 1, 2])[0] for turn in range(6)]
    assert first == [0, 1, 2, 0, 1, 2]
    assert turned(canonical(game), 3) == canonical(game)
    assert "You may choose Y, Z or X." in story(game, "symbols", turn=1).rules(0)


def test_bad_numbers_are_refused() -> None:
    game = make_game("chicken")
    with pytest.raises(BadParameter, match="n is -1"):
        variants(game, canonical(game), -1)
    with pytest.raises(BadParameter, match="variant is -2"):
        story(game, variant=-2)
