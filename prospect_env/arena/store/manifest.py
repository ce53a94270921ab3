"""`manifest.json`: what made a run, and the fingerprint of what came out."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from prospect_env.arena.config import Config
from prospect_env.arena.seating import Seating
from prospect_env.core.errors import RunError
from prospect_env.core.replay import without_preambles

SCHEMA = 1  #: of the run folder; raised when a reader of the old one could not read the new one

_PACKAGES = ("prospect-env", "numpy", "scipy", "pyarrow", "gymnasium", "pettingzoo", "torch", "transformers")


def describe(config: Config, seatings: tuple[Seating, ...]) -> dict[str, Any]:
    """The manifest of a run that is about to begin."""
    return {
        "schema": SCHEMA,
        "name": config.name,
        "complete": False,
        "fingerprint": None,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": None,
        "episodes": config.episodes * len(seatings),
        "pairings": [_pairing(seating) for seating in seatings],
        "models": sorted({policy.identity for seating in seatings for policy in seating.policies if policy.identity}),
        "packages": {package: found for package in _PACKAGES if (found := _version(package))},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "git": {"prospect_env": commit(Path(__file__).parent), "working_folder": commit(Path.cwd())},
    }


def _pairing(seating: Seating) -> dict[str, Any]:
    spec = seating.game.spec
    return {
        "game": f"{spec.name}-v{spec.version}",
        "actions": list(spec.actions),
        "reactions": list(spec.reactions),
        "policies": [policy.name for policy in seating.policies],
        "models": _models(seating),
        "feeds": [seating.feeds.get(seat, "own") for seat in range(spec.seats)],
    }


def require_same_models(manifest: dict[str, Any], seatings: Mapping[int, Seating]) -> None:
    """Raise `RunError` if the language models of these pairings, by number, are not those of the manifest."""
    for number, seating in seatings.items():
        then, now = manifest["pairings"][number]["models"], _models(seating)
        for seat, (old, new) in enumerate(zip(then, now, strict=True)):
            # Runs from before preambles were told say nothing of them.
            if old not in (new, without_preambles(new or "") or None):
                name = seating.policies[seat].name
                raise RunError(f"seat {seat} of pairing {number} was played by {old}; here {name!r} is {new}")


def _models(seating: Seating) -> list[str | None]:
    return [policy.identity or None for policy in seating.policies]


def commit(folder: Path) -> dict[str, Any] | None:
    """The git commit that `folder` is at and whether anything tracked differs from it; None outside of any."""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        return {"commit": head, "changed": bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    # Fixed words and a folder of this process's own: nothing a stranger wrote is run.
    return subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
