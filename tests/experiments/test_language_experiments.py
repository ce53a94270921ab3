"""The measured science on language models: each script from end to end with the fake, and its arithmetic by hand."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

FOLDER = Path(__file__).parents[2] / "experiments"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def document(name: str, out: Path, *arguments: str) -> dict[str, Any]:
    app = typer.Typer()
    app.command()(script(name).main)
    result = CliRunner().invoke(app, [*arguments, "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_in_context_forecasting(tmp_path: Path) -> None:
    found = document(
        "in_context_forecasting", tmp_path / "run", "--model", "fake", "--opponents", "20", "--rounds", "24",
        "--formats", "joint_log",
    )  # fmt: skip
    assert [line["told_as"] for line in found["lines"]] == ["joint_log", "exact Bayes"]
    spans = [(one["from"], one["to"]) for one in found["lines"][0]["by_round"]]
    assert spans == [(1, 2), (3, 5), (6, 10), (11, 20), (21, 23)]
    ceiling = [one["factual_skill"]["value"] for one in found["lines"][-1]["by_round"]]
    # Exact Bayes starts at nothing known and learns.
    assert ceiling[-1] > ceiling[0]
    assert all(line["by_round"][-1]["factual_skill"]["value"] < ceiling[-1] for line in found["lines"][:-1])
    assert (tmp_path / "run" / "manifest.json").exists()


def test_exploration(tmp_path: Path) -> None:
    found = document("exploration", tmp_path / "run", "--model", "fake", "--opponents", "24", "--rounds", "24")
    model, bayes = found["lines"]
    assert [one["share"] for one in bayes["by_share"]] == [0.0, 0.02, 0.05, 0.1, 0.25, 0.5]
    # Who never cooperates learns nothing of what cooperation would bring; who does so half the time, as much as of the
    # rest.
    assert bayes["by_share"][0]["counterfactual_skill"]["value"] == pytest.approx(0, abs=1e-9)
    assert bayes["by_share"][-1]["counterfactual_skill"]["value"] > 0.1
    assert bayes["slope"]["low"] > 0
    assert model["learner"] == "fake"


def test_modes(tmp_path: Path) -> None:
    found = document(
        "modes", tmp_path / "run", "--model", "fake", "--modes", "direct,plan", "--games", "prisoners_dilemma,trust",
        "--episodes", "2", "--rounds", "3",
    )  # fmt: skip
    lines = {(line["game"], line["policy"]): line for line in found["lines"]}
    assert len(lines) == 2 * 4
    assert lines["trust", "lm plan"]["label_mass"] == pytest.approx(0.97)
    assert lines["trust", "random"]["factual_skill"]["value"] == pytest.approx(0, abs=1e-9)


def test_forecasting_exemplars(tmp_path: Path) -> None:
    found = document("forecasting_exemplars", tmp_path, "--model", "fake", "--opponents", "4", "--rounds", "7")
    assert [line["exemplars"] for line in found["lines"]] == [0, 4, 16, 0, 4, 16]
    shown, shuffled = ((tmp_path / f"exemplars-16{kind}.txt").read_text() for kind in ("", "-shuffled"))
    assert shown != shuffled
    assert sorted(line for line in shown.splitlines() if line.startswith("Forecast")) == sorted(
        line for line in shuffled.splitlines() if line.startswith("Forecast")
    )


def test_dealing_out_moves_what_can_be_moved() -> None:
    module = script("forecasting_exemplars")
    # Two ones among five zeros: four places can change, and the counts stay.
    for seed in range(20):
        order = module.dealt([0, 1, 0, 0, 1, 0, 0], seed)
        assert sum(order) == 2
        assert (order[1], order[4]) == (0, 0)
    assert module.dealt([1, 1, 1], 0) == [1, 1, 1]


def test_an_exemplar_says_what_was_foreseen_what_came_and_how_good_that_was() -> None:
    module = script("forecasting_exemplars")
    one = module.Exemplar(("A A -> B\n",), "B A", (0.25, 0.75), 1)
    # Brier: .25^2 + .25^2 = .125, so 1 - .0625; had A come, .75^2 + .75^2 = 1.125, so 1 - .5625.
    assert one.text(1) == "A A -> B\nForecast after B A: A 0.25, B 0.75.\nB A -> B\nScore: 0.94.\n\n"
    assert one.text(0).endswith("B A -> A\nScore: 0.44.\n\n")


def test_prediction_and_cooperation(tmp_path: Path) -> None:
    found = document(
        "prediction_and_cooperation", tmp_path / "run", "--games", "prisoners_dilemma", "--episodes", "5",
        "--rounds", "10",
    )  # fmt: skip
    lines = {line["others"]: line for line in found["lines"]}
    # Whoever answers is met with cooperation once it is foreseen that it answers; who never does is exploited anyway.
    assert lines["tit_for_tat"]["reading"] == "cooperation"
    assert lines["tit_for_tat"]["others_return"]["slope"]["low"] > 0
    assert lines["always_cooperate"]["reading"] == "no effect seen"
    # Whoever is drawn anew in each episode stands for others; the rest for themselves.
    over = {other: line["interval_over"] for other, line in lines.items()}
    assert [other for other, what in over.items() if what == "co-players"] == ["random_memory_one"]
    assert set(over.values()) == {"co-players", "luck alone"}


def test_slopes_by_hand() -> None:
    module = script("prediction_and_cooperation")
    # Two episodes with slopes 2 and 4, whatever their levels; lambda 0, .25, .5, .75, 1.
    x = np.array(module.LAMBDAS)
    found = module.slope(np.stack([2 * x + 1, 4 * x - 7], axis=1), np.arange(2))
    assert found.value == pytest.approx(3.0)
    assert (found.low, found.high) == (pytest.approx(2.0), pytest.approx(4.0))
