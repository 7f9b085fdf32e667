"""Staff links 员工页链接: the address of one member of staff's page of tasks, sealed; it ends by itself and tells nothing."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

from siyu.foundation.clock import to_ms
from siyu.foundation.errors import NotFoundError
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

KEPT = timedelta(days=30)
_CONTEXT = "messaging staff link"


def make_token(stores: Stores, account_id: int, staff: str, kept: timedelta = KEPT) -> str:
    blob = stores.secrets.seal([f"{account_id} {to_ms(stores.now() + kept)} {staff}"], _CONTEXT)[0]
    return urlsafe_b64encode(blob or b"").rstrip(b"=").decode()


def open_token(stores: Stores, token: str) -> tuple[int, str]:
    """(account, the carrier's id of the member of staff).

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
        account, ends, staff = plain.split(" ", 2)
        if int(ends) > to_ms(stores.now()):
            return int(account), staff
    raise NotFoundError(Text("链接无效或已过期", "the link is not valid or its time is over"), way_out=Text("请联系运营同事重新发送", "ask your operator to send it again"))


def address(settings: Settings, token: str) -> str:
    return f"{(settings.public_url or f'http://{settings.host}:{settings.port}').rstrip('/')}/t/{token}"
