"""What does better prediction do to cooperation? The same planner, fed less and less of the truth.

A planner decides by `lam` times the co-players' true probabilities plus `1 - lam` times how often each did what in
earlier steps, `lam` from 0 to 1, everything else equal (same seeds). The slope of an outcome on `lam` says what the
whole way from base rates to perfect foresight brings: more cooperation or more exploitation, and to whom. Slopes are
least squares within each episode, averaged, with the 95% bootstrap interval of episodes. Some co-players are drawn anew
in each episode, and the interval speaks of others like them; the rest are fixed, and it speaks of luck alone: where
nobody rolls dice all episodes are alike, and the interval has width 0 and says just that.

    python experiments/prediction_and_cooperation.py [--policy SPEC] [--episodes N] [--rounds T] [--out DIR] [--json]
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from prospect_env import metrics
from prospect_env.arena.config import configure
from prospect_env.arena.run import run
from prospect_env.metrics import Interval, cluster_bootstrap

LAMBDAS = (0.0, 0.25, 0.5, 0.75, 1.0)
PLANNER = "prospective:predictor=marginal,planner=lookahead,depth=2"
#: by game: its parameters, and who sits in the other seats
CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "prisoners_dilemma": ({}, ("tit_for_tat", "win_stay_lose_shift", "grim", "random_memory_one", "always_cooperate")),
    "stag_hunt": ({}, ("tit_for_tat", "win_stay_lose_shift", "random_memory_one", "random")),
    "chicken": ({}, ("tit_for_tat", "reverse_tit_for_tat", "random_memory_one", "always_defect")),
    "public_goods": ({"seats": 3, "levels": 2}, ("conditional_cooperator:share=1", "random_reactive", "random")),
    "volunteers_dilemma": ({"seats": 3}, ("random_reactive", "best_reply_dynamics", "random")),
    "commons": ({"seats": 3}, ("sustainable_harvester", "conditional_cooperator:share=1", "random")),
}
#: co-players that are somebody else in each episode
DRAWN = ("random_memory_one", "random_reactive")
#: the metric, and what it is called in the table
OUTCOMES = {
    "cooperation": "cooperation",
    "welfare": "welfare",
    "others_return": "others' return",
    "return": "own return",
}


def slope(by_lambda: NDArray[np.float64], episode: NDArray[np.int64]) -> Interval:
    """Least-squares slope on lambda within each episode, averaged: `by_lambda` is `[lambda, episode]`."""
    x = np.array(LAMBDAS) - np.mean(LAMBDAS)
    within = (x[:, None] * by_lambda).sum(axis=0) / (x**2).sum()
    parts = np.stack([within, np.where(np.isnan(within), np.nan, 1.0)], axis=1)
    return cluster_bootstrap(parts, episode, lambda sums: sums[:, 0] / sums[:, 1])


def line(found: list[dict[str, NDArray[np.float64]]], episode: NDArray[np.int64]) -> dict[str, Any]:
    """Means at either end and the slope of each outcome."""
    outcomes = {}
    for name in OUTCOMES:
        values = np.stack([one[name][:, 0] for one in found])
        ends = [float(np.mean(row)) if not np.isnan(row).all() else float("nan") for row in (values[0], values[-1])]
        outcomes[name] = {"at_0": ends[0], "at_1": ends[1], "slope": slope(values, episode)._asdict()}
    return outcomes


def verdict(outcomes: dict[str, Any]) -> str:
    """What the intervals allow to be said."""

    def sign(name: str) -> int:
        found = outcomes[name]["slope"]
        return int(found["low"] > 0) - int(found["high"] < 0)

    own, others, cooperation = (sign(name) for name in ("return", "others_return", "cooperation"))
    if own == others == cooperation == 0:
        return "no effect seen"
    if own > 0 and others < 0:
        return "exploitation"
    if others > 0 and cooperation > 0:
        return "cooperation"
    return {1: "others gain", 0: "others as before", -1: "others lose"}[others]


def printed(rows: list[dict[str, Any]], title: str) -> None:
    """The table, for people."""
    table = Table(title=title)
    words = ("game", "co-players", "interval over", "reading")
    for column in (*words[:3], *(f"{name}: slope [95%]" for name in OUTCOMES.values()), words[3]):
        table.add_column(column, justify="left" if column in words else "right")
    for row in rows:
        cells = []
        for name in OUTCOMES:
            found = row[name]["slope"]
            blank = np.isnan(found["value"])
            cells.append("–" if blank else f"{found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}]")
        table.add_row(row["game"], row["others"], row["interval_over"], *cells, row["reading"])
    Console(width=190).print(table)
    print(
        "Slope: what going from base rates (lambda 0) to the truth (lambda 1) brings; returns are those of a match."
        "\nOver luck alone: the co-player is the same in all episodes, and the reading is of it, not of others like it."
        f"\n{len(rows) * len(OUTCOMES)} intervals are shown, uncorrected."
    )


def main(
    policy: Annotated[str, typer.Option(help="who plans: any policy that forecasts")] = PLANNER,
    episodes: Annotated[int, typer.Option(help="episodes a cell", min=2)] = 100,
    rounds: Annotated[int, typer.Option(help="rounds an episode", min=2)] = 20,
    games: Annotated[str, typer.Option(help="of those listed in the script, separated by commas")] = ",".join(CASES),
    seed: Annotated[int, typer.Option(help="seed of the run")] = 0,
    out: Annotated[Path, typer.Option(help="folder of the run")] = Path("runs/prediction_and_cooperation"),
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Play, and print slopes."""
    for game in games.split(","):
        if game not in CASES:
            raise typer.BadParameter(f"games has {game!r}; it may have {', '.join(CASES)}")
    cells = [(game, other) for game in games.split(",") for other in CASES[game][1]]
    pairings = []
    for game, other in cells:
        parameters = {**CASES[game][0], "rounds": rounds}
        seats = CASES[game][0].get("seats", 2)
        pairings += [
            {"policies": [policy, *[other] * (seats - 1)], "game": game, "parameters": parameters, "feeds": {0: feed}}
            for feed in (f"mixture:lam={lam}" for lam in LAMBDAS)
        ]
    config = configure({"name": out.name, "pairings": pairings, "episodes": episodes, "seed": seed})
    with Progress(console=Console(stderr=True), transient=True, disable=as_json) as bar:
        task = bar.add_task("playing", total=len(pairings) * episodes)
        done = run(config, out, force=True, progress=lambda at, _: bar.update(task, completed=at))
    rows = []
    for number, (game, other) in enumerate(cells):
        played = [done.episodes(number * len(LAMBDAS) + at) for at in range(len(LAMBDAS))]
        outcomes = line([metrics.compute(one, list(OUTCOMES)) for one in played], played[0].episode)
        over = "co-players" if other in DRAWN else "luck alone"
        rows.append({"game": game, "others": other, "interval_over": over, **outcomes, "reading": verdict(outcomes)})
    if as_json:
        sample = {"policy": policy, "episodes": episodes, "rounds": rounds, "seed": seed, "lambdas": LAMBDAS}
        print(json.dumps({"sample": sample, "lines": rows}, indent=2).replace("NaN", "null"))
        return
    printed(rows, f"{policy}: {episodes} episodes of {rounds} rounds a cell, seed {seed}")
    print(f"It is all in {out}.")


if __name__ == "__main__":
    typer.run(main)
