"""KaTeX is served by us, as it was published, and nothing else of its folder is."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.show.katex import FOLDER, VERSION, katex_files
from app.web.katex import ADDRESS, katex_router


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.include_router(katex_router())
    return TestClient(app)


def test_its_files_are_those_that_were_published() -> None:
    lines = (FOLDER / "SHA256SUMS").read_text().splitlines()
    assert VERSION in lines[0]
    recorded = dict(reversed(line.split(maxsplit=1)) for line in lines if not line.startswith("#"))
    found = {
        path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and path.name != "SHA256SUMS"
    }
    assert found == recorded
    assert f'version:"{VERSION}"' in (FOLDER / "katex.min.js").read_text("utf-8").replace(" ", "")
    assert "MIT License" in (FOLDER / "LICENSE").read_text()


def test_every_font_that_a_browser_would_ask_for_is_there(client: TestClient) -> None:
    sheet = client.get(f"{ADDRESS}katex.min.css")
    assert sheet.headers["content-type"].startswith("text/css")
    assert "immutable" in sheet.headers["cache-control"]
    fonts = re.findall(r"src:url\((fonts/[\w-]+\.woff2)\)", sheet.text)
    assert len(fonts) == sheet.text.count("@font-face") == 20
    for name in fonts:
        answer = client.get(ADDRESS + name)
        assert answer.headers["content-type"] == "font/woff2" and answer.content[:4] == b"wOF2"


@pytest.mark.parametrize(
    "name", ["__init__.py", "../media.py", "fonts/", "%2e%2e/texts.yaml", "SHA256SUMS", ""]
)
def test_no_other_file_is_served(client: TestClient, name: str) -> None:
    assert client.get(ADDRESS + name).status_code == 404
    assert all(isinstance(path, Path) and path.is_file() for path in katex_files().values())
