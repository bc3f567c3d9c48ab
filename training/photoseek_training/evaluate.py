"""The command `photoseek-evaluate`: measures a bundle again, through core, without training."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from photoseek.bundle import ModelBundle
from photoseek.encoder import Encoder
from photoseek.errors import PhotoseekError
from photoseek_training.dataset import read_dataset
from photoseek_training.measurement import describe, embed, measure


def main(argv: Sequence[str] | None = None) -> int:
    """Print recall of a bundle; 0 done, 1 the world's fault (said in one line), 2 usage."""
    options = _parser().parse_args(argv)
    try:
        encoder = Encoder(ModelBundle.open(options.bundle))
        dataset = read_dataset(options.data)
        photos = dataset.test if options.split == "test" else dataset.dev
        report = measure(embed(encoder, photos, options.split), f"{dataset.name} {options.split}")
    except PhotoseekError as error:
        print(f"photoseek-evaluate: {error}", file=sys.stderr)
        return 1
    print(json.dumps(dataclasses.asdict(report)) if options.json else describe(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="photoseek-evaluate",
        description="Measure a model bundle's retrieval on Flickr8k, opening the photos and "
        "running the graphs as Photoseek does.",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of the bundle")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder that is or holds Flickr8k"
    )
    parser.add_argument(
        "--split",
        choices=("test", "dev"),
        default="test",
        help="which photos to measure on (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
