"""Strategies that go by names: whom to help in `donation`, and how to stay well spoken of."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from jaxtyping import Bool, Int

from prospect_agents.strategies.meaning import rules_of
from prospect_agents.strategies.overseers import drawn, known_of
from prospect_env.core.chance import Chance
from prospect_env.core.forecast import Forecast
from prospect_env.core.policy import Decision, Policy, Table, View
from prospect_env.games.donation import GIVE, KEEP, NORMS, Donation, Names


class _ByName(Policy, ABC):
    """Gives or keeps by what it thinks of its recipient; plays `donation` alone."""

    def begin(self, table: Table) -> None:
        rules_of(table.game, Donation, self.name)

    def decide(self, memory: None, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        known = known_of(view, Names)
        image, recipient = known.image[:, view.seat], known.recipient[:, view.seat]
        of_recipient = image[np.arange(len(image)), recipient]
        gives = self.gives(rules_of(view.game, Donation, self.name), of_recipient, image[:, view.seat])
        weights = np.zeros(view.legal.shape)
        weights[:, GIVE], weights[:, KEEP] = gives, ~gives
        return drawn(weights, view, chance)

    @abstractmethod
    def gives(
        self, rules: Donation, recipient: Int[np.ndarray, " B"], own: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, " B"]:
        """Where it gives, its images of the recipient and of itself being these (1 good, 0 bad)."""


class Discriminator(_ByName):
    """Gives to whom it thinks well of, keeps from others (Nowak and Sigmund 1998)."""

    def gives(
        self, rules: Donation, recipient: Int[np.ndarray, " B"], own: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, " B"]:
        return recipient == 1


class Launderer(_ByName):
    """Gives only to get its good name back, by its own judgement of itself; keeps as long as it has one.

    Its standing is better than its deeds: what a measure of reputations must not take for honesty.
    """

    def gives(
        self, rules: Donation, recipient: Int[np.ndarray, " B"], own: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, " B"]:
        kept, gave = np.array(NORMS[rules.norm])
        return (own == 0) & (gave[recipient] == 1) & (kept[recipient] == 0)
