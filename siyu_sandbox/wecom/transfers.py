"""Handover of customers (在职继承, 离职继承): started by a call, done by itself after 24 hours unless refused."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.adding import TRANSFERRED, is_full
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.relations import LIVE, MOVED, ONE_WAY
from siyu_sandbox.wecom.world import Caller, Corp, Staff

DONE, WAITING, REFUSED, FULL, NO_RECORD = 1, 2, 3, 4, 5
DAY = 86400
WINDOW_DAYS = 90
RESIGNED_WITHIN = 365 * DAY
ASSIGNED = 202
REASONS = {REFUSED: "customer_refused", FULL: "customer_limit_exceed"}


@dataclass
class Transfer:
    """One customer on the way from one staff member to another."""

    giver: Staff
    taker: Staff
    phone: int
    row: int
    due: float
    status: int = WAITING


class Transfers:
    """The transfers of a corp, latest last; `begun` holds on-the-job ones per contact."""

    def __init__(self) -> None:
        self.all: list[Transfer] = []
        self.moving: dict[int, Transfer] = {}
        self.begun: defaultdict[int, list[float]] = defaultdict(list)


def giver_of(corp: Corp, userid: str, resigned: bool) -> Staff:
    """Who hands over: on the job, or gone for at most a year."""
    if not resigned:
        return corp.member(userid, 40003)
    if userid in corp.staff:
        raise Refusal(40097, "handover user is not resigned")
    gone = [s for s in corp.roster if s.userid == userid and s.resigned_at is not None]
    if not gone or (gone[-1].resigned_at or 0) < corp.box.clock.now() - RESIGNED_WITHIN:
        raise Refusal(40003, "invalid handover_userid")
    return gone[-1]


def _start(caller: Caller, body: Json, resigned: bool) -> Json:
    corp = caller.corp
    given, taken = checks.text(body, "handover_userid", 40003), checks.text(body, "takeover_userid", 40003)
    if given == taken:
        raise Refusal(40130, "handover and takeover are the same")
    giver, taker = giver_of(corp, given, resigned), corp.member(taken, 40003)
    if not taker.real_name:
        raise Refusal(40098, "takeover user not real-name")
    if not taker.active:
        raise Refusal(41054, "takeover user not activated")
    ids = checks.strings(body, "external_userid", 100)
    if not ids:
        raise Refusal(41035, "external_userid missing")
    if not resigned:
        checks.at_most_characters(checks.text(body, "transfer_success_msg"), 200, "transfer_success_msg")
    said = [{"external_userid": one, "errcode": _one(corp, giver, taker, one, resigned)} for one in ids]
    return {"customer": said}


def _one(corp: Corp, giver: Staff, taker: Staff, external_userid: str, resigned: bool) -> int:
    """Start one, answering its errcode; 0 is started."""
    shelf, relations, now = corp.shelf(Transfers), corp.relations, corp.box.clock.now()
    phone = corp.ids.phone(external_userid)
    if phone is None:
        return 40096
    row = relations.find(giver.number, phone)
    if row is None or relations.status[row] > ONE_WAY:
        return 40131
    if row in shelf.moving:
        return 40129
    recent = [at for at in shelf.begun[phone] if at > now - WINDOW_DAYS * DAY]
    if not resigned and len(recent) >= corp.limits.transfers_per_90_days:
        return 40128
    if is_full(corp, taker):
        return 40099
    if not resigned:
        shelf.begun[phone] = [*recent, now]
    transfer = Transfer(giver, taker, phone, row, now + corp.limits.transfer_hours * 3600)
    shelf.all.append(transfer)
    shelf.moving[row] = transfer
    refuses = not resigned and corp.random.random() < corp.habits.refuse_transfer
    if refuses:
        corp.box.clock.at((now + transfer.due) / 2, lambda: fail(corp, transfer, REFUSED))
    corp.box.clock.at(transfer.due, lambda: _complete(corp, transfer))
    return 0


def fail(corp: Corp, transfer: Transfer, status: int) -> None:
    """The customer refused, or the taker is full."""
    if transfer.status != WAITING:
        return
    transfer.status = status
    corp.shelf(Transfers).moving.pop(transfer.row, None)
    corp.tell(
        "change_external_contact",
        "transfer_fail",
        FailReason=REASONS[status],
        UserID=transfer.taker.userid,
        ExternalUserID=corp.ids.one(transfer.phone),
    )


def _complete(corp: Corp, transfer: Transfer) -> None:
    relations = corp.relations
    if transfer.status != WAITING:
        return
    if relations.status[transfer.row] > ONE_WAY:
        corp.shelf(Transfers).moving.pop(transfer.row, None)
        transfer.status = NO_RECORD
        return
    if is_full(corp, transfer.taker):
        fail(corp, transfer, FULL)
        return
    transfer.status = DONE
    corp.shelf(Transfers).moving.pop(transfer.row, None)
    relations.status[transfer.row] = MOVED
    external_userid = corp.ids.one(transfer.phone)
    giver, taker = transfer.giver, transfer.taker
    told = {"UserID": giver.userid, "ExternalUserID": external_userid, "Source": TRANSFERRED}
    corp.tell("change_external_contact", "del_external_contact", **told)
    known = relations.find(taker.number, transfer.phone)
    if known is not None and relations.status[known] == LIVE:
        return
    state = relations.state_of(transfer.row)
    row = relations.add(taker.number, transfer.phone, corp.box.clock.now(), state, ASSIGNED)
    old = relations.details.get(transfer.row)
    if old:
        relations.detail(row).tags = list(old.tags)
        relations.detail(row).remark = old.remark
    told = {"UserID": taker.userid, "ExternalUserID": external_userid}
    corp.tell("change_external_contact", "add_external_contact", **told, State=state or None)


def _result(caller: Caller, body: Json, resigned: bool) -> Json:
    corp = caller.corp
    given, taken = checks.text(body, "handover_userid", 40003), checks.text(body, "takeover_userid", 40003)
    giver = giver_of(corp, given, resigned)
    rows = [t for t in corp.shelf(Transfers).all if t.giver is giver and t.taker.userid == taken]
    page, cursor = checks.slice_page(rows, body, 1000, 1000)
    ids = corp.ids.many([one.phone for one in page])
    shown = []
    for external_userid, one in zip(ids, page, strict=True):
        times = {"takeover_time": int(one.due)} if one.status in (DONE, WAITING) else {}
        shown.append({"external_userid": external_userid, "status": one.status, **times})
    return {"customer": shown} | ({"next_cursor": cursor} if cursor else {})


def on_job(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST transfer_customer {handover_userid, takeover_userid, external_userid ≤100, transfer_success_msg ≤200}."""
    return _start(caller, body, resigned=False)


def on_job_result(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST transfer_result."""
    return _result(caller, body, resigned=False)


def resigned(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST resigned/transfer_customer."""
    return _start(caller, body, resigned=True)


def resigned_result(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST resigned/transfer_result."""
    return _result(caller, body, resigned=True)


def unassigned(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_unassigned_list {page_size ≤1000, cursor}: customers of people who left, not yet moving."""
    corp = caller.corp
    moving = corp.shelf(Transfers).moving
    rows = [
        (staff, row)
        for staff in corp.roster
        if staff.resigned_at is not None
        for row in corp.relations.listed(corp.relations.of_staff(staff.number)).tolist()
        if row not in moving
    ]
    sized = {**body, "limit": checks.page_size(body, 1000, 1000, "page_size")}
    page, cursor = checks.slice_page(rows, sized, 1000, 1000)
    ids = corp.ids.many([int(corp.relations.phone[row]) for _, row in page])
    info = [
        {
            "handover_userid": staff.userid,
            "external_userid": one,
            "dimission_time": int(staff.resigned_at or 0),
        }
        for one, (staff, _) in zip(ids, page, strict=True)
    ]
    return {"info": info, "is_last": not cursor, "next_cursor": cursor}


ENDPOINTS = (
    post("externalcontact/transfer_customer", on_job),
    post("externalcontact/transfer_result", on_job_result),
    post("externalcontact/resigned/transfer_customer", resigned),
    post("externalcontact/resigned/transfer_result", resigned_result),
    post("externalcontact/get_unassigned_list", unassigned),
)
