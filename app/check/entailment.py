"""Does a source say what a claim says? Models that score the pair, behind one Protocol.

Three kinds: a small one that was trained for it and comes with gloss, ``embedded``
(docs/support-model.md says how it is made, ADR 18 why it is not the default), or another that was
made so, by its folder; any CrossEncoder of sentence-transformers by name or folder; and the
language model of the endpoint, asked for yes or no. A score is a probability as far as it was
calibrated, and a claim passes from the model's own ``threshold`` on.

CrossEncoders that fit, for who has a network: ``cross-encoder/nli-deberta-v3-small`` (Apache-2.0;
its labels are contradiction, entailment, neutral), ``tasksource/deberta-small-long-nli``
(Apache-2.0; entailment, neutral, contradiction) and
``MoritzLaurer/DeBERTa-v3-base-mnli-fever-anli`` (MIT; entailment, neutral, contradiction). Which
label is which is read from the model and never assumed.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from app.check.rules import Pair, kept, outcomes
from app.check.window import window
from app.llm import LanguageModel, Question, Reply
from app.llm.prompts import fenced, prompt
from index.embed.rerank import open_cross_encoder
from index.errors import ModelUnusable

if TYPE_CHECKING:
    from index.config import Settings

CALIBRATION = "support.json"  # what the folder of a trained model has beside its weights
_ENTAILS = re.compile(r"^(?:entail\w*|supported|supports|consistent|faithful)$", re.I)
_JUDGE_SECONDS = 60.0  # for one pair
EMBEDDED = Path(__file__).with_name("support_model")  # the one that comes with gloss
_SURE = 3.0  # of a cross-encoder: what it gives beyond says little more
_WORDS_FOR_RULES = 400  # of the sources: rules see more at once than a cross-encoder


@dataclass(frozen=True, slots=True)
class SourcedClaim:
    """A claim beside the texts that it should rest on."""

    claim: str
    sources: tuple[str, ...]

    @property
    def window(self) -> str:
        """What of the sources a model reads at once: the sentences that say most of the claim."""
        return window(" ".join(self.sources), self.claim)


class SupportModel(Protocol):
    """What scores whether sources say what claims say."""

    @property
    def name(self) -> str:
        """As a person names it."""

    @property
    def fingerprint(self) -> str:
        """All that decides its scores."""

    @property
    def threshold(self) -> float:
        """The score from which a claim counts as supported."""

    def scores(self, pairs: Sequence[SourcedClaim]) -> list[float]:
        """How likely each source bears its claim out, 0..1."""


def open_support_model(settings: Settings) -> SupportModel | None:
    """The model that ``GLOSS_SUPPORT_MODEL`` names; None for ``rules``.

    Raises ``ModelUnusable``, and ``EndpointUnusable`` for ``endpoint`` without one.
    """
    match settings.support_model:
        case "rules" | "":
            return None
        case "embedded":
            return TrainedSupport(EMBEDDED, "embedded")
        case "endpoint":
            from app.llm import open_language_model

            return Judge(open_language_model(settings, "endpoint"))
        case name if (Path(name).expanduser() / CALIBRATION).is_file():
            folder = Path(name).expanduser()
            return TrainedSupport(folder, folder.name)
        case name:
            return CrossEncoderSupport(name)


class TrainedSupport:
    """A small cross-encoder that ``data/support_model`` made, and the rules beside it.

    A cross-encoder of this size overlooks a number or a "not" that rules see, and rules do not
    understand a word; a line through what both say (``support.json``) puts claims in a better
    order than either. It was fitted, like ``threshold``, on pairs that the cross-encoder had not
    learnt from.
    """

    def __init__(self, folder: Path, name: str) -> None:
        from index.embed.pairs import PairScorer

        self.name = name
        try:
            about = json.loads((folder / CALIBRATION).read_text(encoding="utf-8"))
            self.threshold: float = about["threshold"]
            self._weights = {str(name): float(one) for name, one in about["weights"].items()}
            self._model = PairScorer(folder, about["tokens_most"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelUnusable(
                str(folder),
                f"is damaged ({error}); make it anew, or set GLOSS_SUPPORT_MODEL=rules",
            ) from error
        said = [self._model.fingerprint, json.dumps(about, sort_keys=True)]
        self.fingerprint = hashlib.sha256("\0".join(said).encode()).hexdigest()

    def scores(self, pairs: Sequence[SourcedClaim]) -> list[float]:
        """The probability that people would say so, of pairs half of which are supported."""
        given = self._model.scores([(pair.window, pair.claim) for pair in pairs])
        return [
            _sigmoid(sum(weight * seen[name] for name, weight in self._weights.items()))
            for seen in (features(one, pair) for one, pair in zip(given, pairs, strict=True))
        ]


def features(given: float, pair: SourcedClaim) -> dict[str, float]:
    """What a trained model adds up: what the cross-encoder gives, from -1 to 1, and the rules."""
    cut = window(" ".join(pair.sources), pair.claim, _WORDS_FOR_RULES)
    read = Pair.of(pair.claim, (cut,))
    return {
        "always": 1.0,
        "cross-encoder": math.tanh(given / _SURE),
        "rules": kept(outcomes(read), read),
    }


class CrossEncoderSupport:
    """A published model of entailment, or of factual consistency."""

    threshold = 0.5

    def __init__(self, name: str) -> None:
        self.name = name
        self._model = open_cross_encoder(name, "GLOSS_SUPPORT_MODEL")
        named = getattr(self._model.config, "id2label", None) or {}
        self._label = _entailment_label(
            name, self._model.num_labels, {int(at): str(label) for at, label in named.items()}
        )
        self.fingerprint = f"cross-encoder {name}"

    def scores(self, pairs: Sequence[SourcedClaim]) -> list[float]:
        """The probability of its label for entailment."""
        if not pairs:
            return []
        from torch.nn import Identity

        given: Any = self._model.predict(
            [(pair.window, pair.claim) for pair in pairs],
            activation_fn=Identity(),
            show_progress_bar=False,
        )
        logits = np.asarray(given, dtype=np.float64)
        if self._label is None:
            return [_sigmoid(one) for one in logits.reshape(-1)]
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: list[float] = (shifted[:, self._label] / shifted.sum(axis=1)).tolist()
        return found


class Judge:
    """The endpoint's language model, asked whether the source says so. One call a pair."""

    threshold = 0.5

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.name = f"judge {model.name}"
        self.fingerprint = f"judge 1 {model.fingerprint}"

    def scores(self, pairs: Sequence[SourcedClaim]) -> list[float]:
        """1 for yes; 0 for no, for anything else, and where no answer came."""
        questions = [
            Question(
                prompt("judge"),
                f"<evidence>\n{fenced(pair.window)}\n</evidence>\n"
                f"<claim>\n{fenced(pair.claim)}\n</claim>",
                most_tokens=4,
            )
            for pair in pairs
        ]
        replies = self._model.answers(questions, _JUDGE_SECONDS * max(len(pairs), 1))
        return [
            float(isinstance(one, Reply) and one.text.strip().lower().startswith("yes"))
            for one in replies
        ]


def _entailment_label(name: str, labels: int, named: dict[int, str]) -> int | None:
    """The number of the label that means entailment; None for a model that gives one score."""
    if labels == 1:
        return None
    found = [at for at, label in named.items() if _ENTAILS.match(label)]
    if len(found) != 1:
        said = ", ".join(named.values()) or "none"
        raise ModelUnusable(
            name, f"names no label for entailment ({said}); set GLOSS_SUPPORT_MODEL to another"
        )
    return found[0]


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(min(value, 60.0), -60.0)))
