"""Strategies for games in turns: trust, ultimatum, centipede.

They know where things stand from what the game tells any player (`situation`), so they play under every modifier. Where
there is talk they announce what they are about to do. A parameter that may be `drawn` is drawn anew for each match.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from prospect_agents.strategies.constant import one_hot
from prospect_agents.strategies.meaning import rules_of
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.forecast import Forecast
from prospect_env.core.policy import Decision, Policy, Table, View
from prospect_env.games.centipede import PASS, TAKE, Centipede
from prospect_env.games.trust import Trust
from prospect_env.games.ultimatum import Ultimatum

EPS = 1e-9  #: shares and payoffs this close are equal

Share = float | str  #: a number, or the word "drawn"


def certainly(wanted: Int[np.ndarray, " B"], view: View) -> Decision:
    """`wanted`, where it is legal; where it is time to talk, saying so; elsewhere the first legal action."""
    rows = np.arange(len(wanted))
    action = np.where(view.legal[rows, wanted], wanted, np.argmax(view.legal, axis=1))
    announces = np.array(view.game.spec.announces)
    if announces.size:
        says = view.legal & (announces == wanted[:, None])
        action = np.where(says.any(axis=1), np.argmax(says, axis=1), action)
    return Decision(action, one_hot(action, view.legal.shape[1]))


def nearest(levels: Sequence[float], wanted: Float[np.ndarray, " B"] | float) -> Int[np.ndarray, "..."]:
    """The index of the level nearest to `wanted`; of two equally near the larger."""
    gaps = np.abs(np.array(levels[::-1]) - np.asarray(wanted)[..., None])
    best = np.argmax(gaps <= gaps.min(axis=-1, keepdims=True) + EPS, axis=-1)
    return np.asarray(len(levels) - 1 - best)


def check_share(name: str, value: Any, drawn: bool = False) -> None:
    """Raise `BadParameter` unless `value` is a number between 0 and 1, or the word drawn where that may be."""
    if drawn and value == "drawn":
        return
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise BadParameter(f"{name} is {value!r}; it may be between 0 and 1{' or drawn' if drawn else ''}")


def drawn_or(value: Share, table: Table, most: float) -> Float[np.ndarray, " B"]:
    """`value` for every match, or numbers drawn uniformly between 0 and `most`."""
    if isinstance(value, str):
        return table.chance.uniform("drawn") * most
    return np.full(table.matches, float(value))


class FairResponder(Policy):
    """Ultimatum: accepts offers of `threshold` of the pie and more, and offers the level nearest to `offer`.

    `threshold` may be drawn, uniformly between 0 and a half. Source: the thresholds that people state when asked for
    their least acceptable offer (Guth, Schmittberger and Schwarze 1982; Camerer 2003).
    """

    def __init__(self, threshold: Share = 0.4, offer: float = 0.5) -> None:
        check_share("threshold", threshold, drawn=True)
        check_share("offer", offer)
        self.threshold, self.offer = threshold, offer

    def begin(self, table: Table) -> Float[np.ndarray, " B"]:
        rules_of(table.game, Ultimatum, self.name or "fair_responder")
        return drawn_or(self.threshold, table, 0.5)

    def decide(
        self, memory: Float[np.ndarray, " B"], view: View, chance: Chance, forecast: Forecast | None
    ) -> Decision:
        rules = rules_of(view.game, Ultimatum, self.name)
        offer = np.full(len(memory), 1 + nearest(rules.offers, self.offer))
        return certainly(answering(rules, view, offer, memory), view)


def answering(
    rules: Ultimatum, view: View, offer: Int[np.ndarray, " B"], least: Float[np.ndarray, " B"]
) -> Int[np.ndarray, " B"]:
    """In ultimatum: `offer` where it is time to propose, else the answer of who accepts a share of `least` or more."""
    offered = np.asarray(view.game.situation(view.known, view.seat)["offered"])
    accepts = offered >= least * rules.pie - EPS
    return np.where(np.isnan(offered), offer, np.where(accepts, rules.accept, rules.accept + 1))


class ReciprocalTrustee(Policy):
    """Trust: returns `share` of all it could have got, in proportion to the share of it that was sent.

    That is `share` of what arrives where everything was sent, half as large a share where half was, the level nearest
    to it. In the last `betray` rounds it returns the least it may. `share` may be drawn, uniformly between 0 and 1. As
    the investor it sends the level nearest to `send`. Source: returns that rise with what is sent (Berg, Dickhaut and
    McCabe 1995); endgame effects (Selten and Stoecker 1986).
    """

    def __init__(self, share: Share = 0.5, send: float = 1.0, betray: int = 0) -> None:
        check_share("share", share, drawn=True)
        check_share("send", send)
        if not isinstance(betray, int) or isinstance(betray, bool) or betray < 0:
            raise BadParameter(f"betray is {betray!r}; it must be a whole number, 0 or more")
        self.share, self.send, self.betray = share, send, betray

    def begin(self, table: Table) -> Float[np.ndarray, " B"]:
        rules_of(table.game, Trust, self.name or "reciprocal_trustee")
        return drawn_or(self.share, table, 1.0)

    def decide(
        self, memory: Float[np.ndarray, " B"], view: View, chance: Chance, forecast: Forecast | None
    ) -> Decision:
        rules = rules_of(view.game, Trust, self.name)
        now = view.game.situation(view.known, view.seat)
        trusted = np.nan_to_num(now["sent"]) / (rules.endowment * rules.sends[-1])
        share = np.where(now["rounds_left"] > self.betray, memory * trusted, 0.0)
        send = np.full(len(memory), 1 + nearest(rules.sends, self.send))
        return certainly(np.where(np.isnan(now["sent"]), send, returning(rules, share)), view)


def returning(rules: Trust, share: Float[np.ndarray, " B"]) -> Int[np.ndarray, " B"]:
    """The action of the trust game that returns the level nearest to `share` of what arrived."""
    return 1 + len(rules.sends) + nearest(rules.returns, share)


class CentipedeTaker(Policy):
    """Centipede: passes until node `node` (counted from 1), and takes from there on.

    A `node` beyond the last never takes; `drawn` means 1 to one beyond the last, equally likely. Source: the threshold
    strategies of the centipede's normal form (Nagel and Tang 1998).
    """

    def __init__(self, node: int | str = 3) -> None:
        check_node(node)
        self.node = node

    def begin(self, table: Table) -> Int[np.ndarray, " B"]:
        return nodes(self.node, table, self.name or "centipede_taker")

    def decide(self, memory: Int[np.ndarray, " B"], view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        return taking(memory, view)


def check_node(node: Any) -> None:
    """Raise `BadParameter` unless `node` is a whole number, 1 or more, or the word drawn."""
    if node != "drawn" and (not isinstance(node, int) or isinstance(node, bool) or node < 1):
        raise BadParameter(f"the node is {node!r}; it must be a whole number, 1 or more, or drawn")


def nodes(node: int | str, table: Table, who: str) -> Int[np.ndarray, " B"]:
    """The node from which on each match's centipede is taken."""
    rules = rules_of(table.game, Centipede, who)
    if isinstance(node, str):
        return 1 + table.chance.integers("drawn", rules.nodes + 1)
    return np.full(table.matches, node, dtype=np.int64)


def taking(node: Int[np.ndarray, " B"], view: View) -> Decision:
    """Takes from `node` on."""
    here = np.asarray(view.game.situation(view.known, view.seat)["node"])
    return certainly(np.where(here >= node, TAKE, PASS), view)
