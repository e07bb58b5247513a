"""BM25 vectors: what is one term, and what it weighs."""

from __future__ import annotations

import pytest

from index.embed.sparse import Bm25Encoder


@pytest.fixture(scope="module")
def encoder() -> Bm25Encoder:
    return Bm25Encoder(k1=1.2, b=0.75, average_length=90.0)


def shared(encoder: Bm25Encoder, query: str, passage: str) -> int:
    return len(
        set(encoder.encode_query(query).indices) & set(encoder.encode_passage(passage).indices)
    )


IN_COMMON = [
    ("GPT-3", "We compare with GPT-3.", 3),
    ("gpt3", "We compare with GPT-3.", 1),
    ("GPT-3", "We compare with gpt3.", 1),
    ("pretraining", "pre-training, and pre‑training", 1),
    ("1024 units", "layers of 1,024 units", 2),
    ("3.14", "a learning rate of 3.14", 3),
    ("314", "a learning rate of 3.14", 0),
    ("gpt 3", "We compare with GPT-3.", 2),
    ("1706.03762", "see arXiv:1706.03762", 3),
    ("scaled dot product", "Scaled Dot-Product Attention", 3),
    ("scaled dot-product", "Scaled Dot-Product Attention", 4),
    ("Lukasz Kaiser", "Łukasz Kaiser", 2),
    ("Günter", "Gunter Klambauer", 1),
    ("modelling", "The models are modeled.", 1),
    ("注意力", "我们使用注意力机制。", 2),
    ("注意力机制", "attention注意力机制model", 4),
    ("机", "机 is a character", 1),
    ("the of and", "the of and", 0),
    ("transformer", "recurrence", 0),
]


def test_terms_in_common(subtests: pytest.Subtests, encoder: Bm25Encoder) -> None:
    for query, passage, terms in IN_COMMON:
        with subtests.test(query=query, passage=passage, terms=terms):
            assert shared(encoder, query, passage) == terms


def test_weights_are_bm25(encoder: Bm25Encoder) -> None:
    # tf (k1 + 1) / (tf + k1 (1 - b + b length / average)), three terms long, one of them twice
    vector = encoder.encode_passage("attention attention recurrence")
    norm = 1.2 * (1 - 0.75 + 0.75 * 3 / 90)
    assert sorted(vector.values) == pytest.approx([2.2 / (1 + norm), 4.4 / (2 + norm)], rel=1e-5)


def test_query_terms_share_a_weight_of_one(encoder: Bm25Encoder) -> None:
    assert encoder.encode_query("attention attention recurrence").values == (0.5, 0.5)
    gpt, joined = encoder.encode_query("GPT-3"), encoder.encode_query("gpt3").indices[0]
    weights = dict(zip(gpt.indices, gpt.values, strict=True))
    assert sorted(weights.values()) == pytest.approx([0.25 / 2.25, 1 / 2.25, 1 / 2.25])
    assert weights[joined] == pytest.approx(0.25 / 2.25)


def test_a_number_of_a_query_counts_as_a_whole(encoder: Bm25Encoder) -> None:
    number, parts = encoder.encode_query("28.4"), encoder.encode_query("28 4")
    weights = dict(zip(number.indices, number.values, strict=True))
    assert sorted(weights.values()) == pytest.approx([0.25 / 1.5, 0.25 / 1.5, 1 / 1.5])
    assert [weights[index] for index in parts.indices] == pytest.approx([0.25 / 1.5] * 2)


def test_settings_are_used() -> None:
    flat = Bm25Encoder(k1=0.0, b=0.0, average_length=1.0).encode_passage("a model of a model")
    assert flat.values == (1.0,)


@pytest.mark.parametrize("text", ["", "   ", "of the", "—…", "a " * 1000])
def test_text_without_terms_is_empty(encoder: Bm25Encoder, text: str) -> None:
    assert encoder.encode_passage(text).indices == ()
    assert encoder.encode_query(text).indices == ()


def test_indices_are_sorted_and_single(encoder: Bm25Encoder) -> None:
    text = " ".join(f"word{number % 300} 注意力{number}" for number in range(2000))
    for vector in (encoder.encode_passage(text), encoder.encode_query(text)):
        assert len(vector.indices) == len(vector.values) > 300
        assert list(vector.indices) == sorted(set(vector.indices))
