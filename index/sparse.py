"""BM25 as sparse vectors, by the encoder of ``qdrant_edge``: Qdrant's servers have the same.

A passage's vector holds term frequencies, saturated and set against the passage's length; a query's
holds ones; the store multiplies in the inverse document frequency. So the same vectors serve every
store, and nothing has to be counted again when a paper comes or goes.

What its tokenizers make of research prose decided between them:

- ``Word`` cuts at every character that is no letter or digit: "GPT-3" is gpt and 3, "1706.03762"
  is 1706 and 03762, "scaled dot-product" is scale, dot, product; "gpt3" stays one term and does not
  meet "GPT-3". A run of Chinese stays a single term, so that 注意力 does not find 注意力机制.
- ``Multilingual`` cuts Chinese into words, but drops every number: "GPT-3" is gpt, "1706.03762"
  and "3.14" are nothing at all.
- ``Whitespace`` keeps "dot-product" and "1706.03762" whole, which "dot product" and "1706" miss.
- ``Prefix`` stores every prefix of every word.

Hence ``Word``, with runs of Chinese, Japanese and Korean characters first cut into overlapping
pairs (注意力 becomes 注意 and 意力), as Lucene's analyser for them does. Accents are folded:
"Łukasz" meets "Lukasz", "Günter" meets "Gunter".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.paper import SparseVector

if TYPE_CHECKING:
    from qdrant_edge import SparseVector as EdgeVector

# Kana, Han with its extension A and compatibility forms, Hangul, and Han outside the first plane.
_CJK_RUN = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)


class Bm25Encoder:
    """Text to BM25 vectors, English stems, without English stop words.

    ``average_length`` is that of a passage in terms. Indices come sorted and once each.
    """

    def __init__(self, k1: float, b: float, average_length: float) -> None:
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
        return _sparse_vector(self._model.embed_document(_with_pairs(text)))

    def encode_query(self, text: str) -> SparseVector:
        """One for each term of a query; empty where it is all stop words."""
        return _sparse_vector(self._model.embed_query(_with_pairs(text)))


def _with_pairs(text: str) -> str:
    def pairs(run: re.Match[str]) -> str:
        letters = run.group()
        if len(letters) == 1:
            return f" {letters} "
        return f" {' '.join(letters[i : i + 2] for i in range(len(letters) - 1))} "

    return _CJK_RUN.sub(pairs, text)


def _sparse_vector(vector: EdgeVector) -> SparseVector:
    weights = dict(zip(vector.indices, vector.values, strict=True))
    indices = tuple(sorted(weights))
    return SparseVector(indices, tuple(weights[index] for index in indices))
