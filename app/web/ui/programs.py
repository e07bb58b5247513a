"""The functions of the UI's server that programs may call, through ``gradio_client``.

They are those of ``app.api.tools``, with their names, signatures and docstrings. All else is
private.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from app.api.failures import failure_of
from app.api.service import RateLimiter, unlimited
from app.api.tools import COSTLY, checked, tools_of, within_limits
from app.web.session import Sessions
from app.web.ui.components import ONE_AT_A_TIME, load_gradio
from index.library import Library


def programs(
    sessions: Sessions, rate_limiter: RateLimiter = unlimited, own: Library | None = None
) -> None:
    """Offer the functions, inside ``gr.Blocks``, on the library that all visitors share.

    ``own`` is that library where who asks is its reader: those of notes are offered then, too.
    """
    gr = load_gradio()
    for tool in tools_of(lambda: sessions.shared, own).values():
        queue = ONE_AT_A_TIME if tool.__name__ in COSTLY else {}
        gr.api(_called(checked(tool), sessions, rate_limiter), api_name=tool.__name__, **queue)


def _called(
    tool: Callable[..., dict[str, Any]], sessions: Sessions, rate_limiter: RateLimiter
) -> Callable[..., dict[str, Any]]:
    """The tool, whose errors are lines that the client shows."""
    from gradio import Error
    from gradio.context import LocalContext

    @wraps(tool)
    def call(*given: Any) -> dict[str, Any]:
        try:
            visit = LocalContext.request.get(None)
            with within_limits(tool.__name__, rate_limiter, visit, sessions.shared, given, {}):
                return tool(*given)
        except Exception as error:
            raise Error(failure_of(error).message, print_exception=False) from error

    return call
