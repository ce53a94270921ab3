"""Where a perfect forecast pays: the diagnosticity of every game, co-player by co-player.

Diagnosticity is V[oracle] - V[marginal]: what a seat earns in a match when its planner is fed the co-players' true
probabilities, less what it earns when the same planner is fed how often each of them did what so far in the match. The
seeds are paired, and the 95% interval is a bootstrap of episodes, each of which has co-players of its own. Where it is
about 0, nobody can show by its return that it foresees more than habits; each game is tried against somebody whom
foresight pays and against somebody (random, as a rule) whom it cannot.

    python experiments/diagnosticity.py [GAME ...] [--seed S] [--limit SECONDS] [--file PATH]

What is found is put into `docs/games/diagnosticity.json` case by case, and shown on the pages of the games.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

import prospect_env
from prospect_env import make_game, metrics, play
from prospect_env.core.registry import games
from prospect_env.report.document import document

FILE = Path(__file__).parents[1] / "docs" / "games" / "diagnosticity.json"
FEEDS = ("marginal", "oracle")


class Case(NamedTuple):
    """Who is fed, in which `seat`, with which planner; `others` sit in the remaining seats, a single one in each."""

    seat: int
    planner: str
    others: tuple[str, ...]
    episodes: int
    changes: dict[str, Any]


def case(planner: str, *others: str, seat: int = 0, episodes: int = 100, **changes: Any) -> Case:
    """A case of the table below; `changes` are to the parameters given there."""
    return Case(seat, planner, others, episodes, changes)


MYOPIC, TWO, THREE, FOUR = "planner=myopic", "depth=2", "depth=3", "depth=4"
ANYBODY = "random_memory_one"
#: alternates: half the time this, half the time that, and certain given what it did last
ALTERNATES = "memory_one:p=[1,0,0,1,1]"
#: defects until it is met with cooperation, and cooperates ever after
MELTS = "memory_one:p=[0,1,1,1,0]"
SHARES = "conditional_cooperator:share=1"
DILEMMA = [case(TWO, "tit_for_tat"), case(TWO, ANYBODY), case(TWO, ALTERNATES), case(TWO, "random")]
CHOICE = [case(TWO, ALTERNATES), case(TWO, ANYBODY), case(TWO, "random")]
_FEW = {"rounds": 20}
_ORCHARD = {"seats": 2, "map": "small", "steps": 30, "view": [2, 1, 1], "window": 1}

#: by game: its parameters, and who plays whom
CASES: dict[str, tuple[dict[str, Any], list[Case]]] = {
    "prisoners_dilemma": (_FEW, [*DILEMMA, case(TWO, "always_defect")]),
    "stag_hunt": (_FEW, DILEMMA),
    "chicken": (_FEW, DILEMMA),
    "deadlock": (_FEW, [case("depth=5", MELTS), case(TWO, ANYBODY), case(TWO, "random")]),
    "battle_of_the_sexes": (_FEW, CHOICE),
    "matching_pennies": (_FEW, CHOICE),
    "coordination": (_FEW, CHOICE),
    "matrix_game": (_FEW, [case(TWO, "best_reply_dynamics"), case(TWO, "always:action=1"), case(TWO, "random")]),
    "public_goods": (
        {"rounds": 10},
        [case(TWO, SHARES), case(TWO, "random_reactive", threshold=30), case(TWO, "random")],
    ),
    "collective_risk": (
        {"seats": 3, "rounds": 4, "endowment": 16, "target": 24, "probability": 1.0},
        [case(TWO, SHARES), case(FOUR, SHARES, episodes=20), case(TWO, "random")],
    ),
    "commons": (
        {"seats": 3},
        [case(TWO, "sustainable_harvester", SHARES), case(TWO, "sustainable_harvester"), case(TWO, "random")],
    ),
    "trust": (
        {"rounds": 10},
        [
            case(TWO, "reciprocal_trustee"),
            case(THREE, "gradual_investor", seat=1),
            case(TWO, "random"),
            case(TWO, "random", seat=1),
        ],
    ),
    "ultimatum": (
        {"rounds": 10},
        [
            case(TWO, "fair_responder"),
            case(TWO, "fair_responder:threshold=drawn"),
            case(THREE, "conceding_proposer", seat=1),
            case(TWO, "random"),
        ],
    ),
    "centipede": (
        {"rounds": 5},
        [
            case(FOUR, "centipede_taker:node=drawn"),
            case(FOUR, "directional_taker:start=2"),
            # Taking early provokes, which pays off no sooner than the round after next: eight nodes ahead are still too
            # few to see it. In rounds of two nodes four are enough.
            case("depth=8,discount=1", "directional_taker:start=2", episodes=20),
            case(FOUR, "directional_taker:start=2", nodes=2),
            case(FOUR, "random"),
        ],
    ),
    "bargaining": (
        {},
        [
            case(TWO, "tough_bargainer:demand=.5", episodes=20),
            case(TWO, "aspiring_bargainer", episodes=20),
            case(TWO, "random", episodes=20),
        ],
    ),
    "donation": (
        {"rounds": 10, "error": 0.0},
        [case(TWO, "discriminator", episodes=20), case(TWO, "random", episodes=20)],
    ),
    "audit": (
        {"rounds": 5},
        [
            case(TWO, "honest_worker", "suspicious_overseer", episodes=20),
            case(TWO, "random", episodes=20),
        ],
    ),
    "prediction_market_trap": (
        {"rounds": 10},
        [
            case(TWO, "always:action=10", "always:action=11"),
            case(TWO, "crowd_avoider"),
            case(TWO, "random", episodes=20),
        ],
    ),
    "travellers_dilemma": (
        {"rounds": 10},
        [case(MYOPIC, "level_k:k=2"), case(MYOPIC, "tit_for_tat"), case(MYOPIC, "random")],
    ),
    "beauty_contest": (
        {"high": 20, "rounds": 10},
        [case(MYOPIC, "best_reply_dynamics", episodes=40), case(MYOPIC, "random", episodes=40)],
    ),
    "volunteers_dilemma": (
        _FEW,
        [case(MYOPIC, "level_k:k=1"), case(MYOPIC, "best_reply_dynamics"), case(MYOPIC, "random")],
    ),
    "minority": (_FEW, [case(MYOPIC, "best_reply_dynamics"), case(MYOPIC, "random")]),
    "stackelberg": (
        {"rounds": 10},
        [
            case(TWO, "tit_for_tat"),
            case(TWO, "random"),
        ],
    ),
    "coin_game": (
        {"steps": 10, "window": 1},
        [
            case(MYOPIC, "greedy_collector", episodes=10),
            case(TWO, "tit_for_tat_collector", episodes=20),
            case(MYOPIC, "random", episodes=10),
        ],
    ),
    "harvest": (
        _ORCHARD,
        [
            case(THREE, "avenging_zapper", episodes=20),
            case(THREE, "greedy_forager", episodes=20),
            case(TWO, "greedy_forager", episodes=20),
            case(TWO, "random", episodes=20),
        ],
    ),
    "cleanup": (
        _ORCHARD,
        [
            case(THREE, "conditional_cleaner", episodes=20),
            case(TWO, "cleaner", episodes=20),
            case(TWO, "random", episodes=20),
        ],
    ),
}


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `TimeoutError` where what is inside takes more processor time: whatever else the machine does."""

    def late(*_: Any) -> None:
        raise TimeoutError(f"it takes more than {seconds:g} seconds of a core")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def seated(one: Case, seats: int) -> list[str]:
    """Everybody at the table, in the order of seats."""
    others = list(one.others * (seats - 1) if len(one.others) == 1 else one.others)
    return [*others[: one.seat], f"prospective:predictor=uniform,{one.planner}", *others[one.seat :]]


def measured(game: str, parameters: dict[str, Any], one: Case, seed: int, limit: float) -> dict[str, Any]:
    """One row: the case and its diagnosticity, or null and the reason where it takes too long."""
    parameters = {**parameters, **one.changes}
    rules = make_game(game, **parameters)
    policies = seated(one, rules.spec.seats)
    row = {
        "game": game,
        "parameters": parameters,
        "seat": one.seat,
        "role": rules.spec.roles[one.seat],
        "planner": policies[one.seat],
        "co_players": [policy for seat, policy in enumerate(policies) if seat != one.seat],
        "episodes": one.episodes,
        "seed": seed,
        "version": prospect_env.__version__,
    }
    nothing = dict.fromkeys(("marginal", "oracle", "value", "low", "high"))
    try:
        with at_most(limit):
            # What is replaced whole need not be forecast first.
            runs = {f: play(rules, policies, one.episodes, seed, feeds={one.seat: f}, commit=False) for f in FEEDS}
    except TimeoutError as error:
        return {**row, **nothing, "reason": f"not measured: {error}"}
    returns = {feed: metrics.compute(run, ["return"])["return"][:, one.seat] for feed, run in runs.items()}
    if rules.spec.events and not any(earned.any() for earned in returns.values()):
        # Who gets nowhere in time had no choice that mattered: a difference of nothings would look like a finding.
        return {**row, **nothing, "reason": "not measured: the seat earns nothing in so short a match"}
    means = {feed: float(earned.mean()) for feed, earned in returns.items()}
    return {**row, **means, **metrics.compare("diagnosticity", runs, seat=one.seat)._asdict(), "reason": None}


def save(rows: Sequence[dict[str, Any]], file: Path) -> None:
    """Put `rows` into the file, in place of what it says of these games; never half a file."""
    new = {row["game"] for row in rows}
    old = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    both = sorted([row for row in old if row["game"] not in new] + list(rows), key=lambda row: str(row["game"]))
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_text(document(both) + "\n", encoding="utf-8")
    part.replace(file)


def main(
    game: Annotated[list[str] | None, typer.Argument(help="the games to measure; all if none is named")] = None,
    seed: Annotated[int, typer.Option(help="seed of the run")] = 0,
    limit: Annotated[float, typer.Option(help="seconds of a core that a case may take", min=1)] = 300,
    file: Annotated[Path, typer.Option(help="where to put what is found")] = FILE,
) -> None:
    """Print the table, and put it into the file."""
    named = game or list(games)
    print(f"V[oracle] - V[marginal] a match [95%], seed {seed}")
    for name in named:
        parameters, cases = CASES[name]
        rows = []
        for one in cases:
            row = measured(name, parameters, one, seed, limit)
            rows.append(row)
            save(rows, file)
            said = row["reason"] or "{value:8.3f} [{low:8.3f}, {high:8.3f}] = {oracle:.3f} - {marginal:.3f}".format(
                **row
            )
            print(f"{name:>22} {row['role']:>12} {one.planner:>14} {', '.join(one.others):<48} {said}", flush=True)


if __name__ == "__main__":
    typer.run(main)
