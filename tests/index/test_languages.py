"""Roles of sections in several languages, and papers whose script sets no spaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.paper import Paper, Role
from index.read import _read_file
from index.read.floats.captions import figure_name
from index.read.front.authors import is_name
from index.read.page.pages import Line, PageWord, Style
from index.read.page.words import count_words, sets_spaces, words_of
from index.read.text.compose import Composer, vocabulary
from index.read.text.headings import KNOWN, assign_roles, parse_heading, title_role
from index.read.text.roles import Strength, abstract_label, match_title
from index.split import split

CASES = Path(__file__).parents[2].parent / "shared/cases/10-cjk-papers"


TITLES = [
    ("Références", "references"),
    ("2 Travaux existants", "background"),
    ("5 Limites", "limitations"),
    ("Conclusion et perspectives", "conclusion"),
    ("Verwandte Arbeiten", "background"),
    ("3 Material und Methoden", "method"),
    ("Literaturverzeichnis", "references"),
    ("Trabajos relacionados", "background"),
    ("Resultados y discusión", "results"),
    ("相关工作", "background"),
    ("4 实验结果与分析", "experiments"),
    ("参 考 文 献", "references"),
    ("関連研究", "background"),
    ("3.2 提案手法", "method"),
    ("結論", "conclusion"),
    ("المقدمة", "introduction"),
    ("Резюме", "abstract"),
]


def test_titles_tell_their_roles_in_each_language(subtests: pytest.Subtests) -> None:
    for title, role in TITLES:
        with subtests.test(title=title, role=role):
            assert title_role(title) == role


WORDS_IN_TITLES = [
    ("Literature search strategy", "method"),
    ("Limitations of existing models", "background"),
    ("Limitations of our study", "limitations"),
    ("Strengths and Limitations", "limitations"),
    ("Data availability statement", "other"),
    ("Competing interests", "acknowledgements"),
    ("Author contributions", "acknowledgements"),
    ("Ethics Considerations", "other"),
    ("General Discussion", "discussion"),
    ("Abstracting with credit", "other"),
    ("Supplemental Figures of the second study", "appendix"),
]


def test_a_word_in_a_title_is_not_its_name(subtests: pytest.Subtests) -> None:
    for title, role in WORDS_IN_TITLES:
        with subtests.test(title=title, role=role):
            assert title_role(title) == role


def test_what_a_title_tells_has_a_strength() -> None:
    titles = ["Results", "Human study comparison", "Decoupling the scale of pre-training", "Owls"]
    assert [match_title(title).strength for title in titles] == [
        Strength.CLEAR, Strength.TELLING, Strength.HINT, Strength.SILENT,
    ]  # fmt: skip


def test_known_titles_are_whole_titles() -> None:
    assert KNOWN.match("Danksagung") and KNOWN.match("Related Work:") and KNOWN.match("讨论")
    assert not KNOWN.match("Related work in robotics") and not KNOWN.match("Findings are rare")


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("IMPORTANCE", "background"),
        ("Design, Setting, and Participants", "method"),
        ("MAIN OUTCOMES AND MEASURES:", "method"),
        ("Results.", "results"),
        ("CONCLUSIONS AND RELEVANCE", "conclusion"),
        ("【目的】", "introduction"),
        ("Méthodes", "method"),
        ("Department of Medicine", None),
    ],
)
def test_labels_of_a_structured_abstract(label: str, role: Role | None) -> None:
    assert abstract_label(label) == role


def roles(*titles: str) -> dict[str, Role]:
    """The roles of a paper with these headings; two spaces at the head are a level."""
    headings = []
    for title in titles:
        heading = parse_heading(title.strip())
        depth = 1 + (len(title) - len(title.lstrip())) // 2
        headings.append(type(heading)(heading.title, heading.number, max(depth, heading.level)))
    return {one.title: one.role for one in assign_roles(headings)}


def test_a_clear_name_wins_over_the_section_that_it_is_in() -> None:
    found = roles("1 Introduction", "4 Comparison of procedures", "4.1 Simulation conditions",
                  "4.2 Hypotheses", "4.3 Results", "5 Conclusion and discussion",
                  "5.2 Discussion", "Disclosure statement", "References")  # fmt: skip
    assert found["4.1 Simulation conditions"] == "experiments"
    assert found["4.3 Results"] == "results"
    assert found["5.2 Discussion"] == "discussion"
    assert found["Disclosure statement"] == "acknowledgements"


def test_a_section_that_says_little_takes_its_role_from_its_place() -> None:
    found = roles("1 Introduction", "3 Emulated Tuning: The Scale of Pre-training",
                  "3.2 Decoupling", "4 Experiments", "5 Messaging in War: Theory and Evidence",
                  "6 Discussion", "7 Open Science")  # fmt: skip
    assert found["3 Emulated Tuning: The Scale of Pre-training"] == "method"
    assert found["3.2 Decoupling"] == "method"
    assert found["5 Messaging in War: Theory and Evidence"] == "results"
    assert found["7 Open Science"] == "other"


def test_an_abstract_in_another_language_is_none_of_the_paper() -> None:
    found = roles("Abstract", "Introduction", "Results", "Discussion", "摘要", "Résumé", "Резюме")
    assert list(found.values())[4:] == ["other", "other", "other"]
    found = roles("Abstract", "1 Introduction", "2 Experiments", "3 Summary")
    assert found["3 Summary"] == "conclusion"


def test_an_appendix_on_limitations_has_their_role() -> None:
    found = roles(
        "1 Introduction", "2 Method", "References", "A Proofs", "B Results", "E Limitations"
    )
    assert list(found.values())[3:] == ["appendix", "appendix", "limitations"]


def test_methods_after_the_bibliography_are_the_methods() -> None:
    found = roles("Introduction", "Results", "Discussion", "References", "Methods",
                  "  Participants", "Extended data", "Competing interests")  # fmt: skip
    assert list(found.values())[4:] == ["method", "method", "appendix", "acknowledgements"]


@pytest.mark.parametrize(
    ("title", "number", "alone"),
    [("一、引言", "1", "引言"), ("第十二章 实验", "12", "实验"), ("１．はじめに", "1", "はじめに"),
     ("2 手法", "2", "手法"), ("３．１　モデル", "3.1", "モデル")],
)  # fmt: skip
def test_numbers_of_chinese_and_japanese_headings(title: str, number: str, alone: str) -> None:
    heading = parse_heading(title)
    assert (heading.number, heading.title_alone) == (tuple(number.split(".")), alone)


def test_words_are_counted_in_any_script() -> None:
    assert count_words("We count 3 words = 5.") == 5
    assert count_words("我们用前十五年训练模型。") == 6
    assert count_words("これは pandas です") == 4
    assert (words_of("tree"), words_of("本データセット")) == (1, 3)


@pytest.mark.parametrize(
    ("before", "after", "unspaced", "space"),
    [("模型", "的", True, False), ("。", "最", True, False), ("は", "4.2", True, False),
     ("in", "東京", False, True), ("the", "tree", False, True), ("이", "방법", False, True)],
)  # fmt: skip
def test_a_line_end_is_a_space_where_the_script_has_them(
    before: str, after: str, unspaced: bool, space: bool
) -> None:
    assert sets_spaces(before, after, unspaced) == space


@pytest.mark.parametrize(
    ("lines", "text"),
    [(("grew [31]–", "[34] leaves"), "grew [31]–[34] leaves"),
     (("the counts", "—all of them"), "the counts—all of them"),
     (("the counts —", "all of them"), "the counts — all of them"),
     (("線形の基準", "では最初の"), "線形の基準では最初の"), (("한국어", "논문"), "한국어 논문")],
)  # fmt: skip
def test_two_lines_become_one_text(lines: tuple[str, str], text: str) -> None:
    style = Style(10, False, False, False, False, False, "Any")
    made = [
        Line(1, 0, [PageWord(one, 0, 0, 9, 9, ((one, style),)) for one in line.split()])
        for line in lines
    ]
    composer = Composer(vocabulary(made))
    composer.write(made)
    assert composer.text == text


@pytest.mark.parametrize("name", ["张三", "欧阳明", "山田太郎", "山田 太郎", "김민수"])
def test_names_without_a_space_are_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "text", ["清华大学", "摘要", "参考文献", "東京大学", "水文循环网络模型", "적립 대상"]
)
def test_other_short_words_are_none(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    ("caption", "label", "kind"),
    [("图1 模型的结构", "图1", "figure"), ("表 2：误差", "表 2", "table"),
     ("図3．結果", "図3", "figure"),
     ("Abbildung 4: Pegel", "Abbildung 4", "figure"), ("Tableau 5. Erreurs", "Tableau 5", "table"),
     ("Figura 6. Niveles", "Figura 6", "figure"), ("그림 7 결과", "그림 7", "figure")],
)  # fmt: skip
def test_captions_have_names_in_each_language(caption: str, label: str, kind: str) -> None:
    name = figure_name(caption)
    assert name is not None and (name.label, name.kind) == (label, kind)


def read(path: Path) -> Paper:
    """The paper in a file that reads as one."""
    reading = _read_file(path, path.stem, None, 100, 10**6)
    assert reading.paper is not None, reading.reason
    return reading.paper


@pytest.mark.skipif(not CASES.exists(), reason="../shared is not here")
def test_a_japanese_paper_is_read() -> None:
    paper = read(CASES / "ja.pdf")
    assert paper.title == "雨量計のない河川水位の再帰モデル"
    assert paper.authors == ("山田太郎", "鈴木花子")
    found = [(one.title, one.role) for one in paper.sections[1:]]
    assert found[0] == ("概要", "abstract") and found[-1] == ("4 おわりに", "conclusion")
    assert paper.abstract is not None
    said = [sentence.span.of(paper.text) for sentence in paper.sentences]
    assert "最初の十五年で小さな再帰モデルを学習し、最後の六年を試験に用いる。" in said


@pytest.mark.skipif(not CASES.exists(), reason="../shared is not here")
def test_a_chinese_paper_is_a_paper_and_is_cut_into_passages() -> None:
    paper = read(CASES / "zh.md")
    assert paper.title == "没有本地降雨的河流水位循环模型"
    passages = split(paper, lambda texts: [len(text) for text in texts], 60, 80)
    assert len(passages) > 6 and all(len(passage.text) <= 80 for passage in passages)
    assert [one.role for one in paper.sections[1:]] == [
        "abstract", "introduction", "method", "conclusion",
    ]  # fmt: skip


PROSE = (
    "河流水位数据集包含四十个站点在1998年至2019年之间的逐小时读数。我们用前十五年训练一个小型循环模型，"
    "并保留最后六年用于测试。模型的平均绝对误差为4.2厘米，而线性基线为6.9厘米。"
)


def test_a_chinese_pdf_with_its_labels_in_the_line(tmp_path: Path) -> None:
    pymupdf = pytest.importorskip("pymupdf")
    body = "".join(
        f"<h2 style='font-size:14pt'>{title}</h2><p>{PROSE}{PROSE}</p><p>{PROSE}</p>"
        for title in ("1 引言", "2 相关工作", "3 方法", "4 实验结果", "5 结论")
    )
    story = pymupdf.Story(
        "<h1 style='text-align:center'>没有本地降雨的河流水位循环模型</h1>"
        "<p style='text-align:center'>张三<sup>1</sup>，李四<sup>2</sup></p>"
        "<p style='text-align:center'>（1. 清华大学 计算机系，北京；2. 河海大学，南京）</p>"
        f"<p><b>摘要：</b>{PROSE}</p><p><b>关键词：</b>水文；循环网络；预报</p>{body}",
        user_css="body{font-size:10.5pt}",
    )
    path = tmp_path / "zh.pdf"
    writer = pymupdf.DocumentWriter(str(path))
    more = True
    while more:
        device = writer.begin_page(pymupdf.Rect(0, 0, 595, 842))
        more, _ = story.place(pymupdf.Rect(70, 70, 525, 780))
        story.draw(device)
        writer.end_page()
    writer.close()
    paper = read(path)
    assert paper.title == "没有本地降雨的河流水位循环模型"
    assert paper.authors == ("张三", "李四")
    assert paper.abstract is not None and paper.abstract.of(paper.text) == PROSE
    assert [one.of(paper.text) for one in paper.keywords] == ["水文", "循环网络", "预报"]
    assert [one.role for one in paper.sections[2:]] == [
        "introduction", "background", "method", "experiments", "conclusion",
    ]  # fmt: skip
