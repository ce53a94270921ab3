"""Questions about a game whose right answers follow from its rules: what may be done, what it pays, who did what.

Source: Fontana, Pierri and Aiello 2024, "Nicer than humans": before play, models are asked about rules, payoffs and
history. Here every answer is found by playing: scenes are drawn from matches of random choices, and payoffs by stepping
the game from them. What a format does not tell is not asked: logs in letters tell payoffs of small matrix games alone,
and say nothing of how long a match lasts.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import NamedTuple

from prospect_agents.language.asked import Asked
from prospect_agents.language.askers import ASKED, Asking, Drawn
from prospect_agents.language.formats import listed
from prospect_agents.language.model import Query
from prospect_agents.language.predictor import LanguagePredictor, Setting
from prospect_agents.language.scenes import Scene, scenes
from prospect_agents.language.wording import standing
from prospect_env.core.game import Game

KINDS = ("rules", "payoffs", "history")
EACH = 12  #: questions of a kind
STEPS = 6  #: steps of the longest history
MOST = 4  #: options of a question


class Question(NamedTuple):
    """A question of a kind, as it is put to a model, and which of the labels is right."""

    kind: str
    query: Query
    right: int


def questions(
    predictor: LanguagePredictor,
    game: Game,
    seat: int,
    each: int = EACH,
    steps: int = STEPS,
    seed: int = 0,
) -> list[Question]:
    """`each` different questions (or as many as are found) of every kind that can be asked of this game told so.

    A scene is told as `predictor` would be told it in play, its preamble, style and memory included, and nothing is
    asked that what is told of the past leaves open.
    The ways to ask of a kind take turns, and so do the places at which the right answer is listed. Symbols turn from
    question to question as they do from match to match. The same arguments give the same questions. Raises what the
    format raises where it cannot tell the game.
    """
    asked: list[Question] = []
    # Some scenes allow no question of a kind, or the same once more: more are drawn than are needed.
    drawn = scenes(game, seat, 4 * each, steps, seed)
    for kind in KINDS:
        turns, made = Counter[int](), dict[Query, Question]()
        for scene in drawn:
            told = _told(predictor, scene, seat)
            luck, counted = Random(f"{seed}/{kind}/{scene.match}"), predictor.memory == "counts"
            ways = len(ASKED[kind])
            for way in ((len(made) + turn) % ways for turn in range(ways)):
                moment = Drawn(scene, told.telling, told.past, counted, luck, turns[way])
                question = _question(kind, way, moment, predictor)
                if question is not None and question.query not in made:
                    made[question.query] = question
                    turns[way] += 1
                    break
            if len(made) == each:
                break
        asked += made.values()
    return asked


def _told(predictor: LanguagePredictor, scene: Scene, about: int) -> Setting:
    asked = Asked(about, tuple(range(len(scene.game.spec.actions))))
    return predictor.setting(scene.game, scene.seat, scene.match, scene.moments, asked)


def _question(kind: str, way: int, drawn: Drawn, predictor: LanguagePredictor) -> Question | None:
    found = ASKED[kind][way](drawn)
    if found is None:
        return None
    options = _placed(found, drawn.turn, drawn.luck)
    return Question(kind, _query(predictor, drawn, found, options), options.index(found.right))


def _placed(found: Asking, turn: int, luck: Random) -> list[str]:
    """The options, the right one in each place equally often, and not in step with the symbols' own turns."""
    options = luck.sample(found.others, min(MOST - 1, len(found.others)))
    count = len(options) + 1
    options.insert((turn + turn // count) % count, found.right)
    return options


def _query(predictor: LanguagePredictor, drawn: Drawn, found: Asking, options: list[str]) -> Query:
    scene = drawn.scene
    telling, _, context, rest = _told(predictor, scene, found.about)
    words = f"{rest}{standing(telling, scene.situation)}Question: {found.words}: {listed(options)}?\n"
    # A label that begins another one would be counted with it, were it not for its end.
    doubtful = any(a != b and b.startswith(a) for a in options for b in options)
    end = "\n" if doubtful else ""
    if predictor.style == "chat":
        return Query(context, words + "Answer with that alone.", tuple(f"{each}{end}" for each in options), True)
    return Query(context, words + "Answer:", tuple(f" {each}{end}" for each in options))
