from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from pydantic import ValidationError

from index.config import ServerSettings, Settings
from index.read import Reader


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIBRARY", ""),
        ("LIBRARY", "  "),
        ("READ_WORKERS", "0"),
        ("READ_SECONDS", "-1"),
        ("READ_SECONDS", "nan"),
        ("READ_SECONDS", "inf"),
        ("READ_MEGABYTES", "-5"),
        ("PAGES_MAX", "0"),
        ("QDRANT_TIMEOUT", "0"),
        ("QDRANT_SHARDS", "0"),
        ("QDRANT_REPLICAS", "-1"),
        ("QDRANT_QUANTIZATION", "product"),
        ("QDRANT_OVERSAMPLING", "0.5"),
        ("QDRANT_HNSW_M", "1"),
        ("QDRANT_CA", "/no/such/file.pem"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"GLOSS_{name}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert [error["loc"] for error in refused.value.errors()] == [(name.lower(),)]


def test_the_defaults_and_the_bounds_work() -> None:
    assert Settings().read_workers == 2
    assert Settings(read_workers=1).read_workers == 1


def test_threads_that_read_at_once_share_one_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    import pebble

    made: list[object] = []

    class SlowPool:
        def __init__(self, **_: Any) -> None:
            time.sleep(0.05)
            made.append(self)

    monkeypatch.setattr(pebble, "ProcessPool", SlowPool)
    reader = Reader(Settings())
    threads = [threading.Thread(target=reader._pool) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"QDRANT_WRITE_CONSISTENCY": "2"}, "more than the copies that there are"),
        ({"QDRANT_URL": "http://q:6333", "QDRANT_CA": __file__}, "needs a GLOSS_QDRANT_URL with h"),
        (
            {"QDRANT_URL": "https://q", "QDRANT_CA": __file__, "QDRANT_VERIFY": "no"},
            "says what to check and GLOSS_QDRANT_VERIFY not to",
        ),
    ],
)
def test_settings_of_a_server_that_contradict_each_other(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], said: str
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"GLOSS_{name}", value)
    with pytest.raises(ValidationError, match=said):
        Settings()


def test_settings_of_a_server_are_one_value(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().server == ServerSettings("")  # what a test gives is what people get
    for name, value in {
        "URL": "https://qdrant.example:6333",
        "CA": "",
        "SHARDS": "6",
        "REPLICAS": "2",
        "WRITE_CONSISTENCY": "2",
        "QUANTIZATION": "scalar",
        "ON_DISK": "true",
    }.items():
        monkeypatch.setenv(f"GLOSS_QDRANT_{name}", value)
    assert Settings().server == ServerSettings(
        "https://qdrant.example:6333",
        shards=6,
        replicas=2,
        write_consistency=2,
        quantization="scalar",
        on_disk=True,
    )
