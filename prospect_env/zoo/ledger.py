"""`forecast_reward`: what a view pays for rows of a forecast as they resolve.

A row `p` about another seat is worth `S_uniform - S(p)`, where `S` is the Brier score summed over labels (0..2) and
`S_uniform` that of the forecast spread evenly over the `k` attainable reactions. With `q` what is scored against,

    S_uniform - S(p, q) = (1 - 1/k) - (1 - 2 p.q + |p|^2) = 2 p.q - |p|^2 - 1/k

`q` is one-hot for what happened (rows `factual`) and the true distribution for rows `all`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.arrays import short_sum
from prospect_env.core.game import GameSpec
from prospect_env.core.unfold import Unfolding


def gain(
    p: Float[np.ndarray, "... R"], q: Float[np.ndarray, "... R"], can: Bool[np.ndarray, "... R"]
) -> Float[np.ndarray, "..."]:
    """`S_uniform - S(p, q)` row by row, with `can` the attainable reactions; leading axes broadcast."""
    return np.asarray(
        2.0 * short_sum(p * q) - short_sum(p * p) - 1.0 / np.maximum(short_sum(can.astype(np.float64)), 1.0)
    )


def expected_gain(forecast: Float[np.ndarray, "B L A N R"], truth: Unfolding, seat: int) -> Float[np.ndarray, " B"]:
    """What all rows of `seat`'s forecast are worth under the truth, summed; its own and masked ones add 0."""
    counts = truth.mask.copy()
    counts[..., seat] = False
    worth = np.where(counts, gain(forecast, truth.probs, truth.attainable), 0.0)
    return np.asarray(worth.reshape(len(worth), -1).sum(axis=1))


@dataclass(frozen=True)
class Ledger:
    """The lead-1 rows that await what happens.

    `rows[b, w, i, j]` is what seat `i` said `w + 1` steps ago of seat `j`'s first choice after that step, given the
    action `i` took; `open` says whether `j` has yet to choose. Rows still open when the window closes or the game ends
    add 0.
    """

    rows: Float[np.ndarray, "B W N N R"]
    open: Bool[np.ndarray, "B W N N"]

    @classmethod
    def empty(cls, batch: int, spec: GameSpec) -> Ledger:
        """Nothing awaited."""
        shape = (batch, spec.window, spec.seats, spec.seats)
        return cls(np.zeros((*shape, len(spec.reactions))), np.zeros(shape, dtype=bool))

    def settle(
        self,
        now: Bool[np.ndarray, "B N"],
        chosen: Int[np.ndarray, "B N"],
        reactions: Int[np.ndarray, "B N"],
        can: Bool[np.ndarray, "B N R"],
        forecasts: dict[int, NDArray[np.float64]],
    ) -> tuple[Ledger, Float[np.ndarray, "B N"]]:
        """One step: what each seat gains by rows resolved in it, and the ledger after it.

        `can` are the reactions that the rules allowed each seat in this step, `forecasts` what active seats committed
        to.
        """
        batch, _, seats = self.open.shape[:3]
        happened = (np.arange(self.rows.shape[-1]) == reactions[..., None]).astype(np.float64)
        resolved = self.open & now[:, None, None, :]
        # One sum a forecaster: over how long ago (w) and about whom (j).
        worth = np.where(resolved, gain(self.rows, happened[:, None, None], can[:, None, None]), 0.0)
        gains = short_sum(short_sum(worth, 1), -1)
        # A row w steps old is w + 1 steps old in the next step; the oldest are dropped.
        rows, still = np.zeros_like(self.rows), np.zeros_like(self.open)
        rows[:, 1:], still[:, 1:] = self.rows[:, :-1], (self.open & ~resolved)[:, :-1]
        for seat, forecast in forecasts.items():
            others = np.arange(seats) != seat
            taken = forecast[np.arange(batch), :, np.maximum(chosen[:, seat], 0)]  # [B, L, N, R]
            asked = now[:, seat, None] & others
            gains[:, seat] += short_sum(np.where(asked & now, gain(taken[:, 0], happened, can), 0.0))
            rows[:, 0, seat], still[:, 0, seat] = taken[:, 1], asked
        return replace(self, rows=rows, open=still), gains
