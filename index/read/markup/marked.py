"""Converts Markdown to HTML: CommonMark with tables, footnotes and mathematics.

Programs that convert PDFs (marker, MinerU) write Markdown with HTML in it. HTML tags are kept;
text that only looks like a tag ("<unk>", an unclosed "<s>") stays text. Mathematics is kept as it
was written, with its backslashes. Comments become HTML comments, which
``index.read.markup.unseen`` removes and lists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from index.read.markup.elements import TEX_CLASS

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][\w-]*)(?P<rest>[^<>]*)>")
_VOID = frozenset({"br", "hr", "img", "wbr", "input", "col", "area", "source", "track", "embed"})
# GitHub shows these as text: https://github.github.com/gfm/#disallowed-raw-html-extension-
_SHOWN = frozenset({"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes",
                    "plaintext"})  # fmt: skip
_WRAPPERS = frozenset({"html", "head", "body", "meta", "link", "base"})
_NEWER = frozenset({"main", "picture", "dialog", "template", "data", "rb", "rtc", "bdi", "search",
                    "slot"})  # fmt: skip
_MATHML = frozenset({
    "semantics", "annotation", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "msub", "msup",
    "msubsup", "munder", "mover", "munderover", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd",
    "mstyle", "mpadded", "mphantom", "mmultiscripts", "mprescripts", "menclose",
})  # fmt: skip
# Kinds 1 to 5 of CommonMark's HTML blocks go on to the end of the file where nothing closes them.
_ENDS = (("<!--", "-->"), ("<?", "?>"), ("<![cdata[", "]]>"), ("<!", ">"), ("<script", "</script"),
         ("<style", "</style"), ("<pre", "</pre"), ("<textarea", "</textarea"))  # fmt: skip
_BRACKETS = re.compile(r"\\\((.{1,2000}?)\\\)|\\\[(.{1,2000}?)\\\]", re.S)
_TEX = re.compile(r"[\\^_=]")
_BLANK = re.compile(r"\n\s*\n")
_NOTE = re.compile(r"\[(?:[^\]\\]|\\.)+\]:\s*(?:#|<#?>)\s*(?P<said>[\"'(].*[\"')])\s*$")
_MARK = re.compile(
    r"(?:\{\s*\})?\s*(?P<way>[\^_])\s*(?:\{(?P<group>[^{}]*)\}|(?P<one>\w|\*|\\[a-z]+))"
)
_MARK_ALONE = re.compile(rf"\$\s*(?P<mark>{_MARK.pattern})\s*\$(?!\$)")
_SAID = re.compile(r"[\w,*†‡§¶⋆°′+−–-]+")
_BEGIN = re.compile(r"\\begin\{(?P<name>(?P<kind>[A-Za-z]{2,20})\*?)\}")
_TABLES = frozenset({"table", "tabular", "longtable", "tabularx", "tabulary"})
# Those that the plug-in for amsmath does not know.
_FORMULAS = frozenset({"aligned", "alignedat", "gathered", "split", "cases", "dcases", "array",
                       "matrix", "pmatrix", "bmatrix", "vmatrix", "smallmatrix", "subequations",
                       "displaymath", "math", "dmath", "IEEEeqnarray"})  # fmt: skip
_FRAME = re.compile(
    r"\\begin\{tabular[xy]?\*?\}(?:\{[^{}]*\})?\{(?:[^{}]|\{[^{}]*\})*\}|\\(?:begin|end)\{[^{}]*\}"
    r"|\\(?:[hc]line|(?:top|mid|bottom|cmid)rule|centering|label)(?![A-Za-z])(?:\([^()]*\))?(?:\{[^{}]*\})?"
)
_SPANNING = re.compile(r"\\multi(?:column|row)\{[^{}]*\}\{[^{}]*\}\{((?:[^{}]|\{[^{}]*\})*)\}")
_ESCAPED = re.compile(r"\\([&%_#$])")
_CAPTION = re.compile(r"\\caption\{(?P<said>(?:[^{}]|\{[^{}]*\})*)\}")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_SPACE = re.compile(r"\s")
_BESIDE = 80  # characters of a formula without spaces
_OPENINGS = re.compile(
    r"(?:!?\[\^?){50,}"
)  # no text; each would be looked up as a link's beginning
_OPENING = re.compile(r"!?\[")
_MOST_OPEN = 500
_MOST_PENDING = 10_000  # characters
_SIGNS = {"\\dagger": "†", "\\ddagger": "‡", "\\ast": "*", "\\star": "⋆", "\\circ": "°",
          "\\prime": "′", "\\S": "§", "\\P": "¶"}  # fmt: skip


_DEEPEST = 60  # quotations and lists inside one another; the parser leaves out what is deeper
_DEEP = re.compile(rf"^((?:[ \t]*>){{{_DEEPEST // 2}}})(?:[ \t]*>)+", re.M)


def to_html(source: str) -> str:
    """The page that a Markdown text is. Nothing of it is interpreted but its markup."""
    env: dict[str, Any] = {}
    markdown = _parser()
    tokens = _with_notes_beside(markdown.parse(_DEEP.sub(r"\1", source), env))
    for token in tokens:
        if token.type == "inline" and token.children:
            _mark_tags_as_text(token.children)
    page = markdown.renderer.render(tokens, markdown.options, env)
    defined = [*env.get("references", {}).values(), *env.get("duplicate_refs", ())]
    titles = [one["title"] for one in defined if one["href"] in ("", "#") and one["title"]]
    return f"<html><body>{page}{''.join(map(_comment, titles))}</body></html>"


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.amsmath import amsmath_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    markdown = MarkdownIt("commonmark", {"html": True, "maxNesting": _DEEPEST}).enable("table")
    dollarmath_plugin(
        markdown, allow_space=True, allow_digits=False, allow_blank_lines=False, double_inline=True
    )
    amsmath_plugin(markdown)
    footnote_plugin(markdown, inline=False, move_to_end=False)
    markdown.inline.ruler.before("escape", "openings", _openings)
    markdown.inline.ruler.before("escape", "raised_mark", _raised_mark)
    markdown.inline.ruler.before("escape", "math_brackets", _brackets)
    markdown.inline.ruler.before("escape", "tex_escape", _tex_escape)
    markdown.inline.ruler.before("escape", "percent_comment", _inline_comment)
    may_end: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    markdown.block.ruler.before("fence", "percent_comment", _block_comment, may_end)
    markdown.block.ruler.before("fence", "tex_block", _tex_block, may_end)
    markdown.block.ruler.before("reference", "note_comment", _reference_comment, may_end)
    markdown.inline.ruler.at("html_inline", _html_inline)
    markdown.block.ruler.at("html_block", _html_block, may_end)
    markdown.block.ruler.at("list", _list, may_end)
    markdown.block.ruler.at("blockquote", _quotation, may_end)
    for name, rule in _RENDERED.items():
        markdown.add_render_rule(name, rule)
    return markdown


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """CommonMark's rule, but for lists too deep, which are text."""
    from markdown_it.rules_block import list_block

    return state.level < _DEEPEST - 3 and list_block(state, start, end, silent)


def _quotation(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """CommonMark's rule, but for quotations too deep, which are text."""
    from markdown_it.rules_block import blockquote

    return state.level < _DEEPEST - 3 and blockquote(state, start, end, silent)


def _openings(state: StateInline, silent: bool) -> bool:
    """A long row of brackets that open is text, and so are many that nothing closes."""
    if not silent and len(state.pending) > _MOST_PENDING:
        state.pushPending()  # each rule adds to it, and so copies it
    match = _OPENINGS.match(state.src, state.pos)
    if match is None:
        match = _OPENING.match(state.src, state.pos)
        if match is None or not _crowded(state.src):
            return False
    if not silent:
        state.pending += match[0]
    state.pos = match.end()
    return True


@lru_cache(maxsize=8)
def _crowded(text: str) -> bool:
    """Whether far more brackets open in a text than close: none of them begins a link."""
    return text.count("[") - text.count("]") > _MOST_OPEN


# --- comments -------------------------------------------------------------------------------------


def _comment(text: str) -> str:
    return f"<!--{text.replace('-->', '-- >')}-->"


def _inline_comment(state: StateInline, silent: bool) -> bool:
    """Obsidian's ``%%comment%%`` inside a line."""
    start = state.pos
    if not state.src.startswith("%%", start) or state.src[start - 1 : start].isalnum():
        return False
    end = state.src.find("%%", start + 2)
    if end < 0 or end == start + 2:
        return False
    if not silent:
        token = state.push("html_inline", "", 0)
        token.content = _comment(state.src[start + 2 : end])
    state.pos = end + 2
    return True


def _block_comment(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Obsidian's comment over lines: from a line that begins with ``%%`` to one that ends so."""
    if not _line(state, start).startswith("%%") or state.is_code_block(start):
        return False
    for number in range(start, end):
        line = _line(state, number)
        if number > start and line.startswith("%%") and line != "%%":
            return False  # LaTeX's comments begin so, line by line
        rest = line[2:] if number == start else line
        if rest.endswith("%%"):
            if not silent:
                text = "\n".join(_line(state, one) for one in range(start, number + 1))
                _push_comment(state, text[2:-2], start, number + 1)
            return True
    return False


def _reference_comment(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """``[//]: # (comment)``: a definition of a link to nowhere."""
    match = _NOTE.match(_line(state, start))
    if match is None or state.is_code_block(start):
        return False
    if not silent:
        _push_comment(state, match["said"][1:-1], start, start + 1)
    return True


def _push_comment(state: StateBlock, text: str, start: int, end: int) -> None:
    token = state.push("html_block", "", 0)
    token.content = _comment(text)
    token.map = [start, end]
    state.line = end


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


# --- mathematics ----------------------------------------------------------------------------------


def _brackets(state: StateInline, silent: bool) -> bool:
    r"""LaTeX's ``\(...\)`` and ``\[...\]``; "\[12\]" is an escaped bracket."""
    closer = {"\\(": "\\)", "\\[": "\\]"}.get(state.src[state.pos : state.pos + 2])
    if closer is None or state.src.find(closer, state.pos, state.pos + 2004) < 0:
        return False
    match = _BRACKETS.match(state.src, state.pos)
    if match is None or not (match[1] or _TEX.search(match[2])) or _BLANK.search(match[0]):
        return False
    if not silent:
        state.push("math_brackets", "", 0).content = match[0]
    state.pos = match.end()
    return True


def _tex_escape(state: StateInline, silent: bool) -> bool:
    r"""``\{`` and ``\|`` beside LaTeX's commands, where Markdown would drop the backslash."""
    src, start = state.src, state.pos
    if src[start : start + 1] != "\\" or src[start + 1 : start + 2] not in tuple("{}|,;:!"):
        return False
    before = _SPACE.search(src[max(start - _BESIDE, 0) : start][::-1])
    after = _SPACE.search(src, start, start + _BESIDE)
    first = start - (before.start() if before else min(start, _BESIDE))
    if not _COMMAND.search(src, first, after.start() if after else start + _BESIDE):
        return False
    if not silent:
        state.pending += src[start : start + 2]
    state.pos += 2
    return True


def _raised_mark(state: StateInline, silent: bool) -> bool:
    """``$^{12}$`` and ``$_2$``, which are mathematics behind a digit, too: "4.2$^{12}$"."""
    match = _MARK_ALONE.match(state.src, state.pos)
    if match is None or state.src[state.pos - 1 : state.pos] == "$":
        return False
    if not silent:
        token = state.push("math_inline", "", 0)
        token.content, token.markup = match["mark"], "$"
    state.pos = match.end()
    return True


def _formula(_: Any, tokens: Sequence[Token], at: int, *rest: Any) -> str:
    """A formula as it was written; a raised or lowered mark alone as what it is."""
    token = tokens[at]
    sign = token.markup if token.type == "math_inline_double" else token.markup or "$"
    whole = token.content if token.type == "math_brackets" else f"{sign}{token.content}{sign}"
    match = _MARK.fullmatch(whole.strip("$\\()").strip()) if sign != "$$" else None
    if match is not None:
        said = "".join((match["group"] or match["one"] or "").split())
        said = _COMMAND.sub(lambda command: _SIGNS.get(command[0], command[0]), said)
        if _SAID.fullmatch(said):
            tag = "sup" if match["way"] == "^" else "sub"
            return f"<{tag}>{escape(said)}</{tag}>"
    return _tex(whole)


def _tex(said: str) -> str:
    return f'<span class="{TEX_CLASS}">{escape(said, quote=False)}</span>'


def _tex_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""LaTeX's ``\begin{table}`` to its ``\end``, as Nougat writes tables; formulas, too."""
    match = _BEGIN.match(_line(state, start))
    if match is None or state.is_code_block(start):
        return False
    if match["kind"] not in _TABLES | _FORMULAS:
        return False
    closing = f"\\end{{{match['name']}}}"
    endless = state.env.setdefault("endless", set())
    if closing in endless or state.src.find(closing, state.bMarks[start]) < 0:
        endless.add(closing)
        return False
    for number in range(start, end):
        if closing in _line(state, number):
            if not silent:
                kind = "tex_block" if match["kind"] in _TABLES else "amsmath"
                token = state.push(kind, "", 0)
                lines = (_line(state, one) for one in range(start, number + 1))
                token.content = "\n".join(lines)
                token.map = [start, number + 1]
                state.line = number + 1
            return True
    return False


def _tabular(_: Any, tokens: Sequence[Token], at: int, *rest: Any) -> str:
    """A LaTeX table as one of HTML's: rows end with two backslashes, cells with "&"."""
    said = _CAPTION.sub("", tokens[at].content)
    said = _SPANNING.sub(r"\1", _FRAME.sub(" ", said))
    table = ""
    for row in re.split(r"\\\\(?:\[[^\]]*\])?", said):
        cells = (_ESCAPED.sub(r"\1", cell) for cell in re.split(r"(?<!\\)&", row))
        table += f"<tr>{''.join(f'<td>{escape(cell, quote=False)}</td>' for cell in cells)}</tr>"
    captions = (escape(one["said"], quote=False) for one in _CAPTION.finditer(tokens[at].content))
    return f"<table>{table}</table>" + "".join(f"<p>{caption}</p>" for caption in captions)


def _displayed(_: Any, tokens: Sequence[Token], at: int, *rest: Any) -> str:
    token = tokens[at]
    sign = "" if token.type == "amsmath" else "$$"
    label = f" ({token.info})" if token.type == "math_block_label" else ""
    said = _tex(f"{sign}{token.content.strip()}{sign}")
    return f'<div class="ltx_equation">{said}{escape(label, quote=False)}</div>\n'


# --- tags -----------------------------------------------------------------------------------------


@cache
def _known() -> frozenset[str]:
    from lxml.html.defs import tags

    return frozenset(tags) | _NEWER | _MATHML


@cache
def _ends_with(closer: str) -> re.Pattern[str]:
    return re.compile(re.escape(closer), re.I)


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """CommonMark's rule, except that what nothing closes is a paragraph and not all the rest."""
    from markdown_it.rules_block import html_block

    said = _line(state, start).lower()
    if not said.startswith("<"):
        return False
    closer = next((close for opening, close in _ENDS if said.startswith(opening)), None)
    endless = state.env.setdefault("endless", set())
    if closer is not None and (
        closer in endless or not _ends_with(closer).search(state.src, state.bMarks[start])
    ):
        endless.add(closer)  # so that it is not looked for again and again
        return False
    return html_block(state, start, end, silent)


def _html_inline(state: StateInline, silent: bool) -> bool:
    """CommonMark's rule, which does not look for an end again where there is none."""
    from markdown_it.rules_inline import html_inline

    said = state.src[state.pos : state.pos + 9].lower()
    if not said.startswith("<"):
        return False
    closer = next((close for opening, close in _ENDS[:4] if said.startswith(opening)), None)
    endless = state.env.setdefault("endless inline", {})  # by the end: the text that lacks it
    if closer is not None:
        if endless.get(closer) is state.src:
            return False
        if state.src.find(closer, state.pos) < 0:
            endless[closer] = state.src
            return False
    return html_inline(state, silent)


def _mark_tags_as_text(children: Sequence[Token]) -> None:
    """Make text of unknown tags, and of inline tags that are not closed."""
    opened: list[tuple[str, Token]] = []
    for child in children:
        match = _TAG.fullmatch(child.content) if child.type == "html_inline" else None
        if match is None:
            continue
        name = match["name"].lower()
        if name not in _known() or name in _SHOWN:
            child.type = "text"
        elif name in _VOID or name in _WRAPPERS or match["rest"].rstrip().endswith("/"):
            pass
        elif not match["end"]:
            opened.append((name, child))
        else:
            place = next((i for i in reversed(range(len(opened))) if opened[i][0] == name), -1)
            if place < 0:
                child.type = "text"
            else:
                del opened[place]
    for name, child in opened:
        if " " not in child.content and name not in ("p", "div", "center", "details", "table"):
            child.type = "text"


def _html(_: Any, tokens: Sequence[Token], at: int, *rest: Any) -> str:
    """Raw HTML without the frame of a page, and with unknown tags as text."""

    def seen(match: re.Match[str]) -> str:
        name = match["name"].lower()
        if name in _WRAPPERS:
            return ""
        return match[0] if name in _known() else escape(match[0], quote=False)

    return _TAG.sub(seen, tokens[at].content)


# --- notes and pictures ---------------------------------------------------------------------------


def _with_notes_beside(tokens: Sequence[Token]) -> list[Token]:
    """The definition of each footnote after the block that refers to it first."""
    notes: dict[str, list[Token]] = {}
    blocks: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        blocks[-1].append(token)
        depth += token.nesting
        if depth == 0:
            first = blocks[-1][0]
            if first.type == "footnote_reference_open":
                notes.setdefault(str(first.meta["label"]), []).extend(blocks.pop())
            blocks.append([])
    done: list[Token] = []
    for block in blocks:
        done += block
        for token in block:
            for child in token.children or ():
                if child.type == "footnote_ref":
                    done += notes.pop(str(child.meta.get("label")), [])
    for note in notes.values():
        done += note
    return done


def _text(text: str) -> Any:
    return lambda *_: text


def _picture(_: Any, tokens: Sequence[Token], at: int, *rest: Any) -> str:
    """A picture's text, which is its caption, except for a badge beside a name."""
    before = tokens[at - 1] if at else None
    if before is not None and "//orcid.org/" in str(before.attrs.get("href")):
        return ""
    return escape(tokens[at].content, quote=False)


_RENDERED: dict[str, Any] = {
    "html_block": _html,
    "html_inline": _html,
    "image": _picture,
    "math_brackets": _formula,
    "math_inline": _formula,
    "math_inline_double": _formula,
    "tex_block": _tabular,
    "math_block": _displayed,
    "math_block_label": _displayed,
    "amsmath": _displayed,
    "footnote_ref": _text(""),
    "footnote_reference_open": _text('<div class="ltx_note">'),
    "footnote_reference_close": _text("</div>\n"),
}
