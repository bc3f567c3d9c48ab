"""Embeds by another of the library's models the photos that it knows already."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, takewhile

import numpy as np

from photoseek.database import Catalogue, LackingPhoto
from photoseek.decoding.pool import Decoded, DecodeJob, DecoderPool
from photoseek.encoder import Encoder
from photoseek.indexer import BATCH_SIZE
from photoseek.records import Progress
from photoseek.scanner import stamp_of

__all__ = ["catch_up"]


def catch_up(
    catalogue: Catalogue,
    encoder: Encoder,
    on_progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> int:
    """Embed what this model lacks; return how many photos that were.

    It writes this model's embeddings and nothing else. A file that has changed or gone since the
    scan is left to the next one, and its photo counts as lacking until then.
    """
    manifest = encoder.bundle.manifest
    photos = {photo.path: photo for photo in catalogue.models.lacking(manifest.model_id)}
    if not photos:
        return 0
    done = embedded = 0
    on_progress(Progress("embedding", 0, len(photos), 0, manifest.name))
    with DecoderPool(manifest.image) as pool:
        jobs = takewhile(lambda _: not cancelled(), map(DecodeJob, photos))
        outcomes = takewhile(lambda _: not cancelled(), pool.decode(jobs, cancelled))
        while batch := list(islice(outcomes, BATCH_SIZE)):
            same = [
                (photos[job.path].id, outcome.pixels)
                for job, outcome in batch
                if isinstance(outcome, Decoded) and _is_unchanged(photos[job.path])
            ]
            if same:
                vectors = encoder.encode_pixels(np.stack([pixels for _, pixels in same]))
                with catalogue.transaction():
                    for (photo_id, _), vector in zip(same, vectors, strict=True):
                        catalogue.put_embedding(photo_id, manifest.model_id, vector)
            done, embedded = done + len(batch), embedded + len(same)
            on_progress(Progress("embedding", done, len(photos), done - embedded, manifest.name))
    return embedded


def _is_unchanged(photo: LackingPhoto) -> bool:
    """Tell whether the file is still that of the scan, by what a scan would tell it by."""
    try:
        status = photo.path.stat()
    except OSError:
        return False
    return stamp_of(status) == (photo.file_size, photo.modified_ns, photo.changed_ns)
