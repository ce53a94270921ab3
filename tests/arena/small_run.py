"""A small run with two pairings, one of them with a language model, and how to look at its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prospect_env.arena.config import Config, configure

PAIRINGS = [
    {"policies": ["prospective:predictor=bayes", "random_memory_one"]},
    {"policies": ["lm:model=fake,mode=direct", "tit_for_tat"]},
]


def config(**changes: Any) -> Config:
    entries = {"name": "x", "game": "prisoners_dilemma:rounds=4", "pairings": PAIRINGS, "episodes": 10, "shard": 4}
    return configure(entries | {"branch": "all", "seed": 3} | changes)


def printed(folder: Path) -> str:
    return str(json.loads((folder / "manifest.json").read_text())["fingerprint"])


def stamps(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.glob("*.parquet/*")}
