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
AROUND: dict[str, Any] = {"noise": 0.2, "termination_probability": 0.2}


@pytest.mark.parametrize("name", games)
@pytest.mark.parametrize("around", [None, *modifiers])
def test_registered_games(name: str, around: str | None) -> None:
    parameters = GAME_PARAMETERS[name] | ({} if around is None else {around: AROUND[around]})
    report = validate(lambda: make_game(name, **parameters))
    assert report.passed, report


def test_modifiers_around_each_other() -> None:
    assert validate(make_game("chicken", **AROUND)).passed


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
