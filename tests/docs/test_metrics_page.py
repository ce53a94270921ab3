"""The generated pages say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from prospect_env import metrics
from prospect_env.core.episodes import columns
from prospect_env.metrics.pages import PAGES, dictionary_page, metrics_page, write

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_page_is_fresh(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "stale: run python -m prospect_env.metrics"


def test_every_metric_and_field_is_there() -> None:
    page, dictionary = metrics_page(), dictionary_page()
    assert all(f"| `{name}` |" in page for name in metrics.catalog)
    assert all(f"| {column.name} |" in dictionary for column in columns())


def test_pages_are_tables_with_one_width(tmp_path: Path) -> None:
    for path in write(tmp_path):
        width = 0
        for line in path.read_text(encoding="utf-8").splitlines():
            bars = line.replace("\\|", "").count("|")
            if not bars:
                width = 0
            assert width in (0, bars), f"{path.name}: {line}"
            width = bars
