"""Zotero's RDF, by defusedxml, which expands no entity.

It is read as XML: Zotero names files by elements that RDF/XML does not allow, so that parsers of
RDF refuse its exports (https://www.w3.org/TR/rdf-syntax-grammar/#propertyElementURIs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element  # a type alone: nothing is parsed with it

from index.bibliography.fields import (
    ZOTERO_KINDS,
    arxiv_of,
    date_of,
    doi_of,
    listed,
    note_of,
    one_line,
    with_title,
)
from index.bibliography.refused import ExportUnusable
from index.entries import Entry, Name

_Z = "{http://www.zotero.org/namespaces/export#}"
_BIB = "{http://purl.org/net/biblio#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_DCTERMS = "{http://purl.org/dc/terms/}"
_LINK = "{http://purl.org/rss/1.0/modules/link/}"
_FOAF = "{http://xmlns.com/foaf/0.1/}"
_PRISM = "{http://prismstandard.org/namespaces/1.2/basic/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_TYPE = f"{_Z}itemType"
_ABOUT = f"{_RDF}about"

_NO_WORKS = ("attachment", "note", "annotation")


def read_rdf(data: bytes) -> list[Entry]:
    """The entries of Zotero's RDF. Raises ``ExportUnusable``."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ExportUnusable("RDF", "it defines entities, as no export of Zotero does") from error
    except ParseError as error:
        raise ExportUnusable("RDF", f"not XML: {error}") from error
    if root.tag != f"{_RDF}RDF":
        raise ExportUnusable("RDF", "not RDF: it does not begin with rdf:RDF")
    named = {name: one for one in root if (name := one.get(_ABOUT))}
    items = (_Item(one, named) for one in root)
    return with_title(one.entry() for one in items if one.text(_TYPE) not in ("", *_NO_WORKS))


@dataclass(frozen=True, slots=True)
class _Item:
    """An element that describes a thing; ``named`` are those of the export by their names."""

    element: Element
    named: Mapping[str, Element]

    def entry(self) -> Entry:
        """What it says of a work."""
        part = next(iter(self.all(f"{_DCTERMS}isPartOf")), None)
        identifiers = [one.value() for one in self.all(f"{_DC}identifier")]
        of_part = [one.value() for one in part.all(f"{_DC}identifier")] if part else []
        address = next((one for one in identifiers if one.startswith("http")), "")
        extra = self.text(f"{_DC}description")
        publisher = next(iter(self.all(f"{_DC}publisher")), None)
        return Entry(
            title=self.text(f"{_DC}title"),
            kind=ZOTERO_KINDS.get(self.text(_TYPE), "article"),
            authors=self._authors(),
            date=date_of(self.text(f"{_DC}date")),
            container=part.text(f"{_DC}title") if part else "",
            volume=self._either(part, f"{_PRISM}volume"),
            issue=self._either(part, f"{_PRISM}number"),
            pages=self.text(f"{_BIB}pages"),
            publisher=publisher.text(f"{_FOAF}name") if publisher else "",
            doi=doi_of(*identifiers, *of_part, extra),
            arxiv=arxiv_of(address, *identifiers, self.text(f"{_PRISM}number"), extra),
            url=address,
            abstract=self.text(f"{_DCTERMS}abstract"),
            key=self.text(f"{_Z}citationKey"),
            tags=listed(sorted(one.value() for one in self.all(f"{_DC}subject"))),
            notes=tuple(
                note
                for one in self.all(f"{_DCTERMS}isReferencedBy")
                if (note := note_of(one.element.findtext(f"{_RDF}value")))
            ),
            files=listed(
                file.get(f"{_RDF}resource")
                for one in self.all(f"{_LINK}link")
                for file in one.element.findall(f"{_RDF}resource")
            ),
        )

    def all(self, tag: str) -> list[_Item]:
        """What a property leads to: the element in it, the one that it names, or itself."""
        found = []
        for one in self.element.findall(tag):
            named = self.named.get(one.get(f"{_RDF}resource", ""))
            inner = named if named is not None else next(iter(one), one)
            found.append(_Item(inner, self.named))
        return found

    def text(self, tag: str) -> str:
        """A property that is a text."""
        return one_line(self.element.findtext(tag))

    def value(self) -> str:
        """The text of an element, or its ``rdf:value``, as addresses and automatic tags have."""
        return one_line(self.element.findtext(f"{_RDF}value") or self.element.text)

    def _either(self, part: _Item | None, tag: str) -> str:
        return self.text(tag) or (part.text(tag) if part else "")

    def _authors(self) -> tuple[Name, ...]:
        names = []
        for person in self.element.iterfind(f"{_BIB}authors/{_RDF}Seq/{_RDF}li/{_FOAF}Person"):
            one = _Item(person, self.named)
            family = one.text(f"{_FOAF}surname") or one.text(f"{_FOAF}name")
            given = one.text(f"{_FOAF}givenName") or one.text(f"{_FOAF}givenname")
            if family:
                names.append(Name(family, given))
        return tuple(names)
