"""Takes apart XMP: the properties of the photo itself, by namespace, and the names of people.

lxml reads what it can of a packet with faults, expands no entities, fetches nothing, and goes no
deeper than 256 elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["MOST_BYTES", "XmpValues", "read_xmp"]

XmpValues = Mapping[str, Sequence[str]]
"""Values by `prefix:Name`, the prefix being the usual one whatever the file calls it."""

MOST_BYTES = 256 << 10
"""So much of a packet is read: what describes a photo comes before the history of its edits."""

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_ABOUT, _ITEM = f"{_RDF}about", f"{_RDF}li"
_LISTS = (f"{_RDF}Bag", f"{_RDF}Seq", f"{_RDF}Alt")

_PREFIXES = {
    "http://cipa.jp/exif/1.0": "exifEX",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29": "Iptc4xmpExt",
    "http://ns.adobe.com/exif/1.0": "exif",
    "http://ns.adobe.com/exif/1.0/aux": "aux",
    "http://ns.adobe.com/lightroom/1.0": "lr",
    "http://ns.adobe.com/photoshop/1.0": "photoshop",
    "http://ns.adobe.com/tiff/1.0": "tiff",
    "http://ns.adobe.com/xap/1.0": "xmp",
    "http://ns.iview-multimedia.com/mediapro/1.0": "mediapro",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.2": "MP",
    "http://ns.microsoft.com/photo/1.2/t/Region": "MPReg",
    "http://purl.org/dc/elements/1.1": "dc",
    "http://www.digikam.org/ns/1.0": "digiKam",
    "http://www.metadataworkinggroup.com/schemas/keywords": "mwg-kw",
    "http://www.metadataworkinggroup.com/schemas/regions": "mwg-rs",
}
_NAMES_INSIDE = {
    "mwg-rs:Regions": "mwg-rs:Name",
    "MP:RegionInfo": "MPReg:PersonDisplayName",
    "Iptc4xmpExt:PersonInImageWDetails": "Iptc4xmpExt:PersonName",
    "mwg-kw:Keywords": "mwg-kw:Keyword",
}
"""Structures of which only these names are kept, however deep inside they stand."""

_START = re.compile(r"<(?:\w+:)?(?:xmpmeta|xapmeta|RDF)\b")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_WIDE_BEGINNINGS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)


def read_xmp(packet: bytes, most_bytes: int = MOST_BYTES) -> XmpValues:
    """Return the properties of the photo, as many as can be read.

    Resources inside of properties (ingredients, the photo that this one was made from) are others.
    """
    text = _decoded(packet[:most_bytes])
    start = _START.search(text)
    # XMP needs no document type, and only one can define entities that grow without bound.
    if start is None or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return {}
    root = _parsed(text[start.start() :])
    values: dict[str, list[str]] = {}
    for description in _descriptions(root) if root is not None else ():
        for name, value in description.attrib.items():
            if key := _key(str(name)):
                values.setdefault(key, []).append(str(value))
        for child in description:
            _add_property(values, child)
    return values


def _decoded(packet: bytes) -> str:
    packet = packet.lstrip(b" \r\n\t")
    for beginning, encoding in _WIDE_BEGINNINGS:
        if packet.startswith(beginning):
            return packet.decode(encoding, "replace")
    return packet.decode("utf-8", "replace")


def _parsed(text: str) -> _Element | None:
    # Only what reads XMP waits for this import.
    from lxml import etree

    parser = etree.XMLParser(
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    text = _BARE_AMPERSAND.sub("&amp;", _UNWRITABLE.sub(" ", text))
    try:
        return etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _descriptions(root: _Element) -> Iterator[_Element]:
    """Yield the elements whose properties are the photo's own: the first subject's."""
    rdf = root if root.tag in (f"{_RDF}RDF", "rdf:RDF") else root.find(f".//{_RDF}RDF")
    about = None
    for element in root if rdf is None else rdf:
        mine = element.get(_ABOUT, "") or element.get("about", "")
        about = mine if about is None else about
        if mine in ("", about):
            yield element


def _add_property(values: dict[str, list[str]], element: _Element) -> None:
    key = _key(str(element.tag))
    if key in _NAMES_INSIDE:
        values.setdefault(_NAMES_INSIDE[key], []).extend(_names(element, _NAMES_INSIDE[key]))
    elif key:
        items = [item for child in element if child.tag in _LISTS for item in child]
        own = [item for item in element if item.tag == f"{_RDF}value"] or [element]
        texts = [item.text or "" for item in items or own]
        values.setdefault(key, []).extend(texts)


def _names(element: _Element, key: str) -> Iterator[str]:
    for inner in element.iter():
        for name, value in inner.attrib.items():
            if _key(str(name)) == key:
                yield str(value)
        if _key(str(inner.tag)) == key:
            items = [item for item in inner.iter(_ITEM) if key != "mwg-kw:Keyword"]
            yield from (item.text or "" for item in items or [inner])


def _key(name: str) -> str:
    """Return `prefix:Name` for a known namespace, or for its prefix where nothing declares it."""
    space, brace, local = name.rpartition("}")
    if brace:
        prefix = _PREFIXES.get(space[1:].rstrip("/#"), "")
    else:
        prefix, _, local = name.partition(":")
        prefix = prefix if prefix in _PREFIXES.values() else ""
    return f"{prefix}:{local}" if prefix and local else ""
