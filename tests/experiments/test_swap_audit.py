"""`experiments/swap_audit.py`: a small run to the end with the fake, and what it says of what it found."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from prospect_env.metrics import Interval

FILE = Path(__file__).parents[2] / "experiments" / "swap_audit.py"
SPEC = importlib.util.spec_from_file_location("swap_audit", FILE)
assert SPEC is not None
assert SPEC.loader is not None
swap_audit = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(swap_audit)


def ran(out: Path, *arguments: str) -> str:
    app = typer.Typer()
    app.command()(swap_audit.main)
    given = ["--model", "fake", "--episodes", "2", "--rounds", "3", "--steps", "1", "--out", str(out), *arguments]
    return CliRunner().invoke(app, given, catch_exceptions=False).stdout


def test_a_small_run_prints_one_document(tmp_path: Path) -> None:
    given = ("--others", "tit_for_tat", "--formats", "round_log", "--modes", "plan", "--json")
    found = json.loads(ran(tmp_path / "run", *given))
    # Three games with two twins and the two together, one without.
    assert len(found["use"]) == 3 * 3 + 1
    undefined = [line for line in found["use"] if line["use"]["value"] is None]
    assert {line["game"] for line in undefined} == {"prisoners_dilemma"}
    assert all(abs(line["longer"]) <= 1 for line in found["use"])
    assert len(found["agreement"]) == 5
    # Two episodes, one step, two turns.
    assert all(line["positions"] == 4 for line in found["agreement"])
    lines = {(line["mode"], line["game"]): line for line in found["returns"]}
    assert len(lines) == 5
    assert [row["feed"] for row in lines["plan", "chicken"]["feeds"]] == list(swap_audit.FEEDS)
    assert lines["plan", "chicken"]["feeds"][0]["gain"]["value"] == 0
    assert (tmp_path / "run" / "manifest.json").exists()
    assert json.loads((tmp_path / "run" / "audit.json").read_text()) == found


def test_the_same_run_again_says_the_same(tmp_path: Path) -> None:
    given = ("--parts", "use", "--formats", "round_log", "--others", "random")
    first, second = (ran(tmp_path / name, *given).splitlines()[:-1] for name in ("a", "b"))
    assert first == second
    assert any("undefined" in line for line in first)


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ((0.2, 0.1, 0.3), "used"),
        ((-0.2, -0.3, -0.1), "turned round"),
        ((0.1, -0.1, 0.3), "null: not told from 0"),
        ((0.002, 0.001, 0.003), "null: told from 0, but less than 0.005"),
        ((float("nan"),) * 3, "undefined"),
    ],
)
def test_readings(interval: tuple[float, float, float], said: str) -> None:
    assert swap_audit.verdict(Interval(*interval)).startswith(said)


def test_parts_that_are_none_are_refused(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(swap_audit.main)
    result = CliRunner().invoke(app, ["--parts", "some", "--out", str(tmp_path)])
    assert result.exit_code == 2
