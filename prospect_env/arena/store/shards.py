"""Shards: a run's episodes in pieces, each of which is on disk whole or does not count.

A shard is one part in each of the four Parquet folders, and a receipt in `shards/` that is written last and says what
the parts must be. A part that differs from its receipt is damaged, and only that shard is played again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from prospect_env.arena.config import Config
from prospect_env.arena.store.arrays import calls
from prospect_env.arena.store.files import UNFINISHED, sha256, write_text, write_whole
from prospect_env.arena.store.schema import KINDS
from prospect_env.core.errors import CorruptShard
from prospect_env.core.policy import Call


class Shard(NamedTuple):
    """Episodes `start` to `stop - 1` of one pairing."""

    number: int
    pairing: int
    start: int
    stop: int

    def part(self, folder: Path, kind: str) -> Path:
        """Where its part of one of the Parquet folders is."""
        return folder / f"{kind}.parquet" / f"part-{self.number:05d}.parquet"

    def receipt(self, folder: Path) -> Path:
        """Where its receipt is."""
        return folder / "shards" / f"part-{self.number:05d}.json"


@dataclass(frozen=True)
class Receipt:
    """What was written: the digest of each part and of each episode, in order; `seconds` is how long playing took."""

    start: int
    stop: int
    pairing: int
    files: dict[str, str]
    digests: list[str]
    seconds: float


def plan(config: Config) -> tuple[Shard, ...]:
    """Every shard of a run, in the order in which they are played."""
    pieces = [
        (pairing, start, min(start + config.shard, config.episodes))
        for pairing in range(len(config.matches))
        for start in range(0, config.episodes, config.shard)
    ]
    return tuple(Shard(number, *piece) for number, piece in enumerate(pieces))


def write(folder: Path, shard: Shard, tables: Mapping[str, pa.Table], digests: Sequence[str], seconds: float) -> None:
    """Put a shard on disk; it counts from the moment its receipt is there."""
    files = {}
    for kind in KINDS:
        part = shard.part(folder, kind)
        write_whole(part, lambda draft, kind=kind: pq.write_table(tables[kind], draft, compression="zstd"))  # type: ignore[misc]
        files[kind] = sha256(part)
    receipt = Receipt(shard.start, shard.stop, shard.pairing, files, list(digests), seconds)
    write_text(shard.receipt(folder), json.dumps(asdict(receipt), indent=1) + "\n")


def receipt(folder: Path, shard: Shard) -> Receipt | None:
    """The receipt of a shard, None while it has none; raises `CorruptShard` where it cannot be read."""
    path = shard.receipt(folder)
    if not path.exists():
        return None
    try:
        found = Receipt(**json.loads(path.read_text(encoding="utf-8")))
        fits = (found.pairing, found.start, found.stop, len(found.digests), set(found.files))
    except (ValueError, TypeError, AttributeError) as error:
        raise CorruptShard(_damage(folder, path, str(error))) from None
    if fits != (shard.pairing, shard.start, shard.stop, shard.stop - shard.start, set(KINDS)):
        raise CorruptShard(_damage(folder, path, "it is of other episodes"))
    return found


def verify(folder: Path, shard: Shard, found: Receipt, kinds: Sequence[str] = KINDS) -> None:
    """Raise `CorruptShard`, naming the file, unless the parts are what the receipt says."""
    for kind in kinds:
        part = shard.part(folder, kind)
        if not part.exists():
            raise CorruptShard(_damage(folder, part, "it is missing"))
        if sha256(part) != found.files[kind]:
            raise CorruptShard(
                _damage(folder, part, f"its {part.stat().st_size} bytes are not those that were written")
            )


def read(folder: Path, shard: Shard, kind: str) -> pa.Table:
    """A verified part of a shard."""
    found = receipt(folder, shard)
    if found is None:
        raise CorruptShard(_damage(folder, shard.receipt(folder), "it was never finished"))
    verify(folder, shard, found, (kind,))
    return pq.ParquetFile(shard.part(folder, kind)).read()


def recorded_calls(folder: Path, shard: Shard) -> tuple[Call, ...]:
    """The model calls of a shard, as many as are on disk and whole, whether or not the shard itself is."""
    part = shard.part(folder, "calls")
    if not part.exists():
        return ()
    try:
        found = receipt(folder, shard)
        if found is not None:
            verify(folder, shard, found, ("calls",))
        return calls(pq.ParquetFile(part).read())
    except (CorruptShard, OSError, ValueError, pa.ArrowException):
        return ()


def discard(folder: Path, shard: Shard) -> None:
    """Make a shard one that was never written; its parts stay until they are written again."""
    shard.receipt(folder).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what a killed process was in the middle of writing."""
    for draft in folder.glob(f"**/.*{UNFINISHED}"):
        draft.unlink(missing_ok=True)


def _damage(folder: Path, path: Path, reason: str) -> str:
    name = path.relative_to(folder).as_posix()
    return f"{name} of the run {folder} is damaged: {reason}; 'prospect run {folder} --resume' plays that shard again"
