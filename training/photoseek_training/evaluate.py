"""The command `photoseek-evaluate`: measures bundles again, through core, without training."""

import argparse
import dataclasses
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from photoseek.bundle import ModelBundle
from photoseek.encoder import Encoder
from photoseek.errors import PhotoseekError
from photoseek_training.ablations import ablations_section, measure_ablation
from photoseek_training.dataset import read_dataset
from photoseek_training.figures import Figures
from photoseek_training.measurement import describe, embed, measure
from photoseek_training.page import FIGURES, FOLDER, write_page
from photoseek_training.report import Measured, recall_section, wang_section
from photoseek_training.wang import measure_wang, read_wang
from photoseek_training.words import measure_words, read_words_data
from photoseek_training.words_report import words_section


def main(argv: Sequence[str] | None = None) -> int:
    """Print recall, or write a report; 0 done, 1 the world's fault (in one line), 2 usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = _parser().parse_args(arguments)
    try:
        _evaluate(options, shlex.join(["photoseek-evaluate", *arguments]))
    except PhotoseekError as error:
        print(f"photoseek-evaluate: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"photoseek-evaluate: {error.filename}: {error.strerror}; see that the disk has room "
            "and the folder can be written",
            file=sys.stderr,
        )
        return 1
    return 0


def _evaluate(options: argparse.Namespace, command: str) -> None:
    kept = Figures.read(options.keep) if options.keep else Figures((), ())
    dataset = read_dataset(options.data)
    photos = dataset.test if options.split == "test" else dataset.dev
    wang = read_wang(options.data) if options.out else None
    words = read_words_data(options.data, dataset, photos) if options.out else None
    measured = []
    for path, name in zip(options.bundles, _distinct_names(options.bundles), strict=True):
        encoder = Encoder(ModelBundle.open(path))
        embedded = embed(encoder, photos, options.split)
        bundle = Measured(
            name,
            encoder.bundle.manifest.name,
            measure(embedded, f"{dataset.name} {options.split}"),
            measure_wang(encoder, wang) if wang is not None else None,
            measure_words(encoder, words, embedded) if words is not None else None,
        )
        measured.append(bundle)
        if options.json:
            print(json.dumps(dataclasses.asdict(bundle.recall)))
        else:
            title = f"{name}: " if len(options.bundles) > 1 else ""
            print(f"{title}{describe(bundle.recall)}")
    if options.out:
        web = words.web if words is not None else ()
        groups = tuple(
            tuple(measure_ablation(bundle, web) for bundle in group) for group in options.ablations
        )
        _report(Figures(tuple(measured), groups), kept, command, options.out)


def _report(new: Figures, kept: Figures, command: str, out: Path) -> None:
    figures = new.over(kept)
    figures.write(out / FOLDER / FIGURES)
    sections = [recall_section(figures.bundles)]
    if any(bundle.wang for bundle in figures.bundles):
        sections.append(wang_section(figures.bundles, out))
    if any(bundle.words for bundle in figures.bundles):
        sections.append(words_section(figures.bundles, out))
    if figures.ablations:
        sections.append(ablations_section(figures.ablations))
    write_page(sections, command, [name for name in kept.names if name not in new.names], out)


def _distinct_names(bundles: Sequence[Path]) -> list[str]:
    """The folders' names, or their paths where two folders are called the same."""
    names = [path.resolve().name for path in bundles]
    return names if len(set(names)) == len(names) else [str(path) for path in bundles]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="photoseek-evaluate",
        description="Measure model bundles' retrieval on Flickr8k, opening the photos and "
        "running the graphs as Photoseek does; with --out, on the Wang set and on words beyond the "
        "captions too.",
    )
    parser.add_argument(
        "bundles", type=Path, nargs="+", metavar="BUNDLE", help="folders of the bundles"
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder that is or holds Flickr8k, with wang/, web-captions/ and "
        "imagenet-sample/ beside it for the report",
    )
    parser.add_argument(
        "--split",
        choices=("test", "dev"),
        default="test",
        help="which photos to measure on (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a bundle")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="REPORT_DIR",
        help="write REPORT.md to this folder, and report.json and plots to its report/",
    )
    parser.add_argument(
        "--ablations",
        type=Path,
        nargs="+",
        action="append",
        default=[],
        metavar="BUNDLE",
        help="a bundle and others, trained as it was but for one change: the report tells what "
        "that gained or lost on dev, and its cost; may be given again",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="REPORT_JSON",
        help="an earlier report's figures, to have in this one what is not measured again",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
