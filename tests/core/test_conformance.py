"""Every registered game keeps the contract, alone and under every modifier; so do games of other shapes."""

from __future__ import annotations

from typing import Any

import pytest

from prospect_env.core.conformance import CHECKS, validate
from prospect_env.core.conformance.target import builder
from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.make import make_game
from prospect_env.core.registry import games, modifiers
from tests.samples import GAME_PARAMETERS
from tests.toys import Cards, Offers, Weather

#: a value to try of each modifier; a modifier without one fails
AROUND: dict[str, Any] = {
    "noise": 0.2,
    "termination_probability": 0.2,
    "affine": (2.0, 1.0),
    "announcements": True,
    "contracts": 1.0,
    "private_monitoring": 0.1,
}
#: the least number of games that each of these can go around; the others go around all
SOME = {"affine": 12, "announcements": 12, "contracts": 5, "private_monitoring": 8}


@pytest.mark.parametrize("name", games)
@pytest.mark.parametrize("around", [None, *modifiers])
def test_registered_games(name: str, around: str | None) -> None:
    parameters = GAME_PARAMETERS[name] | ({} if around is None else {around: AROUND[around]})
    if around in SOME and not goes_around(name, around):
        return
    report = validate(lambda: make_game(name, **parameters))
    assert report.passed, report


def goes_around(name: str, modifier: str) -> bool:
    """Whether the modifier takes this game; refusing is by `BadParameter` alone."""
    try:
        make_game(name, **GAME_PARAMETERS[name], **{modifier: AROUND[modifier]})
    except BadParameter:
        return False
    return True


@pytest.mark.parametrize("modifier", SOME)
def test_modifiers_go_around_many_games(modifier: str) -> None:
    assert sum(goes_around(name, modifier) for name in games) >= SOME[modifier]


@pytest.mark.parametrize("left_out", ["announcements", "contracts", "private_monitoring"])
def test_modifiers_around_each_other(left_out: str) -> None:
    two = {"noise", "termination_probability", "affine"} | ({left_out} if left_out != "private_monitoring" else set())
    assert validate(make_game("chicken", **{name: AROUND[name] for name in two})).passed


@pytest.mark.parametrize("name", games)
def test_games_are_made_of_their_parameters(name: str) -> None:
    game = make_game(name, **GAME_PARAMETERS[name], noise=0.1)
    assert make_game(name, **game.parameters) == game


LARGER = [Offers(), Cards(), Weather(), make_game("chicken", rounds=300)]


@pytest.mark.parametrize("game", LARGER, ids=lambda game: game.spec.name)
def test_games_of_other_shapes(game: Any) -> None:
    report = validate(game)
    assert report.passed, report


def test_every_check_is_made_and_says_what_it_asks() -> None:
    report = validate(make_game("chicken"))
    assert [finding.check for finding in report.findings] == ["builds", *CHECKS]
    assert all(finding.asks.endswith(".") or "==" in finding.asks for finding in report.findings)
    assert str(report) == f"chicken: {len(CHECKS) + 1} checks passed"


def test_targets() -> None:
    assert validate(builder("chicken")).passed
    assert validate(builder("chicken:rounds=3,noise=.1")).passed
    assert validate(builder("tests.toys:Cards")).game == "cards"
    with pytest.raises(UnknownName, match="'chicken'"):
        builder("chickn")
    with pytest.raises(UnknownName, match="'chicken'"):
        builder("chickn:rounds=3")
    with pytest.raises(BadParameter, match="no module 'toyz'"):
        builder("toyz.cards:Cards")
    with pytest.raises(BadParameter, match="'Cards'"):
        builder("tests.toys:Card")
    with pytest.raises(BadParameter, match="is a dict"):
        builder("tests.samples:GAME_PARAMETERS")
