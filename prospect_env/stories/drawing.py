"""How stories come about: a frame's first words make its canonical story, other draws of its words the variants.

A variant has other names, labels, order of options, currency, amounts (the payoffs under a positive affine map) and
phrasings, and never another game. So that a variant can be compared with canonical words on the very same numbers,
`canonical_like` gives the canonical story in a variant's amounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from random import Random

from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game
from prospect_env.games.layers import fixed_rounds, layers
from prospect_env.games.matrix import MatrixGame
from prospect_env.stories.facts import changes, untold
from prospect_env.stories.frames import CANONICAL, Frame, frame_at, frame_of
from prospect_env.stories.labels import Drawn, First, actions_told, labels_told, reactions_told
from prospect_env.stories.rules import lines, placed, telling
from prospect_env.stories.story import Story

SCALES, SHIFTS = (1, 2, 3, 4, 5, 10), (0, 1, 2, 3, 5, 10)
#: modifiers under which every step is a round, so that a constant added to each payment favours nobody
_BY_STEP = {"noise", "termination_probability", "private_monitoring"}
#: modifiers that speak of no amounts, so that all payoffs may be told multiplied
_WITHOUT_AMOUNTS = {*_BY_STEP, "announcements"}
_OWN_KEYS = {"names", "actions", "reactions", "roles"}  #: declared words that are no single word
_TRIES = 200


@lru_cache(maxsize=1024)
def canonical(game: Game, frame: str = CANONICAL) -> Story:
    """The canonical story of a frame: its first words, the order of the rules, payoffs as they are.

    Raises `UnknownName` for a frame this game does not have, and `BadParameter` if it does not fit: it has too few
    labels or names, or no words for something that has to be told. Nothing needs to be played to find out.
    """
    from prospect_env.stories.fitting import check

    story = _drawn(game, frame_of(game, frame), First())
    check(game, story)
    return story


def variants(game: Game, story: Story, n: int, seed: int = 0) -> tuple[Story, ...]:
    """`n` other stories of the same frame: all different where it has words enough, the first of them for any `n`."""
    if n < 0:
        raise BadParameter(f"n is {n}; it must be 0 or more")
    found, others = _begun(game, replace(story, distractors=()), seed)
    while len(found) < n:
        found.append(next(others))
    return tuple(found[:n])


def canonical_like(game: Game, variant: Story) -> Story:
    """Canonical words with the numbers of `variant`: what it is to be compared with."""
    return replace(canonical(game, variant.frame), scale=variant.scale, shift=variant.shift)


def turned(story: Story, turns: int) -> Story:
    """`story` with its options listed in an order turned by so many places: each stands first equally often."""
    places = turns % len(story.order)
    return replace(story, order=story.order[places:] + story.order[:places])


@lru_cache(maxsize=64)
def _begun(game: Game, story: Story, seed: int) -> tuple[list[Story], Iterator[Story]]:
    """The variants drawn so far, and those to come."""
    return [], _others(game, story, seed)


def _others(game: Game, story: Story, seed: int) -> Iterator[Story]:
    frame, seen, number = frame_at(story.template), {_text(game, story)}, 0
    while True:
        for _ in range(_TRIES):
            draw = Drawn(story.template, story.game, seed, number)
            other = _drawn(game, frame, draw, draw.random)
            text, number = _text(game, other), number + 1
            if text not in seen:
                break
        seen.add(text)
        yield other


def _text(game: Game, story: Story) -> str:
    return placed(lines(game, telling(game, story, 0)), ())


def _drawn(game: Game, frame: Frame, draw: First, random: Random | None = None) -> Story:
    spec, declared = game.spec, frame.words
    names = _enough(draw, declared["names"], spec.seats, "names", frame)
    words = {name: draw.pick(options) for name, options in declared.items() if name not in _OWN_KEYS}
    actions = actions_told(game, frame, draw, names, words["announcing"])
    reactions = reactions_told(
        game, frame, draw, names, dict(zip(spec.actions, actions, strict=True)), words["announces"]
    )
    scale, shift = _amounts(game, random)
    return Story(
        game=spec.name,
        template=frame.path,
        names=tuple(names),
        actions=tuple(actions),
        reactions=tuple(reactions),
        roles=tuple(labels_told(spec.roles, declared.get("roles", {}), draw, names)),
        words=tuple(words.items()),
        order=tuple(draw.some(range(len(actions)), len(actions))),
        scale=scale,
        shift=shift,
        phrasing=random.randrange(1, 2**31) if random else 0,
        by_round=fixed_rounds(game) is not None,
        cooperative=spec.cooperative,
        untold=untold(game),
    )


def _amounts(game: Game, random: Random | None) -> tuple[int, int]:
    """How payoffs are told: only tables are told as other numbers than they are, since there all amounts are told."""
    *layered, rules = layers(game)
    around = {name for layer in layered for name in changes(layer)}
    if random is None or not isinstance(rules, MatrixGame) or not around <= _WITHOUT_AMOUNTS:
        return 1, 0
    return random.choice(SCALES), random.choice(SHIFTS) if around <= _BY_STEP else 0


def _enough(draw: First, options: Sequence[str], count: int, what: str, frame: Frame) -> list[str]:
    if len(options) < count:
        raise BadParameter(f"frame {frame.name!r} has {len(options)} {what}, and {count} are needed")
    return draw.some(options, count)
