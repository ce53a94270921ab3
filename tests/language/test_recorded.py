"""Runs of language models that are played again or gone on with: by the same models, or by what is recorded of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prospect_agents.language import model as seam
from prospect_agents.language import predictor
from prospect_env.arena.config import configure
from prospect_env.arena.replay import verify
from prospect_env.arena.run import run
from prospect_env.arena.runs import Run, read_run
from prospect_env.core.errors import ModelError, RunError
from prospect_env.core.replay import only_model, without_preambles

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from prospect_agents.language import transformers_model  # noqa: E402 - needs torch


@pytest.fixture
def mine(tiny: Path, tmp_path: Path) -> Path:
    """A folder with a model, a vector and a text, all of which may be changed."""
    shutil.copytree(tiny, tmp_path / "model")
    np.save(tmp_path / "kind.npy", np.random.default_rng(0).normal(size=64))
    (tmp_path / "before.txt").write_text("Be kind.\n")
    return tmp_path


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Forgets what has been loaded, as another process would."""

    def forget() -> None:
        monkeypatch.setattr(seam, "_loaded", {})
        predictor._remembering.cache_clear()

    forget()
    return forget


def told(mine: Path, **more: str) -> str:
    options = {"model": str(mine / "model"), "mode": "plan", **more}
    return "lm:" + ",".join(f"{key}={value}" for key, value in options.items())


def steered(mine: Path) -> str:
    return told(mine, intervention=f"(steer:layer=1,vector={mine / 'kind.npy'},strength=2)")


def played(folder: Path, policy: str, resume: bool = False) -> Run:
    entries = {
        "name": "r", "game": "chicken", "parameters": {"rounds": 3}, "policies": [policy, "tit_for_tat"],
        "episodes": 2, "shard": 1,
    }  # fmt: skip
    return run(configure(entries), folder, resume=resume)


def cut_short(done: Run) -> None:
    """As if it had been killed before the second shard was written."""
    (done.folder / "shards" / "part-00001.json").unlink()
    (done.folder / "manifest.json").write_text(
        (done.folder / "manifest.json").read_text().replace('"complete": true', '"complete": false')
    )


def damage(mine: Path) -> None:
    """Make another model of it."""
    with (mine / "model" / "model.safetensors").open("r+b") as weights:
        weights.seek(-4, 2)
        weights.write(np.float32(0.5).tobytes())


@pytest.mark.parametrize("change", ["vector", "weights", "preamble", "dtype"])
def test_a_run_goes_on_with_no_other_model(
    mine: Path, fresh: Any, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = {
        "vector": steered(mine),
        "weights": told(mine),
        "preamble": told(mine, preamble=f"file:{mine / 'before.txt'}"),
        "dtype": told(mine),
    }[change]
    done = played(mine / "r", policy)
    cut_short(done)
    fresh()
    if change == "vector":
        np.save(mine / "kind.npy", np.random.default_rng(1).normal(size=64))
    elif change == "weights":
        damage(mine)
    elif change == "preamble":
        (mine / "before.txt").write_text("Be cruel.\n")
    else:
        # As on a machine that computes natively in other bits.
        other = {"float32": torch.bfloat16, "bfloat16": torch.float32}[done.manifest["models"][0].split("/")[1]]
        monkeypatch.setattr(transformers_model, "choose_dtype", lambda *_: other)
    before = {path: path.stat().st_mtime_ns for path in (mine / "r").rglob("*") if path.is_file()}
    with pytest.raises(RunError, match=r"seat 0 of pairing 0 was played by model@.*; here 'lm:.*' is model@"):
        played(mine / "r", policy, resume=True)
    assert {path: path.stat().st_mtime_ns for path in (mine / "r").rglob("*") if path.is_file()} == before


def test_what_is_recorded_stands_in_for_a_model_that_is_gone(mine: Path, fresh: Any) -> None:
    played(mine / "r", steered(mine))
    fresh()
    shutil.rmtree(mine / "model")
    (mine / "kind.npy").unlink()
    assert [verify(read_run(mine / "r"), number).same for number in range(2)] == [True, True]
    with pytest.raises(ModelError, match="no such model folder"):
        played(mine / "new", told(mine))


def test_where_a_seat_has_several_models_they_must_be_those_that_were_recorded(mine: Path, fresh: Any) -> None:
    weighs = f"lm:model={mine / 'model'},dtype=float32"
    played(mine / "r", f"guarded:actor=({told(mine, dtype='bfloat16')}),predictor=({weighs}),limit=1")
    fresh()
    assert verify(read_run(mine / "r"), 0).same
    fresh()
    damage(mine)
    with pytest.raises(RunError, match=r"seat 0 of pairing 0 was played by model@"):
        verify(read_run(mine / "r"), 0)


def test_a_seat_is_recorded_whole_whatever_is_asked_of_it(tmp_path: Path, fresh: Any, monkeypatch: Any) -> None:
    two = "forecasting:actor=(lm:model=fake,mode=direct,forecast=false,gate=0),predictor=(lm:model=fake,order=3)"
    tables = {
        # The second seat is often never asked, and of its two models only the one that takes a test.
        "trust": ["lm:model=fake,mode=plan", "lm:model=fake,mode=plan"],
        "ultimatum": [two, two],
        "chicken": ["lm:model=fake,gate=0,preamble=Hello", "lm:model=fake,mode=scot"],
    }
    for game, policies in tables.items():
        entries = {"name": "r", "game": game, "parameters": {"rounds": 1}, "policies": policies, "episodes": 3}
        done = run(configure(entries), tmp_path / game)
        fresh()
        with monkeypatch.context() as patched:
            if two not in policies:
                patched.setattr(seam, "_load", lambda *_: pytest.fail("a model was loaded"))
            assert [verify(done, number).same for number in range(3)] == [True] * 3


def test_which_model_a_seat_has() -> None:
    tiny, big = "my-1@ab/float32/cpu", "server-1(model=big one,url=http://x/v1,text=first(top=12), chat=echo)"
    steered = f"{tiny}/steer(layer=5, strength=1.0, vector=41a7, norm=48.1)"
    for identity in (tiny, big, steered):
        assert only_model(identity) == identity
        assert only_model(f"{identity}/preamble=0123456789ab") == identity
        assert only_model(f"{identity} {identity}/preamble=0123456789ab") == identity
    assert only_model(f"{tiny} {steered}") is None


def test_runs_from_before_preambles_were_told_go_on(mine: Path, fresh: Any) -> None:
    policy = told(mine, preamble=f"file:{mine / 'before.txt'}")
    done = played(mine / "r", policy)
    cut_short(done)
    manifest = done.folder / "manifest.json"
    manifest.write_text(without_preambles(manifest.read_text()))
    fresh()
    assert verify(read_run(mine / "r"), 0).same
    assert played(mine / "r", policy, resume=True).manifest["complete"]


def test_going_on_keeps_what_questions_cost(mine: Path, fresh: Any) -> None:
    policy = told(mine, overflow="drop_oldest", preamble=f"file:{mine / 'before.txt'}")
    (mine / "before.txt").write_text("x" * 170)
    done = played(mine / "r", policy)
    before = [(call.tokens_in, call.tokens_dropped) for call in done.episode(1).calls]
    cut_short(done)
    fresh()
    again = played(mine / "r", policy, resume=True)
    assert [(call.tokens_in, call.tokens_dropped) for call in again.episode(1).calls] == before
    assert all(tokens > 100 for tokens, _ in before)
    assert any(dropped for _, dropped in before)
