"""Type 3 fonts whose stated size is not the size drawn, and those of TeX's codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.read.page.devices import listed
from index.read.page.engine import open_file, text_of

_DRAWN = 12.0  # points: the size at which the letters are as wide as usual
_GAP = 3.0  # points between two words
_WIDE = "mw"


def _pdf(path: Path, text: str, stated: float, names: str = "/%d") -> Path:
    """A page with ``text`` in a Type 3 font of boxes whose stated size is ``stated`` points, and
    which draws letters of 12 points. Its glyphs are named by their codes, as TeX's are.
    """
    unit = _DRAWN / stated / 1000  # of glyph space: its matrix makes a glyph as large as it is
    codes = sorted({ord(char) for char in text} - {ord(" ")})
    widths = {code: 780 if chr(code) in _WIDE else 470 for code in codes}
    shown: list[str] = []
    for word in text.split(" "):
        for char in word:  # each letter a little nearer, as kerning does it
            shown.append(f"<{ord(char):02x}> {0.2 / stated * 1000:.3f}")
        shown.append(f"{-_GAP / stated * 1000:.3f}")
    content = f"BT /T1 {stated} Tf 72 700 Td [{' '.join(shown)}] TJ ET"
    procs = {code: f"{widths[code]} 0 0 0 400 600 d1 50 0 300 600 re f" for code in codes}
    first, last = min(codes), max(codes)
    listed_widths = " ".join(str(widths.get(code, 0)) for code in range(first, last + 1))
    numbers = {code: 6 + place for place, code in enumerate(codes)}
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /Font << /T1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        f"<< /Type /Font /Subtype /Type3 /FontBBox [0 -200 800 800]"
        f" /FontMatrix [{unit:.9f} 0 0 {unit:.9f} 0 0] /FirstChar {first} /LastChar {last}"
        f" /Widths [{listed_widths}] /Resources << >>"
        f" /Encoding << /Type /Encoding /Differences"
        f" [{' '.join(f'{code} {names % code}' for code in codes)}] >>"
        f" /CharProcs << {' '.join(f'{names % code} {numbers[code]} 0 R' for code in codes)} >> >>",
        *(f"<< /Length {len(one)} >>\nstream\n{one}\nendstream" for one in procs.values()),
    ]
    path.write_bytes(
        b"%PDF-1.4\n"
        + b"".join(f"{n} 0 obj\n{one}\nendobj\n".encode() for n, one in enumerate(objects, 1))
        + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\n%%EOF".encode()
    )
    return path


def _words(path: Path) -> list[tuple[float, float, float, float, str]]:
    with open_file(path) as document:
        page = document[0]
        drawn = listed(page)
        before = document[0].get_pixmap().samples
        words = [tuple(word[:5]) for word in text_of(drawn, None).extractWORDS()]
        assert [word[4] for word in text_of(page, None).extractWORDS()] == [w[4] for w in words]
        assert document[0].get_pixmap().samples == before, "the page is drawn as it was"
    return words


@pytest.mark.parametrize("stated", [0.24, 0.05, 1.0, 12.0, 60.0, 500.0])
def test_words_are_joined_whatever_size_a_font_states(tmp_path: Path, stated: float) -> None:
    words = _words(_pdf(tmp_path / "a.pdf", "the paper surveys many methods", stated))
    assert [word[4] for word in words] == ["the", "paper", "surveys", "many", "methods"]
    x0, y0, x1, y1, _ = words[0]
    assert x0 == pytest.approx(72, abs=1) and x1 == pytest.approx(72 + 3 * 470 * 12 / 1000, abs=2)
    baseline = 792 - 700
    assert y0 < baseline - 5 and baseline <= y1 + 1 and y1 - y0 < 25


def test_codes_of_tex_are_letters_in_a_font_that_draws_words(tmp_path: Path) -> None:
    said = "an e\x0ecient \x0cle of di\x0berent pre\x0cxes in\x0duenced Hu\x0bman again"
    words = [word[4] for word in _words(_pdf(tmp_path / "a.pdf", said, 0.24))]
    assert " ".join(words) == "an efficient file of different prefixes influenced Huffman again"
    right = [word[4] for word in _words(_pdf(tmp_path / "b.pdf", said, 12.0))]
    assert right == words, "of a font whose size is right, too"


def test_codes_of_other_fonts_are_unreadable_and_not_dropped(tmp_path: Path) -> None:
    words = [word[4] for word in _words(_pdf(tmp_path / "a.pdf", "x\x0by a\x0eb \x03z", 0.24))]
    assert words == ["x\ufffdy", "a\ufffdb", "\ufffdz"]


def test_a_font_that_names_its_letters_stays_as_it_is(tmp_path: Path) -> None:
    words = [word[4] for word in _words(_pdf(tmp_path / "a.pdf", "many methods", 12.0, "/u%04X"))]
    assert words == ["many", "methods"]
