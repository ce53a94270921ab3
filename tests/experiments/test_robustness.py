"""`experiments/robustness.py`: its statistics on planted scores, its tellings, and a small run to the end."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from prospect_env import make_game

pytest.importorskip("statsmodels")  # the extra `stats`
FILE = Path(__file__).parents[2] / "experiments" / "robustness.py"
SPEC = importlib.util.spec_from_file_location("robustness", FILE)
assert SPEC is not None
assert SPEC.loader is not None
robustness = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(robustness)


def planted(instances: int, drop: float, instance: float, wording: float, noise: float) -> pd.DataFrame:
    """Scores of two matches against two co-players, with these spreads."""
    luck = np.random.default_rng(1)
    rows = []
    for v in range(instances):
        shared = instance * luck.standard_normal()
        for arm in ("canonical", "variant"):
            said = wording * luck.standard_normal() - drop * (arm == "variant")
            rows += [
                {"instance": v, "arm": arm, "other": other, "turn": turn, "skill": shared + said + bias + extra}
                for other, bias in (("a", 0.0), ("b", 2.0))
                for turn in range(2)
                for extra in [noise * luck.standard_normal()]
            ]
    return pd.DataFrame(rows)


def test_planted_drop_and_spreads_are_found() -> None:
    found = robustness.drop(planted(200, drop=0.5, instance=1.0, wording=0.4, noise=0.2), "skill", "variant")
    # The drop's standard error is sqrt(2 (.4^2 + .2^2 / 4) / 200) = .041.
    assert abs(found["drop"]["value"] - 0.5) < 0.13
    assert found["drop"]["low"] < 0.5 < found["drop"]["high"]
    assert found["drop"]["high"] - found["drop"]["low"] == pytest.approx(4 * 0.041, rel=0.2)
    # Balanced data: the model's drop is the plain one.
    assert found["model_drop"] == pytest.approx(found["drop"]["value"], abs=1e-3)
    assert found["sd_instance"] == pytest.approx(1.0, abs=0.15)
    assert found["sd_wording"] == pytest.approx(0.4, abs=0.06)
    assert found["sd_match"] == pytest.approx(0.2, abs=0.02)
    assert found["converged"]


def test_scores_that_never_vary_have_no_spread() -> None:
    found = robustness.drop(planted(5, 0, 0, 0, 0).assign(skill=1.0), "skill", "variant")
    assert found["drop"]["value"] == 0
    assert np.isnan([found["sd_instance"], found["sd_wording"]]).all()
    assert not found["converged"]


def test_instances_are_told_in_the_same_amounts_and_differ_in_words() -> None:
    from prospect_agents.language.formats import prompt_format

    game = make_game("prisoners_dilemma", rounds=3)
    told = set()
    for v in range(50):
        arms = {arm: prompt_format(spec) for arm, spec in robustness.tellings(game, v, 5, 0).items()}
        narrators = {arm: made.telling(game, 0, 0).narrator for arm, made in arms.items()}
        assert len({(n.story.scale, n.story.shift) for n in narrators.values()}) == 1
        assert {arm: len(n.story.distractors) for arm, n in narrators.items()} == {
            "canonical": 0, "variant": 0, "distracted": 5, "shuffled": 0,
        }  # fmt: skip
        assert all(n.read(n.rules(0)) == game for n in narrators.values())
        told.add(narrators["variant"].rules(0))
    assert len(told) == 50


def test_a_small_run_prints_one_document() -> None:
    app = typer.Typer()
    app.command()(robustness.main)
    given = ["--model", "fake", "--variants", "3", "--rounds", "3", "--games", "prisoners_dilemma", "--json"]
    answer = CliRunner().invoke(app, given, catch_exceptions=False)
    found = json.loads(answer.stdout)
    assert found["sample"]["instances"] == 3
    assert found["sample"]["matches_a_telling"] == 4
    # Three modes, two scores, three arms beside the canonical one.
    assert len(found["lines"]) == 18
    assert {line["mode"] for line in found["lines"]} == {"direct", "scot", "plan"}
    assert all(
        line["drop"]["value"] == pytest.approx(line["canonical"] - line["told_otherwise"]) for line in found["lines"]
    )
    assert all(0.9 < mass < 1 for mass in found["label_mass"].values())


def test_no_instance_is_begun_that_would_end_too_late() -> None:
    app = typer.Typer()
    app.command()(robustness.main)
    given = ["--model", "fake", "--variants", "3", "--rounds", "2", "--modes", "direct", "--minutes", "1e-6"]
    given += ["--chunk", "1"]
    answer = CliRunner().invoke(app, given, catch_exceptions=False)
    assert "1 of 3 instances" in answer.stdout
