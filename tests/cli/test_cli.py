"""The command line, in this process: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from prospect_env.cli import app
from prospect_env.core.errors import MissingModel, ModelError
from prospect_env.core.registry import Registry, feeds, games, metrics, policies
from prospect_env.report import catalog

RUN = ["run", "--game", "prisoners_dilemma:rounds=4", "--policy", "prospective:predictor=bayes", "--policy", "random"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def prospect(*arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, (result.output, result.exception)
    assert "Traceback" not in result.output
    return result


def document(*arguments: str, code: int = 0) -> Any:
    """What a command prints with --json: one document, and nothing else."""
    return json.loads(prospect(*arguments, "--json", code=code).stdout)


def commands(**functions: Any) -> Registry:
    """What `prospect models` does, done by these functions."""
    registry = Registry("model command")
    for name, function in functions.items():
        registry.register(name, function)
    return registry


@pytest.fixture
def made() -> str:
    prospect(*RUN, "--episodes", "6", "--branch", "all", "--shard", "4", "--name", "x")
    return "runs/x"


@pytest.mark.parametrize(
    ("kind", "registry"), [("games", games), ("policies", policies), ("metrics", metrics), ("feeds", feeds)]
)
def test_list_has_everything_with_a_line_about_it(kind: str, registry: Any) -> None:
    rows = document("list", kind)
    assert [row["name"] for row in rows] == list(registry)
    for row in rows:
        assert row["about"], row["name"]
        assert "cannot be loaded" not in row["about"], row
    shown = prospect("list", kind).stdout
    assert all(name in shown for name in registry)


def test_list_models_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSPECT_CACHE", str(tmp_path / "empty"))
    assert "prospect models pull smollm2-135m" in " ".join(prospect("models", "list").stdout.split())
    assert document("list", "models") == document("models", "list")
    assert document("models", "list")[0]["folder"] is None


def test_unknown_model_is_bad_input() -> None:
    assert "smollm2-135m" in prospect("models", "pull", "smolm2-135m", code=2).stderr


def test_run_show_and_replay(made: str) -> None:
    shown = prospect("show", made).stdout
    for word in ("player_0", "counterfactual_skill", "higher is better", "payoff", "95% interval", ".."):
        assert word in shown
    steps = prospect("replay", made, "--episode", "3").stdout
    for word in ("episode 3, 4 steps", "step 4", "if I defect", "player_1 next", "true cooperate 0.50"):
        assert word in steps
    assert "the same, bit for bit" in prospect("replay", made, "--episode", "3", "--verify").stdout


def test_all_metrics_are_shown_on_demand(made: str) -> None:
    assert "equality" not in prospect("show", made).stdout
    assert "equality" in prospect("show", made, "--all").stdout


def test_json_is_one_document_with_null_for_nan(made: str) -> None:
    summary = document("show", made)
    assert {row["seat"] for row in summary["seats"]} == {0, 1}
    assert any(row["value"] is None for row in summary["seats"])
    replayed = document("replay", made, "--episode", "2")
    assert len(replayed["steps"]) == 4
    assert replayed["steps"][0]["forecasts"][0]["q"].keys() == {"cooperate", "defect"}
    assert replayed["steps"][0]["seats"][1]["values"]["defect"] is None
    assert document("replay", made, "--verify")["same"] is True
    again = document(*RUN, "--episodes", "6", "--branch", "all", "--name", "y")
    assert again["fingerprint"] == summary["fingerprint"], "shards change nothing"
    assert document("validate", "chicken")["passed"] is True


def test_prompts_are_replayed() -> None:
    prospect("run", "--game", "chicken:rounds=2", "--policy", "lm:model=fake,mode=direct", "--policy", "grim",
             "--episodes", "1", "--name", "talk")  # fmt: skip
    shown = prospect("replay", "runs/talk").stdout
    assert "asks its model about own forecast" in shown
    assert "asks its model about own choice" in shown
    assert document("replay", "runs/talk")["steps"][1]["calls"][0]["prompt"]


def test_a_run_from_a_file_of_pairings() -> None:
    Path("mine.yaml").write_text(
        "game: chicken\nparameters: {rounds: 3}\nepisodes: 3\npairings:\n"
        "- policies: [prospective, grim]\n- {policies: [prospective, random], feeds: {0: oracle}}\n"
    )
    shown = prospect("run", "mine.yaml").stdout
    assert "chicken: every policy, all its pairings pooled" in shown
    assert "fed oracle" in shown
    assert "are 0 to 1" in prospect("replay", "runs/mine", "--pairing", "2", code=2).stderr
    assert "--policy would replace" in prospect("run", "mine.yaml", "--policy", "grim", code=2).stderr


def test_an_existing_run(made: str) -> None:
    arguments = [*RUN, "--episodes", "6", "--branch", "all", "--shard", "4", "--name", "x"]
    assert "--resume" in prospect(*arguments, code=2).stderr
    prospect(*arguments, "--resume")
    prospect("run", made, "--resume")
    prospect(*arguments, "--force")
    assert "another configuration" in prospect(*arguments, "--seed", "1", "--resume", code=1).stderr


def test_a_damaged_run(made: str) -> None:
    part = Path(made) / "steps.parquet" / "part-00001.parquet"
    part.write_bytes(part.read_bytes()[:100])
    assert "steps.parquet/part-00001.parquet" in prospect("replay", made, "--episode", "5", code=1).stderr
    result = prospect("run", made, "--resume", "--json")
    assert "steps.parquet/part-00001.parquet" in result.stderr
    assert json.loads(result.stdout)["fingerprint"]
    assert prospect("replay", made, "--episode", "5").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "gams"], "games"),
        (["run"], "either policies"),
        (["run", "--game", "prisonrs", "--policy", "grim", "--policy", "grim"], "'prisoners_dilemma'"),
        (["run", "--game", "chicken", "--policy", "grimm", "--policy", "grim"], "'grim'"),
        (["run", "--game", "chicken", "--policy", "grim"], "2 seats"),
        (["run", "--game", "chicken:round=3", "--policy", "grim", "--policy", "grim"], "'rounds'"),
        (["run", "--game", "chicken", "--policy", "grim", "--policy", "random:p=2"], "between 0 and 1"),
        ([*RUN, "--branch", "some"], "branch is 'some'"),
        ([*RUN, "--episodes", "0"], "episodes is 0"),
        ([*RUN, "--episodes", "ten"], "--episodes"),
        ([*RUN, "--feed", "oracle"], "cannot read the feed"),
        ([*RUN, "--feed", "1=oracle"], "nothing that forecasts"),
        ([*RUN, "--name", "a/b"], "it names a folder"),
        (["run", "absent.yaml"], "absent.yaml"),
        (["validate", "chickn"], "'chicken'"),
        (["validate", "no.such.module:Game"], "no module"),
        (["nonsense"], "nonsense"),
        (["show"], "RUN"),
    ],
    ids=lambda value: " ".join(value)[-40:] if isinstance(value, list) else None,
)
def test_bad_input(arguments: list[str], words: str) -> None:
    result = prospect(*arguments, code=2)
    assert words in result.stderr
    assert result.stdout == ""
    assert not Path("runs").exists()


def test_what_fails_while_it_is_done_is_another_code(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is not a run" in prospect("show", "runs/x", code=1).stderr
    for error, code in ((ModelError("no network"), 1), (MissingModel("prospect models pull it"), 2)):

        def fail(name: str, progress: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(catalog, "models", commands(pull=fail))
        assert str(error) in prospect("models", "pull", "smollm2-135m", code=code).stderr


def test_pull_prints_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def pull(name: str, progress: Any) -> Path:
        progress("downloading")
        print("chatter of a library")  # noqa: T201
        return Path("cache") / name

    monkeypatch.setattr(catalog, "models", commands(pull=pull))
    result = prospect("models", "pull", "smollm2-135m", "--json")
    assert json.loads(result.stdout) == {"name": "smollm2-135m", "folder": "cache/smollm2-135m"}
    assert "downloading" in result.stderr
    assert "chatter" in result.stderr


def test_games_that_break_the_contract_or_cannot_be_built() -> None:
    assert prospect("validate", "tests.toys:Cards").stdout.count("pass") > 15
    report = document("validate", "tests.core.broken_games:narrow_bounds", code=1)
    assert [finding["check"] for finding in report["findings"] if not finding["passed"]] == ["payoffs"]
    assert "FAIL" in prospect("validate", "json:loads", code=1).stdout
