"""Reads the line of keywords: its label, and the span of each keyword."""

from __future__ import annotations

import re

from index.spans import Span

KEYWORDS_LABEL = re.compile(
    r"(?:key\s?-?words(?: and phrases)?|index terms|keyphrases|mots[ -]cl[ée]s|schlagw[öo]rter|"
    r"schl[üu]sselw[öo]rter|palabras clave|palavras-chave|ключевые слова|"
    r"[【\[]?(?:关键\s*[词字]|關鍵\s*[詞字]|キーワード|主题词|핵심어|키워드)[】\]]?|"
    r"(?:ال)?كلمات (?:ال)?مفتاحية|מילות מפתח)\s*[.:：—–-]*\s*",
    re.I,
)
# Another kind of list begins, or a line of numbers ("Word count: 111", "Received: 3 May").
_END = re.compile(r"\s(?i:arxiv|pacs|msc|jel|acm)\b|\s[A-Z][a-z]+(?: [a-z]+){0,2}:\s*\d")


def keyword_spans(text: str, span: Span) -> list[Span]:
    """The items of the list in ``span``, set off by commas, semicolons or dots."""
    items = []
    end = _END.search(text, span.start, span.end)
    for match in re.finditer(
        r"[^,;·•，；、،؛]+", text[span.start : end.start() if end else span.end]
    ):
        item = match.group().strip(" .")
        if item:
            start = span.start + match.start() + match.group().index(item[0])
            items.append(Span(start, start + len(item)))
    return items
