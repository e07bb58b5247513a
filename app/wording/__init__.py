"""Quotes said in other words by a language model. It writes sentences; code cites and decides.

A small model is asked to shorten one quote at a time (``Compressing``); a strong one may answer an
item's question from all of its quotes in fewer sentences and say which each rests on (``Merging``).
Either way the citations are those that the quotes had, and every sentence is checked against
them. One that fails is asked for once more, with what was wrong; then its quotes stand in its
place.

The paper's text is fenced as data in every prompt, and what would close the fence is taken out.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.check.entailment import SourcedClaim
from app.chinese.glossary import Glossary
from app.chinese.translate import TranslationPrompt, translate
from app.choose.template import ITEMS
from app.controls import without_controls
from app.digest import Citation, Claim, DigestSection, Language, Support, Usage
from app.llm import Completion, LanguageModel, Prompt
from app.llm.prompts import fenced, prompt, prompt_source
from app.write import OnSection, Worded

if TYPE_CHECKING:
    from app.check.support import Checker

WORDS_MOST = 40  # of a sentence; longer ones are rarely read to their end
WORDS_SHORT = 12  # a quote of so few is short enough as it is
_TOKENS_A_WORD = 3  # English text has 1.3; names and numbers of papers more
_APP = Path(__file__).parents[1]
_FINISHED = re.compile(r"[.!?][\"'”’)\]]*$")
# Abbreviations and decimals end no sentence; a full stop before a capital does.
_SENTENCES = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bal)(?<!\bvs)(?<!\bFig)[.!?]\s+(?=[A-Z])")
_CHATTER = re.compile(
    r"^(?:sure|certainly|here(?:'s| is| are)|okay|ok|answer|sentence|summary|shortened|rewritten|"
    r"output|note|as an ai|i )\b(?:[^.]{0,40}:)?|<|```|\*\*|^[-*#>] ",
    re.I,
)
# A quote that gives a model orders, or speaks of such: a model that obeys says in its words what
# is to be said, which no rule can tell from a claim of the paper's. It stays a quote.
_ORDER = re.compile(
    r"\b(?:ignor|disregard|forget|overrid|bypass)\w*\s(?:\S+\s){0,4}?"
    r"(?:instruction|prompt|evidence|rule|guideline|context)",
    re.I,
)
# A small model forgets now and then that it speaks of others.
_FIRST_PERSON = {
    re.compile(r"\bWe\b"): "The authors",
    re.compile(r"\bwe\b"): "the authors",
    re.compile(r"\bOur\b"): "The authors'",
    re.compile(r"\bour\b"): "the authors'",
    re.compile(r"\bus\b"): "the authors",
}


@dataclass(frozen=True, slots=True)
class Task:
    """One request to a model: some quotes of one item."""

    item: str
    quotes: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence that a model wrote, and its quotes. ``wrong`` is the objection to it, if any."""

    text: str
    quotes: tuple[Claim, ...]
    wrong: str = ""


class Strategy(Protocol):
    """How quotes become prompts, and completions become sentences."""

    @property
    def prompts(self) -> tuple[str, ...]:
        """The names of the prompts that it uses."""

    def tasks(self, section: DigestSection) -> Iterator[Task]:
        """What to ask about a section; quotes that no task has stay as they are."""

    def prompt_for(self, task: Task, refused: Sequence[DraftSentence] = ()) -> Prompt:
        """What is asked, and asked again where some drafts were refused."""

    def drafts(self, task: Task, reply: Completion) -> list[DraftSentence]:
        """The sentences of an answer, at least one; not yet checked against their quotes."""


class Compressing:
    """One quote in, one sentence out, which a model of 1.5 billion weights can do."""

    prompts = ("compress",)

    def tasks(self, section: DigestSection) -> Iterator[Task]:
        """One for each quote that is worth to be shortened."""
        for claim in section.items:
            if len(claim.text.split()) > WORDS_SHORT and not _ORDER.search(claim.text):
                yield Task(section.name, (claim,))

    def prompt_for(self, task: Task, refused: Sequence[DraftSentence] = ()) -> Prompt:
        """The quote, fenced; the shared system prompt comes first, so that a server keeps it."""
        (claim,) = task.quotes
        user = f"<evidence>\n{fenced(claim.text)}\n</evidence>"
        return Prompt(prompt("compress"), user + _again(refused), _room(1))

    def drafts(self, task: Task, reply: Completion) -> list[DraftSentence]:
        """The answer as one sentence."""
        text = _bare(reply.text)
        longest = len(task.quotes[0].text.split())
        wrong = _form(text, longest) or ("" if reply.finished else "it is not finished")
        return [DraftSentence(text, task.quotes, wrong)]


class Merging:
    """All quotes of an item in, some sentences out, each with the numbers of its quotes."""

    prompts = ("merge",)

    def tasks(self, section: DigestSection) -> Iterator[Task]:
        """One for the whole section."""
        quotes = tuple(claim for claim in section.items if not _ORDER.search(claim.text))
        if quotes:
            yield Task(section.name, quotes)

    def prompt_for(self, task: Task, refused: Sequence[DraftSentence] = ()) -> Prompt:
        """The item's question and the numbered quotes, with the schema of the answer."""
        item = ITEMS[task.item]
        lines = [f"<question>{item.question}</question>"]
        lines += [
            f'<evidence number="{number}">{fenced(claim.text)}</evidence>'
            for number, claim in enumerate(task.quotes, 1)
        ]
        most = min(item.most, len(task.quotes))
        system = prompt("merge", most=most, words=WORDS_MOST)
        schema = _merged_schema(len(task.quotes))
        return Prompt(system, "\n".join(lines) + _again(refused), _room(most), schema)

    def drafts(self, task: Task, reply: Completion) -> list[DraftSentence]:
        """The sentences of the JSON; one draft that says what is wrong where it is none."""
        whole = [DraftSentence("", task.quotes, "it is not the JSON that was asked for")]
        if not reply.finished:
            return [replace(whole[0], wrong="it is not finished")]
        try:
            sentences = json.loads(_unfenced(reply.text))["sentences"]
            found = [(str(one["text"]), [int(n) for n in one["evidence"]]) for one in sentences]
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return whole  # 1e999 is a number of JSON, and brackets may be nested without end
        drafts = []
        for text, numbers in found:
            there = [n for n in dict.fromkeys(numbers) if 1 <= n <= len(task.quotes)]
            quotes = tuple(task.quotes[n - 1] for n in there)
            wrong = _form(_bare(text), WORDS_MOST)
            if not numbers:
                wrong = "it names no evidence"
            elif len(there) < len(set(numbers)):
                wrong = "it names evidence that is not there"
            drafts.append(DraftSentence(_bare(text), quotes, wrong))
        return drafts[: ITEMS[task.item].most] or whole


class ModelWriter:
    """A writer that asks a language model, and publishes only what the checker lets pass.

    ``seconds`` bound what the model may take for one digest; what is not answered by then, or at
    all, stays a quote. Sections are worded one after the other, and as many together as make
    ``at_once`` prompts, which is how many a server answers at a time.
    """

    def __init__(
        self,
        name: str,
        model: LanguageModel,
        strategy: Strategy,
        checker: Checker,
        glossary: Glossary,
        seconds: float,
        at_once: int = 1,
    ) -> None:
        self.name = name
        self._model = model
        self._strategy = strategy
        self._checker = checker
        self._glossary = glossary
        self._seconds = seconds
        self._at_once = at_once

    def made_by(self, lang: Language) -> Mapping[str, str]:
        """The models, the prompts, the checks, and for Chinese the glossary."""
        modules = (*_CHECKED_BY, *(_TRANSLATED_BY if lang == "zh" else ()))
        return {
            "language_model": self._model.fingerprint,
            "prompts": _hash(*(prompt_source(one) for one in self._strategy.prompts)),
            "checks": _hash(*((_APP / f"{one}.py").read_bytes() for one in modules)),
            "support_model": self._checker.fingerprint,
            **({"glossary": self._glossary.fingerprint} if lang == "zh" else {}),
        }

    def word(
        self, sections: Sequence[DigestSection], lang: Language, on_section: OnSection | None = None
    ) -> Worded:
        """The sections in the model's words where they pass, in Chinese for ``zh``."""
        asked = _DigestPrompts(self._model, self._seconds)
        done: list[DigestSection] = []
        chinese: dict[str, str | None] = {}
        rejected = 0
        for together in self._groups(sections):
            tasks = [
                task for one in together if _is_prose(one) for task in self._strategy.tasks(one)
            ]
            drafts, refused = self._drafted(tasks, asked)
            worded = [
                replace(one, items=tuple(_assembled(one, drafts.get(one.name, ()))))
                if _is_prose(one)
                else one
                for one in together
            ]
            rejected += refused
            if lang == "zh":
                worded, broken = self._in_chinese(worded, asked, chinese)
                rejected += broken
            done += worded
            if on_section is not None:
                for section in worded:
                    on_section(section)
        return Worded(tuple(done), rejected, asked.usage)

    def _groups(self, sections: Sequence[DigestSection]) -> Iterator[list[DigestSection]]:
        """The sections in order, some at a time: as many as give ``at_once`` prompts."""
        group: list[DigestSection] = []
        prompts = 0
        for section in sections:
            group.append(section)
            if _is_prose(section):
                prompts += sum(1 for _ in self._strategy.tasks(section))
            if prompts >= self._at_once:
                yield group
                group, prompts = [], 0
        if group:
            yield group

    def _drafted(
        self, tasks: Sequence[Task], asked: _DigestPrompts
    ) -> tuple[dict[str, list[tuple[DraftSentence, Support]]], int]:
        """The drafts that passed, by item, and how many sentences did not at the last try."""
        asked.sentences += len(tasks)
        first = self._checked(tasks, asked, {})
        again = {
            at: [draft for draft, support in drafts if not _holds(support)]
            for at, drafts in first.items()
            if not all(_holds(support) for _, support in drafts)
        }
        second = self._checked([tasks[at] for at in again], asked, dict(enumerate(again.values())))
        for number, at in enumerate(again):
            if number in second and _held(second[number]) >= _held(first[at]):
                first[at] = second[number]
        passed: dict[str, list[tuple[DraftSentence, Support]]] = {}
        for at, drafts in first.items():
            passed.setdefault(tasks[at].item, []).extend(o for o in drafts if _holds(o[1]))
        asked.accepted += sum(any(_holds(s) for _, s in drafts) for drafts in first.values())
        rejected = sum(not _holds(support) for drafts in first.values() for _, support in drafts)
        return passed, rejected

    def _checked(
        self,
        tasks: Sequence[Task],
        asked: _DigestPrompts,
        refused: Mapping[int, Sequence[DraftSentence]],
    ) -> dict[int, list[tuple[DraftSentence, Support]]]:
        """The sentences of the completions with their support; none for a failed prompt."""
        prompts = [
            self._strategy.prompt_for(task, refused.get(at, ())) for at, task in enumerate(tasks)
        ]
        replies = asked.of(prompts)
        drafts = {
            at: self._strategy.drafts(tasks[at], reply)
            for at, reply in enumerate(replies)
            if reply is not None
        }
        checked = iter(
            self._checker.check(
                [_sourced(one, tasks[at]) for at in drafts for one in drafts[at] if not one.wrong]
            )
        )
        found: dict[int, list[tuple[DraftSentence, Support]]] = {}
        for at, of_task in drafts.items():
            found[at] = []
            for draft in of_task:
                support = _REFUSED if draft.wrong else next(checked)
                wrong = draft.wrong or self._checker.why(_sourced(draft, tasks[at]), support)
                found[at].append((replace(draft, wrong=wrong), support))
        return found

    def _in_chinese(
        self,
        sections: Sequence[DigestSection],
        asked: _DigestPrompts,
        known: dict[str, str | None],
    ) -> tuple[list[DigestSection], int]:
        """Every sentence in Chinese whose locks hold; the others stay in English.

        ``known`` has the translations so far; those of these sentences are added.
        """

        def ask(translating: Sequence[TranslationPrompt]) -> list[str | None]:
            prompts = [Prompt(one.system, one.user, one.most_tokens) for one in translating]
            replies = asked.of(prompts)
            return [one.text if one is not None and one.finished else None for one in replies]

        texts = dict.fromkeys(c.text for one in sections if _is_prose(one) for c in one.items)
        english = [text for text in texts if text not in known]
        results = translate(english, self._glossary, ask) if english else ()
        known |= {one.english: one.chinese for one in results}
        asked.sentences += len(english)
        asked.accepted += sum(one.chinese is not None for one in results)

        def said(claim: Claim) -> Claim:
            chinese = known.get(claim.text)
            if not chinese:
                return claim
            return replace(claim, text=chinese, origin="translated", english=claim.text)

        return [
            replace(one, items=tuple(map(said, one.items))) if _is_prose(one) else one
            for one in sections
        ], sum(one.answer != "" and one.chinese is None for one in results)


class _DigestPrompts:
    """The prompts of one digest, sent within its seconds, and counted."""

    def __init__(self, model: LanguageModel, seconds: float) -> None:
        self._model = model
        self._left = seconds
        self.sentences = self.accepted = 0
        self._calls = self._failed = self._prompt = self._completion = 0
        self._seconds = 0.0

    def of(self, prompts: Sequence[Prompt]) -> list[Completion | None]:
        """A completion for each, in order; None where none came in time."""
        if not prompts:
            return []
        began = time.monotonic()
        answers = self._model.complete(prompts, max(self._left, 0.0))
        took = time.monotonic() - began
        self._left -= took
        replies = [one if isinstance(one, Completion) else None for one in answers]
        self._calls += len(prompts)
        self._failed += replies.count(None)
        for reply in replies:
            if reply is not None:
                self._prompt += reply.prompt_tokens
                self._completion += reply.completion_tokens
        self._seconds += took
        return replies

    @property
    def usage(self) -> Usage:
        """What was asked so far."""
        return Usage(
            self.sentences,
            self.accepted,
            self._calls,
            self._failed,
            self._prompt,
            self._completion,
            round(self._seconds, 3),
        )


_REFUSED = Support(0.0, "unsupported", ())
_TRANSLATED_BY = (
    "chinese/translate",
    "chinese/rules",
    "chinese/locked",
    "chinese/numbers",
    "chinese/glossary",
)
# Beside the rules, which every digest's lock has (app.write.lock).
_CHECKED_BY = ("wording/__init__", "check/entailment")


def _is_prose(section: DigestSection) -> bool:
    return ITEMS[section.name].selection == "evidence"


def _again(refused: Sequence[DraftSentence]) -> str:
    """The objections to the former answers."""
    lines = [
        f'"{fenced(draft.text)}" was refused: {draft.wrong}.' for draft in refused if draft.wrong
    ]
    return "\n" + "\n".join([*lines, "Write it again, without that."]) if lines else ""


def _room(sentences: int) -> int:
    """Tokens for an answer of so many sentences."""
    return 32 + sentences * WORDS_MOST * _TOKENS_A_WORD


def _merged_schema(quotes: int) -> dict[str, Any]:
    sentence = {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "evidence": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1, "maximum": quotes},
                "minItems": 1,
            },
        },
        "required": ["text", "evidence"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"sentences": {"type": "array", "items": sentence, "minItems": 1}},
        "required": ["sentences"],
        "additionalProperties": False,
    }


def _unfenced(text: str) -> str:
    """JSON without the code fence that some models put around it."""
    return re.sub(r"^```(?:json)?\s*|\s*```$", "", text.strip())


def _bare(text: str) -> str:
    """An answer on one line, of the authors in the third person, without marks around the whole."""
    line = fenced(without_controls(text))
    if len(line) > 1 and line[0] in "\"“'" and line[-1] in "\"”'" and line.count(line[0]) <= 2:
        line = line[1:-1].strip()
    for pattern, other in _FIRST_PERSON.items():
        line = pattern.sub(other, line)
    return line


def _form(text: str, longest: int) -> str:
    """What is wrong with a sentence as one, whatever it says; empty if nothing is."""
    if not text:
        return "it is empty"
    if _CHATTER.search(text):
        return "it is not the sentence alone"
    if not _FINISHED.search(text):
        return "it is not finished"
    if len(_SENTENCES.findall(text)) > 0:
        return "it is more than one sentence"
    if len(text.split()) > min(longest, WORDS_MOST):
        return "it is too long"
    return ""


def _sourced(draft: DraftSentence, task: Task) -> SourcedClaim:
    quotes = tuple(claim.text for claim in draft.quotes)
    return SourcedClaim(draft.text, quotes, ITEMS[task.item].whose)


def _holds(support: Support) -> bool:
    return support.verdict == "supported"


def _held(drafts: Sequence[tuple[DraftSentence, Support]]) -> int:
    return sum(_holds(support) for _, support in drafts)


def _assembled(
    section: DigestSection, drafts: Sequence[tuple[DraftSentence, Support]]
) -> Iterator[Claim]:
    """A section's drafts, each in the place of its first quote, and the unused quotes."""
    stated: set[Claim] = set()
    for claim in section.items:
        if claim in stated:
            continue
        mine = [one for one in drafts if one[0].quotes[0] == claim]
        for draft, support in mine:
            stated.update(draft.quotes)
            same = len(draft.quotes) == 1 and draft.text.split() == claim.text.split()
            yield claim if same else _claim(draft, support)
        if not mine and not any(claim in draft.quotes for draft, _ in drafts):
            yield claim


def _claim(draft: DraftSentence, support: Support) -> Claim:
    citations: dict[Citation, None] = {}
    for quote in draft.quotes:
        citations |= dict.fromkeys(quote.citations)
    return Claim(draft.text, "compressed", tuple(citations), support)


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
