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
from prospect_env.arena.seating import Seating, seat
from prospect_env.arena.store import shards
from prospect_env.arena.store.files import write_text
from prospect_env.arena.store.fingerprint import digests, fingerprint
from prospect_env.arena.store.folder import claim, require_free
from prospect_env.arena.store.lock import alone
from prospect_env.arena.store.shards import Shard
from prospect_env.arena.store.tables import tables
from prospect_env.arena.summary import metric_columns, sum_names, summarise
from prospect_env.core.budget import Budget, within
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import CorruptShard

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
    folder holds something and neither flag is given, `RunError` if what is there is not this run, is of other models or
    is being played, and `BudgetSpent` when `config.budget` is used up: shards that were finished stay, and `resume`
    with a larger budget goes on.
    """
    config = config.completed()
    require_free(folder, resume, force)
    with within(Budget("the run's budget", config.budget.tokens, config.budget.cost)) as budget:
        # All that is recorded is handed on before any shard is given up.
        plan = shards.plan(config) if resume else ()
        seatings = seat(config, [call for shard in plan for call in shards.recorded_calls(folder, shard)])
        with alone(folder):
            manifest = claim(config, folder, seatings, resume, force)
            earlier = manifest.get("spent", {"tokens": 0, "cost": 0.0})
            budget.spend(earlier["tokens"], earlier["cost"])
            todo = _todo(config, folder, say)
            if todo and manifest["complete"]:
                # It was complete until something happened to a shard; should this be killed, it must not look so again.
                manifest = {**manifest, "complete": False, "fingerprint": None}
                _write(folder, manifest)
            try:
                _play_all(config, folder, seatings, todo, progress)
            finally:
                if budget.spent_tokens:
                    # Also of what was cut short: going on, it still counts.
                    manifest = {**manifest, "spent": {"tokens": budget.spent_tokens, "cost": budget.spent_cost}}
                    _write(folder, manifest)
            return _finish(config, folder, manifest)


def _play_all(
    config: Config,
    folder: Path,
    seatings: tuple[Seating, ...],
    todo: list[Shard],
    progress: Callable[[int, int], None] | None,
) -> None:
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


def _write(folder: Path, manifest: dict[str, Any]) -> None:
    write_text(folder / "manifest.json", json.dumps(manifest, indent=2) + "\n")


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


def _todo(config: Config, folder: Path, say: Say | None) -> list[Shard]:
    """The shards that are not on disk whole."""
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
    _write(folder, complete)
    return Run(folder)
