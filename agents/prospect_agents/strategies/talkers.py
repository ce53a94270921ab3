"""Strategies for games with talk: who keeps a promise, who breaks it, who believes one; and who signs contracts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_agents.strategies.constant import one_hot
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Game, GameSpec
from prospect_env.core.policy import Decision, Event, Memory, Policy, Table, View
from prospect_env.games.contracts import contracted

Actions = Bool[np.ndarray, " A"]  # which actions are of a kind

UNHEARD = -2  #: what a seat has said that was not asked yet; -1 is silence


def announcing(spec: GameSpec, cooperative: bool) -> Actions:
    """The actions that announce cooperation, or those that announce something else."""
    told = np.array(spec.announces)
    return (told >= 0) & (np.isin(told, spec.cooperative) == cooperative)


def doing(spec: GameSpec, cooperative: bool) -> Actions:
    """The actions that cooperate, or the others that talk is about."""
    actions = np.arange(len(spec.actions))
    return np.isin(actions, spec.cooperative) if cooperative else _moves(spec) & ~np.isin(actions, spec.cooperative)


def _moves(spec: GameSpec) -> Actions:
    return np.isin(np.arange(len(spec.actions)), [action for action in spec.announces if action >= 0])


def talking(game: Game) -> Actions:
    """The actions that announce something, and silence: all that nobody announces, votes on contracts aside."""
    layer, talk = contracted(game), ~_moves(game.spec)
    if layer is not None:
        talk[layer.signing.start : layer.signing.stop + 1] = False
    return talk


def first_of(legal: Bool[np.ndarray, "B A"], *wanted: NDArray[np.bool_]) -> Float[np.ndarray, "B A"]:
    """The first legal action of the first of the `wanted` sets that has one, else the first legal; one-hot.

    Each set is Bool `[A]`, or `[B, A]` where matches want different things.
    """
    choice = np.argmax(legal, axis=1)
    for kind in wanted[::-1]:
        there = legal & kind
        choice = np.where(there.any(axis=1), np.argmax(there, axis=1), choice)
    return one_hot(choice, legal.shape[1])


class _Talker(Policy, ABC):
    """Plays games with talk about actions of which some are cooperative."""

    def begin(self, table: Table) -> Memory:
        spec = table.game.spec
        if not spec.announces or not announcing(spec, cooperative=True).any():
            raise UnsuitablePolicy(
                f"{self.name or type(self).__name__} promises to cooperate; in {spec.name} nobody can say so"
            )
        return None

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        probs = self.chosen(memory, view.game.spec, view.legal)
        return Decision(chance.categorical("action", probs), probs)

    @abstractmethod
    def chosen(self, memory: Memory, spec: GameSpec, legal: Bool[np.ndarray, "B A"]) -> Float[np.ndarray, "B A"]:
        """The probabilities of what it says, or does."""


class PromiseKeeper(_Talker):
    """Says that it will cooperate, and does."""

    def chosen(self, memory: Memory, spec: GameSpec, legal: Bool[np.ndarray, "B A"]) -> Float[np.ndarray, "B A"]:
        return first_of(legal, announcing(spec, cooperative=True), doing(spec, cooperative=True))


class PromiseBreaker(_Talker):
    """Says that it will cooperate, and does something else."""

    def chosen(self, memory: Memory, spec: GameSpec, legal: Bool[np.ndarray, "B A"]) -> Float[np.ndarray, "B A"]:
        return first_of(legal, announcing(spec, cooperative=True), doing(spec, cooperative=False))


class Silent(_Talker):
    """Says nothing; cooperates with probability `p`."""

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise BadParameter(f"p is {p!r}; it may be between 0 and 1")
        self.p = p

    def chosen(self, memory: Memory, spec: GameSpec, legal: Bool[np.ndarray, "B A"]) -> Float[np.ndarray, "B A"]:
        speaks = announcing(spec, cooperative=True) | announcing(spec, cooperative=False)
        c, d = (first_of(legal, doing(spec, cooperative)) for cooperative in (True, False))
        asked = (legal & speaks).any(axis=1, keepdims=True)
        return np.where(asked, first_of(legal, ~speaks), self.p * c + (1.0 - self.p) * d)


@dataclass(frozen=True)
class Heard:
    """What each seat said it would do, Int8 `[B, N]`, and whether it last did what it had said, Bool `[B, N]`."""

    game: Game
    seat: int
    said: Int[np.ndarray, "B N"]
    kept: Bool[np.ndarray, "B N"]


class ConditionalTruster(_Talker):
    """Says that it will cooperate; does if all others say so too and kept their word last time, else defects.

    Who has not been heard yet is trusted; who was asked and said nothing is not.
    """

    def begin(self, table: Table) -> Heard:
        super().begin(table)
        shape = (table.matches, table.game.spec.seats)
        return Heard(table.game, table.seat, np.full(shape, UNHEARD, np.int8), np.ones(shape, dtype=bool))

    def chosen(self, memory: Heard, spec: GameSpec, legal: Bool[np.ndarray, "B A"]) -> Float[np.ndarray, "B A"]:
        promised = (memory.said == UNHEARD) | np.isin(memory.said, spec.cooperative)
        others = np.arange(spec.seats) != memory.seat
        trusts = ((promised & memory.kept) | ~others).all(axis=1, keepdims=True)
        answer = np.where(trusts, doing(spec, cooperative=True), doing(spec, cooperative=False))
        return first_of(legal, announcing(spec, cooperative=True), answer)

    def observe(self, memory: Heard, event: Event) -> Heard:
        spec, seen = memory.game.spec, event.seen
        acts = seen >= 0
        moves = acts & _moves(spec)[seen]
        # Of a seat that promised nothing there is no word to keep.
        kept = np.where(moves & (memory.said >= 0), seen == memory.said, memory.kept)
        said = np.where(acts & talking(memory.game)[seen], np.array(spec.announces)[seen], memory.said)
        return replace(memory, said=said.astype(np.int8), kept=kept)


@dataclass(frozen=True)
class Signed:
    """Whether a contract is in force, Bool `[B]`; `signing` are the actions that sign, and `refusal` refuses."""

    signing: range
    refusal: int
    force: Bool[np.ndarray, " B"]


class Signer(Policy):
    """Signs the first contract with probability `signs`; cooperates while a contract is in force, else defects."""

    def __init__(self, signs: float = 1.0) -> None:
        if not 0 <= signs <= 1:
            raise BadParameter(f"signs is {signs!r}; it may be between 0 and 1")
        self.signs = signs

    def begin(self, table: Table) -> Signed:
        layer = contracted(table.game)
        if layer is None:
            raise UnsuitablePolicy(f"{self.name or 'signer'} signs contracts; in {table.game.spec.name} there are none")
        return Signed(layer.signing, layer.signing.stop, np.zeros(table.matches, dtype=bool))

    def decide(self, memory: Signed, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        spec, legal = view.game.spec, view.legal
        actions = np.arange(len(spec.actions))
        cooperates = np.isin(actions, spec.cooperative)
        # In words, where it is asked for them, it says what it is about to do.
        words = np.isin(np.array(spec.announces or (-1,) * len(actions)), spec.cooperative)
        wanted = np.where(memory.force[:, None], cooperates | words, ~(cooperates | words))
        votes = self.signs * (actions == memory.signing.start) + (1.0 - self.signs) * (actions == memory.refusal)
        probs = np.where(legal[:, memory.refusal, None], votes, first_of(legal, wanted))
        return Decision(chance.categorical("action", probs), probs)

    def observe(self, memory: Signed, event: Event) -> Signed:
        seen = event.seen
        voted = ((seen >= memory.signing.start) & (seen <= memory.refusal)).all(axis=1)
        agreed = (seen == seen[:, :1]).all(axis=1) & (seen[:, 0] != memory.refusal)
        return replace(memory, force=np.where(voted, agreed, memory.force))


def refuser() -> Signer:
    """Refuses every contract, and defects."""
    return Signer(signs=0.0)
