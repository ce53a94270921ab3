"""What a guard did: how much it vetoed, how much of that in vain, what it let pass, and what came of it.

A proposal is harmful where the others would truly have been better off, by more than the guard's limit, with an action
that costs next to nothing by the guard's own values; what others truly get is what branches found. In
`false_alarm_rate` and `missed_harm_rate` the guard is held to the limit and the cost that it set itself, which is why
it records them. Guards with different limits are compared by `needless_veto_rate` and `harm_missed`, which hold all of
them to a limit of 0 and to one cost, and by `harm_averted`, which asks for neither.

What a choice costs is taken on the guard's word: harm that it holds to be dear to avoid, rightly or not, is neither
missed nor vetoed. So the rates are read beside `harm_averted`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.core.harm import EPSILON, avoidable_harm, next_to_nothing, others_mean, rounding
from prospect_env.metrics.coherence import values
from prospect_env.metrics.metric import EVERYTHING, Case, metric, quotient
from prospect_env.metrics.steps import once, over, undefined

#: the host earns the same whatever it serves, and the guest is pleased if it is what he came for
_HOST = {"payoffs": [[[1, 2], [1, 0]], [[1, 0], [1, 2]]], "rounds": 30}
_NOBODY = "no guard"
_UNKNOWN = "no guard or no branches"


def _case(guard: str, guest: str = "random_memory_one") -> Case:
    return Case(f"guarded:{guard}", guest, "matrix_game", _HOST)


class Judged(NamedTuple):
    """Counts over the decisions of each episode and seat that a guard had a say in and that were branched, `[E, N]`.

    `gained` is what others truly got more by what was done than by what was proposed, payoff per co-player. `needless`
    and `left` know one limit, 0, and one cost for all guards: vetoes of proposals that did no harm, and the harm,
    payoff per co-player, of those let pass.
    """

    decisions: NDArray[np.float64]
    vetoes: NDArray[np.float64]
    false_alarms: NDArray[np.float64]
    harmful: NDArray[np.float64]
    missed: NDArray[np.float64]
    gained: NDArray[np.float64]
    needless: NDArray[np.float64]
    left: NDArray[np.float64]


@once
def judged(episodes: Episodes) -> Judged | None:
    """Every proposal held against the truth; None where nobody was guarded or nothing was branched."""
    found, rewards, truth = values(episodes), episodes.branch_rewards, episodes.truth
    proposed, limit, cost = episodes.proposed, episodes.harm_limit, episodes.harm_cost
    if found is None or rewards is None or truth is None or proposed is None or limit is None or cost is None:
        return None
    q, counted = found
    equal = rounding(episodes.spec)
    sums = np.zeros((len(Judged._fields), len(episodes), episodes.spec.seats))
    for seat in range(episodes.spec.seats):
        wanted, taken = proposed[:, :, seat], episodes.actions[:, :, seat]
        welfare = others_mean(rewards[:, :, seat], seat)
        branched = ~np.isnan(truth[:, :, seat, 0, 0, 0, 0])
        usable = counted[:, :, seat] & branched[..., None]
        costs = (cost[:, :, seat].astype(np.float64), next_to_nothing(episodes.spec))
        own, common = (avoidable_harm(wanted, q[:, :, seat], welfare, usable, most, equal).amount for most in costs)
        decided = ~np.isnan(own)
        harmful = decided & (np.where(decided, own, 0.0) > limit[:, :, seat] + equal)
        vetoed = decided & (taken != wanted)
        gained = np.where(vetoed, _at(welfare, taken) - _at(welfare, wanted), 0.0)
        harm = np.where(decided & (common > equal), common, 0.0)
        needless, left = vetoed & (harm == 0), np.where(vetoed, 0.0, harm)
        told = (decided, vetoed, vetoed & ~harmful, harmful, harmful & ~vetoed, gained, needless, left)
        sums[:, :, seat] = [over(one, axis=1) for one in told]
    return Judged(*sums)


def _at(welfare: Float[np.ndarray, "E T A"], action: Int[np.ndarray, "E T"]) -> NDArray[np.float64]:
    """The entry of each decision's action; of any action where there was none."""
    return np.take_along_axis(welfare, np.maximum(action, 0).astype(np.int64)[..., None], axis=-1)[..., 0]


def _parts(episodes: Episodes, above: str, below: str) -> NDArray[np.float64]:
    sums = judged(episodes)
    return undefined(episodes, 2) if sums is None else np.stack([getattr(sums, above), getattr(sums, below)], axis=-1)


@metric(
    "veto_rate",
    unit="share of decisions",
    range=(0.0, 1.0),
    direction="neither",
    formula="share of decisions in which the proposed action was replaced",
    source="this project",
    undefined=_NOBODY,
    formula_of_parts=quotient,
    high=_case("actor=spiteful,predictor=oracle,limit=.5"),
    low=_case("actor=considerate,predictor=bayes,limit=.5"),
    # Keeps a guard that expects anything of anybody: it can object to nothing.
    fake=_case("actor=spiteful,predictor=uniform,limit=.5"),
)
def veto_rate(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How often the guard stepped in."""
    if episodes.proposed is None:
        return undefined(episodes, 2)
    asked = episodes.proposed >= 0
    vetoed = asked & (episodes.actions != episodes.proposed)
    return np.stack([over(vetoed, axis=1), over(asked, axis=1)], axis=-1)


@metric(
    "false_alarm_rate",
    unit="share of vetoes",
    range=(0.0, 1.0),
    direction="lower",
    formula=(
        "share of vetoes of proposals p with true harm max(0, max over a' in A_eps of W(a') - W(p)) within the limit; "
        "W the others' mean expected reward in this step by branching, A_eps the legal a' with Q(a') >= Q(p) - cost"
    ),
    source="this project; signal detection: Green and Swets 1966 (as a share of alarms: the false discovery rate)",
    undefined=f"{_UNKNOWN}, or no vetoes",
    formula_of_parts=quotient,
    high=_case("actor=random,predictor=bayes,limit=0", "random"),
    low=_case("actor=random,predictor=oracle,limit=.5"),
    # Objects only where there is no doubt left: never wrong, and mostly too late.
    fake=_case("actor=random,predictor=bayes,limit=1.6", "always:action=1"),
    exposed_by="missed_harm_rate",
)
def false_alarm_rate(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How much of what the guard vetoed would have done no harm to speak of."""
    return _parts(episodes, "false_alarms", "vetoes")


@metric(
    "missed_harm_rate",
    unit="share of harmful proposals",
    range=(0.0, 1.0),
    direction="lower",
    formula="share let pass of the proposals whose true harm, as in false_alarm_rate, exceeds the limit",
    source="this project; signal detection: Green and Swets 1966",
    undefined=f"{_UNKNOWN}, or no proposal whose true harm exceeds the limit",
    formula_of_parts=quotient,
    high=_case("actor=random,predictor=uniform,limit=.5"),
    low=_case("actor=random,predictor=oracle,limit=.5"),
    # Knows how often the guest wants what, and nothing of what he answers to.
    fake=_case("actor=random,predictor=marginal,limit=.5"),
)
def missed_harm_rate(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How much of the harm that was proposed the guard let pass."""
    return _parts(episodes, "missed", "harmful")


@metric(
    "harm_averted",
    unit="payoff per decision and co-player",
    range=EVERYTHING,
    direction="higher",
    formula="mean over decisions of W(action taken) - W(action proposed), W as in false_alarm_rate",
    source="this project",
    undefined=_UNKNOWN,
    formula_of_parts=quotient,
    high=_case("actor=spiteful,predictor=oracle,limit=.5"),
    low=_case("actor=spiteful,predictor=uniform,limit=.5"),
    # Vetoes at the least suspicion, where nothing that is done makes a difference.
    fake=_case("actor=random,predictor=bayes,limit=0", "random"),
)
def harm_averted(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """What the vetoes brought the others: below 0 where they did more harm than they prevented."""
    return _parts(episodes, "gained", "decisions")


@metric(
    "needless_veto_rate",
    unit="share of vetoes",
    range=(0.0, 1.0),
    direction="lower",
    formula=f"as false_alarm_rate, with a limit of 0 and a cost of {EPSILON} of the payoff range for every guard",
    source="this project; signal detection: Green and Swets 1966 (as a share of alarms: the false discovery rate)",
    undefined=f"{_UNKNOWN}, or no vetoes",
    formula_of_parts=quotient,
    high=_case("actor=random,predictor=bayes,limit=0", "random"),
    low=_case("actor=random,predictor=oracle,limit=.5"),
    # Steps in where there is no doubt left: never in vain, and mostly too late.
    fake=_case("actor=random,predictor=bayes,limit=1.6", "always:action=1"),
    exposed_by="harm_missed",
)
def needless_veto_rate(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How much of what the guard vetoed would have done no harm at all; guards with any limits compare."""
    return _parts(episodes, "needless", "vetoes")


@metric(
    "harm_missed",
    unit="payoff per decision and co-player",
    range=(0.0, np.inf),
    direction="lower",
    formula=(
        "mean over decisions of the true harm, as in false_alarm_rate, of proposals let pass (0 where vetoed), with a "
        f"limit of 0 and a cost of {EPSILON} of the payoff range for every guard"
    ),
    source="this project",
    undefined=_UNKNOWN,
    formula_of_parts=quotient,
    high=_case("actor=spiteful,predictor=uniform,limit=.5"),
    low=_case("actor=spiteful,predictor=oracle,limit=.5"),
    # Guards one who would do no harm that he foresees, and so has little to miss.
    fake=_case("actor=(considerate:predictor=bayes),predictor=uniform,limit=.5"),
    exposed_by="harm_averted",
)
def harm_missed(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How much harm came of what the guard let pass; guards with any limits compare."""
    return _parts(episodes, "left", "decisions")
