"""A converted model: texts to rows of numbers, by OpenVINO.

OpenVINO rather than ONNX Runtime, because on two cores it runs a small transformer 1.5 times as
fast (two streams, a batch in each) and loads as quickly.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

Precision = Literal["f32", "bf16"]

# Of 8, 16 and 32 the fastest for the passages of a paper, whose lengths differ: less is computed on
# padding, and the streams end together. For texts of one length all three are alike.
_BATCH_TEXTS = 8
_BATCH_TOKENS = 8192  # bounds memory where a model takes long texts
_LOADING = threading.Lock()


class Converted:
    """A model compiled for this processor. Safe to use from several threads.

    ``home`` holds ``model.xml`` with its weights, and ``tokenizer.json``; ``inputs`` are the
    model's in their order, ``pad`` the word piece that fills a row. It computes in ``precision``
    and takes every core, or ``threads`` of them. ``graph`` is a part of the model to be compiled in
    place of the whole (``middle_of``).
    """

    def __init__(
        self,
        home: Path,
        tokens_most: int,
        inputs: Sequence[str],
        pad: int,
        precision: Precision,
        threads: int | None,
        graph: Any = None,
    ) -> None:
        self._inputs = tuple(inputs)
        self._pad = pad
        self._tokenizer = tokenizer_of(home / "tokenizer.json")
        self._tokenizer.enable_truncation(tokens_most)
        self._model = _core().compile_model(
            home / "model.xml" if graph is None else graph,
            "CPU",
            {
                "PERFORMANCE_HINT": "THROUGHPUT",
                "INFERENCE_PRECISION_HINT": precision,
                # The compiled graph without its weights: 0.4 MB that halve the loading time.
                "CACHE_DIR": str(home / "compiled"),
                "CACHE_MODE": "OPTIMIZE_SIZE",
                **({} if threads is None else {"INFERENCE_NUM_THREADS": threads}),
            },
        )
        self._streams: int = self._model.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")

    def rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The model's output for each text, (n, width); (0, 0) for none.

        As many batches as the model has streams are under way at once. No callbacks: OpenVINO's
        ``AsyncInferQueue`` calls them from threads of its own, and deadlocks now and then when it
        is let go while one of them still waits for the interpreter.
        """
        encodings = self._tokenizer.encode_batch(list(texts))
        found: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        idle = [self._model.create_infer_request() for _ in range(self._streams)]
        busy: deque[tuple[Any, list[int]]] = deque()

        def finish_oldest() -> None:
            nonlocal found
            request, rows = busy.popleft()
            request.wait()
            data = request.get_output_tensor(0).data
            if found.shape[0] == 0:
                found = np.zeros((len(encodings), data.shape[1]), dtype=np.float32)
            found[rows] = data
            idle.append(request)

        for rows in batches([len(encoding) for encoding in encodings]):
            if not idle:
                finish_oldest()
            request = idle.pop()
            request.start_async(self._feed([encodings[row] for row in rows]))
            busy.append((request, rows))
        while busy:
            finish_oldest()
        return found

    def row(self, text: str) -> NDArray[np.float32]:
        """The output for one text, (width,), with the least delay."""
        request = self._model.create_infer_request()
        request.infer(self._feed([self._tokenizer.encode(text)]))
        found: NDArray[np.float32] = np.array(request.get_output_tensor(0).data, dtype=np.float32)
        row: NDArray[np.float32] = found[0]
        return row

    def _feed(self, encodings: Sequence[Encoding]) -> list[NDArray[np.int64]]:
        """The model's inputs, (texts, longest), padded on the right."""
        shape = (len(encodings), max(len(encoding) for encoding in encodings))
        columns = {
            "input_ids": np.full(shape, self._pad, dtype=np.int64),
            "attention_mask": np.zeros(shape, dtype=np.int64),
            "token_type_ids": np.zeros(shape, dtype=np.int64),
        }
        for row, encoding in enumerate(encodings):
            length = len(encoding)
            columns["input_ids"][row, :length] = encoding.ids
            columns["attention_mask"][row, :length] = 1
            columns["token_type_ids"][row, :length] = encoding.type_ids
        return [columns[name] for name in self._inputs]


def middle_of(home: Path, output: str) -> Any:
    """The graph up to the node ``output``, (texts, word pieces, width), and its mean over the word
    pieces of each text, (texts, width).

    Raises ``LookupError`` where the model has no such node.
    """
    openvino = openvino_package()
    from openvino import opset13 as ops  # type: ignore[import-untyped]

    model = _core().read_model(home / "model.xml")
    named = {node.get_friendly_name(): node for node in model.get_ops()}
    inputs = model.get_parameters()
    mask = [one for one in inputs if "attention_mask" in one.get_friendly_name()][0]  # noqa: RUF015
    counted = ops.unsqueeze(ops.convert(mask, "f32"), np.array([2]))
    summed = ops.reduce_sum(ops.multiply(named[output], counted), np.array([1]))
    mean = ops.divide(summed, ops.reduce_sum(counted, np.array([1])))
    return openvino.Model([mean], inputs, "middle")


def computes_bf16() -> bool:
    """Whether this processor computes in bfloat16 itself, which takes half the time of f32."""
    capabilities: list[str] = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in capabilities


@functools.cache
def _core() -> Any:
    """OpenVINO's runtime, one for the life of the process.

    Each has a stack of its own on which the thread that made it runs signal handlers, and takes
    it away when it goes (2026.4, the CPU plugin). Where another one was made meanwhile, or it went
    in another thread, the next Ctrl+C then ran on no stack and ended the process with SIGSEGV.
    """
    return openvino_package().Core()


def openvino_package() -> Any:
    """OpenVINO without its telemetry, which otherwise reports each import over the network.

    It does without where the telemetry's package cannot be imported. The first look at a tensor's
    numbers loads what binds it to NumPy, and two threads that do so at once wait for each other
    holding the interpreter, for ever: so one looks, before anybody else has the module.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    with _LOADING:
        import openvino

        _ = openvino.Tensor(np.zeros(1, dtype=np.int64)).data
    return openvino


def tokenizer_of(path: Path) -> Tokenizer:
    """The tokenizer in a file, which neither cuts nor fills up."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows in batches of like length, so that little is computed on padding; the longest first."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: (-lengths[row], row)):
        if batch and (len(batch) + 1) * lengths[batch[0]] > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
        if len(batch) == _BATCH_TEXTS:
            yield batch
            batch = []
    if batch:
        yield batch
