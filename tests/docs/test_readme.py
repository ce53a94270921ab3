"""What the README says works: its Python runs, its commands exist, its files are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prospect_env.cli import app

ROOT = Path(__file__).parents[2]
README, GUIDE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/guide.md"))
SNIPPETS = re.findall(r"```python\n(.*?)```", README + GUIDE, flags=re.DOTALL)
COMMANDS = re.findall(r"^    prospect ([^#\n]+)", README, flags=re.MULTILINE)
NAMED = re.findall(r"`((?:docs|experiments|prospect_env|agents)/[^`*]*)`", README)
LINKS = re.findall(r"\]\(([^)]+)\)", README) + NAMED


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 120


@pytest.mark.parametrize("snippet", SNIPPETS, ids=[f"snippet-{i}" for i in range(len(SNIPPETS))])
def test_python_runs(snippet: str) -> None:
    exec(compile(snippet, "README.md", "exec"), {})  # noqa: S102 - what is run is the README of this very checkout


def test_there_are_snippets_commands_and_links() -> None:
    assert len(SNIPPETS) >= 4
    assert len(COMMANDS) >= 5
    assert len(LINKS) >= 8


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_and_their_options_exist(command: str) -> None:
    words = command.split()
    chain = [words[0], words[1]] if words[0] in ("list", "models") else [words[0]]
    answer = CliRunner().invoke(app, [*chain[:1], "--help"])
    assert answer.exit_code == 0, command
    for option in (word for word in words if word.startswith("--")):
        assert option in answer.output, f"prospect {words[0]} has no {option}"


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_files_are_there(link: str) -> None:
    path = link.split(" ", 1)[0]
    assert (ROOT / path).exists(), link


def test_the_guide_s_run_and_query_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    configured, query = (re.search(rf"```{kind}\n(.*?)```", GUIDE, flags=re.DOTALL) for kind in ("yaml", "sql"))
    assert configured is not None
    assert query is not None
    monkeypatch.chdir(tmp_path)
    smaller = configured[1].replace("smollm2-135m", "fake").replace("episodes: 50", "episodes: 4")
    (tmp_path / "example.yaml").write_text(smaller, encoding="utf-8")
    assert CliRunner().invoke(app, ["run", "example.yaml"]).exit_code == 0
    rows = duckdb.sql(query[1]).fetchall()
    assert len(rows) == 4
    assert all(excess >= 0 for _, _, excess in rows)
