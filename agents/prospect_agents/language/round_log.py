"""A log with one entry a round: what everybody chose in it, as a table's line or as a sentence."""

from __future__ import annotations

from prospect_agents.language.asked import Asked, Past
from prospect_agents.language.formats import PromptFormat, Telling, listed
from prospect_agents.language.symbols import UNKNOWN, labels, lettered, rules, they, written
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.game import Game


class RoundLog(PromptFormat):
    """One line a step, others' choices first: `Round 3: they chose B, I chose A`."""

    def telling(self, game: Game, seat: int, match: int) -> Telling:
        if not game.spec.reactions_are_actions:
            raise UnsuitablePolicy(
                f"reactions in {game.spec.name} are not actions, which is all that a log of rounds tells; "
                "use format=reaction_log or format=story"
            )
        return lettered(game, seat, match)

    def opening(self, telling: Telling, asked: Asked) -> str:
        return rules(telling)

    def line(self, telling: Telling, past: Past, at: int, asked: Asked) -> str:
        moment = past.moments[at]
        did = {seat: telling.symbols[action] for seat, action in enumerate(moment.seen) if action >= 0}
        return self._told(telling, at, did) + self._texts(telling, moment.said) if did else ""

    def cue(self, telling: Telling, past: Past, asked: Asked) -> str:
        at, before = len(past.moments), ""
        if asked.given is not None:
            did = {seat: UNKNOWN for seat in asked.now if seat != telling.seat}
            before = self._told(telling, at, {**did, telling.seat: telling.symbols[asked.given]})
            at += 1
        if asked.about != telling.seat:
            return f"{before}{self._foresee(telling, at, asked.about)}"
        return before + self.said(asked, self.speech(telling, past, asked)) + self._choose(telling, at, asked)

    def labels(self, telling: Telling, asked: Asked) -> tuple[str, ...]:
        return labels(telling, asked)

    def plea(self, telling: Telling, past: Past, asked: Asked) -> str:
        options = listed([label.strip() for label in self.labels(telling, asked)])
        cue = self.cue(telling, past, asked)
        return f"{cue} ...\nHow does the last line go on: {options}? Answer with the letter alone."

    def _told(self, telling: Telling, at: int, did: dict[int, str]) -> str:
        others = [f"{they(telling, seat)} chose {label}" for seat, label in did.items() if seat != telling.seat]
        own = [f"I chose {did[telling.seat]}"] if telling.seat in did else []
        return f"Round {at + 1}: {', '.join(others + own)}.\n"

    def _texts(self, telling: Telling, said: tuple[str, ...]) -> str:
        who = {seat: "I" if seat == telling.seat else they(telling, seat).capitalize() for seat in range(len(said))}
        return "".join(f'{who[seat]} said: "{text}"\n' for seat, text in enumerate(said) if text)

    def _foresee(self, telling: Telling, at: int, about: int) -> str:
        return f"Round {at + 1}: {they(telling, about)} chose"

    def _choose(self, telling: Telling, at: int, asked: Asked) -> str:
        said = [(note, written(telling, note, they(telling, note.about))) for note in asked.notes]
        reactions = "".join(f"Round {at + 1}: {text}.\n" for note, text in said if note.given is not None)
        moves = [text for note, text in said if note.given is None]
        return f"{reactions}Round {at + 1}: {', '.join([*moves, 'so I choose' if moves else 'I choose'])}"


class Sentences(RoundLog):
    """A sentence a step: `In round 3 I chose A and the other player chose B`."""

    def _told(self, telling: Telling, at: int, did: dict[int, str]) -> str:
        own = [f"I chose {did[telling.seat]}"] if telling.seat in did else []
        others = [f"{_other(telling, seat)} chose {label}" for seat, label in did.items() if seat != telling.seat]
        parts = own + others
        said = " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
        return f"In round {at + 1} {said}.\n"

    def _foresee(self, telling: Telling, at: int, about: int) -> str:
        # The own choice of the round is not known yet: the sentence is asked from the other's side.
        return f"In round {at + 1} {_other(telling, about)} chose"

    def _choose(self, telling: Telling, at: int, asked: Asked) -> str:
        said = [(note, written(telling, note, _other(telling, note.about))) for note in asked.notes]
        # What is foreseen of this round begins the line of it; reactions come later.
        reactions = "".join(f"In round {at + 1}, {text}.\n" for note, text in said if note.given is not None)
        moves = "".join(f"In round {at + 1} {text}. " for note, text in said if note.given is None)
        return f"{reactions}{moves}In round {at + 1} I chose"


def _other(telling: Telling, seat: int) -> str:
    return "the other player" if telling.game.spec.seats == 2 else they(telling, seat)
