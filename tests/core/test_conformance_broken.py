"""Each conformance check fails for a game that is broken in just that way: a check that cannot fail is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospect_env.core.conformance import CHECKS, require_conformance, validate
from prospect_env.core.errors import InvalidGame
from prospect_env.core.game import Game
from tests.core.broken_games import BROKEN, Explosive, relabelled
from tests.toys import Offers

CASES = [(check, build) for check, builders in BROKEN.items() for build in builders]


def test_every_check_can_fail() -> None:
    assert set(BROKEN) == set(CHECKS)


@pytest.mark.parametrize(("check", "build"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_a_broken_game_is_found_out(check: str, build: Callable[[], Game]) -> None:
    finding = next(finding for finding in validate(build).findings if finding.check == check)
    assert not finding.passed
    assert finding.reason


def test_a_game_that_cannot_be_built_fails() -> None:
    def build() -> Game:
        raise RuntimeError("no board")

    report = validate(build)
    assert not report.passed
    assert str(report) == "build: builds: it raised RuntimeError: no board"
    assert not validate(lambda: 3).passed  # type: ignore[arg-type, return-value]
    with pytest.raises(InvalidGame, match="narrow"):
        require_conformance(lambda: relabelled(Offers(), name="narrow", horizon=1))


def test_a_game_that_raises_fails_instead_of_ending_the_report() -> None:
    report = validate(Explosive)
    failed = {finding.check: finding.reason for finding in report.findings if not finding.passed}
    assert failed == dict.fromkeys(("observation", "observation_of_known"), "it raised ZeroDivisionError: boom")
