"""A human at the terminal: sees what happened, is told what may be done, and can be asked for a forecast too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from prospect_agents.strategies.constant import one_hot
from prospect_env.core.chance import Chance
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.forecast import Forecast, normalised, uniform
from prospect_env.core.policy import Decision, Event, Policy, Table, View

Ask = Callable[[str], str]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Score:
    """What was seen last, Int `[B, N]` (-1: nothing yet), the last own reward and the total, float `[B]`."""

    seen: Int[np.ndarray, "B N"]
    reward: Float[np.ndarray, " B"]
    total: Float[np.ndarray, " B"]


class Human(Policy):
    """You, at the terminal; with `forecast=true` you are first asked what the others will do."""

    branchable = False

    def __init__(self, forecast: bool = False) -> None:
        self.forecasts = bool(forecast)
        #: how it is asked and told things; tests and other front ends put their own here
        self.ask: Ask = input
        self.say: Say = print

    def begin(self, table: Table) -> Score:
        nothing = np.zeros(table.matches)
        return Score(np.full((table.matches, table.game.spec.seats), -1), nothing, nothing)

    def observe(self, memory: Score, event: Event) -> Score:
        played = np.asarray(event.active).any(axis=1)
        seen = np.where(np.expand_dims(played, 1), event.seen, memory.seen)
        reward = np.where(played, event.reward, memory.reward)
        return replace(memory, seen=seen, reward=reward, total=memory.total + np.where(played, event.reward, 0.0))

    def forecast(self, memory: Score, view: View, chance: Chance) -> Forecast | None:
        """Asks, for every other seat, what it does now, and what it does next after each legal own action."""
        spec = view.game.spec
        probs = uniform((len(view.active), *spec.forecast_shape))
        for row in np.flatnonzero(view.active):
            self.say(self._standing(memory, view, int(row)))
            self.say(
                f"How likely is each? {len(spec.reactions)} numbers for {', '.join(spec.reactions)}; Enter: no idea."
            )
            for seat in range(spec.seats):
                if seat == view.seat:
                    continue
                probs[row, 0, :, seat] = self._likely(f"{spec.agents[seat]} now", len(spec.reactions))
                for action in np.flatnonzero(view.legal[row]):
                    question = f"{spec.agents[seat]} next, if you {spec.actions[action]} now"
                    probs[row, 1, action, seat] = self._likely(question, len(spec.reactions))
        return Forecast(probs)

    def decide(self, memory: Score, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        action = np.argmax(view.legal, axis=1)
        for row in np.flatnonzero(view.active):
            if not self.forecasts:
                self.say(self._standing(memory, view, int(row)))
            action[row] = self._choice(view, int(row))
        # Probabilities are stated, so that nobody asks again to estimate them.
        return Decision(action, one_hot(action, view.legal.shape[1]))

    def _standing(self, memory: Score, view: View, row: int) -> str:
        spec = view.game.spec
        step = int(np.broadcast_to(view.step, view.match.shape)[row])
        head = f"{spec.name}, match {int(view.match[row])}, step {step + 1}: you are {spec.agents[view.seat]}"
        if step == 0:
            return head
        did = [
            f"{'you' if seat == view.seat else spec.agents[seat]}: {spec.actions[int(action)]}"
            for seat, action in enumerate(memory.seen[row])
            if action >= 0
        ]
        return f"{head}\n  last: {', '.join(did)}; you got {memory.reward[row]:g}, {memory.total[row]:g} in all"

    def _choice(self, view: View, row: int) -> int:
        labels = view.game.spec.actions
        legal = [int(action) for action in np.flatnonzero(view.legal[row])]
        menu = ", ".join(f"{action} {labels[action]}" for action in legal)
        while True:
            answer = self._answer(f"Your choice ({menu}): ").lower()
            found = [a for a in legal if answer in (str(a), labels[a].lower())]
            found = found or [a for a in legal if answer and labels[a].lower().startswith(answer)]
            if len(found) == 1:
                return found[0]
            self.say(f"{answer!r} is none of {menu}; type a number or the beginning of a word.")

    def _likely(self, question: str, count: int) -> np.ndarray:
        while True:
            answer = self._answer(f"  {question}: ")
            if not answer:
                return uniform((count,))
            try:
                numbers = np.array([float(part.rstrip("%")) for part in answer.replace(",", " ").split()])
            except ValueError:
                numbers = np.array([])
            if len(numbers) == count and np.isfinite(numbers).all() and (numbers >= 0).all() and numbers.sum() > 0:
                return normalised(numbers)
            self.say(
                f"  {answer!r} is not {count} numbers, 0 or more and not all 0, such as {' '.join(['1'] * count)}."
            )

    def _answer(self, question: str) -> str:
        try:
            return self.ask(question).strip()
        except EOFError:
            raise UnsuitablePolicy("human needs somebody at the terminal; the input has ended") from None
