"""XMP is read by namespace, the photo's own properties alone, and faults cost little of it."""

from __future__ import annotations

import pytest

from photoseek.metadata import Blocks, read_blocks
from photoseek.metadata.xmp import MOST_BYTES, read_xmp
from photoseek.records import Metadata

SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
}
OWN = 'xmp:Rating="4" photoshop:DateCreated="1988-12-01T18:53:44"'


def packet(inside: str = "", attributes: str = "", *, without: str = "") -> str:
    """Return an XMP packet of one description; the prefix `without` stays undeclared."""
    spaces = " ".join(
        f'xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items() if prefix != without
    )
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces} {attributes}>{inside}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    )


def bag(name: str, *items: str) -> str:
    inside = "".join(f"<rdf:li>{item}</rdf:li>" for item in items)
    return f"<{name}><rdf:Bag>{inside}</rdf:Bag></{name}>"


def read(xmp: str | bytes) -> Metadata:
    return read_blocks(Blocks("jpeg", xmp=xmp.encode() if isinstance(xmp, str) else xmp))


@pytest.mark.parametrize(
    "xmp",
    [
        packet("", 'MicrosoftPhoto:Rating="75" xmp:Rating="4"'),
        packet("<MicrosoftPhoto:Rating>50</MicrosoftPhoto:Rating><xmp:Rating>4</xmp:Rating>"),
        packet("", 'MicrosoftPhoto:Rating="75"'),
        packet("<xmp:Rating>4.0</xmp:Rating>"),
    ],
)
def test_a_rating_in_percent_never_hides_the_one_in_stars(xmp: str) -> None:
    assert read(xmp).rating == 4


@pytest.mark.parametrize(
    ("percent", "stars"), [(0, 0), (1, 1), (25, 2), (50, 3), (75, 4), (99, 5), (100, 5)]
)
def test_percents_of_windows_become_stars(percent: int, stars: int) -> None:
    assert read(packet("", f'MicrosoftPhoto:Rating="{percent}"')).rating == stars
    assert read_blocks(Blocks("jpeg", exif={0x4749: percent})).rating == stars


def test_a_rejected_photo_has_no_rating() -> None:
    assert read(packet("", 'xmp:Rating="-1"')).rating is None


def test_other_namespaces_with_the_same_names_do_not_count() -> None:
    other = '<rdf:Description xmlns:z="urn:z" z:Rating="1"/>'
    found = read(packet("", OWN).replace("<rdf:Description", f"{other}<rdf:Description", 1))
    assert found.rating == 4


def test_a_prefix_of_the_files_own_choice_means_its_namespace() -> None:
    xmp = packet("", 'xmp:Rating="4"').replace("xmp:", "odd:").replace(":xmp=", ":odd=")
    assert read(xmp).rating == 4


@pytest.mark.parametrize("holder", ["xmpMM:Pantry", "xmpMM:Ingredients", "xmpMM:DerivedFrom"])
def test_a_photo_that_this_one_was_made_from_is_another(holder: str) -> None:
    foreign = (
        '<rdf:Description xmp:Rating="5" xmp:CreateDate="2001-01-01T01:01:01" '
        f'exif:GPSLatitude="10,0N" exif:GPSLongitude="20,0E">{bag("dc:subject", "Foreign")}'
        "</rdf:Description>"
    )
    inside = f"<{holder}><rdf:Bag><rdf:li>{foreign}</rdf:li></rdf:Bag></{holder}>"
    assert read(packet(inside + bag("dc:subject", "Mine"))) == Metadata(
        keywords=("Mine",), format="jpeg"
    )


def test_a_description_of_another_subject_does_not_count() -> None:
    other = '<rdf:Description rdf:about="other.jpg" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    xmp = packet("", 'xmp:CreateDate="2001-01-01"')
    xmp = xmp.replace("</rdf:RDF>", f'{other} xmp:Rating="1"/></rdf:RDF>')
    assert read(xmp).rating is None


KEYWORDS = bag("dc:subject", "Harbour")
WHOLE = packet(KEYWORDS, OWN)


@pytest.mark.parametrize(
    "damaged",
    [
        (WHOLE + "<xmpmeta>junk</y> \0\0 behind").encode(),
        WHOLE.replace("</x:xmpmeta>", "</x:xmpmeta></x:xmpmeta>").encode(),
        b"\0\0junk before" + WHOLE.encode(),
        WHOLE.encode("utf-16"),
        WHOLE.encode("utf-16-le"),
        WHOLE.encode("utf-16-be"),
        WHOLE.encode("utf-32"),
        b"\xef\xbb\xbf" + WHOLE.encode(),
        packet("<nkd:Program>x</nkd:Program>" + KEYWORDS, OWN + ' nkd:Age="9"').encode(),
        packet(KEYWORDS, OWN, without="dc").encode(),
        packet(KEYWORDS, OWN, without="xmp").encode(),
        packet("<dc:title>Salt & Pepper</dc:title>" + KEYWORDS, OWN).encode(),
        packet("<dc:title>a\x01\x0bb &nbsp; c</dc:title>" + KEYWORDS, OWN).encode(),
        packet("<dc:title>a\udc80b</dc:title>" + KEYWORDS, OWN).encode("utf-8", "surrogatepass"),
        packet("<dc:title>a</dc:titel>" + KEYWORDS, OWN).encode(),
        packet(KEYWORDS + "<dc:title>\xe9</dc:title>", OWN).encode("latin-1"),
        packet(KEYWORDS, OWN).partition("</rdf:Description>")[0].encode(),
        packet(KEYWORDS + bag("xmpMM:History", *["x" * 100] * 9999), OWN).encode(),
    ],
)
def test_a_fault_in_xmp_costs_no_more_than_itself(damaged: bytes) -> None:
    found = read(damaged)
    assert (found.rating, found.keywords) == (4, ("Harbour",))
    assert found.taken is not None
    assert found.taken.isoformat() == "1988-12-01T18:53:44"


def test_letters_that_xml_cannot_hold_are_blanks() -> None:
    assert read(packet(bag("dc:subject", "Salt & Pepper", "a\x01b"))).keywords == (
        "Salt & Pepper",
        "a b",
    )


@pytest.mark.parametrize(
    "packet_",
    [
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>' + WHOLE,
        WHOLE.replace(
            "<x:xmpmeta", "<!DOCTYPE x [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><x:xmpmeta"
        ),
        "",
        "<rdf:RDF",
        "plain text",
    ],
)
def test_a_document_type_and_what_is_no_xmp_are_not_read(packet_: str) -> None:
    assert read_xmp(packet_.encode()) == {}
    assert read_xmp(packet_.encode("utf-16")) == {}


@pytest.mark.parametrize(
    "part", ["<rdf:Description>", "<rdf:Description><rdf:li>", "<a b='c'/>", "&", "<a:b/>", "<"]
)
def test_xmp_that_was_made_to_keep_us_busy_ends_soon(part: str) -> None:
    xmp = packet(KEYWORDS, OWN).partition("</rdf:Description>")[0] + part * (
        4 * MOST_BYTES // len(part)
    )
    assert read(xmp).rating == 4


def test_hierarchical_keywords_give_the_leaf_and_those_above_it() -> None:
    for name, path in (
        ("digiKam:TagsList", "Animals/Birds/Heron"),
        ("lr:hierarchicalSubject", "Animals|Birds|Heron"),
        ("MicrosoftPhoto:LastKeywordXMP", "Animals/Birds/Heron"),
        ("mediapro:CatalogSets", "Animals|Birds|Heron"),
    ):
        found = read(packet(bag("dc:subject", "Heron") + bag(name, path))).keywords
        assert found == ("Heron", "Birds", "Animals"), name


def test_people_are_keywords_too() -> None:
    regions = (
        '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>'
        '<rdf:li><rdf:Description mwg-rs:Name="Anna Berg" mwg-rs:Type="Face"/></rdf:li>'
        '<rdf:li rdf:parseType="Resource"><mwg-rs:Name>Bo</mwg-rs:Name></rdf:li>'
        "</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )
    windows = (
        '<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag><rdf:li>'
        '<rdf:Description MPReg:PersonDisplayName="Cleo"/></rdf:li></rdf:Bag></MPRI:Regions>'
        "</MP:RegionInfo>"
    )
    people = bag("Iptc4xmpExt:PersonInImage", "Dora")
    assert read(packet(regions + windows + people)).keywords == (
        "Dora",
        "Anna Berg",
        "Bo",
        "Cleo",
        "Anna",
    )


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("60.5", "-135.25"),
        ("60,30.0N", "135,15.0W"),
        ("60,30,0N", "135,15,0W"),
        ("60.5N", "135.25W"),
        ("N60.5", "W 135.25"),
        ("60° 30' 0\" N", "135° 15' 0\" W"),
        ("60 deg 30' 0.00\" N", "135 deg 15' 0.00\" West"),
    ],
)
def test_places_are_read_in_every_usual_spelling(latitude: str, longitude: str) -> None:
    latitude, longitude = latitude.replace('"', "&quot;"), longitude.replace('"', "&quot;")
    found = read(packet("", f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}"'))
    assert (found.latitude, found.longitude) == (60.5, -135.25)
