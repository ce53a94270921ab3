"""A log that small models continue best: one line a choice, `A -> B`: what was done, and what came of it next."""

from __future__ import annotations

from prospect_agents.language.asked import Asked, Note, Past
from prospect_agents.language.formats import PromptFormat, Telling, listed
from prospect_agents.language.symbols import UNKNOWN, labels, lettered, rules, they, written
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.game import Game


class ReactionLog(PromptFormat):
    """One line a choice, `A -> B`: what one player did last, and what the other then did.

    What is asked of another is asked after one's own last action, what is asked of oneself after those of the others.
    Free texts are not told.
    """

    def telling(self, game: Game, seat: int, match: int) -> Telling:
        if game.spec.events:
            raise UnsuitablePolicy(
                f"reactions in {game.spec.name} are events, which no log of actions shows; use format=story"
            )
        return lettered(game, seat, match)

    def opening(self, telling: Telling, asked: Asked) -> str:
        if asked.about != telling.seat:
            return f"What I chose -> what {they(telling, asked.about)} chose next:\n"
        whose = "they" if telling.game.spec.seats == 2 else "the others"
        return rules(telling) + f"What {whose} chose -> what I chose next, for as many points as possible:\n"

    def line(self, telling: Telling, past: Past, at: int, asked: Asked) -> str:
        done = past.moments[at].seen[asked.about]
        if done < 0:
            return ""
        if asked.reactions:
            label = telling.reactions[telling.game.spec.reaction_of[done]]
        else:
            label = telling.symbols[done]
        return f"{self._before(telling, past, at, asked)} -> {label}\n"

    def cue(self, telling: Telling, past: Past, asked: Asked) -> str:
        notes = "".join(_noted(telling, note) for note in asked.notes)
        said = self.said(asked, self.speech(telling, past, asked))
        return f"{notes}{said}{self._now(telling, past, asked)} ->"

    def labels(self, telling: Telling, asked: Asked) -> tuple[str, ...]:
        return labels(telling, asked)

    def plea(self, telling: Telling, past: Past, asked: Asked) -> str:
        options = listed([label.strip() for label in self.labels(telling, asked)])
        cue = self.cue(telling, past, asked)
        return f"{cue}\nWhich comes next after the last arrow: {options}? Answer with the letter alone."

    def _now(self, telling: Telling, past: Past, asked: Asked) -> str:
        """What the choice that is asked for comes after."""
        if asked.given is not None:
            return telling.symbols[asked.given]
        return self._before(telling, past, len(past.moments), asked)

    def _before(self, telling: Telling, past: Past, at: int, asked: Asked) -> str:
        """What a choice at step `at` came after."""
        seats = range(telling.game.spec.seats)
        looked_at = [telling.seat] if asked.about != telling.seat else [seat for seat in seats if seat != telling.seat]
        return _last(telling, past, at, looked_at)


class JointLog(ReactionLog):
    """One line a choice, `A B -> B`: what everybody did last, and what one then did; for reactions to several moves."""

    def _now(self, telling: Telling, past: Past, asked: Asked) -> str:
        if asked.given is None:
            return self._before(telling, past, len(past.moments), asked)
        others = [seat for seat in range(telling.game.spec.seats) if seat != telling.seat]
        then = [UNKNOWN if seat in asked.now else _last(telling, past, len(past.moments), [seat]) for seat in others]
        return " ".join([telling.symbols[asked.given], *then])

    def _before(self, telling: Telling, past: Past, at: int, asked: Asked) -> str:
        others = [seat for seat in range(telling.game.spec.seats) if seat != telling.seat]
        own = [telling.seat]
        return _last(telling, past, at, own + others if asked.about != telling.seat else others + own)


def _noted(telling: Telling, note: Note) -> str:
    """A note, in a line of its own."""
    now = " now" if note.given is None else ""
    return f"({written(telling, note, they(telling, note.about))}{now})\n"


def _last(telling: Telling, past: Past, at: int, seats: list[int]) -> str:
    """What these seats did last before step `at`; `start` where none of them had done anything."""
    done = []
    for seat in seats:
        seen = (moment.seen[seat] for moment in reversed(past.moments[:at]))
        done.append(next((telling.symbols[action] for action in seen if action >= 0), "-"))
    return "start" if all(word == "-" for word in done) else " ".join(done)
