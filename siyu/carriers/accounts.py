"""Accounts 账号: what a brand has connected. Credentials are encrypted at rest and never shown again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from siyu.carriers import _tables
from siyu.connectors.ports import AccountKey
from siyu.connectors.registry import VENDORS
from siyu.connectors.vendor import Field, Vendor
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.secrets import Secrets
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

STATUSES = ("connected", "paused", "restricted", "bad_credentials", "unreachable")


@dataclass(frozen=True)
class Account:
    """One account. `version` grows with every change of what a connector is built from.

    `status`: connected · paused (by us) · restricted (the carrier limits or has banned it) · bad_credentials · unreachable.
    `status_code` is the carrier's code that said so. `called_back_at` is when its last callback came in.
    """

    id: int
    product: str
    ref: str
    name: str
    settings: dict[str, Any]
    callback_key: str
    version: int
    status: str
    status_code: str | None
    status_since: datetime
    called_back_at: datetime | None
    created_at: datetime
    created_by: str

    @property
    def key(self) -> AccountKey:
        return AccountKey(self.id, self.product, self.ref)

    @property
    def vendor(self) -> Vendor:
        return VENDORS[self.product]

    @property
    def all_settings(self) -> dict[str, Any]:
        """With the vendor's defaults for what is not set."""
        return {field.name: field.default for field in self.vendor.settings if field.default} | self.settings

    @property
    def namespace(self) -> str:
        """The namespace of its contacts' identifiers."""
        return {"wecom": f"external_userid:{self.ref}", "email": "email", "sms": "phone"}.get(self.product, f"openid:{self.ref}")

    @property
    def holds_relations(self) -> bool:
        """People are contacts of it, by the carrier's own ids; mail and SMS only know addresses."""
        return self.product in ("wecom", "official_account")


def connect(
    stores: Stores, tx: Connection, *, product: str, name: str, credentials: Mapping[str, str], settings: Mapping[str, Any], by: str
) -> Account:
    """Add an account.

    Raises
    ------
    InvalidError
        With one fault a field that is missing or wrong.
    ConflictError
        When this corp or app is connected already.
    """
    vendor = vendor_of(product)
    clean, faults = _read(vendor.credentials, credentials, "credentials")
    kept, more = _read(vendor.settings, settings, "settings")
    faults = [*faults, *more, *_named(name)]
    if faults:
        raise InvalidError(Text("账号资料有误", "the account's details are not valid"), faults=faults)
    now = stores.now()
    row = {
        "product": product, "ref": clean[vendor.ref_field], "name": name.strip(), "credentials_sealed": _sealed(stores.secrets, product, clean),
        "settings": kept, "callback_key": token_urlsafe(18), "version": 1, "status": "connected", "status_since": now, "created_at": now, "created_by": by,
    }  # fmt: skip
    try:
        with tx.begin_nested():
            number = tx.execute(insert(_tables.account).values(row)).inserted_primary_key
    except IntegrityError:
        raise ConflictError(
            Text(f"账号 {row['ref']} 已经连接过", f"the account {row['ref']} is connected already"),
            way_out=Text("在账号列表中打开它并更新密钥", "open it in the list of accounts and change its secret there"),
        ) from None
    assert number is not None
    return find_account(tx, int(number[0]))


def change(
    stores: Stores, tx: Connection, account: Account, *, name: str | None = None, credentials: Mapping[str, str] | None = None, settings: Mapping[str, Any] | None = None
) -> Account:
    """Change what is given. A credential that is not given keeps its value; the account's own number cannot change."""
    vendor, faults = account.vendor, [] if name is None else _named(name)
    values: dict[str, Any] = {} if name is None else {"name": name.strip()}
    if credentials is not None:
        merged, more = _read(vendor.credentials, {**credentials_of(stores, tx, account), **{k: v for k, v in credentials.items() if v}}, "credentials")
        if not more and merged[vendor.ref_field] != account.ref:
            more = [Fault(f"credentials.{vendor.ref_field}", Text("不能换成另一个账号；请另外连接它", "cannot become another account; connect that one instead"))]
        faults, values = [*faults, *more], {**values, "credentials_sealed": None if more else _sealed(stores.secrets, account.product, merged)}
    if settings is not None:
        kept, more = _read(vendor.settings, {**account.settings, **settings}, "settings")
        faults, values = [*faults, *more], {**values, "settings": kept}
    if faults:
        raise InvalidError(Text("账号资料有误", "the account's details are not valid"), faults=faults)
    tx.execute(update(_tables.account).where(_tables.account.c.id == account.id).values(version=_tables.account.c.version + 1, **values))
    return find_account(tx, account.id)


def set_status(tx: Connection, account_id: int, status: str, code: str | None, now: datetime) -> bool:
    """True when this is news. An account that people have paused stays so until they resume it."""
    table = _tables.account
    differs = (table.c.status != status) | (table.c.status_code.is_distinct_from(code))
    changed = tx.execute(update(table).where(table.c.id == account_id, differs).values(status=status, status_code=code, status_since=now))
    return changed.rowcount > 0


def remove(tx: Connection, account: Account, now: datetime) -> None:
    """Disconnect: its relations stay on record; nothing is called any more."""
    tx.execute(update(_tables.account).where(_tables.account.c.id == account.id).values(removed_at=now, version=_tables.account.c.version + 1))


def find_account(tx: Connection, account_id: int) -> Account:
    return _one(tx.execute(select(_tables.account).where(_tables.account.c.id == account_id, _tables.account.c.removed_at.is_(None))).first())


def find_by_callback(tx: Connection, callback_key: str) -> Account:
    """The account whose callback address this is."""
    mine = _tables.account.c.callback_key == callback_key
    return _one(tx.execute(select(_tables.account).where(mine, _tables.account.c.removed_at.is_(None))).first())


def list_accounts(tx: Connection, products: Iterable[str] | None = None) -> list[Account]:
    query = select(_tables.account).where(_tables.account.c.removed_at.is_(None)).order_by(_tables.account.c.id)
    if products is not None:
        query = query.where(_tables.account.c.product.in_(list(products)))
    return [_account(row) for row in tx.execute(query)]


def credentials_of(stores: Stores, tx: Connection, account: Account) -> dict[str, str]:
    """The credentials in the clear: for building a connector, never for an answer.

    Raises
    ------
    ConflictError
        When they were encrypted with another master key.
    """
    blob = tx.scalar(select(_tables.account.c.credentials_sealed).where(_tables.account.c.id == account.id))
    opened = stores.secrets.open([blob], _context(account.product))[0]
    if opened is None:
        raise ConflictError(
            Text(f"账号 {account.name} 的密钥无法解密", f"the credentials of {account.name} cannot be decrypted"),
            way_out=Text("恢复原来的主密钥，或重新填写该账号的密钥", "restore the former master key, or enter the account's credentials again"),
        )
    found: dict[str, str] = msgspec.json.decode(opened)
    return found


def vendor_of(product: str) -> Vendor:
    if product not in VENDORS:
        fault = Fault("product", Text(f"没有这种载体：{product}", f"no such carrier: {product}"))
        raise InvalidError(Text("没有这种载体", "there is no such carrier"), faults=[fault], way_out=Text(f"可用：{'、'.join(VENDORS)}", f"use one of: {', '.join(VENDORS)}"))
    return VENDORS[product]


def _read(fields: Sequence[Field], values: Mapping[str, str], part: str) -> tuple[dict[str, str], list[Fault]]:
    """Known fields with their defaults (settings: only what differs from them), and every fault: missing, unknown, or not of the pattern. No fault quotes a value."""
    known = {field.name for field in fields}
    kept = {field.name: str(values.get(field.name) or "").strip() or field.default for field in fields}
    faults = [Fault(f"{part}.{name}", Text("没有这个字段", "there is no such field")) for name in values if name not in known]
    for field in fields:
        value, at = kept[field.name], f"{part}.{field.name}"
        if field.required and not value:
            faults.append(Fault(at, Text(f"请填写{field.label.zh}", f"{field.label.en} is missing")))
        elif value and field.pattern and not re.fullmatch(field.pattern, value, re.DOTALL):
            faults.append(Fault(at, Text(f"{field.label.zh}的格式不对。{field.help.zh}", f"{field.label.en} is not of the right form. {field.help.en}".strip())))
    # The default of a setting is not written down: where the vendor moves a limit, the account follows the newer one.
    left_out = {field.name: field.default for field in fields} if part == "settings" else {}
    return {name: value for name, value in kept.items() if value and value != left_out.get(name)}, faults


def _named(name: str) -> list[Fault]:
    return [] if 0 < len(name.strip()) <= 80 else [Fault("name", Text("1 到 80 个字", "1 to 80 characters"))]


def _sealed(secrets: Secrets, product: str, credentials: Mapping[str, str]) -> bytes:
    blob = secrets.seal([msgspec.json.encode(dict(credentials)).decode()], _context(product))[0]
    assert blob is not None
    return blob


def _context(product: str) -> str:
    return f"carriers credentials {product}"


def _one(row: Row[Any] | None) -> Account:
    if row is None:
        raise NotFoundError(Text("没有这个账号", "there is no such account"), way_out=Text("在账号列表中查看", "see the list of accounts"))
    return _account(row)


def _account(row: Row[Any]) -> Account:
    return Account(**{name: getattr(row, name) for name in Account.__dataclass_fields__})
