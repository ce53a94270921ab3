"""Runs: the same whatever happens to them on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from prospect_env.arena import summary
from prospect_env.arena.config import Config, configure
from prospect_env.arena.play import play
from prospect_env.arena.replay import differences, verify
from prospect_env.arena.run import run
from prospect_env.arena.runs import load, read_run
from prospect_env.arena.seating import seat
from prospect_env.core.errors import BadParameter, CorruptShard, RunError, RunExists, UnsuitablePolicy
from prospect_env.core.registry import load as load_target

PAIRINGS = [
    {"policies": ["prospective:predictor=bayes", "random_memory_one"]},
    {"policies": ["lm:model=fake,mode=direct", "tit_for_tat"]},
]


def config(**changes: Any) -> Config:
    entries = {"name": "x", "game": "prisoners_dilemma:rounds=4", "pairings": PAIRINGS, "episodes": 10, "shard": 4}
    return configure(entries | {"branch": "all", "seed": 3} | changes)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "finished"
    run(config(), folder)
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    for path in finished.rglob("*"):
        if path.is_file():
            target = tmp_path / "copy" / path.relative_to(finished)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path / "copy"


def printed(folder: Path) -> str:
    return str(json.loads((folder / "manifest.json").read_text())["fingerprint"])


def stamps(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.glob("*.parquet/*")}


def test_a_run_gives_back_what_play_gives(finished: Path) -> None:
    seating = seat(config())[0]
    straight = play(seating.game, seating.policies, episodes=10, seed=3, branch="all")
    assert differences(load(finished), straight) == ()
    assert read_run(finished).fingerprint() == printed(finished)


@pytest.mark.parametrize("changes", [{"shard": 1}, {"shard": 100}, {"block": 3}], ids=str)
def test_shards_and_blocks_change_nothing(changes: dict[str, int], finished: Path, tmp_path: Path) -> None:
    assert run(config(**changes), tmp_path / "other").manifest["fingerprint"] == printed(finished)


def test_another_seed_is_another_run(finished: Path, tmp_path: Path) -> None:
    assert run(config(seed=4), tmp_path / "other").manifest["fingerprint"] != printed(finished)


def test_the_manifest_says_what_made_it(finished: Path) -> None:
    manifest = read_run(finished).manifest
    assert manifest["complete"] is True
    assert manifest["schema"] == 1
    assert manifest["packages"]["numpy"]
    assert any("fake" in model for model in manifest["models"])
    assert manifest["pairings"][0]["policies"] == PAIRINGS[0]["policies"]
    assert manifest["episodes"] == 20


@pytest.mark.parametrize("parts", ["", "/*.parquet"])
def test_duckdb_reads_a_folder_as_a_table(parts: str, finished: Path) -> None:
    def count(kind: str) -> int:
        return int(duckdb.sql(f"select count(*) from '{finished}/{kind}.parquet{parts}'").fetchall()[0][0])  # noqa: S608

    assert count("episodes") == 2 * 10 * 2
    assert count("steps") == 2 * 10 * 4 * 2
    assert count("forecasts") == 2 * 10 * 4 * 8
    assert count("calls") > 0
    assert pq.read_table(finished / "episodes.parquet").num_rows == 40


def test_every_part_has_the_same_columns(finished: Path) -> None:
    for kind in ("episodes", "steps", "forecasts", "calls"):
        schemas = {str(pq.read_schema(part)) for part in (finished / f"{kind}.parquet").iterdir()}
        assert len(schemas) == 1, kind


def test_episode_rows_hold_metrics_and_the_sums_they_are_pooled_from(finished: Path) -> None:
    columns = pq.read_schema(next(iter((finished / "episodes.parquet").iterdir()))).names
    assert {"return", "cooperation", "factual_skill", "brier_sum_lead_1_counterfactual_others"} <= set(columns)
    told = load_target("prospect_env.metrics:sums")(load(finished))
    assert set(summary.sum_names(seat(config()), "all")) == set(told)
    plain = config(branch="none")
    told = load_target("prospect_env.metrics:sums")(play("chicken", ["prospective", "grim"], episodes=1))
    assert set(summary.sum_names(seat(plain), "none")) == set(told)


def test_a_run_that_exists_is_left_alone(copy: Path) -> None:
    before = stamps(copy)
    with pytest.raises(RunExists, match="--resume.*--force"):
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


def test_bad_input_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="unknown policy"):
        run(config(pairings=[PAIRINGS[0], {"policies": ["grim", "grym"]}]), tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_resuming_a_finished_run_plays_nothing(copy: Path) -> None:
    before, heard = stamps(copy), []
    assert run(config(), copy, resume=True, say=heard.append).manifest["fingerprint"] == printed(copy)
    assert stamps(copy) == before
    assert heard == []


@pytest.mark.parametrize("harm", ["truncate", "flip", "remove", "receipt"])
@pytest.mark.parametrize("kind", ["episodes", "steps", "forecasts", "calls"])
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


@pytest.mark.parametrize("pairing", [0, 1])
def test_an_episode_played_again_is_the_same(pairing: int, finished: Path) -> None:
    verdict = verify(read_run(finished), 7, pairing)
    assert verdict.same
    assert verdict.differs == ()


def test_recorded_answers_are_used_again(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prospect_agents.language import fake, predictor

    def refuse(self: object, queries: object) -> None:
        raise AssertionError("the model was asked")

    predictor._remembering.cache_clear()
    monkeypatch.setattr(fake.FakeModel, "score", refuse)
    try:
        assert verify(read_run(finished), 7, 1).same
        with pytest.raises(AssertionError, match="the model was asked"):
            play("prisoners_dilemma", ["lm:model=fake,mode=direct,format=joint_log", "random"])
    finally:
        predictor._remembering.cache_clear()


def test_a_changed_record_is_noticed(copy: Path) -> None:
    receipt = copy / "shards" / "part-00000.json"
    told = json.loads(receipt.read_text())
    told["digests"][2] = "0" * 32
    receipt.write_text(json.dumps(told))
    assert not verify(read_run(copy), 2).same


def test_humans_cannot_be_played_again(tmp_path: Path) -> None:
    made = config(pairings=None, policies=["human", "grim"], episodes=1, branch="none", game="chicken:rounds=1")
    answers = iter("0")
    import builtins

    original = builtins.input
    builtins.input = lambda prompt="": next(answers)
    try:
        done = run(made, tmp_path / "human")
    finally:
        builtins.input = original
    assert done.episodes().actions[0, 0, 0] == 0
    with pytest.raises(UnsuitablePolicy, match="cannot be asked again"):
        verify(done, 0)


def test_what_is_not_there_is_said(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run.*finished"):
        read_run(finished.parent / "finnished")
    found = read_run(finished)
    with pytest.raises(BadParameter, match="no episode 10 .*0 to 9"):
        found.episode(10)
    with pytest.raises(BadParameter, match="no pairing 2.*0 to 1"):
        found.episodes(2)


def test_undefined_is_null_in_the_summary(finished: Path) -> None:
    rows = json.loads((finished / "summary.json").read_text())["seats"]
    skill = {(row["pairing"], row["seat"]): row["value"] for row in rows if row["metric"] == "factual_skill"}
    assert skill[0, 1] is None
    assert isinstance(skill[0, 0], float)
    assert all(row["rows"] in range(11) for row in rows)


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
    made = config(episodes=30, shard=2)
    (tmp_path / "config.yaml").write_text(made.text())
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", KILLED, str(tmp_path / "config.yaml"), str(folder)]
    process = subprocess.Popen(command, env=os.environ | {"JAXTYPING_DISABLE": "1"})
    deadline = time.monotonic() + 60
    while len(list(folder.glob("shards/*.json"))) < 3 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    written = len(list(folder.glob("shards/*.json")))
    assert 3 <= written < 30
    before = stamps(folder)
    done = run(made, folder, resume=True)
    whole = run(made, tmp_path / "whole")
    assert done.manifest["fingerprint"] == whole.manifest["fingerprint"] == done.fingerprint()
    after = stamps(folder)
    kept = [name for name in before if int(name[-13:-8]) < written]
    assert all(after[name] == before[name] for name in kept), "finished shards are not played again"
