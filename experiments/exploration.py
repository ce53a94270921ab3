"""What one does not try one does not learn: counterfactual skill against how often the other action is tried.

A language model and an exact Bayesian learner ride on actors that defect but for a share of cooperation, against
memory-one opponents with parameters from U(0,1), drawn anew for every episode. Expected Brier skill of lead-1 rows
against uniform in the second half of the rounds, about answers to the action taken (factual) and to the one not taken
(counterfactual), with the 95% bootstrap interval of opponents. The slope is that of counterfactual skill on the share.

    python experiments/exploration.py [--opponents N] [--rounds T] [--format NAME] [--out DIR] [--json]
"""

from __future__ import annotations

import json
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
from prospect_env.core import registry
from prospect_env.core.episodes import Episodes
from prospect_env.metrics import Interval, cluster_bootstrap

SHARES = (0.0, 0.02, 0.05, 0.1, 0.25, 0.5)
SKILLS = ("factual_skill", "counterfactual_skill")


def skills(late: Episodes) -> dict[str, dict[str, float]]:
    """Both skills with their intervals."""
    rows = metrics.summary(late, SKILLS, by=("seat",))
    return {row["metric"]: {k: row[k] for k in ("value", "low", "high")} for row in rows if row["seat"] == 0}


def slope(late: list[Episodes]) -> Interval:
    """Least-squares slope of pooled counterfactual skill on the share, opponents drawn again for all shares alike."""
    parts = [registry.metrics["counterfactual_skill"].parts(one)[:, 0] for one in late]
    x = np.array(SHARES) - np.mean(SHARES)

    def formula(pooled: np.ndarray) -> np.ndarray:
        sums = pooled.reshape(len(pooled), len(SHARES), 2)
        skill = 1 - sums[..., 0] / sums[..., 1]
        return np.asarray((x * skill).sum(axis=1) / (x**2).sum())

    return cluster_bootstrap(np.concatenate(parts, axis=1), late[0].episode, formula)


def main(
    model: Annotated[str, typer.Option(help="fake, a known model, a folder or a hub id")] = "smollm2-135m",
    format: Annotated[str, typer.Option(help="how the match is told")] = "joint_log",
    opponents: Annotated[int, typer.Option(help="opponents, one an episode", min=2)] = 60,
    rounds: Annotated[int, typer.Option(help="rounds an episode", min=4)] = 40,
    seed: Annotated[int, typer.Option(help="seed of the run")] = 3,
    out: Annotated[Path, typer.Option(help="folder of the run")] = Path("runs/exploration"),
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Play, score and print."""
    learners = {model: f"(lm:model={model},format=({format}))", "exact Bayes": "bayes"}
    pairings = [
        {"policies": [f"forecasting:actor=(random:p={share}),predictor={predictor}", "random_memory_one"]}
        for predictor in learners.values()
        for share in SHARES
    ]
    config = configure(
        {
            "name": out.name, "game": "prisoners_dilemma", "parameters": {"rounds": rounds}, "pairings": pairings,
            "episodes": opponents, "seed": seed, "branch": "all", "shard": 20,
        }
    )  # fmt: skip
    with Progress(console=Console(stderr=True), transient=True, disable=as_json) as bar:
        task = bar.add_task("playing", total=len(pairings) * opponents)
        done = run(config, out, force=True, progress=lambda at, _: bar.update(task, completed=at))
    lines: list[dict[str, Any]] = []
    for number, learner in enumerate(learners):
        late = [done.episodes(number * len(SHARES) + at).between(rounds // 2, rounds - 1) for at in range(len(SHARES))]
        by_share = [{"share": share, **skills(one)} for share, one in zip(SHARES, late, strict=True)]
        lines.append({"learner": learner, "by_share": by_share, "slope": slope(late)._asdict()})
    sample = {"model": model, "format": format, "opponents": opponents, "rounds": rounds, "seed": seed}
    if as_json:
        print(json.dumps({"sample": sample, "lines": lines}, indent=2).replace("NaN", "null"))
        return
    about = f"{opponents} opponents, rounds {rounds // 2 + 1}-{rounds - 1}, {format}, seed {seed}"
    table = Table(title=f"Skill, factual / counterfactual, by the share of cooperation that is tried ({about})")
    table.add_column("learner")
    for share in SHARES:
        table.add_column(f"{share:g}", justify="right")
    table.add_column("slope, counterfactual", justify="right")
    for line in lines:
        cells = [
            "\n".join("{value:.2f} [{low:.2f}, {high:.2f}]".format(**one[name]) for name in SKILLS)
            for one in line["by_share"]
        ]
        table.add_row(line["learner"], *cells, "{value:.2f} [{low:.2f}, {high:.2f}]".format(**line["slope"]))
    Console(width=170).print(table)
    found = lines[0]["slope"]
    grows = "Its" if found["low"] > 0 else "A null result: the interval of its slope does not lie above 0. Its"
    print(f"{grows} counterfactual skill changes by {found['value']:.2f} from never to always. It is all in {out}.")


if __name__ == "__main__":
    typer.run(main)
