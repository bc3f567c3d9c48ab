"""Writes a report: REPORT.md of sections and, in report/, their figures as report.json."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE, FOLDER, FIGURES = "REPORT.md", "report", "report.json"


@dataclass(frozen=True)
class Section:
    """A part of the report: `figures` go to report.json under `key`, `text` onto the page."""

    key: str
    figures: object
    text: str


def write_report(sections: Iterable[Section], command: str, out: Path) -> None:
    """Write REPORT.md and report/report.json, the sections in their order."""
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    sections = list(sections)
    figures = {section.key: section.figures for section in sections}
    (out / FOLDER / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    head = (
        "# What the models find\n\nMade by the command below, which opens the photos and runs the "
        f"bundles as Photoseek does.\nAll figures but the paper's are measured.\n\n"
        f"```\n{command}\n```"
    )
    page = "\n\n".join([head, *(section.text for section in sections)])
    (out / PAGE).write_text(page + "\n", encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table of cells that are text already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
