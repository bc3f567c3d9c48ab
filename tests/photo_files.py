"""Makes one small photo file of each kind, and says what opening any file at all must hold to."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from colour_profiles import ink_profile, rgb_profile
from photoseek.errors import PhotoError
from photoseek.images import decode_photo, make_thumbnail, read_metadata, to_pixels
from photoseek.manifest import ImageInput
from photoseek.metadata import pack_metadata, unpack_metadata

__all__ = ["photo_files", "png", "saved", "try_to_open", "why_not"]

_XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>"""
_INPUT = ImageInput(32, "crop", "bilinear", "pixels", "uint8")


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return the image as a file of that format."""
    pillow_heif.register_heif_opener()
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(width: int, height: int, depth: int, colour: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG with that header and those chunks, whatever they hold."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"".join(chunk(*part) for part in ((b"IHDR", header), *chunks, (b"IEND", b"")))
    return b"\x89PNG\r\n\x1a\n" + body


def photo_files() -> dict[str, bytes]:
    """Return whole files by name: each format and mode that has a reader of its own."""
    values = np.random.default_rng(0).integers(0, 255, (24, 32, 3)).astype(np.uint8)
    photo = Image.fromarray(values)
    deep = Image.fromarray(values[:, :, 0].astype(np.uint16) << 8)
    inks = ink_profile([(50, 9, 9)] * 16)
    tags = Image.Exif()
    tags[0x0112], tags[0x010F] = 6, "Maker"
    tags.get_ifd(0x8769)[0x9003] = "2024:05:01 23:30:15"
    gps = tags.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "S", (33.0, 51.0, 24.0), "E", (151.0, 12.0, 36.0)
    exif = tags.tobytes()

    def twice(kind: str, **options: object) -> bytes:
        # Copies: saving leaves settings behind in an image.
        return saved(photo.copy(), kind, save_all=True, append_images=[photo.rotate(9)], **options)

    return {
        "grey.jpg": saved(photo.convert("L"), "JPEG"),
        "tagged.jpg": saved(photo, "JPEG", exif=exif, xmp=_XMP),
        "progressive.jpg": saved(photo, "JPEG", progressive=True),
        "cmyk.jpg": saved(photo.convert("CMYK"), "JPEG"),
        "wide.jpg": saved(photo, "JPEG", icc_profile=rgb_profile()),
        "inks.jpg": saved(photo.convert("CMYK"), "JPEG", icc_profile=inks),
        "two.mpo": twice("MPO"),
        "plain.png": saved(photo, "PNG", exif=exif),
        "palette.png": saved(photo.quantize(16), "PNG", transparency=3),
        "deep.png": saved(deep, "PNG"),
        "animated.png": twice("PNG"),
        "animated.gif": twice("GIF"),
        "lossy.webp": saved(photo, "WEBP", exif=exif, xmp=_XMP),
        "animated.webp": twice("WEBP", lossless=True),
        "plain.tif": saved(photo, "TIFF", exif=exif),
        "pages.tif": twice("TIFF", compression="tiff_lzw"),
        "deep.tif": saved(deep, "TIFF", compression="tiff_adobe_deflate"),
        "one bit.tif": saved(photo.convert("1"), "TIFF", compression="group4"),
        "float.tif": saved(Image.fromarray(values[:, :, 0].astype(np.float32)), "TIFF"),
        "lab.tif": saved(Image.frombytes("LAB", photo.size, photo.tobytes()), "TIFF"),
        "plain.bmp": saved(photo, "BMP"),
        "palette.bmp": saved(photo.quantize(4), "BMP"),
        "plain.jp2": saved(photo, "JPEG2000"),
        "plain.heic": saved(photo, "HEIF", exif=exif, xmp=_XMP),
        "plain.avif": saved(photo, "AVIF", exif=exif),
    }


def why_not(source: Path | bytes) -> str:
    """Return the reason why a file is no photo; it has to have one."""
    try:
        decode_photo(source)
    except PhotoError as error:
        _is_one_line(str(error))
        return error.reason
    raise AssertionError("it was opened")


def _is_one_line(reason: str) -> bool:
    assert reason.isprintable(), reason
    assert reason
    return False


def try_to_open(content: bytes, suffix: str = "") -> bool:
    """Open any bytes as a photo; tell whether they were one.

    `AssertionError`, or whatever else is raised, is a fault of the opener: a file may only give
    an upright RGB image with metadata that can be stored, or a reason on one line.
    """
    metadata = read_metadata(content, suffix)
    try:
        photo = decode_photo(content, suffix=suffix)
    except PhotoError as error:
        return _is_one_line(error.reason)
    assert photo.image.mode == "RGB"
    assert min(photo.width, photo.height, *photo.image.size) >= 1
    assert (photo.width >= photo.height) == (photo.image.width >= photo.image.height)
    assert photo.metadata == metadata
    assert unpack_metadata(pack_metadata(metadata)) == metadata
    assert to_pixels(photo.image, _INPUT).shape == (32, 32, 3)
    assert make_thumbnail(photo.image).startswith(b"\xff\xd8")
    return True
