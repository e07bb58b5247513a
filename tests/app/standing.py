"""The API, built once for the tests of a file: FastAPI takes longer for it than they to ask."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.http import api, mounted
from index.config import Settings


class Standing:
    """The API of whatever library the test that runs has."""

    def __init__(self, own: bool = False, base: str = "http://testserver") -> None:
        parent = FastAPI()
        mine: Any = self
        parent.router.routes.append(mounted(api(mine, Settings(), own=mine if own else None)))
        self._client = TestClient(parent, base, raise_server_exceptions=False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def of(self, library: Any) -> TestClient:
        self._library = library
        return self._client
