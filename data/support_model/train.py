"""Train a support model on a CPU, in a way that can be cut short and taken up again.

    python data/support_model/train.py BENCH OUT [--tokens 3200000] [--start FOLDER] [--others]
        [--without SET ...]

BENCH holds ``entailment``, ``faithfulness`` and ``scifact``; OUT gets the checkpoint, and at the
end ``model``, which sentence-transformers opens as a CrossEncoder. It starts from all-MiniLM-L6-v2
or from another BERT in a folder. Its word embeddings stay as they are: they are half of the weights
and more, and there is little text to learn from. Batches hold pairs of one length, which halves the
time; that, and taking up again in mid-epoch, is why the loop is written out here. A pair weighs by
how rare its label is in its set, so that 0.5 lies between the two whatever their shares are.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from pathlib import Path

import torch
from pairs import (
    OTHERS,
    PERMITTED,
    SEED,
    Pair,
    abstracts,
    capped,
    labelled_sets,
    made_of,
    split_of,
)
from transformers import AutoTokenizer, BertForSequenceClassification

from eval.measures import auroc, balanced_accuracy
from index.embed import _bundled_folder

TOKENS_OF_BATCH = 1024
TOKENS_MOST = 256  # of a pair
RATE, WARM = 8e-5, 0.06
MADE = 30_000
SAVE_SECONDS = 600
MEASURED = (
    "scifact_train",
    "wice_dev",
    "healthver_dev",
    "qags_cnndm",
    "summedits_news",
    "summedits_qmsumm",
    "mnli_dev_matched",
    "made",
)


def collected(
    bench: Path, others: bool, without: list[str]
) -> tuple[list[Pair], dict[str, list[Pair]]]:
    """What is learnt from, and what is measured on, set by set."""
    folders = [bench / "entailment", bench / "faithfulness"]
    caps = {**PERMITTED, **(OTHERS if others else {})}
    caps = {name: cap for name, cap in caps.items() if name not in without}
    sets = labelled_sets(folders, {*caps, *MEASURED})
    learnt, measured = {}, {}
    for name, pairs in sets.items():
        if name not in caps:
            measured[name] = pairs
            continue
        share = 0.4 if name in {"scifact_train", "wice_dev"} or name in OTHERS else 0.03
        learnt[name], measured[name] = split_of(pairs, share)
    texts = abstracts(bench / "scifact" / "corpus.jsonl")
    cut = len(texts) * 19 // 20
    if "made" not in without:
        learnt["made"] = made_of(texts[:cut:3], MADE)
    measured["made"] = made_of(texts[cut:], 800)
    return list(capped(learnt, caps)), {
        name: measured[name] for name in MEASURED if name in measured
    }


def batches(lengths: list[int], choose: random.Random) -> list[list[int]]:
    """Pairs of like length together, in an order of chance."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] + choose.random() * 4)
    made, batch, longest = [], [], 0
    for i in order:
        longest = max(longest, lengths[i])
        if batch and longest * (len(batch) + 1) > TOKENS_OF_BATCH:
            made.append(batch)
            batch, longest = [], lengths[i]
        batch.append(i)
    made.append(batch)
    choose.shuffle(made)
    return made


def encode(tokenizer, pairs: list[Pair], **how: object):
    """The word pieces of pairs, source first."""
    return tokenizer(
        [pair.source for pair in pairs],
        [pair.claim for pair in pairs],
        truncation="longest_first",
        max_length=TOKENS_MOST,
        **how,
    )


def scores(model, tokenizer, pairs: list[Pair]) -> list[float]:
    """The probability that each is supported."""
    model.eval()
    encoded = encode(tokenizer, pairs)["input_ids"]
    order = sorted(range(len(pairs)), key=lambda i: len(encoded[i]))
    found = [0.0] * len(pairs)
    with torch.inference_mode():
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            some = [pairs[i] for i in rows]
            batch = encode(tokenizer, some, padding=True, return_tensors="pt")
            for i, logit in zip(rows, model(**batch).logits[:, 0].tolist(), strict=True):
                found[i] = 1 / (1 + math.exp(-logit))
    model.train()
    return found


def measured_on(model, tokenizer, sets: dict[str, list[Pair]], most: int) -> dict[str, list[float]]:
    """Balanced accuracy at 0.5, and AUROC, of each set."""
    found = {}
    for name, pairs in sets.items():
        pairs = pairs if len(pairs) <= most else random.Random(SEED).sample(pairs, most)
        given = scores(model, tokenizer, pairs)
        labels = [pair.supported for pair in pairs]
        accuracy = balanced_accuracy([one >= 0.5 for one in given], labels)
        found[name] = [round(accuracy or 0, 3), round(auroc(given, labels) or 0, 3)]
    return found


def say(line: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Train, or go on with it."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("bench", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--tokens", type=int, default=5_000_000, help="how many to learn from")
    asked.add_argument(
        "--others", action="store_true", help="the sets that may not be shipped, too"
    )
    asked.add_argument(
        "--without", nargs="*", default=[], help="sets to leave out: scone_nli, made"
    )
    asked.add_argument("--start", type=Path, help="the model to start from (all-MiniLM-L6-v2)")
    asked.add_argument("--threads", type=int, default=2)
    given = asked.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(SEED)
    given.out.mkdir(parents=True, exist_ok=True)

    start = str(given.start or _bundled_folder())
    tokenizer = AutoTokenizer.from_pretrained(start)
    model = BertForSequenceClassification.from_pretrained(
        start, num_labels=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    model.bert.embeddings.word_embeddings.weight.requires_grad_(False)

    pairs, sets = collected(given.bench, given.others, given.without)
    learnt = Counter(pair.set for pair in pairs)
    say(json.dumps({"learnt": learnt, "measured": {k: len(v) for k, v in sets.items()}}))
    encoded = encode(tokenizer, pairs)
    ids, padding = encoded["input_ids"], tokenizer.pad_token_id
    kinds = encoded.get("token_type_ids") or [[0] * len(one) for one in ids]
    lengths = [len(one) for one in ids]
    counts = Counter((pair.set, pair.supported) for pair in pairs)
    totals = Counter(pair.set for pair in pairs)
    weights = [min(totals[p.set] / (2 * counts[p.set, p.supported]), 4.0) for p in pairs]

    weighted = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(weighted, lr=RATE, weight_decay=0.01, betas=(0.9, 0.98))

    def rate(seen: int) -> float:
        share = min(seen / given.tokens, 1.0)
        return RATE * min(share / WARM, (1 - share) / (1 - WARM))

    checkpoint = given.out / "checkpoint.pt"
    seen, epoch, done = 0, 0, 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        seen, epoch, done = state["seen"], state["epoch"], state["at"]
        say(f"going on at {seen} tokens")

    saved = began = time.monotonic()
    lost, of = 0.0, 0
    model.train()
    while seen < given.tokens:
        order = batches(lengths, random.Random(SEED + epoch))
        for at in range(done, len(order)):
            rows = order[at]
            longest = max(lengths[i] for i in rows)
            width = [[*ids[i], *[padding] * (longest - lengths[i])] for i in rows]
            kind = [[*kinds[i], *[0] * (longest - lengths[i])] for i in rows]
            tokens = torch.tensor(width)
            logits = model(
                input_ids=tokens, attention_mask=(tokens != padding).long(),
                token_type_ids=torch.tensor(kind),
            ).logits[:, 0]  # fmt: skip
            labels = torch.tensor([float(pairs[i].supported) for i in rows])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, labels, weight=torch.tensor([weights[i] for i in rows])
            )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weighted, 1.0)
            for group in optimizer.param_groups:
                group["lr"] = max(rate(seen), 0.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            seen += sum(lengths[i] for i in rows)
            lost, of = lost + loss.item(), of + 1
            now = time.monotonic()
            if now - saved > SAVE_SECONDS or seen >= given.tokens:
                state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                         "seen": seen, "epoch": epoch, "at": at + 1}  # fmt: skip
                torch.save(state, checkpoint.with_suffix(".new"))
                checkpoint.with_suffix(".new").replace(checkpoint)
                found = measured_on(model, tokenizer, sets, 150)
                so_far = f"{seen} tokens, {now - began:.0f} s, epoch {epoch}"
                say(f"{so_far}, loss {lost / of:.3f} {json.dumps(found)}")
                lost, of, saved = 0.0, 0, time.monotonic()
            if seen >= given.tokens:
                break
        epoch, done = epoch + 1, 0

    model.save_pretrained(given.out / "model")
    tokenizer.save_pretrained(given.out / "model")
    found = measured_on(model, tokenizer, sets, 1000)
    (given.out / "measures.json").write_text(json.dumps(found, indent=1))
    say(json.dumps(found))


if __name__ == "__main__":
    main()
