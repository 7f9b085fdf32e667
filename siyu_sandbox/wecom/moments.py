"""Moments (客户朋友圈): a job becomes a post, the post a task for every staff member, who may publish it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.behaviour import day_of
from siyu_sandbox.wecom.endpoints import get, post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.media import MOMENT, medium
from siyu_sandbox.wecom.relations import Rows
from siyu_sandbox.wecom.sends import NEVER, decision
from siyu_sandbox.wecom.tags import TagLibrary
from siyu_sandbox.wecom.world import Caller, Corp, Staff

IMAGES = 9
LINK_TITLE_BYTES = 64
DAY = 86400
STARTED, RUNNING, DONE = 1, 2, 3


@dataclass
class Part:
    """One staff member's part: `rows` of customers chosen, `reached` once it is published."""

    staff: Staff
    rows: Rows
    published_at: int = 0
    reached: Rows = field(default_factory=lambda: np.zeros(0, np.int64))
    likes: dict[int, int] = field(default_factory=dict)
    comments: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Moment:
    """One post."""

    moment_id: str
    created: int
    content: Json
    public: bool
    parts: dict[str, Part]
    cancelled: bool = False

    def shown(self) -> Json:
        """As get_moment_list answers it."""
        head = {"moment_id": self.moment_id, "create_time": str(self.created), "create_type": 0}
        return {**head, "visible_type": int(self.public), **self.content}


@dataclass
class Job:
    """What add_moment_task began."""

    moment: Moment
    ready: float
    wrong: Json


class Moments:
    """Jobs and posts of a corp."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.all: dict[str, Moment] = {}
        self.seen: Counter[tuple[int, int]] = Counter()


def add(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST add_moment_task {text, attachments, visible_range} → jobid."""
    corp, shelf = caller.corp, caller.corp.shelf(Moments)
    said = _content(corp, body)
    senders, wrong = _range(corp, checks.record(body, "visible_range"))
    tags = set(checks.strings(_customers(body), "tag_list"))
    parts = {staff.userid: Part(staff, _rows(corp, staff, tags)) for staff in senders}
    moment = Moment(new_id("mom"), corp.box.clock.second(), said, not tags, parts)
    jobid = new_id("job", 40)
    ready = corp.box.clock.now() + corp.limits.moment_dispatch_seconds
    shelf.jobs[jobid] = Job(moment, ready, wrong)
    corp.box.clock.at(ready, lambda: _dispatch(corp, moment))
    return {"jobid": jobid}


def _content(corp: Corp, body: Json) -> Json:
    text = checks.text(checks.record(body, "text"), "content")
    checks.at_most_characters(text, corp.limits.moment_characters, "text.content")
    checks.at_most_bytes(text, corp.limits.moment_bytes, "text.content")
    listed = checks.records(body, "attachments")
    kinds = [str(one.get("msgtype")) for one in listed]
    if not text and not listed:
        raise Refusal(41089, "attachments and text can not be both empty")
    most = {"image": IMAGES, "video": 1, "link": 1}
    if len(set(kinds)) > 1 or (kinds and kinds[0] not in most):
        raise Refusal(41065, "invalid attachments msgtype")
    if kinds and len(kinds) > most[kinds[0]]:
        raise Refusal(41064, "attachments over limit")
    found: Json = {"text": {"content": text}} if text else {}
    if kinds:
        inner = [_attachment(corp, kinds[0], one.get(kinds[0])) for one in listed]
        found[kinds[0]] = inner if kinds[0] == "image" else inner[0]
    return found


def _attachment(corp: Corp, kind: str, given: Any) -> Json:
    if not isinstance(given, dict):
        raise Refusal(41065, f"{kind} missing")
    if kind == "link":
        checks.text(given, "url", 41010)
        checks.at_most_bytes(checks.text(given, "title"), LINK_TITLE_BYTES, "link.title")
        if given.get("media_id"):
            medium(corp, given["media_id"], ("image",), MOMENT)
    else:
        medium(corp, given.get("media_id"), (kind,), MOMENT)
    return given


def _customers(body: Json) -> Json:
    return checks.record(checks.record(body, "visible_range"), "external_contact_list")


def _range(corp: Corp, given: Json) -> tuple[list[Staff], Json]:
    """Who sends, and what of the range was wrong."""
    senders = checks.record(given, "sender_list")
    users = checks.strings(senders, "user_list", corp.limits.moment_senders)
    parties = checks.numbers(senders, "department_list")
    tags = checks.strings(checks.record(given, "external_contact_list"), "tag_list")
    known = set(corp.shelf(TagLibrary).group_of)
    wrong = {
        "invalid_sender_list": {
            "user_list": [one for one in users if one not in corp.staff],
            "department_list": [one for one in parties if one not in corp.departments],
        },
        "invalid_external_contact_list": {"tag_list": [one for one in tags if one not in known]},
    }
    chosen = {staff.userid: staff for staff in corp.members_in(parties)}
    chosen |= {userid: corp.staff[userid] for userid in users if userid in corp.staff}
    if not users and not parties:
        chosen = dict(corp.staff)
    return [staff for staff in chosen.values() if staff.external], wrong


def _rows(corp: Corp, staff: Staff, tags: set[str]) -> Rows:
    rows = corp.relations.live(corp.relations.of_staff(staff.number))
    if not tags:
        return rows
    details = corp.relations.details
    chosen = [row for row in rows.tolist() if row in details and tags & set(details[row].tags)]
    return np.array(chosen, np.int64)


def _dispatch(corp: Corp, moment: Moment) -> None:
    corp.shelf(Moments).all[moment.moment_id] = moment
    for part in moment.parts.values():
        if (seconds := decision(corp, part.staff)) not in (None, NEVER):
            corp.box.clock.after(seconds, partial(publish, corp, moment, part))


def publish(corp: Corp, moment: Moment, part: Part) -> bool:
    """The staff member taps 发表; friends of then see it, as often a day as the limit lets them."""
    if moment.cancelled or part.published_at or part.staff.resigned_at is not None:
        return False
    part.published_at = corp.box.clock.second()
    rows = corp.relations.live(part.rows)
    if most := corp.limits.moments_per_customer_day:
        seen, today = corp.shelf(Moments).seen, day_of(corp.box.clock.now())
        keys = [(int(phone), today) for phone in corp.relations.phone[rows]]
        rows = rows[[seen[key] < most for key in keys]]
        seen.update(keys)
    part.reached = rows
    phones = corp.relations.phone[rows]
    corp.box.phones.broadcast(phones, "wecom", corp.corpid, part.staff.userid, "moment", moment.content)
    return True


def job_result(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET get_moment_task_result?jobid."""
    corp = caller.corp
    job = corp.shelf(Moments).jobs.get(query.get("jobid", ""))
    if job is None or corp.box.clock.now() > job.ready + DAY:
        raise Refusal(40058, "invalid jobid")
    if corp.box.clock.now() < job.ready:
        return {"status": RUNNING, "type": "add_moment_task"}
    _dispatched(corp, job.moment)
    result = {"errcode": 0, "errmsg": "ok", "moment_id": job.moment.moment_id, **job.wrong}
    return {"status": DONE, "type": "add_moment_task", "result": result}


def _dispatched(corp: Corp, moment: Moment) -> None:
    """Time may have come between two ticks of the clock."""
    if moment.moment_id not in corp.shelf(Moments).all:
        corp.box.clock.run_due()


def moment_of(corp: Corp, body: Json) -> Moment:
    """The post that a call names."""
    moment_id = checks.text(body, "moment_id", 41059)
    found = corp.shelf(Moments).all.get(moment_id)
    if found is None:
        raise Refusal(41060, "invalid moment_id")
    return found


def part_of(corp: Corp, body: Json, published: bool = True) -> Part:
    """One staff member's part of it; 41061 not a sender, 41062 not yet published."""
    moment = moment_of(corp, body)
    part = moment.parts.get(checks.text(body, "userid", 40003))
    if part is None:
        raise Refusal(41061, "userid is no sender of this moment")
    if published and not part.published_at:
        raise Refusal(41062, "moment is not published by userid")
    return part


def cancel(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST cancel_moment_task {moment_id}: what is unpublished stays so."""
    moment_of(caller.corp, body).cancelled = True


def listing(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_moment_list {start_time, end_time, creator, filter_type, cursor, limit ≤20}."""
    start, end = checks.whole(body, "start_time"), checks.whole(body, "end_time")
    if end < start or end - start > 30 * DAY:
        raise Refusal(40058, "time span over 30 days")
    corp = caller.corp
    wanted = checks.whole(body, "filter_type", 2)
    rows = [one for one in corp.shelf(Moments).all.values() if start <= one.created <= end and wanted != 1]
    page, cursor = checks.slice_page(rows, body, corp.limits.moment_page, corp.limits.moment_page)
    return {"moment_list": [one.shown() for one in page], "next_cursor": cursor}


def tasks(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_moment_task {moment_id, cursor, limit}: who has published."""
    parts = list(moment_of(caller.corp, body).parts.values())
    page, cursor = checks.slice_page(parts, body, 500, 1000)
    shown = [{"userid": one.staff.userid, "publish_status": int(bool(one.published_at))} for one in page]
    return {"task_list": shown, "next_cursor": cursor}


def chosen(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_moment_customer_list {moment_id, userid}: the range as chosen."""
    corp, part = caller.corp, part_of(caller.corp, body, published=False)
    page, cursor = checks.slice_page(part.rows.tolist(), body, 500, 1000)
    ids = corp.ids.many(corp.relations.phone[page].tolist())
    rows = [{"userid": part.staff.userid, "external_userid": one} for one in ids]
    return {"customer_list": rows, "next_cursor": cursor}


def reached(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_moment_send_result {moment_id, userid}: who can truly see it."""
    corp, part = caller.corp, part_of(caller.corp, body)
    page, cursor = checks.slice_page(part.reached.tolist(), body, 3000, 5000)
    ids = corp.ids.many(corp.relations.phone[page].tolist())
    return {"customer_list": [{"external_userid": one} for one in ids], "next_cursor": cursor}


def comments(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_moment_comments {moment_id, userid}: who liked and commented, without words."""
    corp, part = caller.corp, part_of(caller.corp, body)
    liked = [{"external_userid": corp.ids.one(p), "create_time": at} for p, at in part.likes.items()]
    said = [{"external_userid": corp.ids.one(p), "create_time": at} for p, at in part.comments]
    return {"comment_list": said, "like_list": liked}


ENDPOINTS = (
    post("externalcontact/add_moment_task", add),
    get("externalcontact/get_moment_task_result", job_result),
    post("externalcontact/cancel_moment_task", cancel),
    post("externalcontact/get_moment_list", listing),
    post("externalcontact/get_moment_task", tasks),
    post("externalcontact/get_moment_customer_list", chosen),
    post("externalcontact/get_moment_send_result", reached),
    post("externalcontact/get_moment_comments", comments),
)
