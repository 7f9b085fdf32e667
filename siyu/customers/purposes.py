"""Purposes 用途: what a brand uses people's data for, in the words that people read, each change of them a new version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select

from siyu.customers import _consent_tables as _t
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

Basis = Literal["consent", "contract", "legal_duty"]
BASES: dict[Basis, Text] = {
    "consent": Text("本人同意", "consent"),
    "contract": Text("履行合同所必需", "needed for a contract"),
    "legal_duty": Text("法定义务", "a legal duty"),
}
ALL_CARRIERS = ""
CARRIERS: dict[str, Text] = {
    "wecom": Text("企业微信", "WeCom"),
    "official_account": Text("公众号", "WeChat official account"),
    "mini_program": Text("小程序", "WeChat mini program"),
    "sms": Text("短信", "Text message"),
    "email": Text("邮件", "E-mail"),
    "phone": Text("电话", "Phone call"),
}


@dataclass(frozen=True)
class Purpose:
    """One purpose, as people read it. `basis` says on what it rests (PIPL art. 13)."""

    purpose: str
    version: int
    name: Text
    wording: Text
    basis: Basis


PURPOSES: dict[str, Purpose] = {
    one.purpose: one
    for one in (
        Purpose("promotion", 1, Text("优惠与促销", "Offers and promotions"),
                Text("给你发送优惠、活动和新品消息。", "Send you offers, campaigns and news of products."), "consent"),
        Purpose("content", 1, Text("有用的内容", "Useful content"),
                Text("给你发送使用方法、保养知识等与你买过的东西有关的内容，不含促销。", "Send you advice about what you have bought, without promotion."), "consent"),
        Purpose("service", 1, Text("订单与售后", "Orders and service"),
                Text("告诉你订单、发货、售后和会员权益的变化。", "Tell you about your orders, deliveries, returns and membership."), "contract"),
        Purpose("profiling", 1, Text("个性化推荐", "Personalisation"),
                Text("根据你的购买和浏览，判断你可能喜欢什么，决定给你看什么。", "Work out from your purchases and visits what you may like and what to show you."), "consent"),
        Purpose("sharing", 1, Text("与第三方共享", "Sharing with others"),
                Text("把你的信息提供给我们的合作方，用于他们自己的服务。", "Give your data to our partners for services of their own."), "consent"),
    )
}  # fmt: skip


def purposes(tx: Connection) -> dict[str, Purpose]:
    """Every purpose in its newest version."""
    t = _t.purpose
    newest = select(t.c.purpose, func.max(t.c.version).label("version")).group_by(t.c.purpose).subquery()
    rows = tx.execute(select(t).join(newest, (t.c.purpose == newest.c.purpose) & (t.c.version == newest.c.version)))
    own = {row.purpose: _purpose(row) for row in rows}
    return {name: own.get(name, one) for name, one in PURPOSES.items()}


def versions(tx: Connection, purpose: str) -> list[Purpose]:
    """Every wording that a purpose ever had, oldest first: what somebody agreed to can always be read."""
    t = _t.purpose
    rows = tx.execute(select(t).where(t.c.purpose == purpose).order_by(t.c.version))
    return [PURPOSES[purpose], *(_purpose(row) for row in rows)]


def reword(tx: Connection, purpose: str, *, name: Text, wording: Text, basis: str, by: str, now: datetime) -> Purpose:
    """Give a purpose other words or another basis: a new version; statements already made keep theirs.

    Raises
    ------
    InvalidError
    """
    faults = [
        Fault(field, Text("不能为空", "must not be empty"))
        for field, value in (("name.zh", name.zh), ("name.en", name.en), ("wording.zh", wording.zh), ("wording.en", wording.en))
        if not value.strip()
    ]
    if basis not in BASES:
        faults.append(Fault("basis", Text(f"可用：{'、'.join(BASES)}", f"use {', '.join(BASES)}")))
    if basis != "consent" and purpose in ("promotion", "sharing", "profiling"):
        faults.append(Fault("basis", Text("这个用途只能以本人同意为依据", "this purpose can rest on consent only")))
    if faults:
        raise InvalidError(Text("用途的文字有误", "the wording is not valid"), faults=faults)
    version = versions(tx, purpose)[-1].version + 1
    tx.execute(_t.purpose.insert().values(
        purpose=purpose, version=version, name_zh=name.zh.strip(), name_en=name.en.strip(), wording_zh=wording.zh.strip(),
        wording_en=wording.en.strip(), basis=basis, created_at=now, created_by=by[:80],
    ))  # fmt: skip
    return purposes(tx)[purpose]


def _purpose(row: object) -> Purpose:
    return Purpose(row.purpose, row.version, Text(row.name_zh, row.name_en), Text(row.wording_zh, row.wording_en), row.basis)  # type: ignore[attr-defined]
