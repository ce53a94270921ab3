"""Games in neutral symbols: letters for actions, so that the words' own pull stays out of the answers."""

from __future__ import annotations

from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase

from prospect_agents.language.asked import Asked, Note
from prospect_agents.language.formats import Telling, listed
from prospect_env.core.game import Game
from prospect_env.games.layers import layers
from prospect_env.games.payoffs import stage_payoffs

_NUMBERS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six", 7: "Seven", 8: "Eight"}
#: in a placebo, what stands in for who will react, by the words of its name: they, player 3, the other player
_PAGES = ("the page is", "page {number} is then", "the page here is then")
UNKNOWN = "?"  #: stands for an action that is made now and not known yet


def symbols(count: int, match: int, letters: str = ascii_uppercase) -> tuple[str, ...]:
    """Letters, turned by one place a match: each letter stands for each action equally often.

    More than there are letters get numbers, all of one width, so that none begins another.
    """
    width = len(str(count - 1))
    names = letters[:count] if count <= len(letters) else [f"{i:0{width}}" for i in range(count)]
    return tuple(names[(action + match) % count] for action in range(count))


def lettered(game: Game, seat: int, match: int) -> Telling:
    """The game in letters: capitals for actions, small ones for reactions that are coarser than actions."""
    spec = game.spec
    return _lettered(game, seat, match % len(spec.actions), match % len(spec.reactions))


@lru_cache(maxsize=1024)
def _lettered(game: Game, seat: int, turn: int, other: int) -> Telling:
    spec = game.spec
    actions = symbols(len(spec.actions), turn)
    same = spec.reactions_are_actions
    return Telling(game, seat, actions, actions if same else symbols(len(spec.reactions), other, ascii_lowercase))


def labels(telling: Telling, asked: Asked) -> tuple[str, ...]:
    """One symbol an option, after a blank."""
    words = telling.reactions if asked.reactions else telling.symbols
    return tuple(f" {words[option]}" for option in asked.options)


def they(telling: Telling, seat: int) -> str:
    """What the one who is told calls another."""
    return "they" if telling.game.spec.seats == 2 else f"player {seat + 1}"


def written(telling: Telling, note: Note, who: str) -> str:
    """A note without its end, on a player called `who`: a prediction, or a placebo as long.

    A reaction that stands for several actions is named by all of them: its own letter is in no log of one's choices.
    """
    symbol = listed([telling.symbols[action] for action in telling.game.spec.shown_by[note.reaction]])
    if note.given is None:
        return f"the page is marked {symbol}" if note.placebo else f"{who} will choose {symbol}"
    given = telling.symbols[note.given]
    if not note.placebo:
        return f"if I choose {given}, {who} will then choose {symbol}"
    page = _PAGES[min(len(who.split()), len(_PAGES)) - 1].format(number=note.about + 1)
    return f"where one says {given}, {page} marked {symbol}"


def rules(telling: Telling) -> str:
    """The game in symbols: what may be chosen and, in small matrix games, what each pair of choices pays."""
    game, spec = telling.game, telling.game.spec
    *_, core = layers(game)
    number = _NUMBERS.get(spec.seats, str(spec.seats))
    table = stage_payoffs(game)
    if table is None:
        players = f"{number} player{'s' if spec.seats > 1 else ''}"
        return f"{players} choose {listed(telling.symbols)}, again and again.\n"
    opening = f"Two players choose {listed(telling.symbols)} at the same time, again and again.\n"
    if len(spec.actions) > 4 or spec.actions != core.spec.actions:
        return opening
    lines = []
    for own in range(len(spec.actions)):
        for other in range(len(spec.actions)):
            pair = (own, other) if telling.seat == 0 else (other, own)
            if pair[0] < table.shape[0] and pair[1] < table.shape[1]:
                pays = table[pair]
                mine, theirs = pays[telling.seat], pays[1 - telling.seat]
                choice, answer = telling.symbols[own], telling.symbols[other]
                lines.append(f"I choose {choice}, they choose {answer}: I get {mine:g}, they get {theirs:g}.\n")
    return opening + "".join(lines)
