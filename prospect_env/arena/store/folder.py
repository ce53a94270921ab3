"""`claim`: a folder for a run, without harm to what may be in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prospect_env.arena.config import Config
from prospect_env.arena.runs import Run
from prospect_env.arena.seating import Seating
from prospect_env.arena.store import lock, shards
from prospect_env.arena.store.files import write_text
from prospect_env.arena.store.manifest import SCHEMA, describe, require_same_models
from prospect_env.arena.store.schema import KINDS
from prospect_env.core.errors import RunError, RunExists


def require_free(folder: Path, resume: bool, force: bool) -> None:
    """Raise `RunExists` if the folder holds something and neither flag is given, or holds what is no run."""
    if folder.exists() and not folder.is_dir():
        raise RunExists(f"{folder} is a file; a run needs a folder")
    if _empty(folder):
        return
    if not (folder / "config.yaml").exists():
        raise RunExists(f"{folder} holds files that are not a run; choose another name")
    if not (resume or force):
        raise RunExists(
            f"{folder} holds a run already; go on with it by --resume, replace it by --force, or choose another name"
        )


def claim(config: Config, folder: Path, seatings: tuple[Seating, ...], resume: bool, force: bool) -> dict[str, Any]:
    """Make the run's folder, or find the run that is to go on in it; its manifest.

    Raises as `require_free`, and `RunError` if the run that is there is another one, or of other models.
    """
    require_free(folder, resume, force)
    replaced = not _empty(folder) and force and not resume
    if not _empty(folder) and not replaced and (folder / "manifest.json").exists():
        manifest = _same(config, folder)
        require_same_models(manifest, dict(enumerate(seatings)))
        return manifest
    # Models are asked who they are: a run that cannot begin must not cost the one that is there.
    manifest = describe(config, seatings)
    if replaced:
        _remove(folder)
    # The configuration comes first: a folder without one is not taken for a run.
    write_text(folder / "config.yaml", config.text())
    write_text(folder / "manifest.json", json.dumps(manifest, indent=2) + "\n")
    return manifest


def _empty(folder: Path) -> bool:
    return not folder.exists() or all(path.name == lock.NAME for path in folder.iterdir())


def _same(config: Config, folder: Path) -> dict[str, Any]:
    there = Run(folder)
    if there.manifest.get("schema") != SCHEMA:
        raise RunError(f"{folder} was written with schema {there.manifest.get('schema')}; this version writes {SCHEMA}")
    old, new = there.config.model_dump(), config.model_dump()
    free = {"block", "budget"}  # how it is played, and what for, not what comes out
    changed = [
        f"{key} was {old[key]!r} and is now {new[key]!r}" for key in old if old[key] != new[key] and key not in free
    ]
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
