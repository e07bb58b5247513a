"""A Qdrant server that repeats the key it was given: no error tells it."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from index.config import QdrantSettings
from index.errors import StoreUnusable
from index.store.client import ClientStore

KEY = "lantern-0123-456789"
ANSWERS = {
    "the reason of an error": f"HTTP/1.1 500 {KEY}\r\nContent-Length: 0\r\n\r\n",
    "the reason of a redirect": f"HTTP/1.1 301 {KEY}\r\nLocation: /{KEY}\r\n\r\n",
    "a status that is none": f"HTTP/1.1 599 {KEY}\r\nContent-Length: 0\r\n\r\n",
    "a status line that is none": f"{KEY}\r\n\r\n",
    "a header that is none": f"HTTP/1.1 200 OK\r\n{KEY}\r\n\r\n",
    "a body that is no JSON": f"HTTP/1.1 200 OK\r\nContent-Length: {len(KEY)}\r\n\r\n{KEY}",
}


@contextmanager
def server(answer: str) -> Iterator[tuple[str, list[bytes]]]:
    """Answers each connection with these bytes; gives its address, and what came."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:  # closed
                    return
                with connection:
                    came.append(connection.recv(65536))
                    connection.sendall(answer.encode())

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_error_of_a_server_tells_its_key(answer: str) -> None:
    with server(ANSWERS[answer]) as (url, came):
        settings = QdrantSettings(url=url, api_key=KEY, timeout=10)
        with pytest.raises(StoreUnusable) as refused:
            ClientStore(settings, 3)
    assert re.search(rb"(?i)api-key: " + KEY.encode(), came[0])
    assert KEY not in f"{refused.value} {vars(refused.value)} {settings!r}"
