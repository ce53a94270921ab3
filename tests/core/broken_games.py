"""Games that break the contract, each in one way, by the conformance check that must find it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from prospect_env.core.chance import Chance
from prospect_env.core.game import Game, Outcome
from prospect_env.games.modifier import Modifier
from prospect_env.games.noise import with_noise
from tests.toys import Cards, CardState, Offers, Weather

#: the check that must fail, and the games for which it must
BROKEN: dict[str, list[Callable[[], Game]]] = {}


def breaks(check: str) -> Callable[[Callable[[], Game]], Callable[[], Game]]:
    def note(build: Callable[[], Game]) -> Callable[[], Game]:
        BROKEN.setdefault(check, []).append(build)
        return build

    return note


@dataclass(frozen=True)
class Altered(Modifier):
    """A game whose outcomes go through `change`, which is given state, actions, chance and outcome."""

    change: Callable[[Any, Any, Chance, Outcome], Outcome]

    def step(self, state: Any, actions: Any, chance: Chance) -> Outcome:
        return self.change(state, actions, chance, self.inner.step(state, actions, chance))

    @property
    def noiseless(self) -> Game:
        return self


def altered(**changes: Callable[[Outcome], Any]) -> Game:
    """`Offers` with these fields of its outcomes replaced."""
    return Altered(
        Offers(), lambda *seen: seen[-1]._replace(**{name: change(seen[-1]) for name, change in changes.items()})
    )


def relabelled(game: Game, **changes: Any) -> Game:
    game.spec = replace(game.spec, **changes)
    return game


@breaks("shapes")
def double_rewards() -> Game:
    return altered(rewards=lambda out: out.rewards[:, :1])


@breaks("shapes")
def whole_rewards() -> Game:
    return altered(rewards=lambda out: out.rewards.astype(int))


@breaks("shapes")
def listed_ends() -> Game:
    return altered(terminated=lambda out: out.terminated.tolist())


@breaks("shapes")
def flat_seen() -> Game:
    return altered(seen=lambda out: out.executed)


@breaks("legal")
class NothingToDo(Offers):
    """An active seat is left without a choice."""

    def legal(self, state: Any) -> np.ndarray:
        legal = super().legal(state)
        legal[:, 1] = False
        return legal


@breaks("legal")
class BusyBystander(Offers):
    """Inactive seats may do anything."""

    def legal(self, state: Any) -> np.ndarray:
        return np.ones_like(super().legal(state))


@breaks("ends")
class LifeAfterDeath(Offers):
    """Somebody is active after the end."""

    def active(self, state: Any) -> np.ndarray:
        return np.stack([state.turn % 2 == 0, state.turn % 2 == 1], axis=1)


@breaks("ends")
class Limbo(Offers):
    """Nobody is active, and nobody says that it is over."""

    def __init__(self) -> None:
        super().__init__()
        relabelled(self, horizon=9)

    def step(self, state: Any, actions: Any, chance: Chance) -> Outcome:
        return super().step(state, actions, chance)._replace(terminated=np.zeros(len(state.turn), dtype=bool))


@breaks("horizon")
def short_horizon() -> Game:
    return relabelled(Offers(), horizon=3)


@breaks("payoffs")
def narrow_bounds() -> Game:
    return relabelled(Offers(), payoff_bounds=(0.0, 2.0))


@breaks("payoffs")
def narrow_welfare() -> Game:
    return relabelled(Offers(), welfare_bounds=(1.0, 4.0))


@breaks("executed")
def idle_hands() -> Game:
    return altered(executed=lambda out: np.maximum(out.executed, 0))


@breaks("executed")
def wrong_labels() -> Game:
    return altered(reactions=lambda out: np.where(out.reactions >= 0, 0, -1))


@breaks("executed")
def illegal_deeds() -> Game:
    return altered(executed=lambda out: np.where(out.executed >= 0, 0, -1))


@breaks("executed")
def blind() -> Game:
    return altered(seen=lambda out: np.zeros((*out.executed.shape, 2), dtype=np.int64))


@breaks("observation")
def short_observation() -> Game:
    return relabelled(Offers(), observation_size=4)


@breaks("observation")
class LoudObservation(Offers):
    """Observations leave -1..1."""

    def observe(self, state: Any) -> np.ndarray:
        return 2 * super().observe(state)


@breaks("hide_believe")
class Forgetful(Cards):
    """A seat believes in cards that it knows it does not hold."""

    def believe(self, known: CardState, seat: int, chance: Chance) -> CardState:
        return CardState(chance.integers("believed", 2, (3,)), known.round)


@breaks("hide_believe")
class FalsePerfection(Cards):
    """Information is said to be perfect and is not."""

    def __init__(self) -> None:
        super().__init__()
        relabelled(self, perfect_information=True)


@breaks("observation_of_known")
class Peeking(Cards):
    """A seat's observation shows another's card."""

    def observe(self, state: CardState) -> np.ndarray:
        return super().observe(CardState(state.cards[:, ::-1], state.round))


@breaks("legal_of_known")
class SecretRules(Cards):
    """What a seat may do depends on another's card."""

    def legal(self, state: CardState) -> np.ndarray:
        legal = super().legal(state)
        legal[:, 0, 1] &= state.cards[:, 2] == 1
        return legal


@breaks("pure")
class Scribbling(Offers):
    """A step writes into the state it was given."""

    def step(self, state: Any, actions: Any, chance: Chance) -> Outcome:
        outcome = super().step(state, actions, chance)
        state.offer[:] = 1
        return outcome


@breaks("pure")
class Meddling(Offers):
    """A step writes into the actions it was given."""

    def step(self, state: Any, actions: Any, chance: Chance) -> Outcome:
        outcome = super().step(state, actions, chance)
        actions[:] = 0
        return outcome


@breaks("pure")
class Unrepeatable(Cards):
    """Chance of its own, outside of what is passed in."""

    def initial(self, batch: int, chance: Chance) -> CardState:
        cards = np.random.default_rng().integers(0, 2, (batch, 3))
        return CardState(cards, np.zeros(batch, dtype=np.int64))


@breaks("take_put")
@breaks("batch_invariance")
class Neighbourly(Offers):
    """What one match pays depends on the matches around it."""

    def step(self, state: Any, actions: Any, chance: Chance) -> Outcome:
        outcome = super().step(state, actions, chance)
        return outcome._replace(rewards=np.minimum(outcome.rewards, outcome.rewards.mean() + np.float32(0.5)))


@breaks("batch_invariance")
class SeatedInOrder(Cards):
    """Who holds which card depends on the place in the batch."""

    def initial(self, batch: int, chance: Chance) -> CardState:
        cards = np.repeat((np.arange(batch) % 2)[:, None], 3, axis=1)
        return CardState(cards, np.zeros(batch, dtype=np.int64))


@breaks("inactive_ignored")
class Heckled(Offers):
    """The proposer is paid for what it sends while it waits."""

    def step(self, state: Any, actions: Any, chance: Chance) -> Outcome:
        outcome = super().step(state, actions, chance)
        heard = np.asarray(actions)[:, ::-1] == 4
        return outcome._replace(rewards=outcome.rewards + np.where(heard, 0.5, 0.0).astype(np.float32))


@breaks("pickle")
class Unpicklable(Offers):
    """Holds something that cannot travel."""

    def __init__(self) -> None:
        super().__init__()
        self.note = lambda: None


@breaks("executed_probabilities")
class Leaky(Offers):
    """A tenth of the probability is lost."""

    def executed(self, state: Any, probs: np.ndarray) -> np.ndarray:
        return 0.9 * probs


@breaks("executed_frequencies")
class Steady(Modifier):
    """Trembles and says that it does not."""

    def __init__(self) -> None:
        object.__setattr__(self, "inner", with_noise(Cards(), 0.3))

    def step(self, state: Any, actions: Any, chance: Chance) -> Outcome:
        return self.inner.step(state, actions, chance)

    def executed(self, state: Any, probs: np.ndarray) -> np.ndarray:
        return probs


@breaks("noiseless")
class Restless(Steady):
    """The rules without noise tremble too."""

    @property
    def noiseless(self) -> Game:
        return self.inner


class Explosive(Offers):
    """Raises where it should answer."""

    def observe(self, state: Any) -> np.ndarray:
        raise ZeroDivisionError("boom")


@breaks("deterministic")
def draws_without_saying_so() -> Game:
    return Weather(deterministic=True)


class _Open(Cards):
    """Leaves everything legal when the match is over."""

    def legal(self, state: CardState) -> np.ndarray:
        return np.ones((len(state.round), 3, 2), dtype=bool)


@breaks("legal")
def legal_after_the_end() -> Game:
    return _Open()
