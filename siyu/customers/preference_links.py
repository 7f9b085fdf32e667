"""Links 偏好页链接: an address that only one person has, signed and sealed, that ends by itself and tells nothing.

It holds the customer's number and when it ends, encrypted; who has it may set that person's preferences and ask for their
rights, nothing else. It goes on working after merges, because numbers do.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.errors import NotFoundError
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

KEPT = timedelta(days=90)
_CONTEXT = "rights link"


@dataclass(frozen=True)
class Link:
    """Whose page it is. `purpose` and `carrier` name what one tap in a letter's head withdraws ('' : everything)."""

    customer_id: int
    ends_at: datetime
    purpose: str = ""
    carrier: str = ""


def make_tokens(stores: Stores, customer_ids: Sequence[int], *, purpose: str = "", carrier: str = "", kept: timedelta = KEPT) -> dict[int, str]:
    """A token for each person; one row in, one token out."""
    ends = to_ms(stores.now() + kept) // 1000
    plain = [f"{number} {ends} {purpose} {carrier}" for number in customer_ids]
    sealed = stores.secrets.seal(plain, _CONTEXT)
    return {number: urlsafe_b64encode(blob or b"").rstrip(b"=").decode() for number, blob in zip(customer_ids, sealed, strict=True)}


def open_token(stores: Stores, token: str) -> Link:
    """
    Raises
    ------
    NotFoundError
        When it was altered, is not ours, or its time is over: the same answer, so that nothing can be learnt from it.
    """
    try:
        blob = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except ValueError:
        blob = b""
    plain = stores.secrets.open([blob], _CONTEXT)[0] if len(blob) > 28 else None
    if plain is not None:
        number, ends, purpose, carrier = plain.split(" ")
        link = Link(int(number), from_ms(int(ends) * 1000), purpose, carrier)
        if link.ends_at > stores.now():
            return link
    raise NotFoundError(Text("链接无效或已过期", "the link is not valid or its time is over"), way_out=Text("请联系我们要一个新的链接", "ask us for a new one"))


def address(settings: Settings, token: str) -> str:
    return f"{(settings.public_url or f'http://{settings.host}:{settings.port}').rstrip('/')}/p/{token}"
