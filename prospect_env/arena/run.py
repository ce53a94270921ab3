"""`run`: play a configuration into a folder, in shards, so that a killed run goes on where it stopped.

A shard that was finished is never played again. One that was not, or that is damaged, is played as it would have been:
chance is a function of seed and episode number, and what language models answered before is remembered.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from prospect_env.arena.config import Config
from prospect_env.arena.play import play
from prospect_env.arena.runs import Run
from prospect_env.arena.seating import Seating, preload, seat
from prospect_env.arena.store import shards
from prospect_env.arena.store.files import write_text
from prospect_env.arena.store.fingerprint import digests, fingerprint
from prospect_env.arena.store.manifest import SCHEMA, describe
from prospect_env.arena.store.schema import KINDS
from prospect_env.arena.store.shards import Shard
from prospect_env.arena.store.tables import tables
from prospect_env.arena.summary import metric_columns, sum_names, summarise
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import CorruptShard, RunError, RunExists

Say = Callable[[str], None]


def run(
    config: Config,
    folder: Path,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
    say: Say | None = None,
) -> Run:
    """Play every episode of `config` into `folder` and return the finished run.

    `resume` goes on with the run that is there; `force` removes it first. `progress` is called with the episodes done
    and all there are; `say` with a line about anything unusual.

    Raises `BadParameter`, `UnknownName` or `UnsuitablePolicy` before anything is played or written, `RunExists` if the
    folder holds something and neither flag is given, and `RunError` if what is there is not this run.
    """
    config = config.completed()
    seatings = seat(config)
    manifest = _open(config, folder, seatings, resume, force)
    todo = _todo(config, folder, seatings, say)
    total = len(seatings) * config.episodes
    done = total - sum(shard.stop - shard.start for shard in todo)

    def report(played: int) -> None:
        if progress is not None:
            progress(done + played, total)

    report(0)
    sums = sum_names(seatings, config.branch)
    for shard in todo:
        seating = seatings[shard.pairing]
        episodes = _play(config, seating, shard, report)
        written = tables(episodes, shard.pairing, metric_columns(episodes, sums))
        shards.write(folder, shard, written, digests(episodes), episodes.seconds)
        done += shard.stop - shard.start
    return _finish(config, folder, manifest)


def _play(config: Config, seating: Seating, shard: Shard, report: Callable[[int], None]) -> Episodes:
    started = time.perf_counter()
    episodes = play(
        seating.game,
        seating.policies,
        episodes=np.arange(shard.start, shard.stop),
        seed=config.seed,
        branch=config.branch,
        feeds=seating.feeds,
        max_steps=config.max_steps,
        block=config.block,
        progress=report,
    )
    return replace(episodes, seconds=time.perf_counter() - started)


def _open(config: Config, folder: Path, seatings: tuple[Seating, ...], resume: bool, force: bool) -> dict[str, Any]:
    """Make or find the folder; its manifest."""
    if folder.exists() and not folder.is_dir():
        raise RunExists(f"{folder} is a file; a run needs a folder")
    empty = not folder.exists() or not any(folder.iterdir())
    ours = (folder / "config.yaml").exists()
    if not empty and not ours:
        raise RunExists(f"{folder} holds files that are not a run; choose another name")
    if not empty and not (resume or force):
        raise RunExists(f"{folder} holds a run already; go on with it by --resume, replace it by --force, or choose another name")
    if not empty and force and not resume:
        _remove(folder)
        empty = True
    if not empty and (folder / "manifest.json").exists():
        return _same(config, folder)
    manifest = describe(config, seatings)
    # The configuration comes first: a folder without one is not taken for a run.
    write_text(folder / "config.yaml", config.text())
    write_text(folder / "manifest.json", json.dumps(manifest, indent=2) + "\n")
    return manifest


def _same(config: Config, folder: Path) -> dict[str, Any]:
    there = Run(folder)
    if there.manifest.get("schema") != SCHEMA:
        raise RunError(f"{folder} was written with schema {there.manifest.get('schema')}; this version writes {SCHEMA}")
    old, new = there.config.model_dump(), config.model_dump()
    changed = [f"{key} was {old[key]!r} and is now {new[key]!r}" for key in old if old[key] != new[key] and key != "block"]
    if changed:
        raise RunError(f"{folder} is a run of another configuration: {'; '.join(changed)}")
    return there.manifest


def _remove(folder: Path) -> None:
    """Remove a run and nothing else that may be in its folder."""
    for kind in KINDS:
        _remove_parts(folder / f"{kind}.parquet", "part-*.parquet")
    _remove_parts(folder / "shards", "part-*.json")
    for name in ("summary.json", "manifest.json", "config.yaml"):
        (folder / name).unlink(missing_ok=True)


def _remove_parts(folder: Path, pattern: str) -> None:
    shards.sweep(folder)
    for part in folder.glob(pattern):
        part.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _todo(config: Config, folder: Path, seatings: tuple[Seating, ...], say: Say | None) -> list[Shard]:
    """The shards that are not on disk whole; recorded model calls are handed on before any shard is given up."""
    shards.sweep(folder)
    todo, damaged = [], []
    for shard in shards.plan(config):
        try:
            found = shards.receipt(folder, shard)
            if found is not None:
                shards.verify(folder, shard, found)
                continue
        except CorruptShard as error:
            if say is not None:
                say(str(error).partition(";")[0] + "; playing that shard again")
            damaged.append(shard)
        todo.append(shard)
    if todo:
        recorded = [call for shard in shards.plan(config) for call in shards.recorded_calls(folder, shard)]
        for seating in seatings:
            preload(seating, recorded)
    for shard in damaged:
        shards.discard(folder, shard)
    return todo


def _finish(config: Config, folder: Path, manifest: dict[str, Any]) -> Run:
    receipts = [(shard, shards.receipt(folder, shard)) for shard in shards.plan(config)]
    by_pairing: dict[int, list[str]] = {}
    for shard, found in receipts:
        assert found is not None
        by_pairing.setdefault(shard.pairing, []).extend(found.digests)
    complete = {
        **manifest,
        "complete": True,
        "fingerprint": fingerprint(by_pairing.values()),
        "seconds": sum(found.seconds for _, found in receipts if found is not None),
    }
    there = Run(folder)
    about = {key: complete[key] for key in ("name", "fingerprint", "seconds")} | {"episodes": config.episodes}
    summary = summarise([there.episodes(pairing) for pairing in range(len(config.matches))], about)
    write_text(folder / "summary.json", json.dumps(summary, indent=1, allow_nan=False) + "\n")
    write_text(folder / "manifest.json", json.dumps(complete, indent=2) + "\n")
    return Run(folder)
