"""Runs that are killed, damaged, in the way or started again: they end as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prospect_env.arena.run import run
from prospect_env.arena.runs import load, read_run
from prospect_env.arena.store import folder as store
from prospect_env.arena.store import lock
from prospect_env.arena.store.lock import alone
from prospect_env.core.errors import CorruptShard, ModelError, RunError, RunExists
from prospect_env.core.policy import Policy
from tests.arena.small_run import PAIRINGS, config, printed, stamps


def test_a_run_that_exists_is_left_alone(copy: Path) -> None:
    before = stamps(copy)
    with pytest.raises(RunExists, match=r"--resume.*--force"):
        run(config(), copy)
    with pytest.raises(RunError, match=r"seed was 3 and is now 9"):
        run(config(seed=9), copy, resume=True)
    assert stamps(copy) == before


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    for flags in ({}, {"resume": True}, {"force": True}):
        with pytest.raises(RunExists, match="not a run"):
            run(config(), tmp_path, **flags)
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunExists, match="is a file"):
        run(config(), tmp_path / "file", force=True)


def test_force_replaces_the_run_and_nothing_else(copy: Path) -> None:
    (copy / "notes.txt").write_text("mine")
    done = run(config(seed=9, episodes=2), copy, force=True)
    assert (copy / "notes.txt").read_text() == "mine"
    assert len(list((copy / "steps.parquet").iterdir())) == len(done.shards) == 2
    assert len(load(copy)) == 2


def test_force_removes_nothing_for_a_run_that_cannot_begin(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(self: Policy) -> str:
        raise ModelError("nobody answers")

    before = stamps(copy)
    monkeypatch.setattr(Policy, "identity", property(unreachable))
    with pytest.raises(ModelError, match="nobody answers"):
        run(config(seed=9), copy, force=True)
    assert stamps(copy) == before


@pytest.mark.parametrize("flags", [{"resume": True}, {"force": True}])
def test_one_process_at_a_time_plays_a_run(copy: Path, flags: dict[str, bool]) -> None:
    before = stamps(copy)
    with alone(copy), pytest.raises(RunError, match="is being played by another process"):
        run(config(), copy, **flags)
    assert stamps(copy) == before
    run(config(), copy, **flags)


def test_a_run_that_begins_is_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(*_: object) -> None:
        for flags in ({}, {"resume": True}, {"force": True}):
            with pytest.raises(RunError, match="is being played by another process"):
                run(config(), tmp_path / "r", **flags)
        raise ModelError("nobody answers")

    monkeypatch.setattr(store, "describe", other)
    with pytest.raises(ModelError, match="nobody answers"):
        run(config(), tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_where_files_cannot_be_locked_runs_are_played_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(lock, "flock", unable)
    assert run(config(episodes=2), tmp_path / "r").manifest["complete"]


def test_bad_input_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="unknown policy"):
        run(config(pairings=[PAIRINGS[0], {"policies": ["grim", "grym"]}]), tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_resuming_a_finished_run_plays_nothing(copy: Path) -> None:
    before, heard = stamps(copy), []
    assert run(config(), copy, resume=True, say=heard.append).manifest["fingerprint"] == printed(copy)
    assert stamps(copy) == before
    assert heard == []


@pytest.mark.parametrize(
    ("kind", "harm"),
    [("episodes", "truncate"), ("steps", "flip"), ("forecasts", "truncate"), ("calls", "remove"), ("steps", "receipt")],
)
def test_a_damaged_shard_is_named_and_played_again_alone(kind: str, harm: str, copy: Path) -> None:
    part = copy / f"{kind}.parquet" / "part-00004.parquet"
    if harm == "receipt":
        part = copy / "shards" / "part-00004.json"
    content = part.read_bytes()
    if harm == "remove":
        part.unlink()
    elif harm == "flip":
        part.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    else:
        part.write_bytes(content[: len(content) // 2])
    with pytest.raises(CorruptShard, match=part.relative_to(copy).as_posix()):
        load(copy, pairing=1)
    assert len(load(copy, pairing=0)) == 10, "the other shards are as good as ever"
    before, heard = stamps(copy), []
    done = run(config(), copy, resume=True, say=heard.append)
    assert done.manifest["fingerprint"] == printed(copy) == done.fingerprint()
    assert [part.name in line for line in heard] == [True]
    after = stamps(copy)
    assert {name for name in after if after[name] != before.get(name)} == {
        f"{each}.parquet/part-00004.parquet" for each in ("episodes", "steps", "forecasts", "calls")
    }


def test_what_a_killed_run_was_writing_is_swept_up(copy: Path) -> None:
    (copy / "shards" / "part-00002.json").unlink()
    draft = copy / "steps.parquet" / ".part-00002.parquet.unfinished"
    draft.write_bytes(b"half a f")
    assert run(config(), copy, resume=True).manifest["fingerprint"] == printed(copy)
    assert not draft.exists()


def test_an_unfinished_run_says_so(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"complete": False}))
    (copy / "shards" / "part-00005.json").unlink()
    unfinished = read_run(copy)
    with pytest.raises(RunError, match="5 of 6 shards"):
        _ = unfinished.summary
    with pytest.raises(RunError, match="not played episodes 8 to 9"):
        unfinished.episodes(1)
    assert len(unfinished.episode(9, 0)) == 1


KILLED = """
import sys, time
from pathlib import Path
from prospect_env.arena import run as runner
from prospect_env.arena.config import read_config
slow = runner._play
def play(*arguments):
    time.sleep(0.1)
    return slow(*arguments)
runner._play = play
runner.run(read_config(Path(sys.argv[1])), Path(sys.argv[2]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_run_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    made = config(episodes=12, shard=1)
    (tmp_path / "config.yaml").write_text(made.text())
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", KILLED, str(tmp_path / "config.yaml"), str(folder)]
    process = subprocess.Popen(command, env=os.environ | {"JAXTYPING_DISABLE": "1"})
    deadline = time.monotonic() + 60
    while len(list(folder.glob("shards/*.json"))) < 2 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    written = len(list(folder.glob("shards/*.json")))
    assert 2 <= written < 24
    before = stamps(folder)
    done = run(made, folder, resume=True)
    whole = run(config(episodes=12, shard=100), tmp_path / "whole")
    assert done.manifest["fingerprint"] == whole.manifest["fingerprint"] == done.fingerprint()
    after = stamps(folder)
    kept = [name for name in before if int(name[-13:-8]) < written]
    assert all(after[name] == before[name] for name in kept), "finished shards are not played again"
