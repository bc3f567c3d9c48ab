"""The command `train-and-export`: from photos with captions to a measured model bundle."""

import argparse
import ctypes
import hashlib
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import appdirs
import torch

from photoseek.errors import PhotoseekError
from photoseek_training.clip_export import export_clip
from photoseek_training.dataset import Dataset, read_dataset
from photoseek_training.errors import DatasetError
from photoseek_training.export import Provenance, export_bundle
from photoseek_training.extra_pairs import ExtraPairs, read_extra_pairs
from photoseek_training.objective import Objective
from photoseek_training.preparation import prepare, run_settings
from photoseek_training.presets import PRESETS, SHIPPED, WORD_VECTORS, Recipe, changed, find_preset
from photoseek_training.processes import Processes, join_processes
from photoseek_training.shapes import draw_shapes
from photoseek_training.training import Run, forget, result, train

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
"""As glibc's malloc.h numbers what `mallopt` sets."""


def main(argv: Sequence[str] | None = None) -> int:
    """Train, export, prove and measure; 0 done, 1 the world's fault (one line), 2 usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.from_clip and (options.resume or options.export_only):
        parser.error("--from-clip trains nothing that could be resumed")
    if options.threads:
        torch.set_num_threads(options.threads)
    device = _device(options.device)
    _keep_freed_memory()
    try:
        if options.from_clip:
            dataset = read_dataset(options.data) if options.data else None
            export_clip(options.from_clip, options.out, _command(arguments), dataset, _say)
            return 0
        with join_processes(device) as processes:
            _train_and_export(options, _command(arguments), device, processes)
    except PhotoseekError as error:
        print(f"train-and-export: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"train-and-export: {error.filename or 'a file'}: {error.strerror}; see that the "
            "disk has room and the folder can be written",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print(
            "train-and-export: stopped; --resume goes on from the last checkpoint", file=sys.stderr
        )
        return 1
    return 0


def _train_and_export(
    options: argparse.Namespace, command: str, device: torch.device, processes: Processes
) -> None:
    say = _say if processes.is_first else _say_nothing
    changes = _changes(options)
    recipe = changed(find_preset(options.preset), *changes)
    work = options.work or _default_work(options.out)
    work.mkdir(parents=True, exist_ok=True)
    with processes.first_alone():
        dataset, extra = _read_data(options, recipe, work)
        data = _describe_data(dataset, extra)
        for line in (
            f"preset {recipe.name}: {recipe.description}",
            *data,
            f"checkpoints and caches are in {work}",
        ):
            say(line)
        settings = run_settings(recipe, dataset, extra, options.seed)
        if processes.is_first and not (options.resume or options.export_only):
            forget(work)
        prepared = prepare(recipe, dataset, extra, seed=options.seed, work=work, device=device)
    say(
        f"{len(prepared.vocabulary):,} words, of which {prepared.vocabulary.learned:,} are "
        "learned from captions"
    )
    objective = Objective(
        recipe.softness, recipe.sentence_view, recipe.clip_view, recipe.any_phrase
    )
    run = Run(work, settings, options.seed, objective, device, say, processes)
    trained = prepared.model, prepared.data, recipe.stages, run
    best = result(*trained) if options.export_only else train(*trained, resume=options.resume)
    say(f"chosen on dev: {best.epoch}, recall sum {best.score:.1f}")
    if processes.is_first:
        source = Provenance(recipe, changes, command, options.seed, data, extra.classes)
        export_bundle(prepared, best, dataset, source, options.out, say)


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, PRESETS))
    presets = "\n".join(f"  {name:{width}} {PRESETS[name].description}" for name in PRESETS)
    parser = argparse.ArgumentParser(
        prog="train-and-export",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Train a dual encoder on photos with captions and write it as a model bundle: "
        "exported, proved\nequal to the trained model, and measured on the test split.",
        epilog=f"presets:\n{presets}\n\nProgress goes to stderr. A killed run goes on with "
        "--resume and the same options.",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder that is or holds Flickr8k, with imagenet-sample/ and "
        "web-captions/ beside it where a preset uses them (not needed by "
        "--preset smoke)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="BUNDLE_DIR",
        help="folder for the bundle; what is there is replaced at the end",
    )
    parser.add_argument(
        "--from-clip",
        type=Path,
        metavar="DIR",
        help="train nothing: make a bundle of the CLIP that transformers or open_clip saved in "
        "this folder, measured where --data is given",
    )
    parser.add_argument(
        "--preset", default=SHIPPED, metavar="NAME", help="recipe (default: %(default)s)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint of the same run"
    )
    parser.add_argument(
        "--export-only",
        action="store_true",
        help="train no further: export the best weights of the run so far",
    )
    parser.add_argument("--seed", type=int, default=0, help="of all randomness (default: 0)")
    parser.add_argument("--epochs", type=int, metavar="N", help="epochs of the last stage")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="change one setting of the preset, or of one of its stages (STAGE.NAME=VALUE), such "
        "as members=1 or fine-tuning.colour_change=0; may be given again",
    )
    parser.add_argument(
        "--image-encoder",
        metavar="NAME",
        help="efficientnet-lite0, -lite1, -lite2, vgg19, or another "
        "classification model of torchvision",
    )
    parser.add_argument(
        "--image-weights",
        metavar="WHICH",
        help='"pretrained", "random", or the path of a weight file',
    )
    parser.add_argument(
        "--text-encoder", metavar="NAME", help="lstm, bilstm, multilayer-bilstm or bag-of-words"
    )
    parser.add_argument(
        "--word-vectors",
        choices=WORD_VECTORS,
        help="start from pretrained word vectors, or from random ones",
    )
    parser.add_argument(
        "--hold-out-classes",
        action="store_true",
        help="train on every second ImageNet class only, to measure the others",
    )
    parser.add_argument(
        "--no-extra-pairs",
        action="store_true",
        help="train on Flickr8k alone even where more pairs lie beside it",
    )
    parser.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        help="folder for checkpoints and caches (default: one for each BUNDLE_DIR "
        "in the user's cache)",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    return parser


def _changes(options: argparse.Namespace) -> list[str]:
    """What the options change in the preset, as `--set` would have it."""
    names = ("image_encoder", "image_weights", "text_encoder", "word_vectors")
    changes = [f"{name}={value}" for name in names if (value := getattr(options, name)) is not None]
    if options.hold_out_classes:
        changes.append("hold_out_classes=true")
    if options.no_extra_pairs:
        changes.append("extra_pairs=false")
    if options.epochs:
        changes.append(f"{find_preset(options.preset).stages[-1].name}.epochs={options.epochs}")
    return [*changes, *options.settings]


def _read_data(
    options: argparse.Namespace, recipe: Recipe, work: Path
) -> tuple[Dataset, ExtraPairs]:
    if recipe.drawn_photos and options.data is None:
        shapes = draw_shapes(work / "shapes", recipe.drawn_photos, options.seed)
        return replace(read_dataset(shapes), name="drawn shapes"), ExtraPairs()
    if options.data is None:
        raise DatasetError(
            "--data is missing: it takes the folder that holds Flickr8k "
            "(only --preset smoke draws its own photos)"
        )
    dataset = read_dataset(options.data)
    if not recipe.extra_pairs:
        return dataset, ExtraPairs()
    return dataset, read_extra_pairs(options.data, hold_out_classes=recipe.hold_out_classes)


def _describe_data(dataset: Dataset, extra: ExtraPairs) -> tuple[str, ...]:
    captions = sum(len(photo.captions) for photo in dataset.train)
    lines = [
        (
            f"{dataset.name}: {len(dataset.train):,} photos with {captions:,} captions to train, "
            f"{len(dataset.dev):,} photos to choose by, {len(dataset.test):,} to measure"
        )
    ]
    if extra.imagenet:
        lines.append(f"imagenet-sample: {len(extra.imagenet):,} photos with their class names")
    if extra.web:
        lines.append(
            f"web-captions: {len(extra.web):,} photos with a sentence each; the last "
            "tenth is held out"
        )
    return (*lines, *dataset.notes)


def _command(arguments: Sequence[str]) -> str:
    """The command as typed; a resumed run is the run it resumes."""
    return shlex.join(
        [
            "train-and-export",
            *(argument for argument in arguments if argument not in ("--resume", "--export-only")),
        ]
    )


def _default_work(out: Path) -> Path:
    digest = hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:8]
    return Path(appdirs.user_cache_dir("photoseek")) / "training" / f"{out.name}-{digest}"


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    # torchrun numbers the processes of a machine: each has the GPU of its number.
    return torch.device(f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if name == "cuda" else name)


def _keep_freed_memory() -> None:
    """Have the C library keep what large tensors free, for the next ones.

    Giving it back to the system at each step and asking for it again takes a fifth of the time.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        never, most = 0, 2**31 - 1
        libc.mallopt(_M_MMAP_MAX, never)
        libc.mallopt(_M_TRIM_THRESHOLD, most)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _say_nothing(line: str) -> None:
    """What all processes but the first say."""


if __name__ == "__main__":
    sys.exit(main())
