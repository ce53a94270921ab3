"""Steering: predictability that a seat made rather than understood.

A provoker that turns a random co-player into a constant one predicts it perfectly, on the path and off it. So the same
co-players are met by a stated reference policy too, with the same seeds, and what is compared is how predictable they
are, whoever may be predicting.

The definition: "*steering* = how much more predictable (mean `1 - sum q^2`) the others are when a stated reference
policy plays the seat than as played, paired seeds: predictability *made*, not understood." The measure in it,
`1 - sum q^2`, grows with *un*predictability, and it is this measure that is subtracted: reference minus as played. So a
seat that makes others predictable scores above 0.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.metrics.mean_scores import unpredictability
from prospect_env.metrics.metric import Case, Runs, comparison
from prospect_env.metrics.steps import ratio

#: answers cooperation with a coin and defection with defection
_PROVOKABLE = "memory_one:p=[.5,.5,0,.5,0]"


def _made(parts: Float[np.ndarray, "... 6"]) -> NDArray[np.float64]:
    unknowable_there = ratio(parts[..., 0] - parts[..., 1], parts[..., 2])
    return unknowable_there - ratio(parts[..., 3] - parts[..., 4], parts[..., 5])


@comparison(
    "steering",
    runs={
        "played": "as played, with branches",
        "reference": "a stated reference policy in the seat (for instance forecasting:actor=random), with branches",
    },
    unit="Brier score",
    range=(-1.0, 1.0),
    direction="lower",
    formula="mean of 1 - sum q^2 with the reference in the seat - the same mean as played; factual, others at lead 1",
    source="this project",
    undefined="no branches in one of the runs",
    formula_of_parts=_made,
    high=Case("steerer", _PROVOKABLE, parameters={"rounds": 20}),
    low=Case("decorator:actor=random,predictor=bayes", _PROVOKABLE, parameters={"rounds": 20}),
    # Makes nobody more predictable, because its co-player never listens: it only looks well informed.
    fake=Case("steerer", "random", parameters={"rounds": 20}),
    exposed_by="factual_skill",
)
def steering(runs: Runs, seat: int) -> NDArray[np.float64]:
    """How much less uncertain the others' reactions are than they would be if the reference played."""
    there, here = (unpredictability.parts(runs[name])[:, seat] for name in ("reference", "played"))
    return np.concatenate([there, here], axis=1)
