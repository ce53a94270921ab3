"""The `prospect` command: it parses, calls and prints; all else is in the library.

Exit codes: 0 fine; 1 a run or a check that failed; 2 bad input or usage. Answers go to standard output, everything else
to standard error; with `--json` the answer is exactly one JSON document.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from prospect_env.core import errors

#: what is wrong with what was asked for; any other error is something that failed while it was done
BAD_INPUT = (
    errors.BadParameter,
    errors.UnknownName,
    errors.DuplicateName,
    errors.UnsuitablePolicy,
    errors.MissingModel,
    errors.RunExists,
)


class _Group(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        from prospect_env.report.screen import complain

        try:
            return super().invoke(ctx)
        except errors.ProspectError as error:
            complain(str(error))
            raise typer.Exit(2 if isinstance(error, BAD_INPUT) else 1) from error
        except BrokenPipeError:
            raise  # somebody stopped reading, as `head` does; typer knows what to do
        except OSError as error:
            complain(str(error))
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            complain("interrupted; a run goes on with --resume")
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=_Group,
    help="Simulations in which agents predict how others will react, and are scored on the actions not taken too.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="Language models on this machine.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(models_app, name="models")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else.")]


class Kind(StrEnum):
    """What can be listed."""

    games = "games"
    policies = "policies"
    metrics = "metrics"
    models = "models"
    feeds = "feeds"
    stories = "stories"


def main() -> None:
    """The console script."""
    # Somebody's own game is most often in the folder one is in, which console scripts do not look into; last, so that a
    # file there named like a library's does not get in that library's way.
    if "" not in sys.path:
        sys.path.append("")
    app()


@app.command("list")
def list_(kind: Annotated[Kind, typer.Argument(help="What to list.")], as_json: Json = False) -> None:
    """List games, policies, metrics, models or feeds, with a line about each, or the stories that tell each game."""
    from prospect_env.report import catalog, screen

    if kind is Kind.models:
        models_list(as_json)
        return
    rows = catalog.listing(kind.value)
    screen.show(rows, as_json, screen.rows_table(_brief(rows)))


def _brief(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What fits on a screen; the rest is in the JSON and in the documentation."""
    return [
        {key: row.get(key) for key in ("name", "parameters", "unit", "direction", "about", "stories") if key in row}
        for row in rows
    ]


@app.command()
def run(
    config: Annotated[
        Path | None, typer.Argument(help="A YAML file, or the folder of a run. Flags given as well win.")
    ] = None,
    game: Annotated[
        str | None, typer.Option(help="A game, with parameters: prisoners_dilemma:rounds=20,noise=.05")
    ] = None,
    policy: Annotated[list[str] | None, typer.Option(help="A policy, once for every seat in order.")] = None,
    episodes: Annotated[int | None, typer.Option(help="Episodes of every pairing.  [100]")] = None,
    seed: Annotated[int | None, typer.Option(help="What fixes all chance.  [0]")] = None,
    branch: Annotated[str | None, typer.Option(help="none, all, or returns: play what was not done.  [none]")] = None,
    feed: Annotated[list[str] | None, typer.Option(help="What a seat's planner decides by: 0=oracle")] = None,
    max_steps: Annotated[int | None, typer.Option(help="Cut matches short.")] = None,
    shard: Annotated[int | None, typer.Option(help="Episodes written at a time; what a kill can cost.  [1000]")] = None,
    block: Annotated[int | None, typer.Option(help="Episodes played side by side.  [10000]")] = None,
    budget_tokens: Annotated[int | None, typer.Option(help="Tokens that servers may be paid for.")] = None,
    budget_cost: Annotated[float | None, typer.Option(help="Money that servers may be paid.")] = None,
    name: Annotated[str | None, typer.Option(help="The run's name.")] = None,
    out: Annotated[Path, typer.Option(help="The folder that runs are in.")] = Path("runs"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that is there.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the run that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Play a configuration into a run's folder, from flags or from a YAML file."""
    from prospect_env.arena import request
    from prospect_env.arena.run import run as play_run
    from prospect_env.report import screen, tables

    given = {
        "name": name, "game": game, "policies": policy or None, "episodes": episodes, "seed": seed, "branch": branch,
        "max_steps": max_steps, "shard": shard, "block": block, "feeds": request.feeds(feed or []) or None,
        "budget": request.budget(budget_tokens, budget_cost),
    }  # fmt: skip
    stated = {key: value for key, value in given.items() if value is not None}
    wanted, folder = request.wanted(config, stated, out, resume=resume)
    with screen.quiet_stdout(), screen.progress(wanted.name, off=as_json) as progress:
        done = play_run(wanted, folder, resume=resume, force=force, progress=progress, say=screen.note)
    lines = [f"{folder}  fingerprint {done.manifest['fingerprint']}"]
    screen.show(tables.document(done), as_json, *([] if as_json else tables.tables(done)), lines=lines)


@app.command()
def play(
    game: Annotated[str, typer.Argument(help="A game, with parameters: trust:rounds=3", metavar="GAME")],
    seat: Annotated[int, typer.Option(help="Where you sit.")] = 0,
    opponent: Annotated[
        list[str] | None,
        typer.Option(help="A policy for every other seat in order; one for all of them.  [random_reactive]"),
    ] = None,
    story: Annotated[str | None, typer.Option(help="The story it is told in: business:variant=2  [plain]")] = None,
    seed: Annotated[int, typer.Option(help="What fixes all chance.")] = 0,
    max_steps: Annotated[int | None, typer.Option(help="Cut the match short.")] = None,
) -> None:
    """Take a seat in a game yourself, here at the terminal."""
    from prospect_env.report.table_talk import Sitting

    Sitting(game, seat, opponent or (), story, seed, max_steps).play()


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
    every: Annotated[bool, typer.Option("--all", help="Every metric, not the headlines alone.")] = False,
    as_json: Json = False,
) -> None:
    """Show a run's numbers with their 95% intervals."""
    from prospect_env.arena.runs import read_run
    from prospect_env.report import screen, tables

    found = read_run(folder)
    screen.show(tables.document(found), as_json, *([] if as_json else tables.tables(found, every)))


@app.command()
def replay(
    folder: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
    episode: Annotated[int, typer.Option(help="The episode's number.")] = 0,
    pairing: Annotated[int, typer.Option(help="Which of the run's pairings.")] = 0,
    verify: Annotated[bool, typer.Option("--verify", help="Play it again and compare bit for bit.")] = False,
    as_json: Json = False,
) -> None:
    """Go through an episode step by step, with prompts and forecasts; or, with --verify, play it again and compare."""
    from prospect_env.arena.replay import verify as play_again
    from prospect_env.arena.runs import read_run
    from prospect_env.report import playback, screen

    found = read_run(folder)
    if verify:
        with screen.quiet_stdout():
            verdict = play_again(found, episode, pairing)
        screen.show(verdict, as_json, lines=[playback.verdict_line(verdict, episode)])
        raise typer.Exit(0 if verdict.same else 1)
    recorded = found.episode(episode, pairing)
    steps = playback.steps(recorded)
    if as_json:
        screen.show(playback.document(recorded, steps, pairing), as_json)
        return
    screen.show(None, False, lines=playback.head(recorded))
    for step in steps:
        screen.show(None, False, lines=playback.lines(step))
        if sys.stdout.isatty() and sys.stdin.isatty() and step is not steps[-1]:
            typer.prompt("Enter for the next step", default="", show_default=False, prompt_suffix=" ")


@app.command()
def validate(
    target: Annotated[
        str, typer.Argument(help="mypkg.mymodule:MyGame, or the name of a registered game.", metavar="GAME")
    ],
    as_json: Json = False,
) -> None:
    """Check that a game keeps the contract: what builds it is called without arguments."""
    from prospect_env.core.conformance import validate as check
    from prospect_env.core.conformance.target import builder
    from prospect_env.report import screen

    with screen.quiet_stdout(), screen.progress("checks", off=as_json) as progress:
        report = check(builder(target), progress=progress)
    rows = [
        {"check": f.check, "result": "pass" if f.passed else "FAIL", "asks": f.asks, "wrong": f.reason}
        for f in report.findings
    ]
    document = {"game": report.game, "passed": report.passed, "findings": report.findings}
    screen.show(document, as_json, screen.rows_table(rows, title=report.game))
    raise typer.Exit(0 if report.passed else 1)


@app.command()
def comprehend(
    game: Annotated[str, typer.Option(help="A game, with parameters: prisoners_dilemma:rounds=6")],
    policy: Annotated[str, typer.Option(help="A language model, and how it is told: lm:format=story")],
    seat: Annotated[int, typer.Option(help="Where it sits.")] = 0,
    each: Annotated[int, typer.Option(help="Questions of a kind, where there are as many.")] = 12,
    steps: Annotated[int, typer.Option(help="Steps of the longest history.")] = 6,
    seed: Annotated[int, typer.Option(help="What questions are drawn by.")] = 0,
    as_json: Json = False,
) -> None:
    """Ask a language model about a game's rules, payoffs and history, and compare with the right answers."""
    from prospect_env.report import catalog, comprehension, screen

    with screen.quiet_stdout():
        found = catalog.models["comprehend"](policy, game, seat, each, steps, seed)
    screen.show(comprehension.document(found), as_json, comprehension.table(found))


@models_app.command("list")
def models_list(as_json: Json = False) -> None:
    """List the language models known by a short name, and where on this machine they are."""
    from prospect_env.report import catalog, screen

    rows = catalog.model_rows()
    shown = [{**row, "folder": row["folder"] or f"not here: prospect models pull {row['name']}"} for row in rows]
    screen.show(rows, as_json, screen.rows_table(shown))


@models_app.command()
def pull(name: Annotated[str, typer.Argument(help="A name from: prospect models list")], as_json: Json = False) -> None:
    """Fetch a language model once: download, check, convert."""
    from prospect_env.report import catalog, screen

    with screen.quiet_stdout():
        folder = catalog.models["pull"](name, screen.note)
    screen.show({"name": name, "folder": folder}, as_json, lines=[str(folder)])
