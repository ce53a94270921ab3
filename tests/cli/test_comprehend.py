"""`prospect comprehend`: a table for people, everything for programs, and refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from prospect_env.cli import app

ASK = ["comprehend", "--game", "stag_hunt:rounds=5", "--policy", "lm:model=fake,format=story", "--each", "5"]


def prospect(*arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, (result.output, result.exception)
    return result


def test_a_row_a_kind_and_one_for_all() -> None:
    shown = prospect(*ASK).stdout
    assert "stag_hunt at seat 0, told as story (completion)" in shown
    assert all(f" {word} " in shown for word in ("rules", "payoffs", "history", "all", "15", "chance"))


def test_the_document_has_every_question() -> None:
    found = json.loads(prospect(*ASK, "--seat", "1", "--json").stdout)
    assert found["seat"] == 1
    assert [score["kind"] for score in found["scores"]] == ["rules", "payoffs", "history", "all"]
    assert len(found["questions"]) == found["scores"][-1]["number"] == 15
    understood = [question["understood"] for question in found["questions"]]
    assert sum(understood) / 15 == pytest.approx(found["scores"][-1]["share"])
    for question in found["questions"]:
        assert len(question["labels"]) == len(question["logprobs"]) > question["right"] >= 0
        assert question["understood"] == (max(question["logprobs"]) == question["logprobs"][question["right"]])


def test_fewer_questions_than_asked_for_are_counted() -> None:
    whole = json.loads(prospect(*ASK, "--json").stdout)
    assert (whole["each"], whole["fewer"]) == (5, {})
    assert "asked for" not in prospect(*ASK).stdout
    ask = [*ASK, "--game", "prisoners_dilemma:rounds=2", "--policy", "lm:model=fake", "--each", "60"]
    found = json.loads(prospect(*ask, "--json").stdout)
    history = next(score["number"] for score in found["scores"] if score["kind"] == "history")
    # Of one round there is little to ask.
    assert 0 < history < 60
    assert found["fewer"] == {"history": history}
    assert f"60 of a kind were asked for; found were {history} of history" in prospect(*ask).stdout
    # Letters do not tell what trust pays.
    untold = prospect(*ASK, "--game", "trust:rounds=2", "--policy", "lm:model=fake").stdout
    assert "5 of a kind were asked for; found were none of payoffs" in untold


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--policy", "random"], "random has no language model"),
        (["--game", "coin_game", "--policy", "lm:model=fake"], "use format=story"),
        (["--seat", "2"], "seat is 2"),
        (["--each", "0"], "each is 0"),
    ],
)
def test_bad_input(arguments: list[str], said: str) -> None:
    assert said in prospect(*ASK, *arguments, code=2).stderr
