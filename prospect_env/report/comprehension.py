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
    return rows_table(rows, title=title, caption=found.model)


def document(found: Any) -> dict[str, Any]:
    """Everything, down to the single questions."""
    return {
        "model": found.model,
        "game": found.game,
        "seat": found.seat,
        "format": found.format,
        "style": found.style,
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
