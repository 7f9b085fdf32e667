"""Links of offers 福利链接: each person's own way to an offer, sealed; and one that everybody shares, which asks to be added first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from siyu.acquisition import _offer_tables
from siyu.content import tokens
from siyu.content.links import public
from siyu.content.variables import Variable
from siyu.foundation.errors import NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

PURPOSE = "offer tokens"
LINK = "福利:"
_t = _offer_tables.offer


def addresses(stores: Stores, offer_id: int, customer_ids: Sequence[int]) -> list[str]:
    """The address of an offer for each of these people; made again it is the same."""
    base = f"{public(stores.settings)}/o/"
    return [base + token for token in tokens.seal(stores.secrets, offer_id, customer_ids, short=True, purpose=PURPOSE)]


def shared_address(stores: Stores, offer_id: int) -> str:
    """The address for posters and passers-by: it shows the offer and whom to add; nothing can be claimed by it."""
    return f"{public(stores.settings)}/o/{tokens.seal(stores.secrets, offer_id, [0], who='nobody', short=True, purpose=PURPOSE)[0]}"


def open_token(stores: Stores, token: str) -> tuple[int, int]:
    """(offer, customer) that a token names; customer 0 for the shared one.

    Raises
    ------
    NotFoundError
        When it is not one of ours.
    """
    ticket = tokens.open_token(stores.secrets, token, purpose=PURPOSE)
    if ticket is None or ticket.who == "visitor":
        raise NotFoundError(Text("链接无效", "the link is not valid"), way_out=Text("请从收到的消息里重新打开", "open it again from the message"))
    return ticket.link_id, ticket.person if ticket.who == "customer" else 0


class Links:
    """Variables 变量: each person's own link in a message."""

    prefixes: Mapping[str, str] = {LINK: "offer:"}

    def choices(self, tx: Connection) -> list[Variable]:
        return [Variable(f"{LINK}{name}", f"offer:{name}", "acquisition", Text(f"「{name}」的领取链接", f"link to {name}"), "https://…/o/…") for name in self._live(tx)]

    def load(self, stores: Stores, tx: Connection, names: Iterable[str], customer_ids: Sequence[int]) -> dict[str, Mapping[int, Any]]:
        numbers = self._live(tx)
        wanted = {name: numbers[key] for name in names if (key := name.removeprefix(LINK)) in numbers}
        return {name: dict(zip(customer_ids, addresses(stores, number, customer_ids), strict=True)) for name, number in wanted.items()}

    def _live(self, tx: Connection) -> dict[str, int]:
        """Of offers with the same name the newest; one that is not live has no link to send."""
        return {row.name: int(row.id) for row in tx.execute(select(_t.c.id, _t.c.name).where(_t.c.status == "live").order_by(_t.c.id))}


VARIABLES = Links()
