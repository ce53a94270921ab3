"""Sums of forecast scores in expectation, per episode and seat: what every skill, gap and mean score is made of.

A row of a forecast is P(seat j's reaction at a lead | own action a). A branch knows the distribution `q` that the
reaction really had, and each row `p` is scored in expectation, `S(p, q) = sum_r q_r S(p, r)`, the row of the action
taken too, so that factual and counterfactual rows compare like with like. Masked rows are left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.rules import excess, expected_log, irreducible, outcome, spread, uniform_over
from prospect_env.metrics.steps import once, over, ratio

FACTUAL, COUNTERFACTUAL = 0, 1
OTHERS, SELF = 0, 1
#: what is summed over rows; `uniform` and `marginal` are the Brier scores of the two references
QUANTITIES = ("rows", "brier", "uniform", "marginal", "excess", "log")


class Sums(NamedTuple):
    """Sums over the rows of an episode; the last axis is `QUANTITIES`.

    `rows` `[E, N, L, W, S, K]`: W factual or counterfactual, S others or self. `paired` `[E, N, L, W, K]`: about
    others, only decisions that have both kinds of row; each decision counts once on either side.
    """

    rows: Float[np.ndarray, "E N L W S K"]
    paired: Float[np.ndarray, "E N L W K"]


@once
def expected_sums(episodes: Episodes) -> Sums | None:
    """The sums of these episodes; None if they were played without branches or nobody forecast.

    The marginal reference says how often a seat showed each reaction in the *earlier* steps of the episode, plus one,
    over what the rules allow; the uniform one spreads over what they allow.
    """
    forecast, truth, mask, attainable = episodes.forecast, episodes.truth, episodes.mask, episodes.attainable
    if forecast is None or truth is None or mask is None or attainable is None:
        return None
    batch, steps, seats = episodes.active.shape
    actions, reactions = forecast.shape[-3], forecast.shape[-1]
    rows = np.zeros((batch, seats, 2, 2, 2, len(QUANTITIES)))
    paired = np.zeros((batch, seats, 2, 2, len(QUANTITIES)))
    shown = np.zeros((batch, seats, reactions))
    for t in range(steps):
        for seat in range(seats):
            scored = mask[:, t, seat]
            if not scored.any():
                continue
            allowed = attainable[:, t, seat]
            score = _quantities(forecast[:, t, seat], truth[:, t, seat], scored, allowed, shown)
            taken = (episodes.actions[:, t, seat, None] == np.arange(actions))[:, None, :, None]
            _add(rows[:, seat], paired[:, seat], score, scored, taken, seat)
        shown += outcome(episodes.reactions[:, t], reactions)
    return Sums(rows, paired)


def _quantities(
    forecast: Float[np.ndarray, "E L A N R"],
    truth: Float[np.ndarray, "E L A N R"],
    scored: Bool[np.ndarray, "E L A N"],
    allowed: Bool[np.ndarray, "E L A N R"],
    shown: Float[np.ndarray, "E N R"],
) -> NDArray[np.float64]:
    """`QUANTITIES` of every row, `[E, L, A, N, K]`; zeros in rows that are not scored."""
    p, q = (np.where(scored[..., None], x, 0.0).astype(np.float64) for x in (forecast, truth))
    unknowable, missed = irreducible(q), excess(p, q)
    uniform = unknowable + excess(uniform_over(allowed), q)
    marginal = unknowable + excess(spread(shown[:, None, None] + 1.0, allowed), q)
    columns = (np.ones_like(missed), unknowable + missed, uniform, marginal, missed, expected_log(p, q))
    return np.where(scored[..., None], np.stack(columns, axis=-1), 0.0)


def _add(
    rows: NDArray[np.float64],
    paired: NDArray[np.float64],
    score: Float[np.ndarray, "E L A N K"],
    scored: Bool[np.ndarray, "E L A N"],
    taken: Bool[np.ndarray, "E 1 A 1"],
    seat: int,
) -> None:
    """Add one step's rows about one seat's decision."""
    others = [other for other in range(scored.shape[-1]) if other != seat]
    by_kind = [over(np.where((wanted & scored)[..., None], score, 0.0), axis=2) for wanted in (taken, ~taken)]
    for kind, found in enumerate(by_kind):
        rows[:, :, kind, OTHERS] += over(found[:, :, others], axis=2)
        rows[:, :, kind, SELF] += found[:, :, seat]
    factual, counterfactual = (found[:, :, others] for found in by_kind)
    both = (factual[..., :1] > 0) & (counterfactual[..., :1] > 0)
    # With many actions not taken, their mean stands against the one taken: else decisions with many would weigh more
    # on one side of the gap than on the other.
    shared = np.nan_to_num(ratio(counterfactual, counterfactual[..., :1]))
    for kind, found in enumerate((factual, shared)):
        paired[:, :, kind] += over(np.where(both, found, 0.0), axis=2)


def cell(
    sums: Float[np.ndarray, "E N L W S K"],
    kind: int,
    quantities: tuple[str, ...],
    leads: tuple[int, ...] = (1,),
    whom: int = OTHERS,
) -> NDArray[np.float64]:
    """These quantities `[E, N, K]` of factual or counterfactual rows, summed over these leads."""
    columns = [QUANTITIES.index(name) for name in quantities]
    picked = sums[:, :, :, kind, whom][..., columns]
    return over(picked[:, :, list(leads)], axis=2)
