"""`wanted`: the run that a command line asks for, from a YAML file, a run's folder, flags, or a file and flags."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prospect_env.arena.config import Config, configure, read_entries
from prospect_env.core.errors import BadParameter


def wanted(source: Path | None, given: Mapping[str, Any], out: Path, *, resume: bool = False) -> tuple[Config, Path]:
    """The configuration, and the folder it is to be played into; raises `BadParameter`.

    `given` are entries that win over those of the file. A run that is named by its folder stays in that folder. To
    `resume`, a run's name says enough.
    """
    if resume and source is None and not given.keys() & {"game", "policies"}:
        source = _there(given.get("name"), out)
    entries: dict[str, Any] = {}
    at_home = source is not None and (source / "config.yaml").is_file()
    if source is not None:
        file = source / "config.yaml" if at_home else source
        entries = {"name": file.stem, **read_entries(file)}
    if "game" in given:
        # Another game has other parameters.
        entries.pop("parameters", None)
    entries.update(given)
    if "policies" in given and "pairings" in entries:
        raise BadParameter(f"{source} lists pairings; --policy would replace them all, so leave one of the two away")
    entries.setdefault("name", _name(entries))
    config = configure(entries)
    return config, source if at_home and source is not None and "name" not in given else out / config.name


def _there(name: str | None, out: Path) -> Path:
    """The folder of the run of this name."""
    if name is None:
        raise BadParameter("nothing says which run to go on with; give its folder, its YAML file or its --name")
    if not (out / name / "config.yaml").is_file():
        raise BadParameter(f"there is no run {out / name} to go on with")
    return out / name


def feeds(texts: Sequence[str]) -> dict[int, str]:
    """`0=oracle` as seat and feed; raises `BadParameter`."""
    found: dict[int, str] = {}
    for text in texts:
        seat, equals, feed = text.partition("=")
        if not equals or not seat.strip().isdigit() or not feed:
            raise BadParameter(f"cannot read the feed {text!r}; write the seat and what it is fed: 0=oracle")
        found[int(seat)] = feed.strip()
    return found


def budget(tokens: int | None, cost: float | None) -> dict[str, Any] | None:
    """Limits as an entry of a configuration, None where there are none."""
    given = {"tokens": tokens, "cost": cost}
    return {key: value for key, value in given.items() if value is not None} or None


def _name(entries: Mapping[str, Any]) -> str:
    """A name from what is played, where none was given."""
    policies = entries.get("policies") or []
    words = [str(entries.get("game") or "run"), "-vs-".join(map(str, policies))]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(word for word in words if word)).strip("-.")[:100]
