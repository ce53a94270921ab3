"""The generated pages of the games say what the code says, of every game."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prospect_env import make_game
from prospect_env.core.registry import games, modifiers
from prospect_env.report.game_pages import DATA, MODIFIED, page, pages
from prospect_env.report.game_purposes import PURPOSES

FOLDER = Path(__file__).parents[2] / "docs" / "games"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages(FOLDER)


@pytest.mark.parametrize("name", ["README", *games])
def test_page_is_fresh(made: dict[str, str], name: str) -> None:
    written = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert written == made[name], "stale: run python -m prospect_env.report.game_pages"


def test_every_game_has_a_page_a_line_and_a_purpose_and_nothing_else_has(made: dict[str, str]) -> None:
    assert {file.stem for file in FOLDER.glob("*.md")} == {"README", *games} == set(made)
    assert all(f"[{name}]({name}.md)" in made["README"] for name in games)
    assert set(PURPOSES) == set(games)


def test_every_modifier_is_tried(made: dict[str, str]) -> None:
    assert set(MODIFIED) == set(modifiers)
    assert all(f"| `{modifier}` |" in made[name] for name in games for modifier in modifiers)


def test_pages_tell_bounds_and_labels(made: dict[str, str]) -> None:
    told = made["prisoners_dilemma"]
    # T = 5 and S = 0; two defectors have 1 each, two cooperators 3 each.
    assert "| payoff of a seat in a step | 0 to 5 |" in told
    assert "| sum of payoffs in a step | 2 to 6 |" in told
    assert "| cooperative actions | `cooperate` |" in told
    assert "| **cooperate** | 3, 3 | 0, 5 |" in told


def test_every_game_is_measured_or_says_why_not() -> None:
    rows = json.loads((FOLDER / DATA).read_text(encoding="utf-8"))
    assert {row["game"] for row in rows} == set(games)
    for row in rows:
        make_game(row["game"], **row["parameters"])
        assert row["reason"].startswith("not measured: ") if row["value"] is None else row["reason"] is None
        assert row["value"] is None or row["low"] <= row["value"] <= row["high"]


@pytest.mark.parametrize("name", games)
def test_foresight_pays_against_somebody_in_every_game(name: str) -> None:
    rows = json.loads((FOLDER / DATA).read_text(encoding="utf-8"))
    assert any(row["low"] is not None and row["low"] > 0 for row in rows if row["game"] == name)


def test_what_was_not_measured_is_said() -> None:
    said = page("chicken", [])
    assert "Not measured." in said


@pytest.mark.parametrize("name", ["README", *games])
def test_tables_have_one_width_and_fences_are_closed(made: dict[str, str], name: str) -> None:
    width, fenced = 0, False
    for line in made[name].splitlines():
        if line.strip().startswith("```"):
            fenced = not fenced
        bars = 0 if fenced or not line.startswith("|") else line.replace("\\|", "").count("|")
        if bars:
            assert width in (0, bars), line
        width = bars
    assert not fenced
