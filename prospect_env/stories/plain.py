"""The plain telling of any game: the rules and what changes them, what happened last, what may be chosen."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence

from prospect_env.core.game import Game
from prospect_env.games.grid_map import DIRECTIONS
from prospect_env.games.grid_view import Sight
from prospect_env.games.layers import layers
from prospect_env.games.modifier import Modifier
from prospect_env.games.payoffs import stage_payoffs

CHARACTERS = string.ascii_letters + string.digits + string.punctuation + " \n"  #: all that a narration is made of
LENGTH = 16384  #: the most characters it has

_CHANGES = {
    "announcements": "Before each move everybody who is about to move says what they will do, or nothing; "
    "it binds nobody.",
    "contracts": "A contract is offered for signature ({}). While one is in force that all have signed, whoever does "
    "not cooperate pays its amount, shared equally among the others.",
    "private_monitoring": "What you see of others is wrong with probability {:g}, and your payoff is that of what you "
    "see.",
}


def narrate(
    game: Game,
    seat: int,
    step: int,
    legal: Sequence[int],
    seen: Sequence[int] | None = None,
    reward: float | None = None,
    over: bool = False,
    situation: Mapping[str, float] | None = None,
    sight: Sight | None = None,
) -> str:
    """What `seat` is told after `step` steps.

    `legal` are the actions it may choose now (none: it does not choose now); `seen` what it saw each seat do in the
    last step (-1: nothing), and `reward` its payoff there. `situation` is where things stand, by name (nan: not known),
    and `sight` what it sees of it.
    """
    stands = standing(situation, sight)
    now = "\n".join([*_last(game, seat, seen, reward), *stands, _choice(game, legal, over)])
    rules = [_opening(game, seat), *_payoffs(game, seat), *_trembles(game), *_changes(game), _clock(game, step)]
    return fitted("\n".join(rules), now)


def standing(situation: Mapping[str, float] | None, sight: Sight | None = None) -> list[str]:
    """Where things stand, a line a number; then what is seen of it, as `narrate` is given it."""
    lines = [f"{name.replace('_', ' ')}: {value:g}" for name, value in (situation or {}).items() if value == value]
    if sight is None:
        return lines
    if not sight.rows:
        return [*lines, "You are off the map and see nothing."]
    if not sight.whole:
        facing = (situation or {}).get("facing")
        way = "" if facing is None else f"; you face {DIRECTIONS[int(facing)]}"
        lines.append(f"What you see, with what is ahead of you at the top{way}:")
    return [*lines, *sight.rows, f"({'; '.join(f'{sign} {name}' for sign, name in sight.signs.items())})"]


def fitted(rules: str, now: str) -> str:
    """Both texts in one that is in the space of narrations.

    Characters outside `CHARACTERS` become `?`, and a text longer than `LENGTH` loses its rules first, so that what may
    be chosen is always told.
    """
    text = f"{rules[: max(0, LENGTH - len(now) - 1)]}\n{now}"[-LENGTH:]
    return "".join(character if character in CHARACTERS else "?" for character in text)


def _opening(game: Game, seat: int) -> str:
    spec = game.spec
    others = [_who(game, other) for other in range(spec.seats) if other != seat]
    company = f" with {_listed(others)}" if others else ""
    return f"You are {_who(game, seat)} in a game of {spec.name.replace('_', ' ')}{company}."


def _who(game: Game, seat: int) -> str:
    role = game.spec.roles[seat]
    return game.spec.agents[seat] + (f" ({role})" if len(set(game.spec.roles)) > 1 else "")


def _payoffs(game: Game, seat: int) -> list[str]:
    table = stage_payoffs(game)
    if table is None:
        return []
    *_, rules = layers(game)
    labels, other = rules.spec.actions, 1 - seat
    lines = ["In each step both choose at once, without seeing what the other chooses. The payoffs:"]
    for mine in range(table.shape[seat]):
        for theirs in range(table.shape[other]):
            pay = table[mine, theirs] if seat == 0 else table[theirs, mine]
            lines.append(
                f"- you {labels[mine]}, {rules.spec.agents[other]} {labels[theirs]}: "
                f"you get {pay[seat]:g}, {rules.spec.agents[other]} gets {pay[other]:g}"
            )
    return lines


def _noises(game: Game) -> list[float]:
    return [layer.noise for layer in layers(game) if isinstance(layer, Modifier) and hasattr(layer, "noise")]


def _trembles(game: Game) -> list[str]:
    return [
        f"Choices go wrong: with probability {noise:g} another action than the chosen one is done, "
        "any that may be chosen being as likely as any other."
        for noise in _noises(game)
    ]


def _changes(game: Game) -> list[str]:
    """What modifiers besides noise and ends by chance change, a sentence each."""
    told = {name: getattr(layer, name) for layer in layers(game) for name in _CHANGES if hasattr(layer, name)}
    shown = {name: ", ".join(map(str, value)) if isinstance(value, tuple) else value for name, value in told.items()}
    return [_CHANGES[name].format(value) for name, value in shown.items()]


def _clock(game: Game, step: int) -> str:
    horizon, played = game.spec.horizon, f"{step} {'is' if step == 1 else 'are'} played"
    lasts = f"The game lasts at most {horizon} step{'s' if horizon > 1 else ''}; {played}."
    ends = 1.0 - game.continuation
    return f"{lasts} After each round it ends with probability {ends:g}." if ends > 0 else lasts


def _last(game: Game, seat: int, seen: Sequence[int] | None, reward: float | None) -> list[str]:
    if seen is None:
        return []
    # Only what was done is seen: with a trembling hand that need not be what was chosen.
    verb = "played" if _noises(game) else "chose"
    did = [
        f"{'you' if who == seat else game.spec.agents[who]} {verb} {game.spec.actions[action]}"
        for who, action in enumerate(seen)
        if action >= 0
    ]
    paid = "" if reward is None else f"You got {reward:g}."
    return [" ".join(part for part in (f"In the last step {_listed(did)}." if did else "", paid) if part)]


def _choice(game: Game, legal: Sequence[int], over: bool) -> str:
    if over:
        return "The game is over."
    if not legal:
        return "You do not choose in this step."
    return "You may choose " + " or ".join(f"{action} ({game.spec.actions[action]})" for action in legal) + "."


def _listed(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part) if words else ""
