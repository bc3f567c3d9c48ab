"""What a report's page is made of: its head, sections of Markdown, and tables in them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

PAGE, FOLDER, FIGURES = "REPORT.md", "report", "report.json"


def write_page(sections: Iterable[str], command: str, kept: Sequence[str], out: Path) -> None:
    """Write REPORT.md; the bundles `kept` are said to have been measured before."""
    head = (
        "# What the models find\n\nMade by the command below, which opens the photos and runs the "
        f"bundles as Photoseek does.\nAll figures but the paper's are measured.\n\n"
        f"```\n{command}\n```"
    )
    if kept:
        names = ", ".join(f"`{name}`" for name in kept)
        head += f"\n\nMeasured by an earlier run of it, and kept: {names}."
    (out / PAGE).write_text("\n\n".join([head, *sections]) + "\n", encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table of cells that are text already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
