"""`Log`: what a seat has seen of a match so far, which is all that a language model is told of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from prospect_agents.language.asked import Moment
from prospect_env.core.policy import Event, Table


@dataclass(frozen=True)
class Log:
    """By step what was seen of everybody, Int8 `[B, H, N]` (-1: nothing), and how many steps that is, Int32 `[B]`.

    `said` holds, a match, one tuple of free texts a step (one text a seat); None in games without talk.
    """

    seat: int
    seen: Int[np.ndarray, "B H N"]
    length: Int[np.ndarray, " B"]
    said: tuple[tuple[tuple[str, ...], ...], ...] | None = None

    @staticmethod
    def begin(table: Table) -> Log:
        """Nothing has happened yet."""
        spec = table.game.spec
        seen = np.full((table.matches, spec.horizon, spec.seats), -1, dtype=np.int8)
        said = ((),) * table.matches if spec.announces else None
        return Log(table.seat, seen, np.zeros(table.matches, dtype=np.int32), said)

    def after(self, event: Event) -> Log:
        """With one more step, in the matches that took one."""
        played = np.asarray(event.active.any(axis=1)) & (self.length < self.seen.shape[1])
        rows = np.flatnonzero(played)
        seen = self.seen.copy()
        seen[rows, self.length[rows]] = event.seen[rows]
        said = self.said
        if said is not None:
            silence = ("",) * seen.shape[2]
            texts = event.messages or (silence,) * len(played)
            said = tuple((*all_, now) if here else all_ for all_, now, here in zip(said, texts, played, strict=True))
        return replace(self, seen=seen, length=self.length + played, said=said)

    def past(self, row: int) -> tuple[Moment, ...]:
        """The steps of one match."""
        steps = self.seen[row, : self.length[row]].tolist()
        if self.said is None:
            return tuple(Moment(tuple(seen)) for seen in steps)
        return tuple(Moment(tuple(seen), said) for seen, said in zip(steps, self.said[row], strict=True))
