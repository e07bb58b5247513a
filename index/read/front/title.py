"""Finds the title: the first page of the paper, the lines of its title, and their text.

A cover page of an archive or a journal comes before the paper, which prints its title again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from index.read.front.names import names_of
from index.read.front.places import INSTITUTION, MARKS, is_note
from index.read.page.letters import unreadable
from index.read.page.pages import Line, PageContent
from index.read.text.headings import KNOWN

_FIRST_PAGES = 4  # a cover of more pages than three is a report's, which has no other first page
_KIND = (
    r"(?:articles?|papers?|communications?|reports?|letters?|notes?|reviews?|stud(?:y|ies)|"
    r"investigations?|editorials?|commentar(?:y|ies)|perspectives?|surveys?|"
    r"tutorials?|research|protocols?|focus|opinions?|viewpoints?|preprints?|manuscripts?|"
    r"übersichtsarbeit|originalarbeit|artículo|artigo)"
)
_OF_KIND = (
    r"(?:original|research|review|regular|short|brief|rapid|full|invited|special|technical|case|"
    r"systematic|open|access|data|working|conference|clinical|feature|mini|methods?|brève|"
    r"de|d['’]|scientifique|científico|revisión|investigación|pesquisa|to|the|editor)"
)
_ARTICLE_TYPE = re.compile(
    rf"(?:{_OF_KIND}[\s-]*){{0,3}}{_KIND}(?:[\s-]+(?:{_OF_KIND}|{_KIND}|originale?)){{0,3}}"
    r"|open access",
    re.I,
)
# What is below a journal's name and below no title.
_ISSUE = re.compile(
    r"\b(?:vol(?:ume|\.)?\s*\d|issues?\s*\d|no\.\s*\d|ISSN|www\.|https?://|homepage|"
    r"articles? ID|available (?:online )?at)",
    re.I,
)
# A journal's own name, whatever field it is of: "Iranian Journal of Basic Medical Sciences".
_JOURNAL = re.compile(
    r"(?:the )?(?:[^\W\d_][\w&.-]* ){0,5}(?:journal|bulletin|annals|archives|transactions|"
    r"proceedings|revista|zeitschrift)(?:$| (?:of|for|on|de|für) )",
    re.I,
)
# What says a journal's issue or address beside its name, where no other title could have it.
_JOURNALS = re.compile(r"(?:[a-z0-9-]+\.){1,4}[a-z]{2,6}(?:/\S*)?$|\b(?:19|20)\d\d\b.*\d", re.I)
# The number of an issue, which is printed over a title and is none: "Annals, Vol. 3, No. 2".
_VOLUME = re.compile(
    r"\bvol(?:ume|\.)?\s*(?:\d+|[IVXLC]+)\b.*\b(?:no\.|number|issue|pp\.|(?:19|20)\d\d)", re.I
)
# What an archive prints on its cover below the title; and its cover.
_OF_ARCHIVE = re.compile(
    r"(?:authors?|author\(s\)|source|published by|reviewed work\(s\))\s?:", re.I
)
_STABLE = re.compile(r"stable url\s?:.*jstor", re.I)
_IDEOGRAPH = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")  # no spaces between words
_NUMBER = re.compile(r"^(?:\d+|[IVX]+)[.)]?\s+")
_MOST_LINES = 8  # of a title
_RAISED_END = re.compile(r"\s*(?:[*∗⁎†‡§¶⋆★☆✩#‖]+|\^?\(?\d{1,2}\)?|[¹²³⁰-⁹]+)\s*$")


def first_page(pages: Sequence[PageContent]) -> int:
    """The place of the page that the paper begins on: after blank pages and covers."""
    worded = [n for n, page in enumerate(pages[:_FIRST_PAGES]) if _upright(page)]
    place = 0
    while place < len(worded):
        page = pages[worded[place]]
        # A page with the licence may be between a cover and the paper.
        later = range(place + 1, min(place + 3, len(worded)))
        after = next((n for n in later if _is_cover(page, pages[worded[n]])), None)
        if after is None:
            return worded[place]
        place = after
    return 0


def _upright(page: PageContent) -> list[Line]:
    return [line for line in page.lines if line.upright]


def _is_cover(page: PageContent, after: PageContent) -> bool:
    """Whether the next page prints this page's title again, with authors below it or an abstract.

    A title page of its own has the authors, and the page after it only the title.
    """
    lines, beyond = _upright(page), _upright(after)
    if is_archive_cover(lines):
        return True
    title = find_title(lines, page.height)
    again = find_title(beyond, after.height)
    said, repeated = _letters(title), _letters(again)
    shorter, longer = sorted((said, repeated), key=len)
    if len(shorter) < 12 or shorter not in longer or len(shorter) < 0.6 * len(longer):
        return False
    if any(_is_abstract(line) for line in lines):
        return False
    below = max(line.y1 for line in again)
    under = [line for line in beyond if line.y0 >= below - 2]
    printed = re.sub(r"[\W_]+", "", _folded(" ".join(line.text for line in lines)))
    for line in under[:8]:
        for name in names_of(line):
            if re.sub(r"[\W_]+", "", _folded(name.text.split()[-1])) in printed:
                return True
    named = any(names_of(line) for line in lines if id(line) not in {id(one) for one in title})
    return not named and any(_is_abstract(line) for line in under)


def is_archive_cover(lines: Sequence[Line]) -> bool:
    """Whether these are the lines of a cover that says where an archive keeps the paper."""
    return any(_STABLE.match(line.text) for line in lines)


def _is_abstract(line: Line) -> bool:
    return bool(re.match(r"(?:abstract|summary|a b s t r a c t)\b", line.text, re.I))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def _letters(lines: Sequence[Line]) -> str:
    return re.sub(r"[\W_]+", "", " ".join(line.text for line in lines).lower())


def find_title(lines: Sequence[Line], page_height: float) -> tuple[Line, ...]:
    """The largest lines with words in the upper part of the first page, that are together; not
    the article's type or the journal's name above them, but a subtitle below them.
    """
    candidates = [
        line
        for line in lines
        if line.y0 < 0.55 * page_height
        and sum(map(str.isalpha, line.text)) + unreadable(line.text) >= 6
        and len(line.words) >= 1
        and not is_article_type(line.text)
        and not _VOLUME.search(line.text)
        and not KNOWN.match(_NUMBER.sub("", line.text))
    ]
    while candidates:
        title = _largest(candidates, lines)
        if _is_running_text(title):
            return ()
        over = _over_names(title, candidates)
        if over:
            return over
        if not _is_masthead(title, lines, candidates) and not _is_author_above(title, lines):
            return (*title, *_subtitle(title, lines))
        away = {id(line) for line in title}
        candidates = [line for line in candidates if id(line) not in away]
    return ()


def _is_running_text(lines: Sequence[Line]) -> bool:
    """Whether the largest lines are the text itself: several sentences, as no title has."""
    said = " ".join(line.text for line in lines)
    return len(lines) > 4 and len(re.findall(r"[a-z]{2}\. [A-Z]", said)) >= 2


def is_article_type(text: str) -> bool:
    """Whether a line says what kind of article this is: "Research Article", "Review"."""
    return bool(_ARTICLE_TYPE.fullmatch(text.strip(" .:|—–-")))


def _largest(candidates: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
    """The first run of lines in the largest type of those that are more than a word."""
    # A single short word in the largest type is a journal's name more often than a title.
    worded = [
        line
        for line in candidates
        if len(line.words) >= 2 or len(_IDEOGRAPH.findall(line.text)) >= 4
    ] or candidates
    largest = max(line.size for line in worded)
    alone = max(candidates, key=lambda line: line.size)
    if alone.size > largest + 0.7 and _is_over_names(alone, worded, lines):
        worded, largest = [alone], alone.size
    top = [line for line in worded if line.size >= largest - 0.1]
    if largest <= _usual_size(lines) + 0.6:  # no larger than the text: it is in bold, or in front
        top = [line for line in top if line.bold and not KNOWN.match(line.text)] or list(top)
    first = next(i for i, line in enumerate(lines) if line is top[0])
    title = [lines[first]]
    for line in lines[first + 1 :]:
        last = title[-1]
        if (
            abs(line.size - largest) > 0.8
            or line.y0 - last.y1 > 1.2 * largest
            or _mostly_bold(line) != _mostly_bold(title[0])
            or _OF_ARCHIVE.match(line.text)
        ):
            break
        title.append(line)
    if largest <= _usual_size(lines) + 0.6:
        while len(title) > 1 and names_of(title[-1]):  # below a title in the type of the text
            title.pop()
        several = (n for n, line in enumerate(title) if n and len(names_of(line)) > 1)
        title = title[: next(several, len(title))]
    if len(title) > _MOST_LINES:  # a page in one type: its first block
        title = [line for line in title[:_MOST_LINES] if line.block == title[0].block]
    for line in reversed(lines[:first]):  # a word alone above it
        above = title[0].y0 - line.y1
        if abs(line.size - largest) > 0.02 * largest or not -largest < above < 0.8 * largest:
            break
        if is_article_type(line.text) or _mostly_bold(line) != _mostly_bold(title[0]):
            break
        title.insert(0, line)
    return title


def _is_over_names(alone: Line, worded: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Whether a single word in the largest type is the title: what comes next are names."""
    below = [line for line in lines if line.y0 > alone.y1 - 2]
    next_ones = [line for line in worded if line.y0 > alone.y1 - 2]
    largest = max((line.size for line in next_ones), default=0.0)
    return bool(below and names_of(below[0])) and largest < 0.8 * alone.size


def _is_masthead(run: Sequence[Line], lines: Sequence[Line], candidates: Sequence[Line]) -> bool:
    """Whether these lines name a journal: what tells its issue or its address is right by
    them, or an article's type below them, and what can be a title, in the next largest type,
    further down.
    """
    named = _JOURNAL.match(" ".join(line.text for line in run)) is not None
    if len(run) > (4 if named else 2):
        return False
    top, bottom, size = run[0].y0, run[-1].y1, run[0].size
    reach = (2.5 if named else 1.5) * size
    inside = {id(line) for line in run}
    around = [
        line
        for line in lines
        if id(line) not in inside and line.y1 > top - reach and line.y0 < bottom + reach
    ]
    below = [line for line in around if line.y0 > bottom - 2]
    if not any(
        _ISSUE.search(line.text) or (named and _JOURNALS.search(line.text)) for line in around
    ) and not any(is_article_type(line.text) for line in below):
        return False
    usual = max(_usual_size(lines), _text_size(lines))
    return any(
        line.y0 > bottom
        and (
            line.size > max(usual + (0.6 if named else 1.5), 0.45 * size)
            or (named and line.bold and line.size > usual - 0.2)
        )
        and not KNOWN.match(line.text)
        and (
            (len(line.words) >= 3 and not names_of(line))
            or (len(line.words) == 2 and _is_over_smaller_names(line, lines))
        )
        for line in candidates
    )


def _is_author_above(run: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Whether a line in the type of the text is a name over a title in capitals."""
    if len(run) > 1 or run[0].size > _usual_size(lines) + 0.6 or run[0].text.isupper():
        return False
    below = [line for line in lines if 0 < line.y0 - run[0].y0 < 4 * run[0].size]
    titled = bool(below) and below[0].text.isupper() and len(below[0].words) >= 3
    return titled and len(run[0].words) <= 5 and len(names_of(run[0])) == 1


def _over_names(run: Sequence[Line], candidates: Sequence[Line]) -> tuple[Line, ...]:
    """The title right over a lone name that is set a little larger: in bold or in capitals."""
    name = run[0]
    if len(run) > 1 or len(name.words) > 5 or len(names_of(name)) != 1:
        return ()
    found: list[Line] = []
    for line in reversed([line for line in candidates if line.y0 < name.y0 - 2]):
        last = found[-1] if found else name
        near = last.y0 - line.y1 < 2 * line.size
        loud = _mostly_bold(line) or line.text.isupper()
        if not (near and loud and line.size > 0.85 * name.size) or _JOURNAL.match(line.text):
            break
        found.append(line)
    titled = sum(len(line.words) for line in found) >= 3 and not _mostly_bold(name)
    return tuple(reversed(found)) if titled else ()


def _is_over_smaller_names(title: Line, lines: Sequence[Line]) -> bool:
    below = (line for line in lines if line.y0 > title.y1 - 2)
    return any(line.size < title.size - 1.5 and names_of(line) for line in below)


def _subtitle(title: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
    """Lines below the title in its font and smaller type, that are larger than the text: after a
    colon, or in words that are not names and have names below them.
    """
    last = title[-1]
    below = [line for line in lines if line.y0 > last.y1 - 2 and line.y0 - last.y1 < last.size]
    if not below:
        return []
    first = below[0]
    closed = last.text.endswith((":", "—", "–"))
    same = abs(first.size - last.size) <= 0.8
    alike = same or first.words[0].style.font == last.words[0].style.font
    smaller = _usual_size(lines) + 0.6 < first.size <= last.size + 0.8
    if not smaller or names_of(first) or _ISSUE.search(first.text) or is_note(first.text):
        return []
    if not any(word.text[0].islower() for word in first.words) or INSTITUTION.search(first.text):
        return []
    found = [first]
    for line in lines:
        if line.y0 > found[-1].y1 - 2 and line.y0 - found[-1].y1 < 0.8 * first.size:
            if abs(line.size - first.size) > 0.1 or names_of(line):
                break
            found.append(line)
    if closed:
        return found
    under = [line for line in lines if line.y0 > found[-1].y1 - 2][:2]
    named = next((line for line in under if names_of(line)), None)
    larger = named is not None and first.size > named.size + 0.7
    return found if named is not None and len(first.words) >= 3 and (alike or larger) else []


def subtitle_place(lines: Sequence[Line]) -> int:
    """The number of a title's lines before its subtitle; all of them if it has none.

    A subtitle is set in a font or in a type of its own, or begins with an article in capitals on
    a new line ("A Post Hoc Analysis"), which no title's middle has.
    """
    for number in range(1, len(lines)):
        last, line = lines[number - 1], lines[number]
        if not last.text[-1].isalnum() or not line.text[0].isupper():
            continue
        before = {_face(one) for one in lines[:number]}
        after = {_face(one) for one in lines[number:]}
        apart = len(before) == len(after) == 1 and before != after and line.italic == last.italic
        if apart or (line.words[0].text in ("A", "An", "The") and _is_in_title_case(lines)):
            return number
    return len(lines)


def _face(line: Line) -> tuple[str, float]:
    fonts = Counter(word.style.font for word in line.words)
    return fonts.most_common(1)[0][0], round(line.size)


def _is_in_title_case(lines: Sequence[Line]) -> bool:
    """Whether most long words begin with a capital, and small words in the middle do not."""
    words = [word.text for line in lines for word in line.words if word.text.isalpha()]
    long = [word for word in words if len(word) > 4]
    return (
        bool(long)
        and sum(word[0].isupper() for word in long) > 0.8 * len(long)
        and any(word.islower() for word in words)
    )


def without_mark(said: str, lines: Sequence[Line]) -> str:
    """A title's text without the mark of a footnote at its end."""
    text, style = lines[-1].words[-1].parts[-1]
    raised = style.raised or style.size < 0.8 * lines[-1].size
    if raised or text[-1] in MARKS:
        return _RAISED_END.sub("", said)
    return said


def _usual_size(lines: Sequence[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0]


def _text_size(lines: Sequence[Line]) -> float:
    """The largest type that more lines are set in than a title has: where most of a page are
    abstract and notes, the text is larger than what is usual.
    """
    counted = Counter(round(line.size, 1) for line in lines if len(line.words) > 4)
    return max((size for size, count in counted.items() if count > _MOST_LINES), default=0.0)


def _mostly_bold(line: Line) -> bool:
    """A system's name in typewriter type does not make a bold title's line another kind of line."""
    return sum(word.style.bold for word in line.words) > 0.5 * len(line.words)
