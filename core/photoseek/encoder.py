"""Runs a bundle's two graphs: photos and phrases become unit vectors in one space."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from photoseek.bundle import ModelBundle
from photoseek.errors import BundleError
from photoseek.tokenizer import TextTokenizer, Tokens

if TYPE_CHECKING:
    from PIL import Image

    from photoseek.decoding.opener import PhotoOpener

__all__ = ["Encoder"]

Provider = Literal["auto", "cuda", "cpu"]
BATCH_SIZE = 32

# A program that imported onnxruntime before photoseek has its telemetry started already.
onnxruntime.disable_telemetry_events()

_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"


class Encoder:
    """The image encoder and the text encoder of one bundle; safe to share between threads.

    Each graph is loaded at its first use, so a search by phrase never pays for the image side.
    `provider` "auto" takes CUDA where onnxruntime offers it and the CPU otherwise; `threads`
    bounds the CPU threads of one call (default: onnxruntime's choice). Photo files are opened in
    worker processes: those of the `opener` that is given, or its own.
    """

    def __init__(
        self,
        bundle: ModelBundle,
        *,
        provider: Provider = "auto",
        threads: int | None = None,
        opener: Callable[[], PhotoOpener] | None = None,
    ) -> None:
        self.bundle = bundle
        self._given_opener = opener
        self._threads = threads
        self._loading = threading.Lock()
        self._sessions: dict[Path, Any] = {}
        offered = onnxruntime.get_available_providers()
        if provider == "cuda" and _CUDA not in offered:
            raise BundleError(
                "CUDA was asked for, but this onnxruntime does not offer it; "
                "install onnxruntime-gpu, or use the CPU"
            )
        self._use_cuda = provider != "cpu" and _CUDA in offered
        self._fallback: str | None = None

    @cached_property
    def tokenizer(self) -> TextTokenizer:
        """The bundle's tokenizer."""
        return TextTokenizer(self.bundle.tokenizer, self.bundle.manifest.text)

    @property
    def provider(self) -> str:
        """Return where the graphs run, "CUDA" or "CPU"; starts CUDA to be sure of it."""
        if self._use_cuda:
            self._session(self.bundle.text_encoder)
        return "CUDA" if self._use_cuda and self._fallback is None else "CPU"

    @property
    def fallback(self) -> str | None:
        """Why the CPU is used although onnxruntime offers CUDA; None where it is not so."""
        return self._fallback

    def encode_text(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Embed phrases: `(n, dim)` float32, unit rows."""
        # One by one: layers that compute with int8 scale what they multiply by the largest number
        # in all of a batch, and a phrase must not depend on what it is asked with.
        return self._stack(
            [self.encode_tokens(self.tokenizer.encode([phrase])) for phrase in phrases]
        )

    def encode_tokens(self, tokens: Tokens) -> NDArray[np.float32]:
        """Embed tokenized phrases in one run of the graph: `(n, dim)` float32, unit rows.

        A graph that computes with int8 makes slightly different rows of them in another batch.
        """
        spec = self.bundle.manifest.text
        feeds = {spec.input_name: tokens.ids.astype(spec.input_dtype)}
        if spec.lengths_input is not None:
            feeds[spec.lengths_input] = tokens.lengths
        return _run(self._session(self.bundle.text_encoder), feeds)

    def encode_images(self, images: Sequence[Image.Image | Path | str]) -> NDArray[np.float32]:
        """Embed photos: `(n, dim)` float32, unit rows; `PhotoError` names a file that fails."""
        if any(isinstance(image, Path | str) for image in images):
            self._opener.warm()
            self._session(self.bundle.image_encoder)  # while the worker process starts
        rows = []
        for start in range(0, len(images), BATCH_SIZE):
            batch = images[start : start + BATCH_SIZE]
            rows.append(self.encode_pixels(np.stack([self._pixels(image) for image in batch])))
        return self._stack(rows)

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed prepared pixels `(n, size, size, 3)` uint8: `(n, dim)` float32, unit rows."""
        spec = self.bundle.manifest.image
        session = self._session(self.bundle.image_encoder)

        def run(part: NDArray[np.uint8]) -> NDArray[np.float32]:
            return _run(session, {spec.input_name: part.astype(spec.input_dtype, copy=False)})

        if self.provider == "CUDA" or len(pixels) < 2:
            return run(pixels)
        # One photo's layers stay in a core's cache, a batch's do not: that is a third faster.
        with ThreadPoolExecutor(self._threads or os.cpu_count()) as threads:
            return self._stack(list(threads.map(run, np.split(pixels, len(pixels)))))

    @cached_property
    def _opener(self) -> PhotoOpener:
        if self._given_opener is not None:
            return self._given_opener()
        # Imported late: a search by phrase opens no photo.
        from photoseek.decoding.opener import PhotoOpener

        opener = PhotoOpener()
        weakref.finalize(self, opener.close)
        return opener

    def _pixels(self, image: Image.Image | Path | str) -> NDArray[np.uint8]:
        """Return the image encoder's input; a file is opened elsewhere, an opened photo is here."""
        spec = self.bundle.manifest.image
        if isinstance(image, Path | str):
            return self._opener.encoder_pixels(Path(image), spec)
        from photoseek.images import least_side, open_photo, to_pixels  # late, as above

        return to_pixels(open_photo(image, at_least=least_side(spec)), spec)

    def _session(self, graph: Path) -> Any:
        with self._loading:
            if graph not in self._sessions:
                self._sessions[graph] = self._load(graph)
            return self._sessions[graph]

    def _load(self, graph: Path) -> Any:
        if self._use_cuda and self._fallback is None:
            options = self._options(graph)
            # CUDA has no convolutions that compute with int8: it takes their filters as float32.
            options.add_session_config_entry("session.disable_quant_qdq", "1")
            try:
                session = _start(graph, options, [_CUDA, _CPU])
                if _CUDA in session.get_providers():
                    return session
            except BundleError:
                session = None  # whether CUDA or the graph is at fault, the CPU tells
            self._fallback = (
                "onnxruntime offers CUDA, but it did not start; check the NVIDIA driver and "
                "the CUDA and cuDNN libraries"
            )
            logging.getLogger("photoseek.encoding").info(self._fallback)
        return _start(graph, self._options(graph), [_CPU])

    def _options(self, graph: Path) -> Any:
        options = onnxruntime.SessionOptions()
        # A failed CUDA start is told in `fallback`; onnxruntime's own lines would only repeat it.
        options.log_severity_level = 4
        # Its threads would go on waiting busily, on cores that comparing and decoding need.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        if graph == self.bundle.image_encoder:
            options.intra_op_num_threads = 1  # each photo has a thread of ours: `encode_pixels`
        elif self._threads is not None:
            options.intra_op_num_threads = self._threads
        return options

    def _stack(self, rows: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        if not rows:
            return np.zeros((0, self.bundle.manifest.embedding_dim), np.float32)
        return np.concatenate(rows)


def _start(graph: Path, options: Any, providers: list[str]) -> Any:
    try:
        return onnxruntime.InferenceSession(
            _source(graph),
            sess_options=options,
            providers=providers,
            # Its own way back to the CPU prints on standard output, where results belong.
            enable_fallback=0,
        )
    except Exception as error:  # onnxruntime raises its own, unexported kinds
        raise BundleError(f"the model's {graph} cannot be loaded ({error})") from error


def _source(graph: Path) -> str | bytes:
    """Return the path, or the content where onnxruntime cannot take the path: it is not UTF-8."""
    try:
        str(graph).encode()
    except UnicodeEncodeError:
        return graph.read_bytes()
    return str(graph)


def _run(session: Any, feeds: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    try:
        output: NDArray[np.float32] = session.run(None, feeds)[0]
    except Exception as error:  # as above; a graph whose inputs are not those of its manifest
        raise BundleError(f"the model cannot be run ({error})") from error
    return output
