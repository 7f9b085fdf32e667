"""Asking 检查: one read-only call as a step of the connect wizard, its error in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from siyu.connectors.errors import CarrierError, Throttled, Unavailable
from siyu.connectors.vendor import Found
from siyu.foundation.text import Text


async def asked(
    ask: Callable[[], Awaitable[object]],
    well: Text,
    *,
    passing: tuple[str, ...] = (),
    fixes: Mapping[str, Text] | None = None,
) -> Found:
    """Ask, and put the answer in words. `passing` are codes that another step speaks of; `fixes` say more than the code does."""
    try:
        await ask()
    except Throttled as error:
        at = error.retry_at.isoformat(timespec="seconds")
        return Found(False, error.message, Text(f"{at} 之后再试", f"try again after {at}"), error.vendor_code)
    except Unavailable as error:
        later = Text("稍后再试；检查接口地址和网络", "try again later; check the base URL and the network")
        return Found(False, error.message, error.way_out or later, error.vendor_code)
    except CarrierError as error:
        if error.vendor_code in passing:
            return Found(True, well)
        return Found(
            False, error.message, (fixes or {}).get(error.vendor_code, error.way_out), error.vendor_code
        )
    return Found(True, well)
