"""The `prospect` command itself, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(sys.executable).parent / "prospect"
ENV = os.environ | {"JAXTYPING_DISABLE": "1"}


def prospect(*arguments: str, folder: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(HERE), *arguments], cwd=folder, env=ENV, input=stdin, capture_output=True, text=True, check=False
    )


def test_a_run_and_its_replay(tmp_path: Path) -> None:
    arguments = ["run", "--game", "prisoners_dilemma", "--policy", "tit_for_tat", "--policy", "always_defect"]
    done = prospect(*arguments, "--episodes", "5", "--branch", "all", "--name", "x", "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["name"] == "x"
    replayed = prospect("replay", "runs/x", "--episode", "4", folder=tmp_path)
    assert replayed.returncode == 0
    assert "player_0 cooperate: +0, 0 in all" in replayed.stdout, "nobody waits for Enter where there is no terminal"


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    failed = prospect("run", "--game", "prisonrs", "--policy", "grim", "--policy", "grim", folder=tmp_path)
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert failed.stderr == "prospect: unknown game 'prisonrs'; did you mean 'prisoners_dilemma'?\n"


def test_a_game_in_the_folder_one_is_in(tmp_path: Path) -> None:
    (tmp_path / "mygame.py").write_text(
        "from prospect_env.games.matrix import matrix_game\n"
        "print('hello from my game')\n"
        "def mine():\n    return matrix_game([[[1, 2], [0, 0]], [[0, 0], [2, 1]]])\n"
        "def other():\n    raise RuntimeError('not today')\n"
    )
    fine = prospect("validate", "mygame:mine", "--json", folder=tmp_path)
    assert fine.returncode == 0, fine.stderr
    assert json.loads(fine.stdout)["passed"] is True
    broken = prospect("validate", "mygame:other", folder=tmp_path)
    assert broken.returncode == 1
    assert "not today" in broken.stdout


def test_a_human_plays_by_pipe(tmp_path: Path) -> None:
    arguments = ["run", "--game", "chicken:rounds=2", "--policy", "human", "--policy", "grim", "--episodes", "1"]
    done = prospect(*arguments, "--name", "me", "--json", folder=tmp_path, stdin="swerve\nstraight\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == "me"
    assert "Your choice (0 swerve, 1 straight)" in done.stderr
    ended = prospect(*arguments, "--name", "you", folder=tmp_path, stdin="swerve\n")
    assert ended.returncode == 2
    assert "the input has ended" in ended.stderr


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from prospect_env import cli\n"
        "sys.argv = ['prospect', '--help']\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'duckdb', 'matplotlib', 'pyarrow', 'scipy', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=ENV, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "replay" in done.stdout
