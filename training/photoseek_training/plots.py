"""Draws a report's plots as small PNG files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from photoseek_training.wang import CLASSES, ClassRetrieval

_DPI = 80


def draw_classes(retrievals: Mapping[str, ClassRetrieval], title: str, file: Path) -> None:
    """Bars of precision at 10, one group a class and one bar a bundle."""
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(retrievals)
    for number, (name, retrieval) in enumerate(retrievals.items()):
        places = [place + number * width for place in range(len(CLASSES))]
        axes.bar(places, [retrieval.precision[kind] for kind in CLASSES], width, label=name)
    middle = 0.4 - width / 2
    axes.set_xticks([place + middle for place in range(len(CLASSES))], CLASSES)
    axes.set(title=title, ylabel="precision at 10, %", ylim=(0, 100))
    figure.legend(fontsize="small", loc="outside lower center", ncols=len(retrievals))
    figure.savefig(file, dpi=_DPI)


def draw_curves(ways: Sequence[tuple[str, Mapping[str, ClassRetrieval]]], file: Path) -> None:
    """Precision over recall, one panel a way and one line a bundle."""
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    for axes, (title, retrievals) in zip(
        figure.subplots(1, len(ways), squeeze=False)[0], ways, strict=True
    ):
        for name, retrieval in retrievals.items():
            axes.plot(retrieval.recall_curve, retrieval.precision_curve, label=name)
        axes.set(title=title, xlabel="recall, %", ylabel="precision, %", ylim=(0, 100))
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    figure.savefig(file, dpi=_DPI)
