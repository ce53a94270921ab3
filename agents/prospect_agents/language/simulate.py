"""`Simulating`: a language model that foresees others by taking their seats, itself as a model of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from prospect_agents.language.asked import Asked, Moment
from prospect_agents.language.log import Log
from prospect_agents.language.model import Query
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.questions import Row, rolled, standing
from prospect_env.core.chance import Chance
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.policy import Table, View


class Simulating(LanguagePredictor):
    """Foresees another seat by asking the model what it would do there itself, with the roles swapped.

    The match is told to the other seat and the question is its own choice, word for word as a policy of the same model
    and format is asked that sits there: against itself it foresees what it will do. What is told is what the forecaster
    has seen, whatever the other saw of it, and where things stand only where nothing is hidden from anybody: what the
    forecaster alone knows is never told. What is chosen may be executed otherwise by trembling hands; the rules of the
    game are reckoned with, so that the forecast is of what is done.

    Rolled forward, continuations are told as if they had happened. With rows `asked`, an own action is told as the last
    thing that happened. What others do at the same time is left out (`joint_log` has what they did before it), and
    where things will then stand is not told. That needs reactions that are the actions chosen, and no trembling hands;
    by default other games are rolled forward.

    Raises `UnsuitablePolicy`, when it sits down, in games whose reactions are events: nobody chooses these.
    """

    def begin(self, table: Table) -> Log:
        spec = table.game.spec
        if spec.events:
            raise UnsuitablePolicy(f"simulate asks what others choose; reactions in {spec.name} are events")
        if self.row_mode == "asked" and not _chosen(table.game):
            raise UnsuitablePolicy(
                f"simulate asks what others choose, and in {spec.name} reactions are more than that (coarser than "
                "actions, or noisy); use rows=rolled"
            )
        for seat in range(spec.seats):
            self.format.telling(table.game, seat, 0)
        return super().begin(table)

    def states_rows(self, view: View) -> bool:
        if self.row_mode is None:
            return not rolled(view.game.spec) and _chosen(view.game)
        return super().states_rows(view)

    def predict(self, memory: Log, view: View, chance: Chance) -> Float[np.ndarray, "B N A"]:
        state = view.game.believe(view.known, view.seat, chance.imagine())
        said = super().predict(memory, view, chance)
        done = view.game.executed(state, said)
        done[:, view.seat] = said[:, view.seat]  # that is of what is executed already
        return done

    def queries(self, memory: Log, view: View, asked: Sequence[Row]) -> list[Query]:
        return super().queries(memory, view, _from_their_seats(view, asked))

    def query(self, view: View, match: int, moments: tuple[Moment, ...], asked: Asked) -> Query:
        if asked.given is not None:
            done = tuple(asked.given if seat == view.seat else -1 for seat in range(view.game.spec.seats))
            moments = (*moments, Moment(done))
            asked = replace(asked, given=None, reactions=False)
        return self.told(view.game, asked.about, match, moments, replace(asked, now=(asked.about,)))


def _chosen(game: Game) -> bool:
    """Whether reactions are the very actions that were chosen."""
    return game.spec.reactions_are_actions and game.noiseless == game


def _from_their_seats(view: View, asked: Sequence[Row]) -> list[Row]:
    """The questions, with where things stand as whoever is asked about knows it."""
    seats = {question.about for _, question in asked} - {view.seat}
    # Where something is hidden, what the forecaster knows is no more than a guess at what the other does.
    open_ = view.game.spec.perfect_information
    stands = {seat: standing(replace(view, seat=seat)) for seat in seats if open_}

    def told(row: Row) -> Row:
        if row.asked.about == view.seat:
            return row
        known = open_ and row.asked.given is None
        here = stands[row.asked.about][row.row] if known else {"situation": (), "sight": None}
        return Row(row.row, replace(row.asked, **here))

    return [told(row) for row in asked]
