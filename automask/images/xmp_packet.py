"""Reads and changes the properties in an XMP packet.

A packet is changed by replacing bytes where the parser found them, not by serialising it again: everything else that a
camera or an editor put there stays as it was. A packet with a document type declaration is refused: XMP never needs
one, and it could make a parser allocate without limit.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.parsers import expat

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
_MOST_NAMES = 200_000  # elements and attributes; the edits of a retoucher take some thousand
_IN_LANGUAGES = frozenset({"dc:description"})  # lists of texts by language; we write the default one
_EMPTY = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">\n<rdf:RDF xmlns:rdf="' + _RDF.encode() + b'">\n'
    b'</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
)
# Possessive, and from the first of several spaces only: 64 kB of spaces took a minute otherwise.
_ATTRIBUTE = re.compile(rb"""(?<!\s)\s++([^\s=/>"']++)\s*+=\s*(?:"[^"]*"|'[^']*')""")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


def properties_of(packet: bytes) -> dict[str, str]:
    """The texts of `dc:description`, `photoshop:Instructions`, `Iptc4xmpExt:DigitalSourceType` and `xmp:CreatorTool`.

    Of a property in several languages, all texts joined. Properties that are not in the packet are left out; an empty
    packet has none.

    Raises:
        ValueError: It is not XMP that can be read safely.
    """
    return dict(_Packet(packet.rstrip(b"\0")).values) if packet else {}


def with_properties(packet: bytes, properties: Mapping[str, str]) -> bytes:
    """The packet with these properties added or replaced, and every other byte unchanged.

    Args:
        packet: UTF-8; empty for a new packet.
        properties: Texts by the names of `properties_of` ("dc:description").

    Raises:
        ValueError: It is not XMP that can be read safely.
    """
    old = packet.rstrip(b"\0") or _EMPTY
    read = _Packet(old)
    edits = [(start, end, b"") for name, start, end in read.spans if name in properties]
    if read.place is not None:
        start, end, head, tail = read.place
        edits.append((start, end, head + _description(read.about, properties) + tail))
    return _edited(old, edits)


def without_properties(packet: bytes, is_unwanted: Callable[[str], bool]) -> bytes:
    """The packet without some of its properties, and every other byte unchanged.

    Args:
        packet: UTF-8.
        is_unwanted: Told a property's name with its namespace in front ("http://ns.adobe.com/xap/1.0/Thumbnails"), and
            the namespaces themselves, whose declarations then go too.

    Raises:
        ValueError: It is not XMP that can be read safely.
    """
    old = packet.rstrip(b"\0")
    spans = _Packet(old, lambda name: name if is_unwanted(name) else None).spans
    try:
        return _edited(old, [(start, end, b"") for _, start, end in spans]) if spans else packet
    except ValueError:  # a declaration that something else needs
        properties = [span for span in spans if not old[span[1] : span[2]].lstrip().startswith(b"xmlns:")]
        return _edited(old, [(start, end, b"") for _, start, end in properties])


def names_in(packet: bytes) -> frozenset[str]:
    """The names of all elements and attributes at any depth, their namespace in front.

    Raises:
        ValueError: It is not XMP that can be read safely.
    """
    data = packet.rstrip(b"\0")
    _Packet(data)  # refuses a document type, which could make a parser allocate without limit
    names: set[str] = set()

    def start(name: str, attributes: dict[str, str]) -> None:
        names.update(one.replace("}", "") for one in (name, *attributes))

    parser = expat.ParserCreate("UTF-8", "}")
    parser.StartElementHandler = start
    parser.Parse(data, True)
    return frozenset(names)


def _edited(packet: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """The packet with ranges of bytes replaced.

    Raises:
        ValueError: It is then no longer XMP.
    """
    pieces, at = [], 0
    for start, end, new in sorted(edits):
        pieces += [packet[at:start], new]
        at = end
    made = b"".join([*pieces, packet[at:]])
    _Packet(made)
    return made


def _description(about: str, properties: Mapping[str, str]) -> bytes:
    """Another rdf:Description of the same resource: an XMP packet may have several."""
    from xml.sax.saxutils import escape, quoteattr  # it brings urllib with it: a twelfth of all imports of an edit

    prefixes = dict.fromkeys(name.partition(":")[0] for name in properties)
    spaces = "".join(f' xmlns:{prefix}="{_NAMESPACES[prefix]}"' for prefix in prefixes)
    lines = [f'<rdf:Description xmlns:rdf="{_RDF}"{spaces} rdf:about={quoteattr(about)}>']
    for name, value in properties.items():
        text = escape(_NO_XML.sub(" ", value))
        if name in _IN_LANGUAGES:
            text = f'<rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt>'
        lines.append(f" <{name}>{text}</{name}>")
    return "\n".join([*lines, "</rdf:Description>", ""]).encode()


@dataclass(slots=True)
class _Open:
    """An element that is not closed yet; `known` is its property's name where it is one that we read."""

    name: str
    spaces: Mapping[str, str]
    start: int
    tag_end: int
    empty: bool
    known: str | None = None


class _Packet:
    """A parsed packet: the values and byte ranges of some properties, and where new ones are inserted.

    Args:
        data: The packet.
        name_of: What to call a property, by its name with the namespace in front; None for one that does not matter.
            It is asked about declared namespaces too.

    Raises:
        ValueError: It is not UTF-8 or not well-formed, declares a document type, has no `rdf:RDF`, or takes long.
    """

    def __init__(self, data: bytes, name_of: Callable[[str], str | None] | None = None) -> None:
        self.data = data
        self._name_of = name_of or _known_property
        self.values: dict[str, str] = {}
        self.spans: list[tuple[str, int, int]] = []
        self.about = ""
        self.place: tuple[int, int, bytes, bytes] | None = None  # byte range to replace; text before and after
        self._stack: list[_Open] = []
        self._texts: list[str] = []
        self._names = 0
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise ValueError("not UTF-8") from error
        self._parser = expat.ParserCreate("UTF-8")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.CharacterDataHandler = self._texts.append
        self._parser.EndElementHandler = self._end
        try:
            self._parser.Parse(data, True)
            # Once more as other readers do: with namespaces expat also refuses undeclared prefixes, but hides them.
            expat.ParserCreate("UTF-8", "}").Parse(data, True)
        except expat.ExpatError as error:
            raise ValueError(str(error)) from error
        if self.place is None:
            raise ValueError("no rdf:RDF")

    def _refuse(self, *_: object) -> None:
        raise ValueError("a document type declaration")

    def _full(self, raw: str, spaces: Mapping[str, str]) -> str:
        """A name with its namespace in front; no attribute that we look for is without a prefix."""
        prefix, _, local = raw.rpartition(":")
        scopes = (spaces, *(element.spaces for element in reversed(self._stack)))
        return next((scope[prefix] for scope in scopes if prefix in scope), f"{prefix}:") + local

    def _start(self, raw: str, attributes: dict[str, str]) -> None:
        self._names += 1 + len(attributes)
        if self._names > _MOST_NAMES:
            raise ValueError(f"more than {_MOST_NAMES} properties")
        at = self._parser.CurrentByteIndex
        tag_end = _tag_end(self.data, at)
        spaces = {key[6:]: value for key, value in attributes.items() if key.startswith("xmlns:")}
        spaces |= {"": attributes["xmlns"]} if "xmlns" in attributes else {}
        # Names below the level of properties (xmpmeta, RDF, Description, property) do not matter.
        name = self._full(raw, spaces) if len(self._stack) <= 3 else ""
        element = _Open(name, spaces, at, tag_end, self.data[tag_end - 2 : tag_end - 1] == b"/")
        parents = [parent.name for parent in self._stack[-2:]]
        if self.place is None and parents[:-1] == [_RDF + "RDF"]:
            element.known = self._name_of(name)
        elif self.place is None and parents[-1:] == [_RDF + "RDF"]:
            self.about = self.about or self._of_rdf("about", attributes, spaces)
            for found in _ATTRIBUTE.finditer(self.data, at, tag_end):
                key = found[1].decode()
                declared = attributes.get(key, "") if key.startswith("xmlns:") else ""
                known = self._name_of(declared or self._full(key, spaces))
                if known:
                    self.spans.append((known, *found.span()))
                    self.values[known] = attributes.get(key, "").strip()
        if element.known:
            self._texts[:] = [self._of_rdf("resource", attributes, spaces)]
        self._stack.append(element)

    def _of_rdf(self, local: str, attributes: Mapping[str, str], spaces: Mapping[str, str]) -> str:
        return next((value for key, value in attributes.items() if self._full(key, spaces) == _RDF + local), "")

    def _end(self, raw: str) -> None:
        element = self._stack.pop()
        at = self._parser.CurrentByteIndex
        if element.known:
            after = element.tag_end if element.empty else self.data.index(b">", at) + 1
            self.spans.append((element.known, element.start, after))
            self.values[element.known] = "".join(self._texts).strip()
        elif element.name == _RDF + "RDF" and self.place is None and len(self._stack) <= 1:
            if element.empty:
                self.place = (element.tag_end - 2, element.tag_end, b">", f"</{raw}>".encode())
            else:
                self.place = (at, at, b"", b"")


def _tag_end(packet: bytes, at: int) -> int:
    """The end of the tag that begins at `at`; a ">" in quotes does not end it."""
    found = re.compile(rb"""(?:[^>"']|"[^"]*"|'[^']*')*>""").match(packet, at)
    if found is None:
        raise ValueError("a tag without an end")
    return found.end()


def _known_property(full: str) -> str | None:
    names = ("dc:description", "photoshop:Instructions", "Iptc4xmpExt:DigitalSourceType", "xmp:CreatorTool")
    return next((n for n in names if full == _NAMESPACES[n.partition(":")[0]] + n.partition(":")[2]), None)
