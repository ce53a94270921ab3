"""A real language model, an exact learner and an oracle meet five co-players in two games.

They are scored on what they foresaw: of the actions they took, and of those they did not take.

    python experiments/demo.py [--episodes N] [--rounds T] [--model NAME] [--json]

Every policy meets every co-player in the same episodes (same seeds); every own action is branched. Model answers are
recorded, so `prospect replay runs/demo --episode 0` shows each prompt and forecast afterwards.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from prospect_env import make_game, metrics, play
from prospect_env.arena.config import configure
from prospect_env.arena.run import run
from prospect_env.core.episodes import Episodes
from prospect_env.metrics import Interval, cluster_bootstrap

GAMES = ("prisoners_dilemma", "chicken")
CO_PLAYERS = ("tit_for_tat", "reverse_tit_for_tat", "always_defect", "win_stay_lose_shift", "random_memory_one")
PLANNER = "planner=lookahead,depth=2,discount=.95"
#: what is printed: the metric, its heading, and digits
COLUMNS = {
    "mean_reward": ("return a round", 2),
    "cooperation": ("cooperation", 2),
    "welfare_efficiency": ("welfare efficiency", 2),
    "others_return": ("others' return a round", 2),
    "factual_skill": ("factual skill", 2),
    "counterfactual_skill": ("counter-\nfactual skill", 2),
    "skill_gap": ("skill gap", 2),
    "understanding_gap": ("under-\nstanding gap", 2),
    "foreseen_harm": ("foreseen harm", 2),
    "value_of_prediction": ("value of prediction a round", 2),
    "decisions_per_second": ("decisions a second", 0),
}
#: what a planner is fed instead of its own forecast
FEEDS = ("uniform", "marginal", "own", "oracle")
Cell = tuple[str, str, str]  #: policy, game, co-player


def policies(model: str) -> dict[str, str]:
    """The seats of the demo, by the name they have in the tables."""
    return {
        "lm direct": f"lm:model={model},mode=direct",
        "lm scot": f"lm:model={model},mode=scot",
        "lm plan": f"lm:model={model},mode=plan,{PLANNER}",
        "bayes": f"prospective:predictor=bayes,{PLANNER}",
        "oracle": f"prospective:predictor=oracle,{PLANNER}",
    }


def played(seats: dict[str, str], episodes: int, rounds: int, folder: Path, bar: Progress) -> dict[Cell, Episodes]:
    """Every policy against every co-player in both games, branched, as a run that can be replayed."""
    cells = [(policy, game, other) for policy in seats for game in GAMES for other in CO_PLAYERS]
    pairings = [
        {"policies": [seats[policy], other], "game": game, "parameters": {"rounds": rounds}}
        for policy, game, other in cells
    ]
    config = configure({"name": folder.name, "pairings": pairings, "episodes": episodes, "branch": "all"})
    task = bar.add_task("playing, every action branched", total=len(cells) * episodes)
    done = run(config, folder, force=True, progress=lambda at, _: bar.update(task, completed=at))
    return {cell: done.episodes(i) for i, cell in enumerate(cells)}


def fed(seats: dict[str, str], episodes: int, rounds: int, bar: Progress) -> dict[str, dict[Cell, Episodes]]:
    """The same episodes with the planner fed something else: `marginal` for all, all feeds for `lm plan`."""
    wanted = [("marginal", policy) for policy in seats] + [(feed, "lm plan") for feed in ("uniform", "oracle")]
    cells = [(feed, (policy, game, other)) for feed, policy in wanted for game in GAMES for other in CO_PLAYERS]
    task = bar.add_task("playing on other forecasts", total=len(cells))
    found: dict[str, dict[Cell, Episodes]] = {}
    for feed, (policy, name, other) in cells:
        game = make_game(name, rounds=rounds)
        result = play(game, [seats[policy], other], episodes=episodes, feeds={0: feed}, commit=False)
        found.setdefault(feed, {})[policy, name, other] = result
        bar.advance(task)
    return found


def figures(policy: str, own: dict[Cell, Episodes], marginal: dict[Cell, Episodes]) -> dict[str, Interval]:
    """One row of the table: both games and all co-players pooled, intervals by episode."""
    cells = [cell for cell in own if cell[0] == policy]
    runs = [own[cell] for cell in cells]
    rounds = runs[0].spec.horizon
    single = [name for name in COLUMNS if name not in ("value_of_prediction", "decisions_per_second")]
    rows = metrics.summary(runs, single, by=("seat",))
    row = {r["metric"]: Interval(r["value"], r["low"], r["high"]) for r in rows if r["seat"] == 0}
    row["others_return"] = Interval(*(x / rounds for x in row["others_return"]))
    worth = metrics.compare("value_of_prediction", [{"own": own[cell], "marginal": marginal[cell]} for cell in cells])
    row["value_of_prediction"] = Interval(*(x / rounds for x in worth))
    speed = np.array([[float(one.active[:, :, 0].sum()), one.seconds] for one in runs])
    row["decisions_per_second"] = cluster_bootstrap(speed, np.arange(len(speed)), lambda p: p[:, 0] / p[:, 1])
    return row


def worths(own: dict[Cell, Episodes], other: dict[str, dict[Cell, Episodes]]) -> list[dict[str, Any]]:
    """What `lm plan` earns a round by each feed, and the diagnosticity, per game and co-player and over all."""
    groups = [((game, opponent),) for game in GAMES for opponent in CO_PLAYERS]
    groups += [tuple((game, opponent) for opponent in CO_PLAYERS) for game in GAMES]
    rows = []
    for group in groups:
        runs = [
            {"own": own["lm plan", *pair]} | {feed: other[feed]["lm plan", *pair] for feed in FEEDS if feed != "own"}
            for pair in group
        ]
        row: dict[str, Any] = {"game": group[0][0], "co_player": group[0][1] if len(group) == 1 else "all five"}
        for feed in FEEDS:
            found = metrics.summary([one[feed] for one in runs], ["mean_reward"], by=("seat",))[0]
            row[feed] = Interval(found["value"], found["low"], found["high"])
        rounds = runs[0]["own"].spec.horizon
        row["diagnosticity"] = Interval(*(x / rounds for x in metrics.compare("diagnosticity", runs)))
        row["value_of_prediction"] = Interval(*(x / rounds for x in metrics.compare("value_of_prediction", runs)))
        rows.append(row)
    return rows


def shown(figure: Interval, digits: int = 2) -> str:
    """`1.23` over `1.10..1.36`; a dash where there is nothing to say."""
    if np.isnan(figure.value):
        return "–"
    return f"{figure.value:.{digits}f}\n[dim]{figure.low:.{digits}f}..{figure.high:.{digits}f}[/dim]"


def print_tables(table: dict[str, dict[str, Interval]], worth: list[dict[str, Any]], about: str) -> None:
    """The two tables, with what a reader needs to read them."""
    console = Console(width=160)
    style = {"title_justify": "left", "box": SIMPLE_HEAD, "padding": (0, 1, 0, 0)}
    first = Table(title=f"Who foresees what, and what it brings ({about})", **style)
    first.add_column("policy")
    for heading, _ in COLUMNS.values():
        first.add_column(heading, justify="right", min_width=11)
    for policy, row in table.items():
        first.add_row(policy, *(shown(row[name], digits) for name, (_, digits) in COLUMNS.items()))
    console.print(first)
    console.print(
        "Under each figure: its 95% interval (bootstrap by episode). Skill: 1 is perfect, 0 knows nothing, below 0 is"
        "\nworse than nothing. Factual: about answers to the action taken. Counterfactual: to the actions not taken."
        "\nUnderstanding gap: how much farther from the truth the forecasts of actions not taken are (0: no farther)."
        "\nForeseen harm: what the policy's own forecast said others would lose by its choice, where a choice as good"
        "\nfor itself was at hand. Value of prediction: payoff lost when its forecast is replaced by how often the"
        "\nother did what. A dash: undefined (the policy has no action values).\n"
    )
    second = Table(title="What forecasts are worth to lm plan: payoff a round by what its planner is fed", **style)
    for heading in ("game", "co-player"):
        second.add_column(heading)
    for heading in (*FEEDS, "own - marginal", "diagnosticity: oracle - marginal"):
        second.add_column(heading, justify="right")
    for row in worth:
        names = (*FEEDS, "value_of_prediction", "diagnosticity")
        last = row["co_player"] == CO_PLAYERS[-1]
        second.add_row(row["game"], row["co_player"], *(shown(row[name]) for name in names), end_section=last)
    console.print(second)
    console.print(
        "Diagnosticity: what a perfect forecast could be worth there. Where it is 0, no forecast earns anything.\n"
    )


def plain(figure: Interval) -> dict[str, float | None]:
    """For JSON, where nan is null."""
    return {key: None if np.isnan(x) else x for key, x in figure._asdict().items()}


def main(
    episodes: Annotated[int, typer.Option(help="episodes of each policy against each co-player in each game")] = 8,
    rounds: Annotated[int, typer.Option(help="rounds an episode")] = 20,
    model: Annotated[str, typer.Option(help="a known model, a folder or a hub id")] = "smollm2-135m",
    out: Annotated[Path, typer.Option(help="folder of the run")] = Path("runs/demo"),
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Play, score and print."""
    started = time.perf_counter()
    seats = policies(model)
    with Progress(console=Console(stderr=True), transient=True, disable=as_json) as bar:
        own = played(seats, episodes, rounds, out, bar)
        other = fed(seats, episodes, rounds, bar)
    table = {policy: figures(policy, own, other["marginal"]) for policy in seats}
    worth = worths(own, other)
    if as_json:
        document = {
            "policies": {
                policy: {name: plain(figure) for name, figure in row.items()} for policy, row in table.items()
            },
            "worth": [{k: plain(v) if isinstance(v, Interval) else v for k, v in row.items()} for row in worth],
        }
        print(json.dumps(document, indent=2))
        return
    about = f"{' and '.join(GAMES)}, {len(CO_PLAYERS)} co-players, {episodes} episodes of {rounds} rounds each"
    print_tables(table, worth, about)
    print(f"{time.perf_counter() - started:.0f} s. It is all in {out}. Move by move: prospect replay {out} --episode 0")


if __name__ == "__main__":
    typer.run(main)
