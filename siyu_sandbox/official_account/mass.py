"""Mass sends (群发): one a day for a subscription account, four a month and follower for a service account.

`clientmsgid` makes a repeated call harmless: within 24 hours it answers 45065 with the number of the first.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from siyu_sandbox.registry import Endpoint, Json, Refusal
from siyu_sandbox.weixin.conversation_api import content_of
from siyu_sandbox.weixin.events import hand_over, tell

if TYPE_CHECKING:
    from siyu_sandbox.official_account.account import Follower, OfficialAccount
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "official_account"
KINDS = {"mpnews", "text", "voice", "image", "mpvideo", "wxcard"}
CLIENT_ID_BYTES = 64
SAME_SECONDS = 86_400
TOO_SOON_SECONDS = 60
BEIJING = ZoneInfo("Asia/Shanghai")


@dataclass
class Job:
    """One mass send; `status` as `mass/get` names it."""

    msg_id: int
    data_id: int
    client_id: str
    at: float
    tried_at: float
    to_all: bool
    status: str = "SENDING"
    receivers: list[str] = field(default_factory=list)


def send_to_tag(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/message/mass/sendall."""
    chosen = body.get("filter")
    if not isinstance(chosen, dict):
        raise Refusal(40050, "filter is invalid")
    if chosen.get("is_to_all") is True:
        return _send(box, account, body, list(account.followers), to_all=True)
    tag = str(chosen.get("tag_id", chosen.get("group_id", "")))
    if not tag.isdigit() or int(tag) not in account.tags:
        raise Refusal(45159, "invalid tagid")
    openids = [one.openid for one in account.followers.values() if int(tag) in one.tags]
    return _send(box, account, body, openids, to_all=False)


def send_to_list(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/message/mass/send."""
    if account.kind != "service":
        raise Refusal(48001)
    wanted = body.get("touser")
    if not isinstance(wanted, list) or not 2 <= len(wanted) <= account.limits.mass_receivers:
        raise Refusal(40130, "invalid openid list size, at least two openid")
    if any(not isinstance(openid, str) or openid not in account.people for openid in wanted):
        raise Refusal(40003)
    return _send(box, account, body, list(dict.fromkeys(wanted)), to_all=False)


def _send(box: Sandbox, account: OfficialAccount, body: Json, openids: list[str], to_all: bool) -> Json:
    now = box.clock.now()
    kind, content = _content(box, account, body)
    client_id = _client_id(body)
    _refuse_repeat(account, client_id, now)
    _refuse_over_quota(account, to_all, now)
    number = next(account.message_ids)
    job = Job(number, number + 1_000_000_000, client_id, now, now, to_all)
    account.jobs[number] = job
    counts = _hand_out(box, account, job, openids, kind, content)
    job.status = "SEND_SUCCESS"
    # The result is about nobody; the vendor puts an openid there all the same.
    about = openids[0] if openids else account.original_id
    zero = {"Count": 0, "ResultList": "", "CheckState": 1}
    tell(
        box, account, about, "MASSSENDJOBFINISH", MsgID=number, Status="send success",
        **counts, CopyrightCheckResult=zero, ArticleUrlResult={"Count": 0, "ResultList": ""},
    )  # fmt: skip
    data = {"msg_data_id": job.data_id} if kind == "mpnews" else {}
    return {"errcode": 0, "errmsg": "send job submission success", "msg_id": number, **data}


def _content(box: Sandbox, account: OfficialAccount, body: Json) -> tuple[str, Json]:
    kind, content = content_of(box, account, body, KINDS)
    if kind == "mpnews":
        draft = account.drafts.get(content["media_id"])
        if draft is None:
            raise Refusal(40007, "invalid media_id")
        return kind, {"media_id": content["media_id"], "articles": draft["news_item"]}
    return kind, content


def _client_id(body: Json) -> str:
    """Return the caller's id, or one that follows from content and receivers, as the vendor makes it."""
    given = body.get("clientmsgid")
    if given:
        if len(str(given).encode()) > CLIENT_ID_BYTES:
            raise Refusal(45067, "clientmsgid size out of limit")
        return str(given)
    return hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()


def _refuse_repeat(account: OfficialAccount, client_id: str, now: float) -> None:
    for job in account.jobs.values():
        if job.client_id != client_id or now - job.at >= SAME_SECONDS or job.status == "DELETE":
            continue
        if now - job.tried_at < TOO_SOON_SECONDS:
            raise Refusal(45066, "clientmsgid retry too fast")
        job.tried_at = now
        raise Refusal(45065, "clientmsgid exist", msg_id=job.msg_id, msg_data_id=job.data_id)


def day_of(at: float) -> str:
    """Return the natural day in China, `2026-01-31`."""
    return dt.datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d")


def _refuse_over_quota(account: OfficialAccount, to_all: bool, now: float) -> None:
    today = [job for job in account.jobs.values() if day_of(job.at) == day_of(now)]
    if account.kind == "subscription" and len(today) >= account.limits.mass_per_day:
        raise Refusal(45028, "has no masssend quota")
    if to_all and any(job.to_all for job in today):
        raise Refusal(45028, "has no masssend quota")


def _hand_out(
    box: Sandbox, account: OfficialAccount, job: Job, openids: list[str], kind: str, content: Json
) -> Json:
    """Deliver to all who may get it; return the counts of the result event."""
    month = day_of(job.at)[:7]
    errors = 0
    phones = []
    for openid in openids:
        follower = account.followers.get(openid)
        if (
            follower is None
            or follower.refuses
            or openid in account.blacklist
            or not _within_month(account, follower, month)
        ):
            errors += 1
            continue
        job.receivers.append(openid)
        phones.append(follower.phone)
    box.phones.broadcast(phones, PRODUCT, account.appid, account.name, kind, content | {"mass": job.msg_id})
    sent = len(job.receivers)
    return {"TotalCount": len(openids), "FilterCount": len(openids), "SentCount": sent, "ErrorCount": errors}


def _within_month(account: OfficialAccount, follower: Follower, month: str) -> bool:
    """Count a message against the follower's month; say whether it was still free."""
    if account.kind == "subscription":
        return True
    had = follower.mass_months.get(month, 0)
    if had >= account.limits.mass_per_month:
        return False
    follower.mass_months[month] = had + 1
    return True


def preview(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/message/mass/preview: to one follower, outside the quota."""
    openid = body.get("touser")
    if not isinstance(openid, str) or openid not in account.followers:
        raise Refusal(40003)
    kind, content = _content(box, account, body)
    hand_over(box, account, openid, kind, content | {"preview": True})
    return {"errcode": 0, "errmsg": "preview success"}


def _job(account: OfficialAccount, number: Any) -> Job:
    job = account.jobs.get(int(number)) if str(number).isdigit() else None
    if job is None:
        raise Refusal(40059, "invalid msg id")
    return job


def status(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/message/mass/get."""
    job = _job(account, body.get("msg_id"))
    return {"msg_id": job.msg_id, "msg_status": job.status}


def delete(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/message/mass/delete: the article is gone, the message was read by whoever read it."""
    _job(account, body.get("msg_id")).status = "DELETE"
    return {"errcode": 0, "errmsg": "ok"}


def speed(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/message/mass/speed/get."""
    return {"speed": 0, "realspeed": 80}


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/message/mass/sendall", send_to_tag, PRODUCT),
    Endpoint("POST", "/cgi-bin/message/mass/send", send_to_list, PRODUCT),
    Endpoint("POST", "/cgi-bin/message/mass/preview", preview, PRODUCT),
    Endpoint("POST", "/cgi-bin/message/mass/get", status, PRODUCT),
    Endpoint("POST", "/cgi-bin/message/mass/delete", delete, PRODUCT),
    Endpoint("POST", "/cgi-bin/message/mass/speed/get", speed, PRODUCT),
)
