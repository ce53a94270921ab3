"""What a language model understood of a game, as a table and as a document."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from prospect_env.report.screen import rows_table


def table(found: Any) -> Table:
    """A row a kind of question, and one for all."""
    rows = [
        {
            "kind": score.kind,
            "questions": score.number,
            "right": f"{score.share:.2f}",
            "95% interval": f"{score.low:.2f} to {score.high:.2f}",
            "chance": f"{score.chance:.2f}",
            "probability of the right answer": f"{score.probability:.2f}",
            "label mass": f"{score.mass:.2f}",
        }
        for score in found.scores
    ]
    title = f"{found.game} at seat {found.seat}, told as {found.format} ({found.style})"
    return rows_table(rows, title=title, caption="\n".join([found.model, *shortfall(found)]))


def shortfall(found: Any) -> list[str]:
    """A line that says of which kinds there are fewer questions than were asked for, if there are."""
    counts = [f"{number or 'none'} of {kind}" for kind, number in found.fewer.items()]
    return [f"{found.each} of a kind were asked for; found were {', '.join(counts)}"] if counts else []


def document(found: Any) -> dict[str, Any]:
    """Everything, down to the single questions."""
    return {
        "model": found.model,
        "game": found.game,
        "seat": found.seat,
        "format": found.format,
        "style": found.style,
        "each": found.each,
        "fewer": found.fewer,
        "scores": [score._asdict() for score in found.scores],
        "questions": [
            {
                "kind": each.question.kind,
                "prompt": "".join(each.question.query.context) + each.question.query.tail,
                "labels": each.question.query.labels,
                "right": each.question.right,
                "logprobs": each.answer.said.logprobs.tolist(),
                "understood": each.understood,
            }
            for each in found.asked
        ],
    }
