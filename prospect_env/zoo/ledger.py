"""`forecast_reward`: what a view pays for rows of a forecast as they resolve.

A row `p` about another seat is worth `S_uniform - S(p)`, where `S` is the Brier score summed over labels (0..2) and
`S_uniform` that of the forecast spread evenly over the `k` attainable reactions. With `q` what is scored against,

    S_uniform - S(p, q) = (1 - 1/k) - (1 - 2 p.q + |p|^2) = 2 p.q - |p|^2 - 1/k

`q` is one-hot for what happened (rows `factual`) and the true distribution for rows `all`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.arrays import short_sum
from prospect_env.core.forecast import more_significant, one_hot
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

    `rows[b, w, i, j]` is what seat `i` said `w + 1` steps ago of seat `j`'s reaction, given the action `i` took; `open`
    says whether it has yet to resolve: by `j`'s first choice, or, where the game ranks reactions, when the window
    closes or the game ends, by the most significant label `shown` since (R: none), out of those that it `could` be.
    Rows never resolved add 0.
    """

    rows: Float[np.ndarray, "B W N N R"]
    open: Bool[np.ndarray, "B W N N"]
    shown: Int[np.ndarray, "B W N N"]
    could: Bool[np.ndarray, "B W N N R"]

    @classmethod
    def empty(cls, batch: int, spec: GameSpec) -> Ledger:
        """Nothing awaited."""
        shape, reactions = (batch, spec.window, spec.seats, spec.seats), len(spec.reactions)
        rows, could = np.zeros((*shape, reactions)), np.zeros((*shape, reactions), dtype=bool)
        return cls(rows, np.zeros(shape, dtype=bool), np.full(shape, reactions), could)

    def settle(
        self,
        spec: GameSpec,
        now: Bool[np.ndarray, "B N"],
        chosen: Int[np.ndarray, "B N"],
        reactions: Int[np.ndarray, "B N"],
        can: Bool[np.ndarray, "B N R"],
        forecasts: dict[int, NDArray[np.float64]],
        over: Bool[np.ndarray, " B"],
    ) -> tuple[Ledger, Float[np.ndarray, "B N"]]:
        """One step: what each seat gains by rows resolved in it, and the ledger after it.

        `can` are the reactions that the rules allowed each seat in this step, `forecasts` what active seats committed
        to, `over` the matches that end with it.
        """
        batch, window, seats = self.open.shape[:3]
        none = self.rows.shape[-1]
        happened = one_hot(reactions, none)
        acts = np.broadcast_to(now[:, None, None], self.open.shape)
        shown, could = self.shown, self.could
        seen_before = (shown < none)[..., None]
        both = more_significant(could, can[:, None, None]) if spec.ranked else can[:, None, None]
        could = np.where(acts[..., None], np.where(seen_before, both, can[:, None, None]), could)
        shown = np.where(acts, np.minimum(shown, reactions[:, None, None]), shown)
        resolved = self.open & (shown < none)
        if spec.ranked:
            resolved &= (np.arange(window) == window - 1)[:, None, None] | over[:, None, None, None]
        # One sum a forecaster: over how long ago (w) and about whom (j).
        worth = np.where(resolved, gain(self.rows, one_hot(shown, none), could), 0.0)
        gains = short_sum(short_sum(worth, 1), -1)
        # A row w steps old is w + 1 steps old in the next step; the oldest are dropped.
        after = Ledger.empty(batch, spec)
        for new, old in (
            (after.rows, self.rows),
            (after.open, self.open & ~resolved),
            (after.shown, shown),
            (after.could, could),
        ):
            new[:, 1:] = old[:, :-1]
        for seat, forecast in forecasts.items():
            others = np.arange(seats) != seat
            taken = forecast[np.arange(batch), :, np.maximum(chosen[:, seat], 0)]  # [B, L, N, R]
            asked = now[:, seat, None] & others
            gains[:, seat] += short_sum(np.where(asked & now, gain(taken[:, 0], happened, can), 0.0))
            after.rows[:, 0, seat], after.open[:, 0, seat] = taken[:, 1], asked
        return after, gains
