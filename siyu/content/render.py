"""Render 渲染: what a version says to each of many people on one carrier. Compiled once, filled for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from siyu.content import letters, links, pieces, variables
from siyu.content.bodies import Body, plain
from siyu.content.files import PREFIX
from siyu.content.kinds import Carrier, Kind
from siyu.content.links import ARTICLE, Links
from siyu.content.templates import Slot, Template, compiled, fill
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

ONE_FOR_ALL: frozenset[Carrier] = frozenset({"wecom"})
"""Carriers where one body goes to everybody of a dispatch."""
_WORDS = ("text", "title", "desc")
_PLAIN = ("picture", "file", "video", "appid", "page", "author")


@dataclass(frozen=True)
class Rendered:
    """What is to be sent.

    `shared`: parts that are the same for all (text; for WeCom also `attachments` in its own form, files named as `media:<hash>`).
    `people`: Arrow, one row for each person who has every value, in the order they were given: customer_id, identity_key, and a
    column for each part that differs. `no_value`: customer → the variables that they lack.
    Parts: text, title, desc, url, picture, picture_url, file, video, appid, page, author; for e-mail subject, text, html; for SMS
    also template and params.<name>; for notices template_id, appid, page, url and values.<name>.
    """

    shared: dict[str, Any]
    people: pa.Table
    no_value: dict[int, tuple[str, ...]] = field(default_factory=dict)


class Program(NamedTuple):
    """A version compiled for one carrier: parts that never differ, templates of those that do, and the variables in them."""

    carrier: Carrier
    fixed: dict[str, str]
    templates: dict[str, Template]
    names: tuple[str, ...]
    kind: Kind

    @property
    def is_alike(self) -> bool:
        """Whether everybody is told the same, links too: a mass send of an Official Account is one only then, and it knows its readers itself."""
        return self.carrier in ONE_FOR_ALL or (self.carrier == "official_account" and not self.names and "template_id" not in self.fixed)


def for_people(
    stores: Stores, piece_id: int, version: int, carrier: Carrier, customer_ids: Sequence[int], identity_keys: Sequence[int] | None = None, tracked: Links | None = None, *,
    staff: str = "", brand: str = "",
) -> Rendered:  # fmt: skip
    """What one version says to these people. Set-based: one reading of each source for all of them.

    `tracked` comes from `links.prepare`; without it addresses stay as they are. `staff` is the carrier's id of the member of staff
    who sends. On WeCom one body goes to all, so only variables that do not depend on the customer have a value there; on an Official Account
    it does where there are no variables.
    """
    with stores.ledger.read() as tx:
        found, kind = pieces.version_of(tx, piece_id, version), pieces.find(tx, piece_id).kind
        program = compile_for(stores, kind, found.body, carrier, tracked)
        asked = [0] if carrier in ONE_FOR_ALL else customer_ids
        with stores.warehouse.read() as session:
            values = variables.load(stores, session, tx, program.names, asked, staff=staff, brand=brand)
    return filled(stores, program, values, customer_ids, identity_keys, tracked)


def compile_for(stores: Stores, kind: Kind, body: Body, carrier: Carrier, tracked: Links | None = None) -> Program:
    """Compile a body; the same body is compiled once."""
    numbers = tuple(tracked.numbers.items()) if tracked is not None else ()
    return _compiled(kind, msgspec.json.encode(plain(body)), carrier, numbers, links.public(stores.settings))


@lru_cache(256)
def _compiled(kind: Kind, raw: bytes, carrier: Carrier, numbers: tuple[tuple[str, int], ...], base: str) -> Program:
    body, known = msgspec.json.decode(raw, type=Body), dict(numbers)
    parts: dict[str, Template] = {name: links.with_links(compiled(value), known) for name in _WORDS if (value := getattr(body, name))}
    address = _address(kind, body, known)
    if address is not None:
        parts["url"] = address
    if carrier == "email":
        parts = letters.parts_of(kind, body, parts, known, base)
    elif carrier == "sms":
        parts = _sms(body, parts)
    elif carrier in body.notices:
        parts = _notice(carrier, body, address)
    fixed = {name: value for name in _PLAIN if (value := getattr(body, name)) and not (carrier in body.notices and name in ("appid", "page"))}
    fixed |= {name: "".join(map(str, one.parts)) for name, one in parts.items() if not one.slots}
    templates = {name: one for name, one in parts.items() if one.slots}
    names = dict.fromkeys(slot.name for one in templates.values() for slot in one.slots if links.number_of(slot.name) is None)
    return Program(carrier, fixed, templates, tuple(names), kind)


def filled(
    stores: Stores, program: Program, values: Mapping[str, Sequence[str | None]], customer_ids: Sequence[int], identity_keys: Sequence[int] | None, tracked: Links | None
) -> Rendered:
    """Fill a compiled version; `values` has a list for each of its variables, in the order of the people."""
    size = min(1, len(customer_ids)) if program.is_alike else len(customer_ids)
    columns = {**values, **_tokens(stores, program, customer_ids[:size], tracked)}
    shared: dict[str, Any] = dict(program.fixed)
    if program.fixed.get("picture", "").startswith(PREFIX):
        shared["picture_url"] = f"{links.public(stores.settings)}/m/{program.fixed['picture'].removeprefix(PREFIX)}"
    each = {name: fill(one, columns, size, value=letters.VALUE.get(name, str)) for name, one in program.templates.items()}
    keys = list(identity_keys) if identity_keys is not None else [0] * len(customer_ids)
    lacking = sorted({row for column in each.values() for row, cell in enumerate(column) if cell is None})
    if program.is_alike:
        missing = _lacking(program, columns, 0) if lacking else ()
        shared |= {name: column[0] for name, column in each.items() if column and column[0] is not None}
        people = _table(customer_ids, keys, {}) if not missing else _table([], [], {})
        if program.carrier in ONE_FOR_ALL:
            shared["attachments"] = _attachments(program.kind, shared)
        return Rendered(shared, people, dict.fromkeys(customer_ids, missing) if missing else {})
    gone = set(lacking)
    stay = [row for row in range(size) if row not in gone] if gone else range(size)
    kept = {name: ([column[row] for row in stay] if gone else column) for name, column in each.items()}
    people = _table([customer_ids[row] for row in stay] if gone else customer_ids, [keys[row] for row in stay] if gone else keys, kept)
    return Rendered(shared, people, {customer_ids[row]: _lacking(program, columns, row) for row in lacking})


def _table(customer_ids: Sequence[int], keys: Sequence[int], parts: Mapping[str, Sequence[str | None]]) -> pa.Table:
    columns = {name: pa.array(column, pa.string()) for name, column in parts.items()}
    return pa.table({"customer_id": pa.array(customer_ids, pa.int64()), "identity_key": pa.array(keys, pa.int64()), **columns})


def _tokens(stores: Stores, program: Program, customer_ids: Sequence[int], tracked: Links | None) -> dict[str, list[str | None]]:
    """A column of addresses for each place of a link."""
    if tracked is None:
        return {}
    wanted = {slot.name: number for one in program.templates.values() for slot in one.slots if (number := links.number_of(slot.name)) is not None}
    return {name: list(links.shown_to(stores, tracked, number, customer_ids, program.carrier, shared=program.is_alike)) for name, number in wanted.items()}


def _lacking(program: Program, columns: Mapping[str, Sequence[str | None]], row: int) -> tuple[str, ...]:
    slots = [slot for one in program.templates.values() for slot in one.slots if slot.fallback is None]
    return tuple(dict.fromkeys(slot.name for slot in slots if not (column := columns.get(slot.name)) or not column[row]))


def _address(kind: Kind, body: Body, known: dict[str, int]) -> Template | None:
    """Where a card leads: its tracked link, or the address itself; an untracked article has a page of its own too."""
    if kind == "article":
        return Template((links.slot_of(ARTICLE),), ()) if "" in known else (Template((body.url,), ()) if body.url else None)
    if not body.url:
        return None
    return Template((links.slot_of(known[body.url]),) if body.url in known else (body.url,), ())


def _sms(body: Body, parts: dict[str, Template]) -> dict[str, Template]:
    """The words with the address at their end; a template's places."""
    words, address = parts.get("text"), parts.get("url")
    found: dict[str, Template] = {}
    if words is not None:
        found["text"] = words if address is None else Template((*words.parts, " ", *address.parts), words.loose)
    if body.sms.template:
        found["template"] = Template((body.sms.template,), ())
        for name, value in body.sms.params.items():
            found[f"params.{name}"] = _with_address(compiled(value), address)
    return found


def _notice(carrier: Carrier, body: Body, address: Template | None) -> dict[str, Template]:
    notice = body.notices[carrier]
    found = {f"values.{name}": _with_address(compiled(value), address) for name, value in notice.values.items()}
    found |= {name: Template((value,), ()) for name in ("template_id", "page", "appid") if (value := getattr(notice, name))}
    return {**found, "url": address} if address is not None else found


def _with_address(template: Template, address: Template | None) -> Template:
    """`{链接}` in a value stands for the piece's own address."""
    if address is None:
        return template
    parts = [piece for part in template.parts for piece in (address.parts if isinstance(part, Slot) and part.name in variables.LINK else (part,))]
    return Template(tuple(parts), template.loose)


def _attachments(kind: Kind, shared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What goes beside the words on WeCom, in its own form."""
    get = shared.get
    if kind in ("link", "article"):
        card = {"title": get("title", ""), "url": get("url", ""), "picurl": get("picture_url"), "desc": get("desc")}
        return [{"msgtype": "link", "link": {name: value for name, value in card.items() if value}}]
    if kind == "mini_program":
        return [{"msgtype": "miniprogram", "miniprogram": {"title": get("title", ""), "pic_media_id": get("picture", ""), "appid": get("appid", ""), "page": get("page", "")}}]
    if kind in ("image", "video", "file"):
        return [{"msgtype": kind, kind: {"media_id": get("picture" if kind == "image" else kind, "")}}]
    return []


def no_values(names: Sequence[str]) -> Text:
    """What a person lacks, in words."""
    return Text(f"没有{'、'.join(names)}，也没有备用词", f"there is no {', '.join(names)}, and nothing to stand in for it")
