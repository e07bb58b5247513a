"""The functions of the UI's server that programs may call, through ``gradio_client``.

They are those of ``app.api.tools``, with their names, signatures and docstrings. All else is
private.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from app.api.failures import failure_of
from app.api.service import RateLimiter, unlimited
from app.api.tools import COSTLY, TOOLS, Tools, checked, limit_tool
from app.web.session import Sessions
from app.web.ui.components import ONE_AT_A_TIME, load_gradio


def programs(sessions: Sessions, rate_limiter: RateLimiter = unlimited) -> None:
    """Offer the functions, inside ``gr.Blocks``, on the library that all visitors share."""
    gr = load_gradio()
    tools = Tools(lambda: sessions.shared)
    for name in TOOLS:
        tool = getattr(tools, name)
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
            if tool.__name__ in COSTLY and visit is not None:
                limit_tool(tool.__name__, rate_limiter, visit, sessions.shared, given, {})
            return tool(*given)
        except Exception as error:
            raise Error(failure_of(error).message, print_exception=False) from error

    return call
