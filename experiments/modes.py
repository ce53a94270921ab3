"""Ways to put a language model at the table, compared: every mode in six games, with intervals.

`direct` asks for the choice, `scot` writes the likeliest prediction first, and the others hand forecasts to the same
planner: label probabilities (`plan`), the model in the other's seat (`simulate`), hypotheses in words (`reflect`), and
stated numbers (`verbal`). Same co-players, same seeds; figures are pooled over co-players, with 95% bootstrap intervals
of episodes. Exact Bayes with that planner and the random policy stand beside them.

    python experiments/modes.py [--modes A,B] [--games A,B] [--episodes N] [--rounds T] [--out DIR] [--json]
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

MODES = "direct,scot,plan,simulate,reflect,verbal"
PAIRS = ("tit_for_tat", "reverse_tit_for_tat", "random_memory_one")
#: by game: its parameters besides rounds, the seat of the model, and who sits in the others
GAMES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "prisoners_dilemma": ({}, PAIRS),
    "stag_hunt": ({}, PAIRS),
    "chicken": ({}, PAIRS),
    "battle_of_the_sexes": ({}, ("memory_one:p=[1,0,0,1,1]", "random_memory_one")),
    "volunteers_dilemma": ({"seats": 3}, ("random_reactive", "best_reply_dynamics")),
    "trust": ({}, ("reciprocal_trustee", "random")),
}
COLUMNS = {
    "mean_reward": "return a step",
    "cooperation": "cooperation",
    "factual_skill": "factual skill",
    "counterfactual_skill": "counterfactual skill",
}


def figures(runs: list[Any]) -> dict[str, Any]:
    """The model's seat, pooled over co-players."""
    rows = metrics.summary(runs, list(COLUMNS), by=("seat",))
    found = {row["metric"]: {k: row[k] for k in ("value", "low", "high")} for row in rows if row["seat"] == 0}
    masses = [call.mass for one in runs for call in one.calls if call.seat == 0 and not np.isnan(call.mass)]
    seconds = sum(one.seconds for one in runs)
    decisions = sum(int(one.active[:, :, 0].sum()) for one in runs)
    return {**found, "label_mass": float(np.mean(masses)) if masses else float("nan"), "rate": decisions / seconds}


def shown(found: dict[str, float]) -> str:
    """`1.23 [1.10, 1.36]`; a dash where there is nothing to say."""
    return "–" if np.isnan(found["value"]) else "{value:.2f} [{low:.2f}, {high:.2f}]".format(**found)


def main(
    model: Annotated[str, typer.Option(help="fake, a known model, a folder or a hub id")] = "smollm2-135m",
    modes: Annotated[str, typer.Option(help="of lm, separated by commas")] = MODES,
    games: Annotated[str, typer.Option(help="of those listed in the script, separated by commas")] = ",".join(GAMES),
    format: Annotated[str, typer.Option(help="how matches are told")] = "reaction_log",
    episodes: Annotated[int, typer.Option(help="episodes a co-player", min=2)] = 20,
    rounds: Annotated[int, typer.Option(help="rounds an episode", min=2)] = 15,
    seed: Annotated[int, typer.Option(help="seed of the run")] = 5,
    out: Annotated[Path, typer.Option(help="folder of the run")] = Path("runs/modes"),
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Play, score and print."""
    for game in games.split(","):
        if game not in GAMES:
            raise typer.BadParameter(f"games has {game!r}; it may have {', '.join(GAMES)}")
    policies = {f"lm {mode}": f"lm:model={model},mode={mode},format=({format})" for mode in modes.split(",")}
    policies |= {"exact Bayes": "prospective:predictor=bayes", "random": "forecasting:actor=random,predictor=uniform"}
    cells = [(game, name, other) for game in games.split(",") for name in policies for other in GAMES[game][1]]
    pairings = []
    for game, name, other in cells:
        parameters = {**GAMES[game][0], "rounds": rounds}
        others = [other] * (GAMES[game][0].get("seats", 2) - 1)
        pairings.append({"policies": [policies[name], *others], "game": game, "parameters": parameters})
    config = configure(
        {"name": out.name, "pairings": pairings, "episodes": episodes, "seed": seed, "branch": "all", "shard": 10}
    )
    with Progress(console=Console(stderr=True), transient=True, disable=as_json) as bar:
        task = bar.add_task("playing, every action branched", total=len(cells) * episodes)
        done = run(config, out, force=True, progress=lambda at, _: bar.update(task, completed=at))
    lines = []
    for game in games.split(","):
        for name in policies:
            at = [number for number, cell in enumerate(cells) if cell[:2] == (game, name)]
            lines.append({"game": game, "policy": name, **figures([done.episodes(number) for number in at])})
    sample = {"model": model, "format": format, "episodes": episodes, "rounds": rounds, "seed": seed}
    if as_json:
        print(json.dumps({"sample": sample, "lines": lines}, indent=2).replace("NaN", "null"))
        return
    table = Table(title=f"{model} told by {format}: {episodes} episodes of {rounds} rounds a co-player, seed {seed}")
    for column in ("game", "policy", *COLUMNS.values(), "label mass", "decisions a second"):
        table.add_column(column, justify="left" if column in ("game", "policy") else "right")
    for line in lines:
        last = line["policy"] == list(policies)[-1]
        mass = "–" if np.isnan(line["label_mass"]) else f"{line['label_mass']:.2f}"
        cells_ = [shown(line[name]) for name in COLUMNS]
        table.add_row(line["game"], line["policy"], *cells_, mass, f"{line['rate']:.0f}", end_section=last)
    Console(width=170).print(table)
    print(f"{len(lines) * len(COLUMNS)} intervals are shown, uncorrected. It is all in {out}.")


if __name__ == "__main__":
    typer.run(main)
