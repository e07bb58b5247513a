"""Does a source say what a claim says? Models that score the pair, behind one Protocol.

Two kinds: any CrossEncoder of sentence-transformers by name or folder, and the language model of
the endpoint, asked for yes or no. None comes with gloss (ADR 18). A score is a probability as far
as it was calibrated, and a claim passes from the model's own ``threshold`` on.

CrossEncoders that fit, for who has a network: ``cross-encoder/nli-deberta-v3-small`` (Apache-2.0;
its labels are contradiction, entailment, neutral), ``tasksource/deberta-small-long-nli``
(Apache-2.0; entailment, neutral, contradiction) and
``MoritzLaurer/DeBERTa-v3-base-mnli-fever-anli`` (MIT; entailment, neutral, contradiction). Which
label is which is read from the model and never assumed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from app.digest import Whose
from app.llm import Completion, LanguageModel, Prompt
from app.llm.prompts import fenced, prompt
from index.embed.rerank import open_cross_encoder
from index.errors import ModelUnusable

if TYPE_CHECKING:
    from index.config import Settings

_ENTAILS = re.compile(r"^(?:entail\w*|supported|supports|consistent|faithful)$", re.I)
_JUDGE_SECONDS = 60.0  # for one pair


@dataclass(frozen=True, slots=True)
class SourcedClaim:
    """A claim with the texts that it cites, and whose work they are about, where that is known."""

    claim: str
    sources: tuple[str, ...]
    whose: Whose | None = None

    @property
    def source(self) -> str:
        """The sources as one text; a model truncates it at its limit."""
        return " ".join(" ".join(self.sources).split())


class SupportModel(Protocol):
    """A model that scores whether sources support claims."""

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
        """How likely each source supports its claim, 0..1."""


def open_support_model(settings: Settings) -> SupportModel | None:
    """The model that ``GLOSS_SUPPORT_MODEL`` names; None for ``rules``.

    Raises ``ModelUnusable``, and ``EndpointUnusable`` for ``endpoint`` without one.
    """
    match settings.support_model:
        case "rules" | "":
            return None
        case "embedded":
            raise ModelUnusable(
                "embedded",
                "does not come with gloss any more (ADR 18); set GLOSS_SUPPORT_MODEL to rules, "
                "endpoint, or the name or folder of a CrossEncoder",
            )
        case "endpoint":
            from app.llm import open_language_model

            return ModelJudge(open_language_model(settings, "endpoint"))
        case name:
            return CrossEncoderSupport(name)


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
            [(pair.source, pair.claim) for pair in pairs],
            activation_fn=Identity(),
            show_progress_bar=False,
        )
        logits = np.asarray(given, dtype=np.float64)
        if self._label is None:
            return [_sigmoid(one) for one in logits.reshape(-1)]
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: list[float] = (shifted[:, self._label] / shifted.sum(axis=1)).tolist()
        return found


class ModelJudge:
    """The endpoint's language model, asked whether the source says so. One call a pair."""

    threshold = 0.5

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.name = f"judge {model.name}"
        self.fingerprint = f"judge 1 {model.fingerprint}"

    def scores(self, pairs: Sequence[SourcedClaim]) -> list[float]:
        """1 for yes; 0 for no, for anything else, and where no answer came."""
        prompts = [
            Prompt(
                prompt("judge"),
                f"<evidence>\n{fenced(pair.source)}\n</evidence>\n"
                f"<claim>\n{fenced(pair.claim)}\n</claim>",
                most_tokens=4,
            )
            for pair in pairs
        ]
        replies = self._model.complete(prompts, _JUDGE_SECONDS * max(len(pairs), 1))
        return [
            float(isinstance(one, Completion) and one.text.strip().lower().startswith("yes"))
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
