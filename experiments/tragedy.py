"""The tragedy of the commons in `harvest` and `cleanup`: taking what one can beats one's neighbours and ruins all.

Known behaviour (Perolat et al. 2017; Hughes et al. 2018): an orchard in which everybody takes the nearest apple is soon
bare for ever, and beside a river that nobody cleans nothing grows. Teams that hold back, or send some to the river,
earn many times as much; but in a team, whoever does not hold back or clean earns more than those who do. All matches
are played on the games' own maps with their default rules, seven seats and 1 000 steps.

    python experiments/tragedy.py [--seed S] [--episodes E] [--steps T] [--json]
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import numpy as np
import typer
from jaxtyping import Float

from prospect_env import make_game, play
from prospect_env.core.episodes import Episodes
from prospect_env.metrics.intervals import cluster_bootstrap
from prospect_env.metrics.table import compute

GREEDY, HOLDS_BACK, CLEANS = "greedy_forager", "sustainable_forager:leave=3", "cleaner:level=.05"
#: who sits down, by game and name of the team; the tragedy is the first of each against the second
TEAMS = {
    "harvest": {
        "all greedy": [GREEDY] * 7,
        "all sustainable": [HOLDS_BACK] * 7,
        "one greedy, six sustainable": [GREEDY] + [HOLDS_BACK] * 6,
    },
    "cleanup": {
        "all greedy": [GREEDY] * 7,
        "two cleaners, five greedy": [CLEANS] * 2 + [GREEDY] * 5,
        "two clean at a time, in turns": ["cleaner:level=.05,crew=2,shift=50"] * 7,
    },
}


def sustainability(episodes: Episodes) -> Float[np.ndarray, " E"]:
    """The mean step, from 1, in which payoff came in, over seats that had any (Perolat et al. 2017); nan without."""
    paid = episodes.rewards > 0
    count = paid.sum(axis=1)
    steps = (paid * np.arange(1, paid.shape[1] + 1)[:, None]).sum(axis=1)
    mean = np.divide(steps, count, out=np.full(count.shape, np.nan), where=count > 0)
    seats = (count > 0).sum(axis=1)
    return np.divide(np.nansum(mean, axis=1), seats, out=np.full(len(count), np.nan), where=seats > 0)


def figures(episodes: Episodes) -> dict[str, Any]:
    """One team's row: the mean over matches of each figure, with its interval (bootstrap of matches) for the return."""
    each = compute(episodes, ["return", "equality"])
    stock = episodes.measure("stock")
    assert stock is not None
    last = stock[np.arange(len(episodes)), episodes.length - 1, 0]
    parts = np.stack([each["return"].mean(axis=1), np.ones(len(episodes))], axis=1)
    interval = cluster_bootstrap(parts, np.arange(len(episodes)), lambda sums: sums[:, 0] / sums[:, 1])
    return {
        "return_per_seat": interval._asdict(),
        "first_seat": float(each["return"][:, 0].mean()),
        "other_seats": float(each["return"][:, 1:].mean()),
        "equality": mean(each["equality"][:, 0]),
        "sustainability": mean(sustainability(episodes)),
        "apples_left": mean(last),
    }


def mean(values: Float[np.ndarray, " E"]) -> float:
    """The mean where all are defined, else nan."""
    return float(values.mean())


def main(
    seed: Annotated[int, typer.Option(help="seed of the run")] = 0,
    episodes: Annotated[int, typer.Option(help="matches a team plays", min=2)] = 64,
    steps: Annotated[int, typer.Option(help="steps of a match", min=1)] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Print what each team earns, and whether greed costs all of them."""
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for name, teams in TEAMS.items():
        game = make_game(name, steps=steps)
        rows[name] = {team: figures(play(game, seats, episodes, seed)) for team, seats in teams.items()}
    if as_json:
        # JSON knows no nan.
        text = json.dumps({"seed": seed, "episodes": episodes, "steps": steps, "teams": rows}, indent=2)
        print(text.replace("NaN", "null"))
        return
    print(f"{episodes} matches of {steps} steps a team, seed {seed}; 95% intervals: bootstrap of matches, 1000 draws")
    for name, found in rows.items():
        print(f"\n{name:>30}  return a seat [95%]         seat 0  others  equality  sustainability  apples left")
        for team, row in found.items():
            value, low, high = row["return_per_seat"].values()
            print(
                f"{team:>30}  {value:7.2f} [{low:7.2f}, {high:7.2f}] {row['first_seat']:8.1f} {row['other_seats']:7.1f}"
                f" {row['equality']:9.2f} {row['sustainability']:15.1f} {row['apples_left']:12.1f}"
            )
        first, second = (row["return_per_seat"] for row in list(found.values())[:2])
        tragic = "yes" if first["high"] < second["low"] else "no"
        print(f"{'':>30}  the tragedy (first team's interval below the second's): {tragic}")


if __name__ == "__main__":
    typer.run(main)
