"""Article pages 文章页: a version as a page, made once for a link, with tracked links of whoever reads it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from siyu.content import _tables, letters, links, pieces, tokens
from siyu.content.links import Link
from siyu.content.templates import Slot, Template, fill, sample
from siyu.content.tokens import Who
from siyu.foundation.stores import Stores


@dataclass(frozen=True)
class Article:
    """What the page of a link shows. `ids`: the links beside this one, by number."""

    title: str
    desc: str
    author: str
    html: Template
    ids: dict[int, int]
    go: int | None
    is_article: bool


def load(stores: Stores, link: Link) -> Article:
    """The version behind a link. Variables show their fall-backs: a page is passed on, and must not name whom it was sent to."""
    with stores.ledger.read() as tx:
        body, kind = pieces.version_of(tx, link.piece_id, link.version).body, pieces.find(tx, link.piece_id).kind
        table = _tables.link
        beside = (table.c[name] == getattr(link, name) for name in ("send_id", "variant", "sender", "piece_id", "version"))
        ids = {row.number: row.id for row in tx.execute(select(table.c.number, table.c.id).where(*beside))}
    numbers = {url: number for url, number in links.addresses(kind, body).items() if number in ids}
    html = letters.article(body.html, numbers, "")
    shown = Template(tuple(Slot(part.name, part.fallback or "") if isinstance(part, Slot) and links.number_of(part.name) is None else part for part in html.parts), ())
    return Article(sample(body.title), sample(body.desc), body.author, shown, ids, numbers.get(body.url) if body.url else None, kind == "article")


def shown(stores: Stores, article: Article, who: Who, person: int) -> tuple[str, str]:
    """The article's HTML, and where its button leads, for one reader."""
    wanted = {number for part in article.html.parts if isinstance(part, Slot) and (number := links.number_of(part.name)) is not None}
    if article.go is not None:
        wanted.add(article.go)
    made: dict[str, list[str | None]] = {
        links.slot_of(number).name: [f"/l/{tokens.seal(stores.secrets, article.ids[number], [person], who=who)[0]}"] for number in wanted
    }
    html = fill(article.html, made, 1, value=letters.VALUE["html"])[0]
    go = made[links.slot_of(article.go).name][0] if article.go is not None else ""
    return html or "", go or ""
