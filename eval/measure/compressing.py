"""Samples a local model's wordings of quotes, with the verdicts of the checks, to judge by hand.

    GLOSS_LIBRARY=DIR python eval/measure/compressing.py [--count 60] [--seed 5] [--labels FILE]
        [--model FOLDER]

Every quote of the library's digests that a compressing writer is asked about is asked for once
(what the model answered before is kept). ``--count`` of the answers are drawn by seed and printed
as JSON lines with the verdict of the rules, and the score of a trained support model.
``--labels`` is a file of lines ``NUMBER s|u r|n`` (supported or not, readable or not) that a person
wrote of them: then the agreement is printed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from app.check.entailment import CrossEncoderSupport, SourcedClaim
from app.check.support import Checker
from app.choose.template import ITEMS
from app.llm import Completion, open_language_model
from app.wording import Compressing
from app.write import written
from eval.measures import auroc, balanced_accuracy
from index.config import Settings
from index.library import Library


def drafted(settings: Settings) -> Iterator[dict[str, object]]:
    """Each quote with the model's first answer, and what is wrong with its form."""
    strategy = Compressing()
    with Library.open(settings, create=False) as library:
        digests = [
            written(library.paper(row.id), library.passages(row.id), library.sentence_encoder)
            for row in library.papers()
            if row.status == "ok"
        ]
    with closing(open_language_model(settings, "local")) as model:
        for digest in digests:
            tasks = {
                task.quotes[0].text: task
                for section in digest.sections
                if ITEMS[section.name].selection == "evidence"
                for task in strategy.tasks(section)
            }
            replies = model.complete([strategy.prompt_for(t) for t in tasks.values()], 7200)
            for (quote, task), reply in zip(tasks.items(), replies, strict=True):
                if isinstance(reply, Completion):
                    (draft,) = strategy.drafts(task, reply)
                    yield {"paper": digest.paper.id, "item": task.item, "quote": quote,
                           "text": draft.text, "wrong": draft.wrong}  # fmt: skip


def main() -> None:
    """Draw, or compare with what a person said."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--count", type=int, default=60)
    asked.add_argument("--seed", type=int, default=5)
    asked.add_argument("--labels", type=Path)
    asked.add_argument("--model", help="a CrossEncoder by name or folder")
    given = asked.parse_args()
    every = list(drafted(Settings()))
    pairs = [SourcedClaim(str(one["text"]), (str(one["quote"]),)) for one in every]
    rules = Checker()
    for one, pair, support in zip(every, pairs, rules.check(pairs), strict=True):
        one["passes"] = not one["wrong"] and support.verdict == "supported"
        one["why"] = one["wrong"] or rules.why(pair, support)
    chosen = sorted(random.Random(given.seed).sample(range(len(every)), given.count))
    drawn = [pairs[at] for at in chosen]
    scores = CrossEncoderSupport(given.model).scores(drawn) if given.model else []
    passed = sum(bool(one["passes"]) for one in every)
    told: dict[str, float | None] = {"sentences": len(every), "pass": passed}
    if given.labels is None:
        for number, at in enumerate(chosen):
            scored = {"model": round(scores[number], 3)} if scores else {}
            line = {"number": number, **every[at], **scored}
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    else:
        rows = [line.split() for line in given.labels.read_text().splitlines() if line.strip()]
        said = {int(number): (support == "s", read == "r") for number, support, read in rows}
        truth = [said[number][0] for number in range(given.count)]
        verdicts = [bool(every[at]["passes"]) for at in chosen]
        pairs_of = list(zip(verdicts, truth, strict=True))
        told |= {
            "judged": len(truth),
            "supported": sum(truth),
            "readable": sum(readable for _, readable in said.values()),
            "passed and supported": pairs_of.count((True, True)),
            "passed and not supported": pairs_of.count((True, False)),
            "refused and supported": pairs_of.count((False, True)),
            "refused and not supported": pairs_of.count((False, False)),
            "rules, balanced accuracy": balanced_accuracy(verdicts, truth),
        }
        if scores:
            told["model, balanced accuracy"] = balanced_accuracy([s >= 0.5 for s in scores], truth)
            told["model, auroc"] = auroc(scores, truth)
    sys.stderr.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
