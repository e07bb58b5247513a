"""Writes formulas inside a sentence as a line of Unicode: "e_i ≥ 0", "10^{−3}", "2%".

LaTeXML gives each formula three times: as MathML, as TeX (``alttext``) and sometimes as an image.
We take MathML's own characters and write scripts with ``_`` and ``^``. The sentence then reads on
as print does, its numbers stay numbers ("4,120", not "4{,}120"; "2%", not "2\\%"), which searches
and the check of numbers rely on, and "10^{−3}" does not become "10−3". TeX is what is left where
there is no MathML.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from index.read.markup.tree import Walk, local_name

if TYPE_CHECKING:
    from index.read.markup.tree import Element

_UNREAD = frozenset({"annotation", "annotation-xml", "mphantom", "mprescripts", "none"})
_SCRIPTS = {"msub": "_", "msup": "^", "msubsup": "_^", "munder": "_", "mover": "^",
            "munderover": "_^", "mmultiscripts": "_^"}  # fmt: skip
_INVISIBLE = {"\u2061": " ", "\u2062": "", "\u2063": "", "\u2064": ""}
_ALWAYS_SPACED = frozenset("=<>≤≥≠≈≃≅∼≡≪≫∝∈∉⊂⊆⊃⊇→←↔⇒⇐⇔↦:≔≜⟶⟹∧∨∣∥")  # fmt: skip
_SPACED_BETWEEN = frozenset("+−-±∓×·÷∗∪∩∘⊕⊗⊙⋅")
_LARGE = frozenset("∑∏∐∫∮⋃⋂⨁⨂")
_ACCENTS = {"¯": "\u0304", "‾": "\u0304", "^": "\u0302", "ˆ": "\u0302", "~": "\u0303",
            "˜": "\u0303", "∼": "\u0303", "˙": "\u0307", "¨": "\u0308", "→": "\u20d7",
            "ˇ": "\u030c"}  # fmt: skip
_RAISED = {"∘": "°", "°": "°", "′": "′", "″": "″", "‴": "‴", "†": "†", "‡": "‡", "∗": "*",
           "*": "*"}  # fmt: skip
_THOUSANDS = re.compile(r"(?<=\d), (?=\d{3}(?!\d))")
_TEX_ONLY = re.compile(r"\\(?:displaystyle|textstyle|scriptstyle|left|right)(?![A-Za-z])\s*")


def linear(math: Element) -> str:
    """A ``math`` element on one line; its TeX where it has no MathML."""
    said = " ".join(_presentation(math).split())
    if "{,}" in (math.get("alttext") or ""):
        said = _THOUSANDS.sub(",", said)
    return said or tex_of(written(math))


def written(math: Element) -> str:
    """The TeX that a ``math`` element was made of; empty where it does not say."""
    return math.get("alttext") or _annotated(math)


def tex_of(tex: str) -> str:
    """TeX without the commands that only size things."""
    return " ".join(_TEX_ONLY.sub("", tex).split())


def is_mark(math: Element) -> bool:
    """Whether a formula is a raised mark only, as of an affiliation: ``{}^{1}``."""
    tex = written(math).replace(" ", "")
    return tex.startswith(("{}^", "^")) or tex in ("*", "\\ast", "\\dagger", "\\ddagger", "\\star")


def _presentation(math: Element) -> str:
    walk = Walk(math)
    made: list[list[tuple[str, str]]] = [[]]  # of each open element: its children's tags and texts
    for event, element in walk:
        tag = local_name(element)
        if event == "start":
            made.append([])
            if tag in _UNREAD:
                walk.skip()
            continue
        parts = made.pop()
        made[-1].append((tag, "" if tag in _UNREAD else _said(tag, element.text or "", parts)))
    return made[0][0][1]


def _said(tag: str, own: str, parts: list[tuple[str, str]]) -> str:
    texts = [text for _, text in parts]
    if tag in ("mi", "mn", "mo", "ms", "mtext"):
        own = "".join([own, *texts])
        return own if tag == "mtext" else _INVISIBLE.get(own.strip(), own.strip())
    if tag in ("mspace", "br"):
        return " "
    if tag in _SCRIPTS and len(texts) >= 2:
        return _scripted(tag, texts)
    if tag == "mfrac" and len(texts) == 2:
        return "/".join(text if _is_plain(text) else f"({text.strip()})" for text in texts)
    if tag == "msqrt":
        inside = "".join(texts)
        return f"√{inside}" if _is_plain(inside) else f"√({inside.strip()})"
    if tag == "mroot" and len(texts) == 2:
        return f"({texts[0]})^{{1/{texts[1]}}}"
    if tag == "mtr":
        return ", ".join(text.strip() for text in texts)
    if tag == "mtable":
        return "; ".join(text.strip() for text in texts)
    return "".join(_spaced(parts))


def _spaced(parts: list[tuple[str, str]]) -> list[str]:
    """The members of a row: relations with space around them, a minus only between two things."""
    done: list[str] = []
    seen = False
    for tag, text in parts:
        relation = tag == "mo" and text in _ALWAYS_SPACED
        if relation or (tag == "mo" and text in _SPACED_BETWEEN and seen):
            done.append(f" {text} ")
            seen = False  # "= −1": what follows is a sign
        else:
            done.append(f"{text} " if tag == "mo" and text in (",", ";") else text)
            seen = bool(text.strip()) and not (tag == "mo" and text in (",", ";", "(", "["))
    return done


def _scripted(tag: str, texts: list[str]) -> str:
    base = texts[0].strip()
    scripts = [text.strip() for text in texts[1:]]
    if tag == "mover" and scripts[0] in _ACCENTS:
        return unicodedata.normalize("NFC", base + _ACCENTS[scripts[0]]) if len(base) == 1 else base
    if tag in ("mover", "munder") and scripts[0] in ("⏞", "⏟", "_", "¯", "‾", "→", "^"):
        return base
    for mark, script in zip(_SCRIPTS[tag], scripts, strict=False):
        if mark == "^" and script and all(character in _RAISED for character in script):
            base += "".join(_RAISED[character] for character in script)
        elif script:
            script = script.replace(" ", "")
            base += mark + (script if script.isalnum() else f"{{{script}}}")
    return f" {base} " if base[:1] in _LARGE else base


def _is_plain(text: str) -> bool:
    return bool(re.fullmatch(r"\w+|\w[_^](?:\w|\{\w+\})", text.strip()))


def _annotated(math: Element) -> str:
    for element in math.iter():
        if local_name(element) == "annotation" and "tex" in (element.get("encoding") or ""):
            return element.text or ""
    return ""
