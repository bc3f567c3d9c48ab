"""A person's own Python script uses the library as DESIGN shows it, with the shipped model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from photoseek import Encoder, Library, ModelBundle, Query, UpdateReport


def test_the_library_in_a_few_lines(photos: Path, cat_from_outside: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    with Library.open(tmp_path / "library") as library:
        library.add_folder(photos)
        report = library.update(on_progress=lambda progress: seen.append(progress.stage))
        assert isinstance(report, UpdateReport)
        assert (report.found, report.added, report.failed) == (11, 8, 3)
        assert set(seen) == {"scanning", "embedding", "finishing"}

        hits = library.search("a cat", top_k=3)
        assert hits[0].photo.path == photos / "IMG_0001.jpg"
        assert hits[0].score > hits[1].score > hits[2].score

        similar = library.search(Query(images=(cat_from_outside,)))
        assert similar[0].photo.path.name == "IMG_0001.jpg"
        assert similar[0].likely


def test_the_shipped_model_gives_unit_vectors_in_one_space(photos: Path) -> None:
    encoder = Encoder(ModelBundle.shipped())
    phrases = encoder.encode_text(["a cat", "a cup of coffee on a table"])
    images = encoder.encode_images([photos / "IMG_0001.jpg", photos / "IMG_0002.png"])
    assert phrases.shape == images.shape
    assert phrases.dtype == images.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(phrases, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1, atol=1e-5)
    assert (phrases @ images.T).argmax(axis=1).tolist() == [0, 1]
