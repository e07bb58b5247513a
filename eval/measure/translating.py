"""Counts the digest sentences that a language model translates to Chinese without a broken lock.

    python eval/measure/translating.py MODEL.gguf PAPER... [--sentences 24] [--threads 2] [--seed 7]

The papers' extractive digests are written in a library of their own; of all their sentences, those
of links, keywords, affiliations and captions aside, some are drawn by seed. Each is printed with
what was made of it: the Chinese, or what was broken. xllamacpp runs the model, greedily.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app.chinese.glossary import Glossary, load_glossary
from app.chinese.translate import TranslationPrompt, prompt_for, retry_prompt, translated
from app.write import write_digest
from index.config import Settings
from index.library import Library
from index.sources import find_sources

_NO_SENTENCES = ("affiliation", "keywords", "links", "figures")
_CONTEXT = 2048  # tokens: a prompt has some 150, an answer less


def sentences_of(papers: Sequence[Path]) -> list[str]:
    """The sentences of the papers' digests, each once."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(library=Path(folder, "library"))
        with Library.open(settings) as library:
            for source in find_sources(list(papers)).found:
                library.add(source)
            ids = [row.id for row in library.papers() if row.status == "ok"]
            digests = [write_digest(library, paper_id) for paper_id in ids]
    sections = [section for digest in digests for section in digest.sections]
    return list(
        dict.fromkeys(
            claim.text
            for section in sections
            if section.name not in _NO_SENTENCES
            for claim in section.items
        )
    )


def asker(model: Path, threads: int) -> Callable[[TranslationPrompt], str | None]:
    """Asks the model; None for an answer that it did not finish."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_ctx = _CONTEXT
    params.n_parallel = 1
    params.verbosity = 0
    params.cpuparams.n_threads = threads
    server = xllamacpp.Server(params)

    def ask(prompt: TranslationPrompt) -> str | None:
        messages = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        reply = server.handle_chat_completions(
            {"messages": messages, "temperature": 0, "max_tokens": prompt.most_tokens}
        )
        choice = (reply if isinstance(reply, dict) else json.loads(reply))["choices"][0]
        return str(choice["message"]["content"]) if choice["finish_reason"] == "stop" else None

    return ask


def measure(
    sentences: Sequence[str], glossary: Glossary, ask: Callable[[TranslationPrompt], str | None]
) -> dict[str, object]:
    """Counts and seconds; each sentence is printed as soon as it is settled."""
    first = again = 0
    began = time.perf_counter()
    for sentence in sentences:
        since = time.perf_counter()
        lines = [sentence]
        result = translated(sentence, ask(prompt_for(sentence, glossary)) or "", glossary)
        first += result.chinese is not None
        if result.chinese is None:
            lines += [f"1: {result.answer}", f"   {'; '.join(result.broken)}"]
            result = translated(sentence, ask(retry_prompt(result, glossary)) or "", glossary)
            again += result.chinese is not None
        if result.chinese is None:
            lines += [f"2: {result.answer}", f"   {'; '.join(result.broken)}"]
        else:
            lines.append(f"=> {result.chinese}")
        if result.terms_unused:
            lines.append(f"   terms that are not in it: {', '.join(result.terms_unused)}")
        lines.append(f"   {time.perf_counter() - since:.1f} s\n")
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
    return {
        "sentences": len(sentences),
        "accepted at once": first,
        "accepted after a retry": again,
        "kept in English": len(sentences) - first - again,
        "seconds": round(time.perf_counter() - began, 1),
    }


def main() -> None:
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("papers", type=Path, nargs="+")
    parser.add_argument("--sentences", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    sentences = sentences_of(asked.papers)
    drawn = random.Random(asked.seed).sample(sentences, min(asked.sentences, len(sentences)))
    counts = measure(drawn, load_glossary(), asker(asked.model, asked.threads))
    sys.stdout.write(json.dumps(counts, indent=2) + "\n")


if __name__ == "__main__":
    main()
