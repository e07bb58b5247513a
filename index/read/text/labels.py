"""Labels of the lists that are printed between an abstract and the text."""

from __future__ import annotations

import re

KEYWORDS_LABEL = re.compile(
    r"(?:(?:(?:author|additional)\s)?key\s?-?words(?: and phrases)?|index terms|keyphrases|"
    r"mots[ -]cl[ée]s|schlagw[öo]rter|schl[üu]sselw[öo]rter|palabras clave|palavras-chave|"
    r"ключевые слова|[【\[]?(?:关键\s*[词字]|關鍵\s*[詞字]|キーワード|主题词|핵심어|키워드)[】\]]?|"
    r"(?:ال)?كلمات (?:ال)?مفتاحية|מילות מפתח)\s*(?P<mark>[.:：—–-]*)\s*",
    re.I,
)
# What ACM, AMS and others print there as well.
INDEXING = re.compile(
    r"(?:CCS Concepts|Categories and Subject Descriptors|General Terms|ACM Reference Format|"
    r"ACM Classification Keywords|PACS numbers?|"
    r"(?:2\d{3} )?Mathematics Subject Classification|"
    r"JEL (?:Class|Codes?)|Subject Areas?\b|MSC\b)",
    re.I,
)
