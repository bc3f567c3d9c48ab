"""Feeds the opener of photos with files that grow towards code not reached before: `make fuzz`.

By hand: `python tests/fuzz/fuzz_images.py CORPUS [-max_total_time=3600]`, with the `fuzz` extra
installed. It seeds an empty corpus folder with a file of each kind, and stops at the first file
that breaks what `photo_files.try_to_open` demands, takes over 30 seconds or over 4 GB. Such a
file is kept as `crash-...`; put what it shows into `tests/core/test_hostile_photos.py`.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["PIL", "pillow_heif", "photoseek"]):
    from PIL import Image

    from photo_files import photo_files, try_to_open
    from photoseek.photo import opening

    Image.init()  # the readers too, which are otherwise imported later

MOST_PIXELS = 4_000_000
"""The hour is for readers, not for filling memory with photos of half a billion pixels."""

LIMITS = ("-timeout=30", "-rss_limit_mb=4096", "-max_len=65536")


def main() -> None:
    """Seed the corpus that the command line names, and run until told to stop."""
    folders = [Path(word) for word in sys.argv[1:] if not word.startswith("-")]
    if not folders:
        sys.exit(__doc__)
    folders[0].mkdir(parents=True, exist_ok=True)
    for name, content in photo_files().items():
        (folders[0] / name).write_bytes(content)
    warnings.simplefilter("ignore")  # Pillow's, about damage
    opening.MOST_PIXELS = MOST_PIXELS
    atheris.Setup([sys.argv[0], *LIMITS, *sys.argv[1:]], try_to_open_any)
    atheris.Fuzz()


def try_to_open_any(content: bytes) -> None:
    """Open one input; libFuzzer takes what is raised for a finding."""
    try_to_open(content)


if __name__ == "__main__":
    main()
