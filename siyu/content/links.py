"""Links 追踪链接: the addresses of a version, each with a number, and the address that each person is given in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from siyu.content import _tables, articles, pieces, tokens
from siyu.content.addresses import ADDRESS, in_words, tidy
from siyu.content.bodies import Body
from siyu.content.kinds import Carrier, Kind
from siyu.content.templates import Slot, Template
from siyu.foundation.database import insert_ignore
from siyu.foundation.errors import NotFoundError
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

_t = _tables.link
ARTICLE = 0
"""The number of the article's own page."""
_MARK = "\0"


@dataclass(frozen=True)
class Links:
    """The tracked links of one version in one send: number → link, address → number. `sender`: whose they are, where many people share them."""

    ids: dict[int, int]
    numbers: dict[str, int]
    sender: str


@dataclass(frozen=True)
class Link:
    """Where a tracked link leads. `url` is '' for an article's own page."""

    id: int
    send_id: int
    variant: str
    sender: str
    piece_id: int
    version: int
    number: int
    url: str


def prepare(tx: Connection, piece_id: int, version: int, *, send_id: int, variant: str = "", sender: str = "", now: datetime) -> Links | None:
    """The links of a version for a send; asked again it gives the same. None when the piece does not want to be tracked, or has none.

    `sender` is the member of staff (the carrier's id) where one body goes to many people; else each person gets their own address.
    """
    body, kind = pieces.version_of(tx, piece_id, version).body, pieces.find(tx, piece_id).kind
    wanted = addresses(kind, body)
    if not body.tracked or not wanted:
        return None
    key = {"send_id": send_id, "variant": variant, "sender": sender, "piece_id": piece_id, "version": version}
    insert_ignore(tx, _t, [{**key, "number": number, "url": url, "created_at": now} for url, number in wanted.items()])
    rows = tx.execute(select(_t.c.number, _t.c.id).where(*(_t.c[name] == value for name, value in key.items())))
    return Links({row.number: row.id for row in rows}, wanted, sender)


def addresses(kind: Kind, body: Body) -> dict[str, int]:
    """Each address of a body with its number, in order; '' is an article's own page."""
    found = [body.url] if body.url else []
    found += [address for name in ("text", "desc") for address in in_words(getattr(body, name))]
    found += list(articles.addresses(body.html)) if body.html else []
    numbers = {url: number for number, url in enumerate(dict.fromkeys(found), 1)}
    return {"": ARTICLE, **numbers} if kind == "article" else numbers


def find(tx: Connection, link_id: int) -> Link:
    """
    Raises
    ------
    NotFoundError
    """
    row = tx.execute(select(_t).where(_t.c.id == link_id)).first()
    if row is None:
        raise NotFoundError(Text("链接无效", "the link is not valid"), way_out=Text("请联系我们要一个新的链接", "ask us for a new one"))
    return Link(row.id, row.send_id, row.variant, row.sender, row.piece_id, row.version, row.number, row.url)


def shown_to(stores: Stores, links: Links, number: int, customer_ids: Sequence[int], carrier: Carrier, *, shared: bool = False) -> list[str]:
    """The address of one link for each of these people; where many share it (a member of staff's, or `shared`), one for all."""
    is_shared = shared or bool(links.sender)
    people = [0] * min(1, len(customer_ids)) if is_shared else list(customer_ids)
    made = tokens.seal(stores.secrets, links.ids[number], people, who="nobody" if is_shared else "customer", short=carrier == "sms")
    base = f"{public(stores.settings)}/{'a' if number == ARTICLE else 'l'}/"
    shown = [base + token for token in made]
    return shown * len(customer_ids) if is_shared else shown


def public(settings: Settings) -> str:
    """The address that customers' phones reach, without a slash at its end."""
    return (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")


def slot_of(number: int) -> Slot:
    """The place of a link's address in a template: no variable that is written can have this name."""
    return Slot(f"{_MARK}{number}", None)


def number_of(name: str) -> int | None:
    return int(name[1:]) if name.startswith(_MARK) else None


def with_links(template: Template, numbers: dict[str, int]) -> Template:
    """The template with places instead of the addresses in its words."""
    parts: list[str | Slot] = []
    for part in template.parts:
        if isinstance(part, Slot):
            parts.append(part)
            continue
        end = 0
        for found in ADDRESS.finditer(part):
            address = tidy(found[0])
            if address in numbers:
                parts += [part[end : found.start()], slot_of(numbers[address])]
                end = found.start() + len(address)
        parts.append(part[end:])
    return Template(tuple(part for part in parts if part != ""), template.loose)
