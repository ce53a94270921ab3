"""Does a language model learn to foresee an opponent while it plays? Skill by round, beside the exact Bayes ceiling.

The model rides on a random actor, so that both actions are answered, and forecasts the next reaction of opponents drawn
anew for every episode: memory-one policies with parameters from U(0,1), against which counting is the exact Bayesian
answer and nobody can do better. Expected Brier skill of lead-1 rows against uniform, pooled over episodes, with the 95%
bootstrap interval of opponents; every way of telling the match meets the same opponents with the same luck.

    python experiments/in_context_forecasting.py [--opponents N] [--rounds T] [--formats A,B] [--out DIR] [--json]
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from prospect_env import metrics
from prospect_env.arena.config import configure
from prospect_env.arena.run import run
from prospect_env.core.episodes import Episodes

FORMATS = "reaction_log,joint_log,round_log,sentences,story:frame=symbols,story:frame=canonical"
OPPONENT = "random_memory_one"
RIDER = "forecasting:actor=random,predictor=({})"
SKILLS = ("factual_skill", "counterfactual_skill")
CEILING = "exact Bayes"


def spans(rounds: int) -> list[tuple[int, int]]:
    """Rounds 1-2, 3-5, 6-10, 11-20, ... as steps from and to; the last round is never answered."""
    edges = [0, 2, 5, 10, 20, 40, 80, 160]
    return [(a, min(b, rounds - 1)) for a, b in pairwise(edges) if a < rounds - 1]


def skills(episodes: Episodes, start: int, stop: int) -> dict[str, dict[str, float]]:
    """Both skills of what was foreseen in these rounds."""
    rows = metrics.summary(episodes.between(start, stop), SKILLS, by=("seat",))
    return {row["metric"]: {k: row[k] for k in ("value", "low", "high")} for row in rows if row["seat"] == 0}


def mass(episodes: Episodes) -> float:
    """Mean probability that the model would say one of the labels at all; nan without a model."""
    found = [call.mass for call in episodes.calls if call.purpose not in ("own choice", "own forecast")]
    return float(np.mean(found)) if found else float("nan")


def printed(rows: list[dict[str, Any]], rounds: int, title: str) -> None:
    """The table, for people."""
    table = Table(title=title)
    table.add_column("told as")
    for start, stop in spans(rounds):
        table.add_column(f"rounds {start + 1}-{stop}", justify="right")
    table.add_column("label mass", justify="right")
    for row in rows:
        found = [span["factual_skill"] for span in row["by_round"]]
        cells = [f"{one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}]" for one in found]
        table.add_row(row["told_as"], *cells, "–" if np.isnan(row["label_mass"]) else f"{row['label_mass']:.2f}")
    Console(width=170).print(table)
    best = max(rows[:-1], key=lambda row: row["by_round"][-1]["factual_skill"]["value"])
    low, high = (best["by_round"][-1]["factual_skill"][k] for k in ("low", "high"))
    if low > 0:
        print(f"Learned in context: {best['told_as']} ends above uniform, [{low:.2f}, {high:.2f}].")
    else:
        print(
            "A null result: no way of telling ends with skill above 0, the lower bound of the best being at or below."
        )


def main(
    model: Annotated[str, typer.Option(help="fake, a known model, a folder or a hub id")] = "smollm2-135m",
    formats: Annotated[str, typer.Option(help="prompt formats, separated by commas")] = FORMATS,
    opponents: Annotated[int, typer.Option(help="opponents, one an episode", min=2)] = 100,
    rounds: Annotated[int, typer.Option(help="rounds an episode", min=4)] = 30,
    seed: Annotated[int, typer.Option(help="seed of the run")] = 7,
    out: Annotated[Path, typer.Option(help="folder of the run")] = Path("runs/in_context_forecasting"),
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Play, score and print."""
    told = formats.split(",")
    predictors = [*(f"lm:model={model},format=({name})" for name in told), "bayes"]
    config = configure(
        {
            "name": out.name, "game": "prisoners_dilemma", "parameters": {"rounds": rounds}, "episodes": opponents,
            "pairings": [{"policies": [RIDER.format(predictor), OPPONENT]} for predictor in predictors],
            "seed": seed, "branch": "all", "shard": 25,
        }
    )  # fmt: skip
    with Progress(console=Console(stderr=True), transient=True, disable=as_json) as bar:
        task = bar.add_task("playing", total=len(predictors) * opponents)
        done = run(config, out, force=True, progress=lambda at, _: bar.update(task, completed=at))
    rows = []
    for number, name in enumerate([*told, CEILING]):
        played = done.episodes(number)
        by_round = [{"from": a + 1, "to": b, **skills(played, a, b)} for a, b in spans(rounds)]
        rows.append({"told_as": name, "by_round": by_round, "label_mass": mass(played)})
    sample = {"model": model, "opponents": opponents, "rounds": rounds, "seed": seed, "opponent": OPPONENT}
    if as_json:
        print(json.dumps({"sample": sample, "lines": rows}, indent=2).replace("NaN", "null"))
        return
    about = f"{opponents} opponents, {rounds} rounds, seed {seed}"
    printed(rows, rounds, f"{model}: skill of forecasting reactions of actions taken, by round ({about})")
    print(f"It is all in {out}.")


if __name__ == "__main__":
    typer.run(main)
