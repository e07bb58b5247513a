from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from pydantic import ValidationError

import index.config
from index.config import QdrantSettings, Settings
from index.errors import SettingsUnusable
from index.read import Reader


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIBRARY", ""),
        ("LIBRARY", "  "),
        ("READ__WORKERS", "0"),
        ("READ__SECONDS", "-1"),
        ("READ__SECONDS", "nan"),
        ("READ__SECONDS", "inf"),
        ("READ__MEGABYTES", "-5"),
        ("READ__PAGES_MAX", "0"),
        ("QDRANT__TIMEOUT", "0"),
        ("QDRANT__SHARDS", "0"),
        ("QDRANT__REPLICAS", "-1"),
        ("QDRANT__QUANTIZATION", "product"),
        ("QDRANT__HNSW_M", "16"),  # no name of the group
        ("QDRANT__CA", "/no/such/file.pem"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"GLOSS_{name}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert [error["loc"] for error in refused.value.errors()] == [tuple(name.lower().split("__"))]


def test_the_defaults_and_the_bounds_work() -> None:
    assert Settings().read.workers == 2
    assert Settings(read={"workers": 1}).read.workers == 1


def test_threads_that_read_at_once_share_one_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    import pebble

    made: list[object] = []

    class SlowPool:
        active = True

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
        ({"QDRANT__WRITE_CONSISTENCY": "2"}, "more than the copies that there are"),
        (
            {"QDRANT__URL": "http://q:6333", "QDRANT__CA": __file__},
            "needs a GLOSS_QDRANT__URL with h",
        ),
        (
            {"QDRANT__URL": "https://q", "QDRANT__CA": __file__, "QDRANT__VERIFY": "no"},
            "says what to check and GLOSS_QDRANT__VERIFY not to",
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
    assert Settings().qdrant == QdrantSettings()
    for name, value in {
        "URL": "https://qdrant.example:6333",
        "CA": "",
        "SHARDS": "6",
        "REPLICAS": "2",
        "WRITE_CONSISTENCY": "2",
        "QUANTIZATION": "scalar",
        "ON_DISK": "true",
    }.items():
        monkeypatch.setenv(f"GLOSS_QDRANT__{name}", value)
    assert Settings().qdrant == QdrantSettings(
        url="https://qdrant.example:6333",
        shards=6,
        replicas=2,
        write_consistency=2,
        quantization="scalar",
        on_disk=True,
    )


@pytest.mark.parametrize(
    ("former", "value", "name"),
    [
        ("QDRANT_URL", "http://q:6333", "QDRANT__URL"),
        ("ENDPOINT_KEY", "sk-1", "ENDPOINT__KEY"),
        ("LOCAL_THREADS", "3", "LOCAL__THREADS"),
        ("ARXIV_PDF", "https://mirror.example/pdf", "ARXIV__PDF"),
        ("READ_SECONDS", "7", "READ__SECONDS"),
        ("PASSAGES_MAX", "70", "READ__PASSAGES_MAX"),
        ("PUBLIC", "true", "PUBLIC__ENABLED"),
        ("VISITORS", "7", "PUBLIC__VISITORS"),
    ],
)
def test_a_former_name_counts_and_the_new_one_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    former: str,
    value: str,
    name: str,
) -> None:
    index.config._report.cache_clear()
    monkeypatch.setenv(f"GLOSS_{name}", value)
    wanted = Settings()
    assert wanted != Settings.model_construct() and not caplog.records
    monkeypatch.delenv(f"GLOSS_{name}")
    monkeypatch.setenv(f"GLOSS_{former}", value)
    assert Settings() == Settings() == wanted
    assert [record.getMessage() for record in caplog.records] == [
        f"GLOSS_{former} is GLOSS_{name} now; please rename it"
    ]
    monkeypatch.setenv(f"GLOSS_{name}", value)
    with pytest.raises(SettingsUnusable, match=f"GLOSS_{former} and GLOSS_{name}") as error:
        Settings()
    assert "\n" not in str(error.value)


def test_what_is_no_setting_any_more_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    index.config._report.cache_clear()
    monkeypatch.setenv("GLOSS_BM25_K1", "2")
    assert Settings() == Settings.model_validate({})
    (record,) = caplog.records
    assert "GLOSS_BM25_K1 is no setting any more, but in index/embed/sparse.py" in record.message
