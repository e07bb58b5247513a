"""A job that is done once a day while the server runs."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.api.failures import log_places

if TYPE_CHECKING:
    from index.library import Library

_LOOK_AGAIN = 30.0  # seconds between two looks at the clock, which may be set, or sleep
STOP_SECONDS = 10.0  # that a run is given to come to its next step when the server ends


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job and its time of day, by this machine's clock.

    A run that was missed while the machine slept is made up for once it is awake; one that was
    missed because the server was not running is not. ``job`` is given the library and a function
    that raises ``KeyboardInterrupt`` once the server ends.
    """

    at: datetime.time
    job: Callable[[Library, Callable[[], None]], object]

    def next_after(self, now: datetime.datetime) -> datetime.datetime:
        """When it is done next."""
        today = datetime.datetime.combine(now.date(), self.at)
        return today if today > now else today + datetime.timedelta(days=1)

    @contextmanager
    def kept(self, library: Library) -> Iterator[None]:
        """While it is kept to."""
        ended = threading.Event()

        def check() -> None:
            if ended.is_set():
                raise KeyboardInterrupt

        def work() -> None:
            due = self.next_after(datetime.datetime.now())
            while not ended.wait(_LOOK_AGAIN):
                if datetime.datetime.now() < due:
                    continue
                try:
                    self.job(library, check)
                except KeyboardInterrupt:
                    return
                except Exception as error:  # tomorrow's run may fare better
                    log_places(error)
                due = self.next_after(datetime.datetime.now())

        thread = threading.Thread(target=work, name="daily", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(STOP_SECONDS)
