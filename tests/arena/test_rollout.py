"""Returns of the actions not taken, and free text that goes with actions: by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.arena.store.arrays import episodes as restored
from prospect_env.arena.store.fingerprint import digests
from prospect_env.arena.store.tables import tables
from prospect_env.core.chance import Chance
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.policy import Decision, Event, Memory, Policy, Table, View
from tests.toys import Offers, Pond


def test_returns_by_hand() -> None:
    # Against tit for tat, which would have answered my D of the second of three rounds with D in the third:
    # as played (C C C against C C C) the rest is worth 3 + 3; with D in it, 5 and then, for C against D, 0.
    episodes = play("prisoners_dilemma", ["always_cooperate", "tit_for_tat"], branch="returns", max_steps=3)
    assert episodes.branch_returns is not None
    mine = episodes.branch_returns[0, :, 0]
    # [step, own action, whose return]
    assert mine[1].tolist() == [[6, 6], [5 + 0, 0 + 5]]
    assert mine[0].tolist() == [[9, 9], [5 + 0 + 3, 0 + 5 + 3]]
    assert mine[2].tolist() == [[3, 3], [5, 0]]
    # Seat 1 defecting once is never answered: always cooperate goes on, and tit for tat goes back to cooperating.
    assert episodes.branch_returns[0, 0, 1].tolist() == [[9, 9], [0 + 6, 5 + 6]]


@pytest.mark.parametrize(("game", "policies"), [(Pond(), ["random", "random:p=.4"]), (Offers(), ["random", "random"])])
def test_the_branch_of_what_was_done_is_what_happened(game: object, policies: list[str]) -> None:
    episodes = play(game, policies, episodes=6, branch="returns")  # type: ignore[arg-type]
    assert episodes.branch_returns is not None
    e, t, i = np.nonzero(episodes.active)
    taken = episodes.branch_returns[e, t, i, episodes.actions[e, t, i]]
    onward = np.cumsum(episodes.rewards[:, ::-1], axis=1)[:, ::-1]
    assert np.allclose(taken, onward[e, t], atol=1e-5)
    illegal = np.isnan(episodes.branch_returns).any(axis=-1)
    assert not illegal[e, t, i, episodes.actions[e, t, i]].any()
    assert illegal[~episodes.active].all()


def test_nobody_who_cannot_be_asked_twice() -> None:
    with pytest.raises(UnsuitablePolicy, match="cannot be asked twice"):
        play("prisoners_dilemma", ["human", "tit_for_tat"], branch="returns")


class Talker(Policy):
    """Says what it heard last, or the name of its seat; always takes the first legal action."""

    name = "talker"

    def begin(self, table: Table) -> tuple[str, ...]:
        return (f"I am {table.seat}",) * table.matches

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        return Decision(np.argmax(view.legal, axis=1), message=memory)

    def observe(self, memory: Memory, event: Event) -> Memory:
        if event.messages is None:
            return memory
        return tuple(f"heard {' and '.join(said)}" for said in event.messages)


class Loud(Pond):
    """The pond, with talk."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self.spec = replace(self.spec, announces=(-1, -1))


def test_free_text_is_heard_by_all_and_recorded() -> None:
    episodes = play(Loud(), [Talker(), "random"], episodes=3)
    assert episodes.messages is not None
    assert episodes.messages[0, :2, 0].tolist() == ["I am 0", "heard I am 0 and "]
    assert (episodes.messages[:, :, 1] == "").all()
    plain = play(Pond(1.0), [Talker(), "random"], episodes=3)
    assert plain.messages is None


def test_text_measures_and_returns_survive_the_files() -> None:
    episodes = play(Loud(), [Talker(), "forecasting:actor=random"], episodes=3, branch="returns")
    back: Episodes = restored(
        episodes.game, episodes.policies, episodes.feeds, tables(episodes, 0, {}), episodes.seconds
    )
    assert back.messages is not None
    assert back.messages.tolist() == episodes.messages.tolist()  # type: ignore[union-attr]
    assert np.array_equal(back.measures, episodes.measures)  # type: ignore[arg-type]
    assert np.array_equal(back.realised, episodes.realised)  # type: ignore[arg-type]
    assert digests(back) == digests(episodes)
