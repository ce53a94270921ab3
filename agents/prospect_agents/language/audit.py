"""Is the prediction used? What a model says of its own choice when predictions and placebos are written before it.

Here models are asked; what follows from their answers is reckoned by `prospect_env.metrics.use` and
`prospect_env.metrics.agreement`, which know nothing of models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Sized
from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped
from numpy.typing import NDArray

from prospect_agents.catalog import planners
from prospect_agents.language.asked import Note
from prospect_agents.language.policy import LanguagePolicy
from prospect_agents.language.questions import own_choices
from prospect_agents.language.talk import Talking
from prospect_agents.language.twins import answers_each, best_responses, twins
from prospect_agents.language.visits import Visit, asker, turned, visits
from prospect_agents.planners.lookahead import LookAhead
from prospect_agents.planners.planner import Planner
from prospect_agents.prospective import Prospective
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game
from prospect_env.core.make import make, make_game, make_policy
from prospect_env.core.policy import Policy
from prospect_env.core.swapped import Swapped
from prospect_env.core.ties import sole


class Choices(NamedTuple):
    """What a model chooses when asked, and what its own forecasts imply: probabilities `[P, A]`, with `cluster` `[P]`.

    The first is asked of it outright; the second is what a planner chooses by its forecast (literal against functional
    theory of mind, arXiv 2412.19726).
    """

    direct: Float[np.ndarray, "P A"]
    implied: Float[np.ndarray, "P A"]
    cluster: Shaped[np.ndarray, " P"]


def prompt_audit(
    policy: str | Policy,
    game: str | Game,
    others: Sequence[str | Policy],
    episodes: int = 10,
    seed: int = 0,
    steps: Collection[int] | None = None,
    seat: int = 0,
) -> tuple[Swapped, ...]:
    """What the model behind `policy` would choose under each note, in a game and its twins; see `metrics.use`.

    Positions are those that the policy reaches against each of `others`, in paired episodes. At each it is asked with
    nothing written, with each label as a prediction of the other, and with each as a placebo, in every turn of the
    labels (of the order of options, where the format has words for actions). Where the game has no twins it is asked
    alone: there `best` does not tell responses apart, and use is undefined. Raises `UnsuitablePolicy` where no language
    model is asked to choose, and `BadParameter` unless two seats choose actions at once, for arguments out of range and
    where `seat` turns out not to choose at any of `steps`.
    """
    player, rules = make_policy(policy), make_game(game)
    language, partners = asker(player), _partners(others)
    alone = not answers_each(best_responses(rules, seat))
    family = (rules,) if alone else twins(rules, seat)
    numbers = _numbers(episodes)
    found = []
    for turn, twin in enumerate(family):
        best = best_responses(twin, seat)
        parts = [
            _asked(language, visit, turn, best)
            for other in partners
            for visit in visits(player, twin, other, numbers, seed, steps, seat)
        ]
        _check_met(parts, twin, seat, steps)
        found.append(_joined(parts))
    return tuple(found)


def choices(
    policy: str | Policy,
    game: str | Game,
    others: Sequence[str | Policy],
    planner: str | Planner | None = None,
    episodes: int = 10,
    seed: int = 0,
    steps: Collection[int] | None = None,
    seat: int = 0,
) -> Choices:
    """What the model says it does, and what `planner` does by the model's forecast; see `metrics.agreement`.

    Both are asked at the positions that the policy reaches against each of `others`, which sits in all other seats, in
    every turn of the labels. `planner` may be a spec string; by default it is the policy's own planner, and else a
    look-ahead of two steps. Raises `UnsuitablePolicy` where no language model is asked to choose, and `BadParameter`
    for arguments out of range and where `seat` turns out not to choose at any of `steps`.
    """
    player, rules = make_policy(policy), make_game(game)
    language, partners, numbers = asker(player), _partners(others), _numbers(episodes)
    chooser = _planner(planner, player)
    parts = []
    for other in partners:
        for visit in visits(player, rules, other, numbers, seed, steps, seat):
            memory, view, luck, cluster = turned(visit, len(rules.spec.actions))
            forecast = language.forecast(memory, view, luck)
            implied = chooser.decide(view, luck, forecast).probs
            asked = own_choices(view)
            direct = language.chosen(view, luck, asked, language.predictor.answers(memory, view, asked)).probs
            assert direct is not None
            assert implied is not None
            parts.append(Choices(direct, np.asarray(implied, dtype=np.float64), cluster))
    language.calls()
    _check_met(parts, rules, seat, steps)
    return Choices(*map(np.concatenate, zip(*parts, strict=True)))


def _asked(language: LanguagePolicy, visit: Visit, turn: int, best: NDArray[np.integer]) -> Swapped:
    """One step of several matches, every note in every turn of the labels."""
    game, seat, predictor = visit.view.game, visit.view.seat, language.predictor
    labels = tuple(range(len(best)))
    notes: list[tuple[Note, ...]] = [()]
    notes += [(Note(1 - seat, label, labels, placebo),) for placebo in (False, True) for label in labels]
    told = turned(visit, len(labels))
    foreseen = predictor.predict(told.memory, told.view, told.chance)[:, 1 - seat]
    memory, view, luck, _ = turned(told, len(notes))
    # The turn is that of `told`, not of the note.
    view = replace(view, match=np.repeat(told.view.match, len(notes)))
    asked = [
        row._replace(asked=replace(row.asked, notes=notes[k % len(notes)])) for k, row in enumerate(own_choices(view))
    ]
    predictor.calls()
    probs = language.chosen(view, luck, asked, predictor.answers(memory, view, asked)).probs
    calls = predictor.calls()
    assert probs is not None
    shape = (len(visit.cluster), len(labels), len(notes))
    by_note = np.asarray(probs, dtype=np.float64).reshape(*shape, len(labels))
    return Swapped(
        game=game.spec.name, turn=turn, best=best, cluster=visit.cluster,
        nothing=by_note[:, :, 0],
        said=by_note[:, :, 1 : 1 + len(labels)],
        placebo=by_note[:, :, 1 + len(labels) :],
        predicted=sole(foreseen).reshape(shape[:2]),
        tokens=np.array([call.tokens_in for call in calls], dtype=np.float64).reshape(shape),
        mass=np.array([call.mass for call in calls], dtype=np.float64).reshape(shape),
    )  # fmt: skip


def _joined(parts: Iterable[Swapped]) -> Swapped:
    """The positions of several visits to one game."""
    first, *rest = parts
    of_game = ("game", "turn", "best")
    joined: dict[str, Any] = {
        field.name: np.concatenate([getattr(one, field.name) for one in (first, *rest)])
        for field in fields(first)
        if field.name not in of_game
    }
    return replace(first, **joined)


def _partners(others: Sequence[str | Policy]) -> list[Policy]:
    """The co-players, all of them built before the first is met."""
    if isinstance(others, str) or not isinstance(others, Sequence) or not others:
        raise BadParameter(f"others is {others!r}; it must be a list of one or more policies")
    return [make_policy(other) for other in others]


def _planner(planner: str | Planner | None, player: Policy) -> Planner:
    if planner is None:
        player = player.inner if isinstance(player, Talking) else player
        return player.planner if isinstance(player, Prospective) else LookAhead()
    if not isinstance(planner, str | Planner):
        raise BadParameter(f"planner is {planner!r}; it may be None, a spec string or a Planner")
    built: Planner = make(planners, planner) if isinstance(planner, str) else planner
    return built


def _check_met(parts: Sized, game: Game, seat: int, steps: Collection[int] | None) -> None:
    """Raises `BadParameter` where a seat was met nowhere: who moves when is known only once it is played."""
    if not parts:
        at = "the steps" if steps is None else f"the steps {sorted(map(int, steps))}"
        where = f"seat {seat} of {game.spec.name} chooses at none of {at} of these episodes"
        raise BadParameter(f"{where}; name a seat and steps at which it does")


def _numbers(episodes: int) -> NDArray[np.int64]:
    if isinstance(episodes, bool) or not isinstance(episodes, int) or episodes < 1:
        raise BadParameter(f"episodes is {episodes!r}; it may be 1 or more")
    return np.arange(episodes)
