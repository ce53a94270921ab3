"""`verify`: play one episode of a run again and compare it, bit for bit, with what was recorded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from prospect_env.arena.play import play
from prospect_env.arena.runs import Run
from prospect_env.arena.seating import require_replayable, seat_one
from prospect_env.arena.store.fingerprint import digests
from prospect_env.arena.store.manifest import require_same_models
from prospect_env.core.episodes import Episodes, columns


class Verdict(NamedTuple):
    """Whether an episode came out the same, its digest then and now, and the fields that differ."""

    same: bool
    recorded: str
    replayed: str
    differs: tuple[str, ...]


def verify(run: Run, number: int, pairing: int = 0) -> Verdict:
    """Play episode `number` again from the configuration and the recorded model calls.

    What a seat's language model answered stands in for it, so that it need not be here. Where a seat has several
    models they are loaded, to tell whose answers are whose, and must be those that were recorded.

    Raises `UnsuitablePolicy` if somebody at the table cannot be asked again (a human), and `RunError` if a model here
    is another one than was recorded.
    """
    recorded = run.episode(number, pairing)
    config = run.config
    models = run.manifest["pairings"][pairing]["models"]
    seating = seat_one(config, config.matches[pairing], recorded.calls, models)
    require_replayable(seating)
    require_same_models(run.manifest, {pairing: seating})
    again = play(
        seating.game,
        seating.policies,
        episodes=np.array([number]),
        seed=config.seed,
        branch=config.branch,
        feeds=seating.feeds,
        max_steps=config.max_steps,
    )
    then, now = run.recorded_digest(number, pairing), digests(again)[0]
    return Verdict(then == now, then, now, differences(recorded, again))


def differences(one: Episodes, other: Episodes) -> tuple[str, ...]:
    """The fields in which two recordings differ."""
    found = []
    for column in columns():
        a, b = getattr(one, column.name), getattr(other, column.name)
        if (a is None) != (b is None) or (a is not None and not np.array_equal(a, b, equal_nan=a.dtype.kind == "f")):
            found.append(column.name)
    return tuple(found)
