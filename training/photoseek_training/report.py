"""The report's sections on recall and on the Wang set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from photoseek.manifest import RecallReport
from photoseek_training.page import FOLDER, table
from photoseek_training.plots import draw_classes, draw_curves
from photoseek_training.wang import CLASSES, TOP, ClassRetrieval, WangMeasures
from photoseek_training.words import WordsMeasures

PAPER = "Malik & Bansal (2022)"
PAPER_PRECISION = {"phrase_to_photo": 43.0, "photo_to_text": 54.0}
"""The paper's mean precision at 10 on Wang, in percent, of its multilayer BiLSTM."""

WAYS = {
    "phrase_to_photo": "phrase finds photos",
    "photo_to_text": "photo finds captions",
    "photo_to_photo": "photo finds photos",
    "expanded_photo_to_photo": "expanded photo finds photos",
}
DIFFERENCES = f"""What differs from {PAPER}, so that its figures are a landmark and no contest:

- *Image features.* The paper takes VGG19's 4,096 features. The `paper-*` presets do so with
  `--image-encoder vgg19` where its weights can be downloaded; each bundle's own image encoder is
  in the first table.
- *The text side of Wang.* Its captions were written for this project, ten for each class; the
  paper's were not at hand. They decide how hard each class is.
- *Training.* Cross-entropy over the photos and captions of a batch, Adam with a rate that rises and
  falls again, the maximum over time of the recurrent states, the epoch that did best on dev.
- *The paper's classes.* Its figures class by class (Table 1) were not at hand; only its two
  averages are given here."""


@dataclass(frozen=True)
class Measured:
    """One bundle and its figures; those for a report only, `wang` where the data has that set."""

    name: str
    model: str
    recall: RecallReport
    wang: WangMeasures | None = None
    words: WordsMeasures | None = None


def recall_section(measured: Sequence[Measured]) -> str:
    """Recall on captioned photos, both ways."""
    rows = []
    for bundle in measured:
        for way, recall in (
            ("phrase finds photo", bundle.recall.phrase_to_photo),
            ("photo finds caption", bundle.recall.photo_to_caption),
        ):
            values = (f"{value:.1f}" for value in (recall.r1, recall.r5, recall.r10))
            rows.append((bundle.name, bundle.model, way, *values, f"{recall.median_rank:g}"))
    first = measured[0].recall
    return (
        f"## {first.dataset}\n\n{first.photos:,} photos and {first.captions:,} captions; recall in "
        "percent, and the best median rank is 1.\n\n"
        + table(("bundle", "encoders", "way", "R@1", "R@5", "R@10", "median rank"), rows)
    )


def wang_section(measured: Sequence[Measured], out: Path) -> str:
    """Class precision and recall at 10 on Wang beside the paper's averages, and its plots."""
    wang = {bundle.name: bundle.wang for bundle in measured if bundle.wang is not None}
    ways = {
        way: {
            name: found
            for name, measures in wang.items()
            if (found := getattr(measures, way)) is not None
        }
        for way in WAYS
    }
    plots = out / FOLDER
    plots.mkdir(parents=True, exist_ok=True)
    ways_measured = [way for way, found in ways.items() if found]
    for way in ways_measured:
        draw_classes(ways[way], WAYS[way], plots / f"{way}.png")
    curves = [(WAYS[way], ways[way]) for way in PAPER_PRECISION]
    draw_curves(curves, plots / "precision_recall.png")
    parts = [
        "## Wang (Corel-1K)",
        (
            "1,000 photos in ten classes; what is found is right when it is of the query's class. "
            "None\nof these photos was trained on here."
        ),
        "Mean precision at 10, in percent, beside the paper's:",
        table(
            ("", *WAYS.values()),
            [
                *((name, *(_mean_precision(ways[way].get(name)) for way in WAYS)) for name in wang),
                (
                    f"{PAPER}, VGG19 + multilayer BiLSTM, as published",
                    *(
                        f"{PAPER_PRECISION[way]:.0f}" if way in PAPER_PRECISION else "-"
                        for way in WAYS
                    ),
                ),
            ],
        ),
        (
            "A search by a photo asks for the mean of it and of the photos nearest to it "
            "(`photoseek.expansion`),\nwhich is the last column. Bundles that were measured before "
            "it did so have none."
        ),
        DIFFERENCES,
        *(_class_table(way, ways[way]) for way in ways_measured),
        (
            "### Precision over recall\n\nFrom the first result to the last, mean over all queries "
            "(the paper's Figure 4).\n\n![Precision over recall](report/precision_recall.png)"
        ),
    ]
    return "\n\n".join(parts)


def _mean_precision(found: ClassRetrieval | None) -> str:
    return "-" if found is None else f"{found.mean_precision:.1f}"


def _class_table(way: str, retrievals: Mapping[str, ClassRetrieval]) -> str:
    title, published = WAYS[way], PAPER_PRECISION.get(way)
    heads, rows, means = ["class", *retrievals], [[kind] for kind in CLASSES], ["**mean**"]
    for found in retrievals.values():
        for row, kind in zip(rows, CLASSES, strict=True):
            row.append(f"{found.precision[kind]:.1f} / {found.recall[kind]:.1f}")
        means.append(f"{found.mean_precision:.1f} / {found.mean_recall:.1f}")
    counterpart = ""
    if published is not None:
        heads.append(PAPER)
        for row in rows:
            row.append("-")
        means.append(f"{published:.0f} / -")
        counterpart = " This is the paper's Table 1 and Figure 3."
    return (
        f"### {title[0].upper()}{title[1:]}\n\n"
        f"Precision / recall at {TOP}, in percent.{counterpart}\n\n"
        f"{table(heads, [*rows, means])}\n\n![Precision at {TOP}, {title}]({FOLDER}/{way}.png)"
    )
