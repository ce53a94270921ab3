"""`Run`: what a run's folder holds, read back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from prospect_env.arena.config import Config, read_config
from prospect_env.arena.store import arrays, shards
from prospect_env.arena.store.fingerprint import digests, fingerprint
from prospect_env.arena.store.schema import KINDS
from prospect_env.arena.store.shards import Shard
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, CorruptShard, RunError
from prospect_env.core.game import Game
from prospect_env.core.make import make_game


@dataclass(frozen=True)
class Run:
    """The run in `folder`; nothing is read before it is asked for."""

    folder: Path

    @cached_property
    def config(self) -> Config:
        """The configuration it was made with."""
        return read_config(self.folder / "config.yaml")

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What made it, and the fingerprint of what came out."""
        return self._json("manifest.json")

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Every metric of every seat with its interval; raises `RunError` while the run is unfinished."""
        if not self.manifest["complete"]:
            finished = sum(shard.receipt(self.folder).exists() for shard in self.shards)
            raise RunError(
                f"{self.folder} is not finished: {finished} of {len(self.shards)} shards are there; "
                f"'prospect run {self.folder} --resume' goes on with it"
            )
        return self._json("summary.json")

    @cached_property
    def shards(self) -> tuple[Shard, ...]:
        """Every shard it has or will have."""
        return shards.plan(self.config)

    def game(self, pairing: int) -> Game:
        """The game of one of its pairings."""
        match = self._match(pairing)
        return make_game(match.game or "", **(match.parameters or {}))

    def episodes(self, pairing: int = 0) -> Episodes:
        """Everything recorded of one pairing; raises `CorruptShard` if a part of it is damaged or missing."""
        self._match(pairing)
        return self._read([shard for shard in self.shards if shard.pairing == pairing])

    def episode(self, number: int, pairing: int = 0) -> Episodes:
        """One episode with its model calls, read from its shard alone."""
        match = self._match(pairing)
        found = [shard for shard in self.shards if shard.pairing == pairing and shard.start <= number < shard.stop]
        if not found:
            raise BadParameter(
                f"there is no episode {number} of {match.policies}; they are 0 to {self.config.episodes - 1}"
            )
        return self._read(found, number)

    def recorded_digest(self, number: int, pairing: int = 0) -> str:
        """The digest of one episode as it was when it was written."""
        shard = next(s for s in self.shards if s.pairing == pairing and s.start <= number < s.stop)
        receipt = shards.receipt(self.folder, shard)
        if receipt is None:
            raise RunError(f"episode {number} of pairing {pairing} was not played yet")
        return receipt.digests[number - shard.start]

    def fingerprint(self) -> str:
        """The fingerprint of the records as they are on disk now; raises `CorruptShard`."""
        return fingerprint(digests(self.episodes(pairing)) for pairing in range(len(self.config.matches)))

    def _match(self, pairing: int) -> Any:
        matches = self.config.matches
        if not 0 <= pairing < len(matches):
            raise BadParameter(f"there is no pairing {pairing}; they are 0 to {len(matches) - 1}")
        return matches[pairing]

    def _read(self, parts: list[Shard], number: int | None = None) -> Episodes:
        pairing, seconds = parts[0].pairing, 0.0
        for shard in parts:
            receipt = shards.receipt(self.folder, shard)
            if receipt is None:
                raise RunError(
                    f"{self.folder} has not played episodes {shard.start} to {shard.stop - 1} of pairing {pairing} yet"
                )
            seconds += receipt.seconds
        whole = {kind: pa.concat_tables([shards.read(self.folder, shard, kind) for shard in parts]) for kind in KINDS}
        if number is not None:
            whole = {kind: table.filter(pc.equal(table["episode"], number)) for kind, table in whole.items()}
        match, game = self._match(pairing), self.game(pairing)
        feeds = tuple((match.feeds or {}).get(seat, "own") for seat in range(game.spec.seats))
        try:
            return arrays.episodes(game, tuple(match.policies), feeds, whole, seconds)
        except (ValueError, KeyError, IndexError) as error:
            raise CorruptShard(f"the parts of {self.folder} do not fit each other: {error}") from error

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"cannot read {name} of the run {self.folder}: {error}") from None
        return dict(found)


def read_run(folder: str | Path) -> Run:
    """The run in `folder`; raises `RunError` if there is none."""
    run = Run(Path(folder))
    if not (run.folder / "config.yaml").is_file():
        near = (
            sorted(path.parent.name for path in run.folder.parent.glob("*/config.yaml"))
            if run.folder.parent.is_dir()
            else []
        )
        hint = f"; runs there: {', '.join(near)}" if near else ""
        raise RunError(f"{folder} is not a run: it has no config.yaml{hint}")
    return run


def load(folder: str | Path, pairing: int = 0) -> Episodes:
    """The episodes of a run (of one of its pairings), as `play` gave them."""
    return read_run(folder).episodes(pairing)
