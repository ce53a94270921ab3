"""How fast matches are played, against axelrod's match loop in the same process, and what branching adds.

    python experiments/bench/play.py [--matches N] [--repeats K] [--json]

`axelrod` (extra `bench`) is measured beside it when it is installed; otherwise the stored figure is used and named. All
times are CPU time of this process; of several repeats the fastest counts.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from prospect_env import make_game, metrics, play

METRICS = ("return", "welfare", "cooperation", "reciprocity", "equality")
#: policies of different kinds, all through the ordinary policy contract
TABLES = (
    ("random_memory_one", "memory_one:p=[.9,.1,.8,.2,.5]"),
    ("memory_one:p=[.7,.9,.2,.6,.1]", "generous_tit_for_tat"),
    ("tit_for_tat", "random_memory_one"),
)
ROUNDS = 200
#: axelrod 4.14.0, Match(TFT, Alternator), 200 turns, player-moves per CPU second on a 2-core machine
STORED_AXELROD = 0.60e6


def fastest(work: Callable[[], Any], repeats: int) -> float:
    """The least CPU time of `repeats` runs, seconds."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def throughput(policies: tuple[str, str], matches: int, repeats: int, scored: bool) -> float:
    """Player-moves per CPU second of batched play, records and (if `scored`) five metrics included."""
    game = make_game("prisoners_dilemma", rounds=ROUNDS)

    def work() -> None:
        episodes = play(game, policies, episodes=matches)
        if scored:
            metrics.compute(episodes, METRICS)

    return matches * ROUNDS * 2 / fastest(work, repeats)


def axelrod(repeats: int) -> float | None:
    """Player-moves per CPU second of axelrod's match loop; None if it is not installed."""
    if importlib.util.find_spec("axelrod") is None:
        return None
    import axelrod as axl

    def work() -> None:
        for _ in range(50):
            axl.Match((axl.TitForTat(), axl.Alternator()), turns=ROUNDS).play()

    return 50 * ROUNDS * 2 / fastest(work, repeats)


def branch_cost(actor: str, predictor: str, co_player: str, repeats: int) -> float:
    """CPU time with `branch="all"` over that without, divided by the number of actions."""
    game = make_game("prisoners_dilemma", rounds=100)
    policies = [f"forecasting:actor=({actor}),predictor={predictor}", co_player]
    times = [
        fastest(lambda branch=branch: play(game, policies, episodes=2000, branch=branch), repeats)  # type: ignore[misc]
        for branch in ("none", "all")
    ]
    return times[1] / times[0] / 2


def import_seconds(module: str = "prospect_env", repeats: int = 5) -> float:
    """CPU time of a fresh interpreter that imports `module`, over one that imports nothing, seconds."""

    def interpreter(code: str) -> float:
        script = f"import time; t = time.process_time(); {code}; print(time.process_time() - t)"
        fresh = [sys.executable, "-c", script]
        return min(float(subprocess.check_output(fresh)) for _ in range(repeats))  # noqa: S603 - this very script

    return interpreter(f"import {module}")


def main(
    matches: Annotated[int, typer.Option(help="matches played side by side")] = 10_000,
    repeats: Annotated[int, typer.Option(help="repeats, of which the fastest counts")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Measure and print."""
    peer = axelrod(repeats)
    speeds = {" against ".join(pair): throughput(pair, matches, repeats, scored=True) for pair in TABLES}
    bare = throughput(TABLES[0], matches, repeats, scored=False)
    costs = {
        f"{actor}, {predictor}, against {other}": branch_cost(actor, predictor, other, repeats)
        for actor, predictor in (("random:p=.5", "bayes"), ("tit_for_tat", "uniform"))
        for other in ("random_memory_one", "tit_for_tat")
    }
    document = {
        "matches": matches,
        "rounds": ROUNDS,
        "metrics": METRICS,
        "player_moves_per_cpu_second": speeds,
        "player_moves_per_cpu_second_without_metrics": bare,
        "axelrod_player_moves_per_cpu_second": peer,
        "axelrod_reference": peer or STORED_AXELROD,
        "ratio_to_axelrod": {name: speed / (peer or STORED_AXELROD) for name, speed in speeds.items()},
        "branch_cost_per_action": costs,
        "import_prospect_env_cpu_seconds": import_seconds(),
    }
    if as_json:
        print(json.dumps(document, indent=2))
        return
    beside = "measured here" if peer else "stored figure: axelrod is not installed"
    print(f"{matches} matches of {ROUNDS} rounds, records and {len(METRICS)} metrics, player-moves per CPU second:")
    for name, speed in speeds.items():
        print(f"  {name:<62} {speed / 1e6:6.1f} M   {speed / (peer or STORED_AXELROD):6.0f} x axelrod ({beside})")
    print(f"  without metrics{'':<47} {bare / 1e6:6.1f} M")
    print("branch='all' against branch='none', over the number of actions (asked: at most 1.5):")
    for name, cost in costs.items():
        print(f"  {name:<62} {cost:6.2f}")
    print(f"import prospect_env: {document['import_prospect_env_cpu_seconds']:.2f} s CPU")


if __name__ == "__main__":
    typer.run(main)
