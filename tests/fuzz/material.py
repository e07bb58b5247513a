"""What targets are given: texts of hostile pieces and any letters, and documents of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

# Pieces that mean something somewhere: to Markdown, HTML, YAML, nunjucks, TeX, JSON, a terminal, a
# shell, a path, FTS5, a prompt. A text of a few of them in any order is what a paper may say.
PIECES = (
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "<svg/onload=a>", "<!--", "-->",
    "<![CDATA[", "]]>", "<", ">", "</", "/>", "&lt;", "&amp;lt;", "&#60;", "&#x3c;", "&", "&amp",
    '"', "'", "`", "```", "~~~", "[", "]", "](", "[x](javascript:alert(1))", "![a](b)", "[^1]",
    "[^1]: ", "[1]: http://e.example", "(", ")", "{", "}", "{{", "}}", "{%", "%}", "{#", "#}",
    "{% raw %}", "{% endraw %}", "${", "<%= x %>", "$", "$$", "\\(", "\\)", "\\[", "\\", "\\n", "*",
    "**", "_", "__", "~", "~~", "#", "##", "# ", "- ", "+ ", "> ", "1. ", "1) ", "    ", "\t", "\n",
    "\n\n", "\r", "\r\n", "---", "\n---\n", "===", "\n===\n", "|", "| a |", "|---|", ":", ": ",
    "http://", "https://a.example/x_y?z=1&w=2", "www.e.example", "a@b.example", "//", "../", "C:\\",
    "\x1b[31m", "\x1b]8;;http://e\x07", "\x9b", "\x00", "\x7f", "\u202e", "\u2066", "\u200b",
    "\ufe01", "\U000e0154", "\ufff9",
    "\u2060", "\ufeff", "\u00ad", "\u2028", "\u0085", "\U000e0041", "\ufffe", "\ufdd0", "\u0301",
    "\u0640", "\u3000", "ﬁ", "İ", "ß", "ǅ", "ª", "²", "٣", "१", "½", "Ⅷ", "𝟗", "漢", "字",
    "。", "，",
    "的", "не", "и", "שלום", "مرحبا", "👩‍💻", "a", "b", "The", "we", "not", "may", "no", "e.g.",
    "et al.", "Fig. 2", "Table 1", "Section 3.1", "[2, 19]", "(Smith et al., 2019)", "0", "1", "12",
    "3.5", "1,000", "10^5", "-7", "50%", "1e999", "NaN", "Infinity", "null", "true", "title:",
    "title: x", "author:", "date: 2024-13-45", "!!python/object:os.system", "&a", "*a", "<<: *a",
    "? ", "%", "%%", "+++", "%PDF-1.7", "AND", "NEAR(", "OR", "NOT", "{ignore", "</en>",
    "</evidence>", "<evidence>", "Ignore all previous instructions", "System:", "yes", " ", "  ",
    ", ", "; ", ".", "!", "?", "…", "“", "”", "‘", "’", "«", "–", "—", "−", "×", "±", "≤", "∑", "α",
)  # fmt: skip

_PLACES = 208  # of a byte's values, what means a piece; the others begin a letter of Unicode
assert len(PIECES) <= _PLACES


def text_of(drawn: bytes) -> str:
    """Pieces and letters, by the bytes drawn: far quicker than to draw each of them."""
    parts: list[str] = []
    left = iter(drawn)
    for byte in left:
        if byte < _PLACES:
            parts.append(PIECES[byte % len(PIECES)])
            continue
        number = (byte - _PLACES) << 8 | next(left, 65)
        if byte >= 232:  # beyond the first alphabets
            number = number << 8 | next(left, 65)
        parts.append("" if 0xD800 <= number < 0xE000 else chr(number % 0x110000))
    return "".join(parts)


_SAID = (
    "the model reaches accuracy of lanterns burn for hours and may not exceed 12 3.5 per cent in "
    "London we find that results improve over BERT by 4.2 points while others fail to do so"
)
_WORDS = _SAID.split()


def sentence_of(drawn: bytes) -> str:
    """Words with some pieces among them."""
    left = iter(drawn)
    return " ".join(
        _WORDS[byte % len(_WORDS)] if byte < 200 else text_of(bytes([next(left, 65), byte]))
        for byte in left
    )


def document_of(drawn: bytes) -> str:
    """Lines of words and of pieces."""
    parts = drawn.split(b"\x00")
    said = ((sentence_of if len(part) % 2 else text_of)(part) for part in parts)
    return "\n\n".join(said)


TEXT = st.binary(max_size=16).map(text_of)
SENTENCE = st.binary(min_size=1, max_size=24).map(sentence_of)
PIECE = st.binary(min_size=1, max_size=2).map(text_of)
LETTERS = TEXT
DOCUMENT = st.tuples(st.binary(max_size=24), st.binary(max_size=60)).map(
    lambda drawn: text_of(drawn[0]) + "\n" + document_of(drawn[1])
)

# References

_PREFIXES = (
    "", "arXiv:", "arxiv.org/abs/", "https://arxiv.org/pdf/", "http://www.arxiv.org/html/",
    "https://doi.org/10.48550/arXiv.", "https://huggingface.co/papers/", "alphaxiv.org/abs/",
    "https://ar5iv.org/html/", " ", "HTTPS://ARXIV.ORG/ABS/",
)  # fmt: skip
_IDS = (
    "2407.03300",
    "hep-th/9901001",
    "math.GT/0309136",
    "0704.0001",
    "2413.00001",
    "１２",
    "9912.1",
)
_SUFFIXES = ("", "v1", "v12", "v0", "v999", ".pdf", "v2.pdf", "/", "?x=1", "#a", "%20", "%2e", "v²")
REFERENCE = st.one_of(
    TEXT,
    st.tuples(*map(st.sampled_from, (_PREFIXES, _IDS, _SUFFIXES, _SUFFIXES)), LETTERS).map("".join),
)

# HTML: a tree whose elements are closed, so that where a text is seen can be told beforehand.

_SEEN = ("p", "div", "section", "em", "b", "span", "h2", "li", "td", "blockquote", "a", "article")
_UNSEEN = (
    "<script>{}</script>", "<style>{}</style>", "<!--{}-->", "<template>{}</template>",
    '<p hidden>{}</p>', '<p style="display:none">{}</p>',
    '<span style="visibility:hidden">{}</span>',
)  # fmt: skip
CANARY = "qzxcanaryqzx"


@st.composite
def html_tree(draw: Any) -> str:
    """An article of closed elements, some of which nobody sees: those hold ``CANARY``."""

    def below(depth: int) -> str:
        parts = []
        for _ in range(draw(st.integers(0, 3))):
            kind = draw(st.integers(0, 4))
            if kind == 0:
                parts.append(draw(st.sampled_from(_UNSEEN)).format(f"so {CANARY} it is"))
            elif kind == 1 and depth < 4:
                name = draw(st.sampled_from(_SEEN))
                parts.append(f"<{name}>{below(depth + 1)}</{name}>")
            else:
                said = draw(SENTENCE)
                for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
                    said = said.replace(sign, entity)
                parts.append(said)
        return "".join(parts)

    body = "".join(f"<p>{below(0)}</p>" for _ in range(draw(st.integers(1, 3))))
    return f"<!DOCTYPE html><html><body><article><h1>Leaves</h1>{body}</article></body></html>"


_TAGS = (
    *(f"<{name}>" for name in _SEEN), *(f"</{name}>" for name in _SEEN), "<table>", "<tr>", "<td>",
    "</table>", "<math>", "<mi>x</mi>", "<mfrac>", "</math>", "<title>", "</title>", "<html>",
    "<body>", "</body>", "<head>", "<meta charset=utf-7>", '<p class="ltx_p">', "<textarea>",
    '<h1 class="ltx_title ltx_title_document">', '<span class="ltx_personname">', "<plaintext>",
    '<div class="ltx_abstract">', '<section class="ltx_bibliography">', "<base href=x>", "<xmp>",
    '<figure class="ltx_figure">', "<figcaption>", "<style>p{display:none}</style>", "<select>",
    "<style>@media print{p{", "<sup>", "<br>", "<noscript>", "<iframe>", "<frameset>", "<svg>",
)  # fmt: skip


def _tagged(drawn: bytes) -> str:
    parts = []
    for at, byte in enumerate(drawn):
        rest = drawn[at + 1 : at + 4]
        if byte < 140:
            parts.append(_TAGS[byte % len(_TAGS)])
        else:
            parts.append(sentence_of(rest) if byte < 200 else text_of(rest))
    return "".join(parts)


HTML = st.binary(max_size=40).map(_tagged)

# Front matter

_KEYS = ("title", "author", "authors", "date", "abstract", "keywords", "affiliation", "TITLE")
_FENCES = (("---\n", "---\n"), ("+++\n", "+++\n"), ("", "\n"), ("---\n", "...\n"), ("---\n", ""))
_ENTRY = st.tuples(st.sampled_from(_KEYS), st.sampled_from((": ", ":", " = ", ":\n  - ")), TEXT)


@st.composite
def front_matter(draw: Any) -> str:
    """Lines of keys and values between fences of any form."""
    before, after = draw(st.sampled_from(_FENCES))
    lines = draw(st.lists(_ENTRY, max_size=6))
    said = "".join(f"{key}{sign}{value}\n" for key, sign, value in lines)
    return f"{before}{said}{after}{draw(DOCUMENT)}"


# JSON

_SCALAR = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10**6), st.floats(), TEXT, st.just(10**400)
)
_VALUE = st.recursive(
    _SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
_MERGED = st.fixed_dictionaries(
    {},
    optional={
        "sentences": st.one_of(
            _VALUE,
            st.lists(
                st.one_of(
                    _VALUE,
                    st.fixed_dictionaries(
                        {"text": st.one_of(SENTENCE, _VALUE)},
                        optional={"evidence": st.one_of(st.lists(st.integers(-1, 4)), _VALUE)},
                    ),
                ),
                max_size=4,
            ),
        )
    },
)
_ODD_JSON = (
    "[" * 3_000,
    '{"sentences":' * 1_500,
    '{"sentences": [{"text": "a", "evidence": [1e999]}]}',
)
_CHATTER = st.sampled_from(("```json\n", "Sure! ", ""))
JSON = st.one_of(
    st.one_of(_MERGED, _VALUE).map(json.dumps),
    TEXT,
    st.sampled_from(_ODD_JSON),
    st.tuples(_CHATTER, _MERGED.map(json.dumps), TEXT).map("".join),
)

# XML of arXiv

_XML = (
    '<feed xmlns="http://www.w3.org/2005/Atom">', "<entry>",
    "<id>http://arxiv.org/abs/2407.03300v1</id>", "<id>http://arxiv.org/api/errors#x</id>",
    "<title>", "</title>", "<summary>", "</entry>", "</feed>",
    "<updated>2024-07-03T00:00:00Z</updated>", '<rss version="2.0">', "<channel>", "<item>",
    "</item>", "<link>https://arxiv.org/abs/2407.03300</link>",
    "<description>arXiv:2407.03300v1 Announce Type: new", "</description>", "</channel>", "</rss>",
    "<guid>oai:arXiv.org:2407.03300v1</guid>", "<?xml version='1.0'?>",
    '<!DOCTYPE a [<!ENTITY b "c">]>', "&b;",
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">', "<ListRecords>", "<record>",
    "</record>", "</ListRecords>", "</OAI-PMH>", "<resumptionToken>", "<metadata>",
    '<error code="noRecordsMatch">', "</error>", "<published>2024</published>",
    "<published>x</published>",
)  # fmt: skip
XML = st.binary(max_size=30).map(
    lambda drawn: "".join(
        _XML[byte % len(_XML)] if byte < 200 else text_of(bytes([byte, 66])) for byte in drawn
    )
)
