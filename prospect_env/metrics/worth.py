"""What predictions are worth: the same planner fed with other forecasts, paired seeds.

`V[x]` is the mean return of a seat whose planner is fed `x`. Runs are named by what is fed: `own`, `marginal`,
`oracle`. For the three-way split of the loss against the oracle, four runs are needed that differ in one thing each:

* `oracle_argmax`: fed the oracle, the planner at temperature 0, no noise;
* `own_argmax`: the own forecast, the planner at temperature 0, no noise;
* `own_chosen`: the own forecast, choices as the policy makes them, no noise;
* `own_executed`: the same with the game's noise, which also falls on the co-players.

`prediction_loss + choice_loss + execution_loss = V[oracle_argmax] - V[own_executed]`, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.errors import BadParameter
from prospect_env.metrics.metric import EVERYTHING, Case, Comparison, Runs, comparison, quotient
from prospect_env.metrics.returns import returns

FED = {
    "own": "the planner decides by the policy's own forecast",
    "marginal": "the planner is fed how often each other did what in earlier steps of the episode",
    "oracle": "the planner is fed the others' true probabilities",
}
STAGES = {
    "oracle_argmax": "fed the oracle, planner at temperature 0, no noise",
    "own_argmax": "own forecast, planner at temperature 0, no noise",
    "own_chosen": "own forecast, choices as the policy makes them, no noise",
    "own_executed": "own forecast, choices as the policy makes them, with the game's noise",
}
_SOURCE = "this project; value of information (Howard 1966)"
#: alternates: half the time this, half the time that, and certain given what it did last
_ALTERNATOR = "memory_one:p=[1,0,0,1,1]"


def _case(policy: str, co_player: str = _ALTERNATOR, game: str = "matching_pennies", **parameters: Any) -> Case:
    return Case(policy, co_player, game, {"rounds": 20, **parameters})


_USES, _IGNORANT = _case("prospective:predictor=bayes"), _case("prospective:predictor=uniform")


def _gain(runs: Runs, seat: int, better: str, worse: str) -> Float[np.ndarray, " E"]:
    """The difference in return, episode by episode."""
    for name in (better, worse):
        if name in FED and runs[name].feeds[seat] != name:
            raise BadParameter(f"the run {name!r} fed seat {seat} with {runs[name].feeds[seat]!r}")
    return returns(runs[better])[:, seat] - returns(runs[worse])[:, seat]


def _difference(name: str, better: str, worse: str, runs: Mapping[str, str], **about: Any) -> Comparison:
    def parts(played: Runs, seat: int) -> NDArray[np.float64]:
        gained = _gain(played, seat, better, worse)
        return np.stack([gained, np.ones_like(gained)], axis=1)

    return comparison(
        name,
        runs={key: runs[key] for key in (better, worse)},
        unit="payoff",
        range=EVERYTHING,
        formula=f"V[{better.replace('_', ', ')}] - V[{worse.replace('_', ', ')}]",
        source=_SOURCE,
        undefined="never, given the runs",
        formula_of_parts=quotient,
        **about,
    )(parts)


value_of_prediction = _difference(
    "value_of_prediction",
    "own",
    "marginal",
    FED,
    direction="higher",
    high=_USES,
    low=_case("sandbagger"),
    # Forecasts as well as the one who uses it, and does something else.
    fake=_case("decorator:actor=random,predictor=bayes"),
)
diagnosticity = _difference(
    "diagnosticity",
    "oracle",
    "marginal",
    FED,
    direction="neither",
    high=_USES,
    low=_case("prospective:predictor=bayes", "always_defect", "prisoners_dilemma"),
    # A co-player that varies, but of which nothing more can be known than how often.
    fake=_case("prospective:predictor=bayes", "random"),
)
prediction_loss = _difference(
    "prediction_loss",
    "oracle_argmax",
    "own_argmax",
    STAGES,
    direction="lower",
    high=_IGNORANT,
    low=_USES,
    # Loses nothing to the oracle because no forecast moves it.
    fake=_case("decorator:actor=random,predictor=bayes"),
    exposed_by="return",
)
choice_loss = _difference(
    "choice_loss",
    "own_argmax",
    "own_chosen",
    STAGES,
    direction="lower",
    high=_case("prospective:predictor=bayes,temperature=20"),
    low=_USES,
    # Chooses without fail what its worthless forecast says is best.
    fake=_IGNORANT,
    exposed_by="return",
)
execution_loss = _difference(
    "execution_loss",
    "own_chosen",
    "own_executed",
    STAGES,
    direction="lower",
    high=_case("prospective:predictor=bayes", noise=0.2),
    low=_case("prospective:predictor=bayes", noise=0.01),
    # A coin toss has nothing that noise could spoil.
    fake=_case("decorator:actor=random,predictor=bayes", noise=0.2),
    exposed_by="return",
)


@comparison(
    "prediction_efficiency",
    runs=FED,
    unit="share",
    range=(-np.inf, np.inf),
    direction="higher",
    formula="sum (V[own] - V[marginal]) / sum (V[oracle] - V[marginal]), sums over episodes",
    source=_SOURCE,
    undefined="the denominator's lower 95% bound is not above 0",
    formula_of_parts=quotient,
    positive=1,
    high=_USES,
    low=_IGNORANT,
    # Right about how often, which is what the marginal says too.
    fake=_case("prospective:predictor=marginal"),
)
def prediction_efficiency(runs: Runs, seat: int) -> NDArray[np.float64]:
    """What share of what a perfect forecast is worth the own forecast earns; never a mean of ratios of episodes."""
    return np.stack([_gain(runs, seat, "own", "marginal"), _gain(runs, seat, "oracle", "marginal")], axis=1)
