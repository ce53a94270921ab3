"""What a predictor that is rolled forward will be asked, before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from prospect_agents.language.log import Log
from prospect_agents.language.questions import about_now
from prospect_env.core.baselines import Uniform
from prospect_env.core.chance import Chance
from prospect_env.core.policy import Event, Predictor, Table, View

if TYPE_CHECKING:
    from prospect_agents.language.predictor import LanguagePredictor


class Expecting(Predictor):
    """Walks where a predictor will be rolled forward to, before it is known how likely that is, and has it expect this.

    It goes wherever the rules allow, which is no further than the forecast will where no probability is 0.
    """

    def __init__(self, predictor: LanguagePredictor) -> None:
        self._predictor = predictor

    def begin(self, table: Table) -> Log:
        return self._predictor.begin(table)

    def predict(self, memory: Log, view: View, chance: Chance) -> Float[np.ndarray, "B N A"]:
        self._predictor.expect(memory, view, about_now(view, chance))
        return Uniform().predict(memory, view, chance)

    def observe(self, memory: Log, event: Event) -> Log:
        return self._predictor.observe(memory, event)
