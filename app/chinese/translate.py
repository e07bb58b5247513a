"""Translate a checked English sentence to Chinese: the prompt, and the check of the answer.

A translation is no evidence, so nothing may change in it that code can see. What must stand in the
Chinese as it does in the English is locked (``app.chinese.locked``), and rules compare the two
sentences (``app.chinese.rules``). An answer that breaks one is asked for once more, with the lost
words named, and else the sentence stays in English.

Locked words are not hidden from the model behind marks like ``{1}``: of 18 sentences that had some,
Qwen2.5-Coder-1.5B lost marks in 6 and put some in the wrong place in 2 more. No rule understands a
sentence: a translation that keeps them all may still be clumsy, or wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.check.rules import RuleOutcome
from app.chinese.glossary import Glossary
from app.chinese.rules import outcomes_of, shown
from app.controls import without_controls

_LABEL = re.compile(
    r"^\s*(?:\**\s*(?:(?:以下|这)是\S{0,8}(?:翻译|译文)|(?:中文)?(?:译文|翻译)(?:如下|结果)?|中文|answer|translation)\s*\**\s*[:：]\s*)+",
    re.I,
)
_FENCE = re.compile(r"^\s*```\w*\s*|\s*```\s*$|</?(?:en|zh)>")
_WRAPPED = re.compile(r"^[“\"「『](?P<inside>[^“”\"「」『』]+)[”\"」』]$")


@dataclass(frozen=True, slots=True)
class TranslationPrompt:
    """A request to a model; ``system`` is the same for all, so that a server can cache it."""

    system: str
    user: str
    most_tokens: int


@dataclass(frozen=True, slots=True)
class Translation:
    """The result of translating a sentence. Without ``chinese`` the sentence stays in English."""

    english: str
    chinese: str | None
    faults: tuple[RuleOutcome, ...] = ()  # the rules that the answer breaks, and the words at fault
    terms_unused: tuple[str, ...] = ()  # of the glossary; a note, and no reason to refuse
    answer: str = ""  # the model's, cleaned; empty where there was none

    @property
    def broken(self) -> tuple[str, ...]:
        """The same for a person: ``numbers: 28.4``."""
        return shown(self.faults)


def translated(english: str, reply_text: str, glossary: Glossary) -> Translation:
    """A model's answer, cleaned and judged. The answer must be one that the model finished."""
    chinese = cleaned(reply_text)
    faults = tuple(one for one in outcomes_of(english, chinese, glossary) if not one.held)
    unused = dict.fromkeys(
        term.english
        for term in glossary.occurrences(english)
        if not any(name.lower() in chinese.lower() for name in term.chinese)
    )
    return Translation(english, None if faults else chinese, faults, tuple(unused), chinese)


def cleaned(reply_text: str) -> str:
    """A reply without fences, labels and quotation marks around it, with Chinese punctuation."""
    text = without_controls(reply_text).strip()
    before = None
    while text != before:
        before = text
        text = _LABEL.sub("", _FENCE.sub("", text)).strip()
        wrapped = _WRAPPED.match(text)
        text = wrapped["inside"].strip() if wrapped else text
    text = re.sub(r"\\[(\[]\s*(.*?)\s*\\[)\]]", r"\1", text)  # \( x \): TeX that nobody asked for
    text = re.sub(r"(?<=[\u4e00-\u9fff])\s*,\s*(?=[\u4e00-\u9fff])", "，", text)
    text = re.sub(r"(?<=[\u4e00-\u9fff])\s*;\s*", "；", text)
    text = re.sub(r"(?<=[\u4e00-\u9fff）)\]])\.$", "。", text)
    return text + "。" if text and not re.search(r"[。！？.!?”」』]$", text) else text


# The prompts

SYSTEM = (
    "把 <en> 里的英文句子完整地译成一句中文，不解释。"
    "数字、单位、缩写、人名、模型名、公式和 [12] 这样的引用照原样写，其他词都译成中文。"
)
# What the second prompt adds, by the rule that the first answer broke.
_HINTS = {
    **dict.fromkeys(
        ("numbers", "names", "formulas", "citations", "quotations"), "必须写出：<w>{}</w>。"
    ),
    "pointers": "必须写出：<w>{}</w>。",
    **dict.fromkeys(("bounds", "negation", "comparison", "qualifiers"), "不要漏译：<w>{}</w>。"),
    **dict.fromkeys(("added numbers", "invented names"), "原文没有，不要写：<w>{}</w>。"),
    "English words": "<w>{}</w> 也要译成中文。",
    "language": "译成中文。",
    "length": "完整翻译，不要省略，也不要添加。",
    "one sentence": "只写一句。",
    "chatter": "只写译文。",
}
_TERMS_MOST = 8  # in one prompt
_WORDS_MOST = 60  # characters of what a hint names


def prompt_for(english: str, glossary: Glossary) -> TranslationPrompt:
    """What is asked for one sentence: its terms of the glossary, and it itself, fenced as data."""
    return _prompt(english, glossary, "")


def retry_prompt(failed: Translation, glossary: Glossary) -> TranslationPrompt:
    """The same once more, with what was wrong with the first answer."""
    hints: dict[str, list[str]] = {}
    for fault in failed.faults:
        if fault.rule in _HINTS:
            words = [_as_data(words)[:_WORDS_MOST] for words in fault.objections[:_TERMS_MOST]]
            hints.setdefault(_HINTS[fault.rule], []).extend(words)
    said = "".join(hint.format("、".join(words)) for hint, words in hints.items())
    return _prompt(failed.english, glossary, said)


def _as_data(text: str) -> str:
    """Words of a paper, or of an answer, that cannot end the fence around them."""
    return re.sub(r"(?:<\s*)+(?=/?\s*(?:en|w)\s*>)", "", " ".join(text.split()), flags=re.I)


def _prompt(english: str, glossary: Glossary, wanted: str) -> TranslationPrompt:
    terms = {term.english: term.chinese[0] for term in glossary.occurrences(english)}
    said = "；".join(f"{term}={chinese}" for term, chinese in list(terms.items())[:_TERMS_MOST])
    lines = [f"术语：{said}" if said else "", f"<en>{_as_data(english)}</en>", wanted]
    # A Chinese sentence takes a model some two tokens for each English word; twice that is a loop.
    return TranslationPrompt(SYSTEM, "\n".join(filter(None, lines)), 48 + 4 * len(english.split()))


_NO_ANSWER = RuleOutcome("answer", ("none in time",))
Asks = Callable[[Sequence[TranslationPrompt]], Sequence[str | None]]  # answers, None: late


def translate(sentences: Sequence[str], glossary: Glossary, ask: Asks) -> tuple[Translation, ...]:
    """Each sentence in Chinese, or why it stays in English; what fails is asked for once more."""
    first = ask([prompt_for(sentence, glossary) for sentence in sentences])
    results = [
        Translation(sentence, None, (_NO_ANSWER,))
        if reply is None
        else translated(sentence, reply, glossary)
        for sentence, reply in zip(sentences, first, strict=True)
    ]
    failed = [at for at, one in enumerate(results) if one.chinese is None and one.answer]
    again = ask([retry_prompt(results[at], glossary) for at in failed]) if failed else []
    for at, reply in zip(failed, again, strict=True):
        if reply is not None:
            second = translated(sentences[at], reply, glossary)
            results[at] = second if second.chinese is not None else results[at]
    return tuple(results)
