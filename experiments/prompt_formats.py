"""Which way of telling a match lets a language model foresee reactions? Every prompt format, scored on all own actions.

The model rides on a random actor, so that it sees both actions answered, and forecasts the next reaction of co-players
whose rule it can only learn from the match itself. Expected Brier skill of lead 1 against uniform, in the last half of
each episode's rounds; beside it exact Bayes on the same matches, which is as good as counting can be.

    python experiments/prompt_formats.py [--episodes N] [--rounds T] [--model NAME] [--json]
"""

from __future__ import annotations

import json
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from prospect_env import make_game, play
from prospect_env.core.episodes import Episodes
from prospect_env.metrics import Interval, cluster_bootstrap

FORMATS = ("reaction_log", "joint_log", "round_log", "sentences")
RIDER = "forecasting:actor=random,predictor"
CO_PLAYERS = ("tit_for_tat", "reverse_tit_for_tat", "win_stay_lose_shift", "always_defect", "random_memory_one")


def skill(episodes: Episodes) -> Interval:
    """Skill of the lead-1 rows about the other, all own actions, second half of the rounds, with its interval."""
    late = slice(episodes.spec.horizon // 2, episodes.spec.horizon - 1)
    assert episodes.forecast is not None
    assert episodes.truth is not None
    p, q = (x[:, late, 0, 1, :, 1].astype(np.float64) for x in (episodes.forecast, episodes.truth))
    score = (p**2).sum(-1) - 2 * (p * q).sum(-1) + 1
    sums = np.stack([score.sum(axis=(1, 2)), np.full(len(score), 0.5 * score[0].size)], axis=1)
    return cluster_bootstrap(sums, episodes.episode, lambda parts: 1 - parts[:, 0] / parts[:, 1])


def mass(episodes: Episodes) -> float:
    """Mean probability that the model would say one of the labels at all."""
    found = [call.mass for call in episodes.calls if call.purpose == "other's choice"]
    return float(np.mean(found))


def main(
    episodes: Annotated[int, typer.Option(help="episodes of each format against each co-player")] = 10,
    rounds: Annotated[int, typer.Option(help="rounds an episode")] = 20,
    model: Annotated[str, typer.Option(help="a known model, a folder or a hub id")] = "smollm2-135m",
    seed: Annotated[int, typer.Option(help="seed of the run")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Play, score and print."""
    game = make_game("prisoners_dilemma", rounds=rounds)
    predictors = {name: f"(lm:model={model},format={name})" for name in FORMATS} | {"exact Bayes": "bayes"}
    rows = {}
    for name, predictor in predictors.items():
        played = [
            play(game, [f"{RIDER}={predictor}", other], episodes=episodes, seed=seed, branch="all")
            for other in CO_PLAYERS
        ]
        rows[name] = {
            "skill": {other: skill(one)._asdict() for other, one in zip(CO_PLAYERS, played, strict=True)},
            "label_mass": None if predictor == "bayes" else float(np.mean([mass(one) for one in played])),
        }
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    scored = f"rounds {rounds // 2 + 1}-{rounds - 1}, {episodes} episodes each, seed {seed} (95% interval)"
    table = Table(title=f"Skill of forecasting reactions, {scored}")
    table.add_column("told as")
    for other in CO_PLAYERS:
        table.add_column(other, justify="right")
    table.add_column("label mass", justify="right")
    for name, row in rows.items():
        cells = [f"{s['value']:.2f} ({s['low']:.2f}..{s['high']:.2f})" for s in row["skill"].values()]  # type: ignore[union-attr]
        table.add_row(name, *cells, "–" if row["label_mass"] is None else f"{row['label_mass']:.2f}")
    Console(width=150).print(table)


if __name__ == "__main__":
    typer.run(main)
