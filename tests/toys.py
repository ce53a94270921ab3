"""Small games of other shapes than the registered ones: in turns, with something hidden, three seats, dice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prospect_env.core.chance import Chance
from prospect_env.core.game import Game, GameSpec, Outcome


@dataclass(frozen=True)
class OfferState:
    """`turn` Int `[B]`: 0 proposer, 1 responder, and so on through the rounds; `offer` Int `[B]`, -1 none."""

    turn: np.ndarray
    offer: np.ndarray


class Offers(Game):
    """Proposer offers low (1 of 4) or high (2 of 4); responder accepts or rejects; `rounds` times, in turns.

    Actions: 0 wait (the no-op), 1 low, 2 high, 3 accept, 4 reject. Reactions are coarser: nothing, kind, unkind.
    """

    def __init__(self, rounds: int = 2) -> None:
        self.rounds = rounds
        self.spec = GameSpec(
            name="offers",
            version=0,
            seats=2,
            roles=("proposer", "responder"),
            actions=("wait", "low", "high", "accept", "reject"),
            reactions=("nothing", "kind", "unkind"),
            reaction_of=(0, 2, 1, 1, 2),
            horizon=2 * rounds,
            window=2,
            payoff_bounds=(0.0, 3.0),
            welfare_bounds=(0.0, 4.0),
            interchangeable=((0,), (1,)),
            observation_size=3,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Offers) and other.rounds == self.rounds

    def __hash__(self) -> int:
        return hash(self.rounds)

    def initial(self, batch: int, chance: Chance) -> OfferState:
        return OfferState(np.zeros(batch, dtype=np.int64), np.full(batch, -1))

    def active(self, state: OfferState) -> np.ndarray:
        going = state.turn < 2 * self.rounds
        return np.stack([going & (state.turn % 2 == 0), going & (state.turn % 2 == 1)], axis=1)

    def legal(self, state: OfferState) -> np.ndarray:
        active = self.active(state)
        legal = np.zeros((*active.shape, 5), dtype=bool)
        legal[:, 0, 1:3] = active[:, :1]
        legal[:, 1, 3:5] = active[:, 1:]
        legal[:, :, 0] = ~active
        return legal

    def step(self, state: OfferState, actions: np.ndarray, chance: Chance) -> Outcome:
        active = self.active(state)
        executed = np.where(active, actions, -1)
        offer = np.where(active[:, 0], executed[:, 0], state.offer)
        accepted = active[:, 1] & (executed[:, 1] == 3)
        rewards = np.where(accepted[:, None], np.stack([5.0 - offer - 1, offer], axis=1), 0.0).astype(np.float32)
        turn = state.turn + active.any(axis=1)
        reactions = self.spec.reaction_table[executed]
        round_end = turn % 2 == 0
        return Outcome(OfferState(turn, offer), rewards, executed, reactions, None, round_end, turn >= 2 * self.rounds)

    def observe(self, state: OfferState) -> np.ndarray:
        seen = np.stack([state.turn / (2 * self.rounds), state.offer == 1, state.offer == 2], axis=1)
        return np.repeat(seen[:, None].astype(np.float32), 2, axis=1)


@dataclass(frozen=True)
class CardState:
    """A hidden card each, Int `[B, 3]`, and the round, Int `[B]`."""

    cards: np.ndarray
    round: np.ndarray


class Cards(Game):
    """Three seats hold a hidden card, 0 or 1, and say 0 or 1 at once, twice; a point for naming the majority."""

    def __init__(self) -> None:
        self.spec = GameSpec(
            name="cards",
            version=0,
            seats=3,
            roles=("player", "player", "player"),
            actions=("zero", "one"),
            reactions=("zero", "one"),
            reaction_of=(0, 1),
            horizon=2,
            payoff_bounds=(0.0, 1.0),
            interchangeable=((0, 1, 2),),
            perfect_information=False,
            observation_size=2,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cards)

    def __hash__(self) -> int:
        return 3

    def initial(self, batch: int, chance: Chance) -> CardState:
        return CardState(chance.integers("cards", 2, (3,)), np.zeros(batch, dtype=np.int64))

    def active(self, state: CardState) -> np.ndarray:
        return np.repeat((state.round < 2)[:, None], 3, axis=1)

    def legal(self, state: CardState) -> np.ndarray:
        legal = np.ones((len(state.round), 3, 2), dtype=bool)
        legal[state.round >= 2, :, 1] = False
        return legal

    def step(self, state: CardState, actions: np.ndarray, chance: Chance) -> Outcome:
        majority = state.cards.sum(axis=1) >= 2
        rewards = (actions == majority[:, None]).astype(np.float32)
        after = CardState(state.cards, state.round + 1)
        done = np.ones(len(majority), dtype=bool)
        said = np.asarray(actions).astype(np.int8)
        return Outcome(after, rewards, said, said, None, done, after.round >= 2)

    def observe(self, state: CardState) -> np.ndarray:
        return np.stack([state.cards, np.repeat(state.round[:, None] / 2, 3, axis=1)], axis=2).astype(np.float32)

    def hide(self, state: CardState, seat: int) -> CardState:
        own = np.full_like(state.cards, -1)
        own[:, seat] = state.cards[:, seat]
        return CardState(own, state.round)

    def believe(self, known: CardState, seat: int, chance: Chance) -> CardState:
        drawn = chance.integers("believed", 2, (3,))
        return CardState(np.where(known.cards >= 0, known.cards, drawn), known.round)


@dataclass(frozen=True)
class WeatherState:
    """Whether the sun shines, Int `[B]`, and the round, Int `[B]`."""

    sun: np.ndarray
    round: np.ndarray


class Weather(Game):
    """A die decides each round whether seat 1 may go out; both seats then stay (0) or go out (1), four times."""

    def __init__(self, deterministic: bool = False) -> None:
        self.spec = GameSpec(
            name="weather",
            version=0,
            seats=2,
            roles=("watcher", "walker"),
            actions=("stay", "go"),
            reactions=("stay", "go"),
            reaction_of=(0, 1),
            horizon=4,
            payoff_bounds=(0.0, 1.0),
            interchangeable=((0,), (1,)),
            deterministic=deterministic,
            observation_size=1,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Weather) and other.spec == self.spec

    def __hash__(self) -> int:
        return 4

    def initial(self, batch: int, chance: Chance) -> WeatherState:
        return WeatherState(np.zeros(batch, dtype=np.int64), np.zeros(batch, dtype=np.int64))

    def active(self, state: WeatherState) -> np.ndarray:
        return np.repeat((state.round < 4)[:, None], 2, axis=1)

    def legal(self, state: WeatherState) -> np.ndarray:
        legal = np.ones((len(state.round), 2, 2), dtype=bool)
        legal[:, 1, 1] = state.sun == 1
        legal[state.round >= 4, :, 1] = False
        return legal

    def step(self, state: WeatherState, actions: np.ndarray, chance: Chance) -> Outcome:
        rewards = (np.asarray(actions) == 1).astype(np.float32)
        after = WeatherState(chance.integers("weather", 2), state.round + 1)
        done = np.ones(len(rewards), dtype=bool)
        did = np.where(self.active(state), actions, -1).astype(np.int8)
        return Outcome(after, rewards, did, did, None, done, after.round >= 4)

    def observe(self, state: WeatherState) -> np.ndarray:
        return np.repeat(state.sun[:, None, None], 2, axis=1).astype(np.float32)


@dataclass(frozen=True)
class PondState:
    """Steps played, Int `[B]`, and who fished in the last step, Bool `[B, 2]`."""

    step: np.ndarray
    fished: np.ndarray


class Pond(Game):
    """Two seats rest (0) or fish (1), five times, and a fish bites with probability .5; reactions are ranked events.

    What a seat shows is "caught", "missed" or "rested", in this order of significance; the window is two steps. Each
    catch pays 1 and is measured.
    """

    def __init__(self, bite: float = 0.5) -> None:
        self.bite = bite
        self.spec = GameSpec(
            name="pond",
            version=0,
            seats=2,
            roles=("angler", "angler"),
            actions=("rest", "fish"),
            reactions=("caught", "missed", "rested"),
            reaction_of=(),
            ranked=True,
            window=2,
            horizon=5,
            payoff_bounds=(0.0, 1.0),
            interchangeable=((0, 1),),
            deterministic=bite in (0.0, 1.0),
            measures=("catch",),
            observation_size=3,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pond) and other.bite == self.bite

    def __hash__(self) -> int:
        return hash(self.bite)

    def initial(self, batch: int, chance: Chance) -> PondState:
        return PondState(np.zeros(batch, dtype=np.int64), np.zeros((batch, 2), dtype=bool))

    def active(self, state: PondState) -> np.ndarray:
        return np.repeat((state.step < 5)[:, None], 2, axis=1)

    def legal(self, state: PondState) -> np.ndarray:
        legal = np.ones((len(state.step), 2, 2), dtype=bool)
        legal[state.step >= 5, :, 1] = False
        return legal

    def step(self, state: PondState, actions: np.ndarray, chance: Chance) -> Outcome:
        bites = np.ones(actions.shape, bool) if self.bite == 1 else chance.uniform("bite", (2,)) < self.bite
        fished = np.asarray(actions) == 1
        caught = (fished & bites).astype(np.float32)
        active = self.active(state)
        reactions = np.where(active, np.where(fished, np.where(bites, 0, 1), 2), -1)
        after = PondState(state.step + 1, fished)
        done = np.ones(len(fished), dtype=bool)
        executed = np.where(active, actions, -1)
        return Outcome(after, caught, executed, reactions, None, done, after.step >= 5, caught[..., None])

    def observe(self, state: PondState) -> np.ndarray:
        shown = [state.fished, state.fished[:, ::-1], np.repeat((state.step / 5)[:, None], 2, axis=1)]
        return np.stack(shown, axis=2).astype(np.float32)
