"""Reads the front matter of a Markdown file: title, people, date, abstract, keywords.

Four forms are read: YAML between lines of dashes (Jekyll, Pandoc, Quarto, JOSS), TOML between
lines of plus signs (Hugo), Pandoc's lines with a percent sign, and MultiMarkdown's ``Title: ...``
lines. Of a form that its library cannot read, the lines that say something are read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.read.front.identity import iso_date
from index.read.page.unicode import plain

_YAML = re.compile(r"\A---[ \t]*\r?\n(?P<said>.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S | re.M)
_OPEN_YAML = re.compile(
    r"\A---[ \t]*\r?\n(?P<said>(?:[\w-]+:[^\n]*\n|[ \t-][^\n]*\n)+)(?=\r?\n|\Z)"
)
_TOML = re.compile(r"\A\+\+\+[ \t]*\r?\n(?P<said>.*?)^\+\+\+[ \t]*(?:\r?\n|\Z)", re.S | re.M)
_PERCENT = re.compile(r"\A(?:%(?!%)[^\n]*\n(?:[ \t]+\S[^\n]*\n)*){1,3}(?=\s*\n|\Z)")
_LINES = re.compile(r"\A(?P<said>(?:[A-Za-z][\w -]*:[ \t]+\S[^\n]*\n(?:[ \t]+\S[^\n]*\n)*)+)\s*\n")
_LINE = re.compile(r"(?P<key>[A-Za-z][\w -]*?)[ \t]*[:=][ \t]*(?P<value>.*)")
_TITLES = ("title",)
_PEOPLE = ("author", "authors", "creator", "creators", "by")
_PLACES = ("affiliation", "affiliations", "institute", "institutes", "institution", "institutions")
_OWN_PLACES = (*_PLACES, "affil", "organization", "organisation", "org", "university")
_DATES = ("date", "published", "publication_date", "issued", "year")
_ABSTRACTS = ("abstract", "summary", "description")
_KEYWORDS = ("keywords", "keyword")
_GIVEN = ("given", "given-names", "given_names", "first", "firstname", "first_name", "givenname")
_FAMILY = ("family", "surname", "last", "lastname", "last_name", "family-names", "familyname")
_LABELS = ("id", "index", "ref", "key", "number")
_NOTHING = frozenset({"", "~", "null", "none", "nil"})
_NOTE = re.compile(r"\^\[[^\]]*\]|\[\^[^\]]*\]|\\(?:thanks|footnote)\{[^}]*\}|<[^<>]*>")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MOSTLY = 0.7  # of the lines
_MOST = 400_000  # characters of front matter: thousands of authors with their places


@dataclass(frozen=True, slots=True)
class Matter:
    """The fields of the front matter; a field that it does not have is empty."""

    title: str = ""
    authors: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    author_places: tuple[tuple[int, ...], ...] = ()  # of each author: numbers in ``places``
    date: str | None = None  # ISO, as exact as is known
    abstract: str = ""
    keywords: tuple[str, ...] = ()


def read_matter(source: str) -> tuple[Matter, str]:
    """The front matter of a Markdown text, and the text below it."""
    for form, read in ((_YAML, _yaml), (_OPEN_YAML, _yaml), (_TOML, _toml)):
        match = form.match(source)
        if match is not None and len(match["said"]) <= _MOST:
            said = read(match["said"])
            if said is not None:
                return _matter(said), source[match.end() :]
    match = _PERCENT.match(source)
    if match is not None:
        title, people, date = ([*_percent(match[0]), "", "", ""])[:3]
        if title:
            said = {"title": title, "author": re.split(r"\s*[;\n]\s*", people), "date": date}
            return _matter(said), source[match.end() :]
    match = _LINES.match(source)
    if match is not None and len(match["said"]) <= _MOST:
        said = _by_line(match["said"])
        if _first(said, _TITLES):
            return _matter(said), source[match.end() :]
    return Matter(), source


# --- the forms ------------------------------------------------------------------------------------


def _yaml(said: str) -> dict[str, Any] | None:
    """The values of YAML by key, all as text; None if it is not front matter."""
    import yaml  # type: ignore[import-untyped]

    try:
        read = yaml.load(said, yaml.BaseLoader)  # which makes texts, lists and mappings, no objects
    except (yaml.YAMLError, RecursionError, ValueError):
        return (_by_line(said) or None) if _has_keys(said) else None
    if read is None or (isinstance(read, str) and not read.strip()):
        return {}
    return {str(key).lower(): value for key, value in read.items()} if _maps(read) else None


def _has_keys(said: str) -> bool:
    """Whether lines are keys with their values, and no text between two rules."""
    lines = [line for line in said.splitlines() if line.strip()]
    keys = [bool(_LINE.fullmatch(line)) for line in lines]
    own = sum(key or line[0] in " \t-#" for key, line in zip(keys, lines, strict=True))
    return bool(lines) and own >= _MOSTLY * len(lines) and any(keys[:3])


def _toml(said: str) -> dict[str, Any] | None:
    import tomllib

    try:
        read = tomllib.loads(said)
    except (tomllib.TOMLDecodeError, RecursionError):
        return _by_line(said) or None
    tables = [value for key, value in read.items() if key in ("params", "extra") and _maps(value)]
    return {key.lower(): value for one in (*tables, read) for key, value in one.items()}


def _by_line(said: str) -> dict[str, Any]:
    """Keys and values of single lines; indented lines and those with a dash belong to the last."""
    done: dict[str, Any] = {}
    key = ""
    for line in said.splitlines():
        match = _LINE.fullmatch(line)
        item = re.match(r"\s*-\s+(.*)", line)
        if item and key:
            done[key] = [*(done[key] if isinstance(done[key], list) else []), _bare(item[1])]
        elif line[:1].isspace() and key and isinstance(done[key], str):
            done[key] = f"{done[key]} {line.strip()}".removeprefix("| ").removeprefix("> ").strip()
        elif match:
            key, value = match["key"].lower(), match["value"].strip()
            inside = re.fullmatch(r"\[(.*)\]", value)
            done[key] = list(map(_bare, inside[1].split(","))) if inside else _bare(value)
    return done


def _bare(value: str) -> str:
    return value.strip().strip("\"'").strip()


def _percent(said: str) -> list[str]:
    """Pandoc's title, authors and date, each from its sign to the next one."""
    parts = re.split(r"^%[ \t]*", said, flags=re.M)[1:]
    return ["\n".join(line.strip() for line in part.splitlines() if line.strip()) for part in parts]


# --- what they say --------------------------------------------------------------------------------


def _matter(said: Mapping[str, Any]) -> Matter:
    known = _known_places(next((said[key] for key in _PLACES if key in said), None))
    people: dict[str, list[str]] = {}
    for name, own in _people(next((said[key] for key in _PEOPLE if key in said), None)):
        if name and not re.search(r"[{}\[\]]", name):
            people.setdefault(name, []).extend(
                place for one in own for place in _resolved(one, known)
            )
    places = list(dict.fromkeys(place for own in people.values() for place in own))
    if not places:
        places = list(dict.fromkeys(known.values()))
    return Matter(
        title=_first(said, _TITLES),
        authors=tuple(people),
        places=tuple(places),
        author_places=tuple(
            tuple(dict.fromkeys(places.index(one) for one in own)) for own in people.values()
        ),
        date=iso_date(_first(said, _DATES)),
        abstract=_first(said, _ABSTRACTS[:1]),
        keywords=tuple(_listed(next((said[key] for key in _KEYWORDS if key in said), None))),
    )


def _maps(value: Any) -> bool:
    return isinstance(value, Mapping)


def _text(value: Any) -> str:
    """A single value in words; nothing for a list or a mapping."""
    if value is None or isinstance(value, bool | Mapping | list):
        return ""
    said = plain(_LINK.sub(r"\1", _NOTE.sub(" ", str(value)))).strip()
    said = re.sub(r"(?<!\w)[*_]{1,2}(\S.*?)[*_]{1,2}(?!\w)", r"\1", said)
    return "" if said.lower() in _NOTHING else said


def _first(said: Mapping[str, Any], keys: Sequence[str]) -> str:
    values = (_text(said[key]) for key in keys if key in said)
    return next((value for value in values if value), "")


def _listed(value: Any) -> list[str]:
    if isinstance(value, list):
        return [said for one in value if (said := _text(one))]
    return [said for one in re.split(r"[,;]", _text(value)) if (said := one.strip())]


def _people(value: Any) -> Iterator[tuple[str, list[Any]]]:
    """Each person's name, and what is said of where they are."""
    if isinstance(value, list):
        for one in value:
            if not isinstance(one, list):
                yield from _people(one) if _maps(one) else ((name, []) for name in _one_name(one))
    elif isinstance(value, Mapping):
        name = value.get("name", value.get("literal"))
        if isinstance(name, Mapping):
            name = name.get("literal") or _name_of(name)
        name = _text(name) or _name_of(value)
        own = [value[key] for key in _OWN_PLACES if key in value]
        if name:
            yield _name_first(name), own
            return
        for key, inside in value.items():  # "Ada Example: {affiliation: ...}"
            if _maps(inside) or inside is None or isinstance(inside, str):
                about = inside if _maps(inside) else {}
                yield _text(key), [about[one] for one in _OWN_PLACES if one in about]
    else:
        yield from ((name, []) for name in _names(_text(value)))


def _name_of(parts: Mapping[str, Any]) -> str:
    given, family = _first(parts, _GIVEN), _first(parts, _FAMILY)
    return f"{given} {family}".strip()


def _one_name(value: Any) -> list[str]:
    """An item of a list is one name, unless it joins some: "Ada Example and Bela Muster"."""
    said = _text(value)
    return _names(said) if re.search(r";|\band\b|&", said) else [_name_first(said)]


def _names(line: str) -> list[str]:
    """The names in a line. A comma sets names apart, or "Example, Ada" in two."""
    names = [one.strip(" ,") for one in re.split(r"\s*(?:;|&|\band\b|，|、|；)\s*", line)]
    names = [one for one in names if one]
    if len(names) == 1 or any(len(one.split(",")) > 2 for one in names):
        parts = [part.strip() for one in names for part in one.split(",") if part.strip()]
        if len(parts) != 2 or all(" " in part for part in parts):
            return parts
    elif any("," in one and all(" " in p.strip() for p in one.split(",")) for one in names):
        return [part.strip() for one in names for part in one.split(",") if part.strip()]
    return [_name_first(one) for one in names]


def _name_first(name: str) -> str:
    """ "Example, Ada" is Ada Example."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and "," not in first else name.strip()


def _known_places(value: Any) -> dict[str, str]:
    """Affiliations that authors refer to, by their labels, else by their numbers."""
    if isinstance(value, Mapping):
        whole = _place(value)
        if whole:
            return {"1": whole}
        items = [
            (str(key), _place(one) if _maps(one) else _text(one)) for key, one in value.items()
        ]
        return {key: place for key, place in items if place}
    known: dict[str, str] = {}
    for number, one in enumerate(value if isinstance(value, list) else [value], 1):
        label = str(number)
        if isinstance(one, Mapping):
            label = str(next((one[key] for key in _LABELS if key in one), number))
            if len(one) == 1 and not _place(one):  # "- uni: University of Nowhere"
                ((label, one),) = one.items()
        place = _place(one) if isinstance(one, Mapping) else _text(one)
        if place:
            known[str(label)] = place
    return known


def _place(one: Mapping[str, Any]) -> str:
    keys = ("department", "division", "name", "institution", "organization", "city", "region",
            "country")  # fmt: skip
    return ", ".join(said for key in keys if (said := _text(one.get(key))))


def _resolved(value: Any, known: Mapping[str, str]) -> list[str]:
    """The affiliations that a person's own entry names: by label, or in words."""
    if isinstance(value, list):
        return [
            place for one in value if not isinstance(one, list) for place in _resolved(one, known)
        ]
    if isinstance(value, Mapping):
        label = str(next((value[key] for key in _LABELS if key in value), ""))
        return [known[label]] if label in known else [place] if (place := _place(value)) else []
    said = _text(value)
    labels = [one for one in re.split(r"[,;\s]+", said) if one]
    if labels and all(label in known for label in labels):
        return [known[label] for label in labels]
    if said in known:
        return [known[said]]
    return [one.strip() for one in said.split(";") if one.strip()]
