"""BM25 as sparse vectors, by the encoder of ``qdrant_edge``: Qdrant's servers have the same.

A passage's vector holds term frequencies, saturated and set against the passage's length; a query's
holds ones; the store multiplies in the inverse document frequency. So the same vectors serve every
store, and nothing has to be counted again when a paper comes or goes.

What its tokenizers make of research prose decided between them:

- ``Word`` cuts at every character that is no letter or digit: "GPT-3" is gpt and 3, "1706.03762"
  is 1706 and 03762, "scaled dot-product" is scale, dot, product. A run of Chinese stays a single
  term, so that 注意力 does not find 注意力机制.
- ``Multilingual`` cuts Chinese into words, but drops every number: "GPT-3" is gpt, "1706.03762"
  and "3.14" are nothing at all.
- ``Whitespace`` keeps "dot-product" and "1706.03762" whole, which "dot product" and "1706" miss.
- ``Prefix`` stores every prefix of every word.

Hence ``Word``, with runs of Chinese, Japanese and Korean characters first cut into overlapping
pairs (注意力 becomes 注意 and 意力), as Lucene's analyser for them does. Accents are folded:
"Łukasz" meets "Lukasz", "Günter" meets "Gunter". What a sign holds together is a term of its own
beside its parts, as Lucene's ``WordDelimiterGraphFilter`` catenates: "GPT-3" is gpt, 3 and gpt3,
"pre-training" meets "pretraining", "1,024" meets "1024", and "1706.03762" is more than two numbers
that happen to stand in one passage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from index.hits import SparseVector

# Kana, Han with its extension A and compatibility forms, Hangul, and Han outside the first plane.
_CJK_RUN = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)

# "CO_2" and "km^2" are what is printed as CO₂ and km², and asked for as "CO2" and "km2".
_HYPHENED = re.compile(r"[^\W_]+(?:[-_^\u2010\u2011][^\W_]+)+")
_NUMBER = re.compile(r"(?<![^\W_.,])\d+(?:[.,]\d+)+(?![^\W_])")
_SIGNS = str.maketrans(dict.fromkeys("-_^\u2010\u2011,", "") | {".": "p"})  # 3.14 is not 314
# Of a query's terms that say again, as a whole or in parts, what others say. At 1, hyphenated words
# would count twice (ADR 9).
_AGAIN = 0.25


# Robertson's defaults, as in Lucene; others were no better (ADR 9).
K1 = 1.2
B = 0.75
# Terms of a passage of 128 word pieces and its paper's title, without stop words.
AVERAGE_LENGTH = 90.0


class Bm25Encoder:
    """Text to BM25 vectors, English stems, without English stop words.

    ``average_length`` is that of a passage in terms. Indices come sorted and once each.
    """

    def __init__(
        self, k1: float = K1, b: float = B, average_length: float = AVERAGE_LENGTH
    ) -> None:
        from qdrant_edge import Bm25, Bm25Config, TokenizerType

        self._model = Bm25(
            Bm25Config(
                k=k1,
                b=b,
                avg_len=average_length,
                tokenizer=TokenizerType.Word,
                language="english",
                ascii_folding=True,
            )
        )

    def encode_passage(self, text: str) -> SparseVector:
        """Saturated term frequencies of a passage."""
        vector = self._model.embed_document(_spelled(text))
        return _sparse_vector(dict(zip(vector.indices, vector.values, strict=True)))

    def encode_query(self, text: str) -> SparseVector:
        """The terms of a query, whose weights add up to 1; empty where it is all stop words.

        So a score is the mean over the query's terms, and long and short queries are alike. A word
        at hyphens counts by its parts, since whoever writes "GPT-3" means no more by it than "gpt
        3" does; a number counts as a whole, since neither 28 nor 4 is 28.4.
        """
        numbers = _NUMBER.findall(text)
        words = _NUMBER.sub(" ", text)
        whole = [_with_pairs(words), *(number.translate(_SIGNS) for number in numbers)]
        again = [*numbers, *(word.translate(_SIGNS) for word in _HYPHENED.findall(words))]
        weights = {
            **dict.fromkeys(self._model.embed_query(" ".join(again)).indices, _AGAIN),
            **dict.fromkeys(self._model.embed_query(" ".join(whole)).indices, 1.0),
        }
        total = sum(weights.values())
        return _sparse_vector({index: weight / total for index, weight in weights.items()})


def _spelled(text: str) -> str:
    """The text in a spelling from which the tokenizer makes the terms described above."""
    compounds = [*_NUMBER.findall(text), *_HYPHENED.findall(text)]
    return " ".join([_with_pairs(text), *(one.translate(_SIGNS) for one in compounds)])


def _with_pairs(text: str) -> str:
    def pairs(run: re.Match[str]) -> str:
        letters = run.group()
        if len(letters) == 1:
            return f" {letters} "
        return f" {' '.join(letters[i : i + 2] for i in range(len(letters) - 1))} "

    return _CJK_RUN.sub(pairs, text)


def _sparse_vector(weights: Mapping[int, float]) -> SparseVector:
    indices = tuple(sorted(weights))
    return SparseVector(indices, tuple(weights[index] for index in indices))
