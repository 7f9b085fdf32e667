"""From unionid to external_userid (身份转换), or to a pending_id for who is no customer yet."""

from __future__ import annotations

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Caller, Corp

PENDING_SECONDS = 90 * 86400


class Pending:
    """pending_ids by phone, with the moment they were given."""

    def __init__(self) -> None:
        self.by_phone: dict[int, tuple[str, float]] = {}

    def of(self, corp: Corp, phone: int) -> str | None:
        """The pending_id of a phone, unless it has ended."""
        found = self.by_phone.get(phone)
        alive = found and found[1] + PENDING_SECONDS > corp.box.clock.now()
        return found[0] if found and alive else None


def from_unionid(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST idconvert/unionid_to_external_userid {unionid, openid, subject_type}."""
    corp = caller.corp
    unionid = checks.text(body, "unionid", 40058)
    checks.text(body, "openid", 40058)
    phone = corp.box.phones.by_unionid(unionid)
    if phone is None or not corp.wechat_bound:
        raise Refusal(40058, "invalid unionid")
    if len(corp.relations.listed(corp.relations.of_phone(phone))):
        return {"external_userid": corp.ids.one(phone)}
    pending = corp.shelf(Pending)
    held = pending.of(corp, phone)
    if held is None:
        held = new_id("pa", 32)
        pending.by_phone[phone] = (held, corp.box.clock.now())
    return {"pending_id": held}


def to_pending(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST idconvert/batch/external_userid_to_pending_id {external_userid ≤100, chat_id?}: who came after all."""
    corp, pending = caller.corp, caller.corp.shelf(Pending)
    rows = []
    for external_userid in checks.strings(body, "external_userid", 100):
        phone = corp.ids.phone(external_userid)
        held = pending.of(corp, phone) if phone else None
        if held:
            rows.append({"external_userid": external_userid, "pending_id": held})
    return {"result": rows}


ENDPOINTS = (
    post("idconvert/unionid_to_external_userid", from_unionid),
    post("idconvert/batch/external_userid_to_pending_id", to_pending),
)
