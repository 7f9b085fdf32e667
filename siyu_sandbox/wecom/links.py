"""Acquisition links (获客链接): a URL whose opener adds staff; each new customer costs one of a bought balance."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from siyu_sandbox.registry import ControlFault, Json, Refusal
from siyu_sandbox.wecom import adding, checks
from siyu_sandbox.wecom.endpoints import get, post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Caller, Corp

LINK_URL = "https://work.weixin.qq.com/ca/{}"
BY_LINK = 16
BALANCE_LOW = 100
DAY = 86400
KEPT_DAYS = 180
CHATTED, SILENT = 1, 0


@dataclass
class Link:
    """One link, and who came by it as rows of relations."""

    link_id: str
    name: str
    created: int
    users: list[str]
    departments: list[int]
    skip_verify: bool = True
    priority: Json | None = None
    clicks: list[float] = field(default_factory=list)
    came: list[tuple[int, str, str, float]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What people open."""
        return LINK_URL.format(self.link_id)


class Links:
    """The links of a corp and the balance they live on."""

    def __init__(self) -> None:
        self.all: dict[str, Link] = {}
        self.total = self.balance = 10_000


def _range(corp: Corp, body: Json) -> tuple[list[str], list[int]]:
    given = checks.record(body, "range")
    users, parties = checks.strings(given, "user_list", 500), checks.numbers(given, "department_list")
    if not users and not parties:
        raise Refusal(40058, "range empty")
    for userid in users:
        corp.member(userid, 40003)
    if unknown := [one for one in parties if one not in corp.departments]:
        raise Refusal(60003, f"department {unknown[0]} not found")
    return users, parties


def create(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST customer_acquisition/create_link {link_name, range, skip_verify, priority_option}."""
    corp, shelf = caller.corp, caller.corp.shelf(Links)
    if len(shelf.all) >= corp.limits.links:
        raise Refusal(41095, "too many links")
    name = checks.at_most_characters(checks.text(body, "link_name", 40058), 30, "link_name")
    users, parties = _range(corp, body)
    link = Link(new_id("cawcde", 20), name, corp.box.clock.second(), users, parties)
    link.skip_verify, link.priority = bool(body.get("skip_verify", True)), body.get("priority_option")
    shelf.all[link.link_id] = link
    return {"link": _head(link)}


def _head(link: Link) -> Json:
    return {"link_id": link.link_id, "link_name": link.name, "url": link.url, "create_time": link.created}


def _link(corp: Corp, body: Json) -> Link:
    found = corp.shelf(Links).all.get(checks.text(body, "link_id", 40058))
    if found is None:
        raise Refusal(40058, "invalid link_id")
    return found


def details(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST customer_acquisition/get {link_id}."""
    link = _link(caller.corp, body)
    found: Json = {"link": _head(link) | {"skip_verify": link.skip_verify}}
    found["range"] = {"user_list": link.users, "department_list": link.departments}
    return found | ({"priority_option": link.priority} if link.priority else {})


def listing(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST customer_acquisition/list_link {limit ≤100, cursor}."""
    page, cursor = checks.slice_page(list(caller.corp.shelf(Links).all), body, 100, 100)
    return {"link_id_list": page, "next_cursor": cursor}


def update(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST customer_acquisition/update_link: what is given replaces."""
    link = _link(caller.corp, body)
    if "link_name" in body:
        link.name = checks.at_most_characters(checks.text(body, "link_name", 40058), 30, "link_name")
    if "range" in body:
        link.users, link.departments = _range(caller.corp, body)
    link.skip_verify = bool(body.get("skip_verify", link.skip_verify))
    link.priority = body.get("priority_option", link.priority)


def delete(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST customer_acquisition/delete_link {link_id}."""
    del caller.corp.shelf(Links).all[_link(caller.corp, body).link_id]


def customers(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST customer_acquisition/customer {link_id, limit ≤1000, cursor}."""
    corp, link = caller.corp, _link(caller.corp, body)
    page, cursor = checks.slice_page(link.came, body, 1000, 1000)
    rows = [
        {"external_userid": corp.ids.one(phone), "userid": userid, "chat_status": SILENT, "state": state}
        for phone, userid, state, _ in page
    ]
    return {"customer_list": rows, "next_cursor": cursor}


def statistic(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST customer_acquisition/statistic {link_id, start_time, end_time}: within the last 180 days."""
    link = _link(caller.corp, body)
    start, end = checks.whole(body, "start_time"), checks.whole(body, "end_time")
    if end < start or start < caller.corp.box.clock.now() - KEPT_DAYS * DAY:
        raise Refusal(40058, "invalid start_time")
    return {
        "click_link_customer_cnt": sum(start <= at <= end for at in link.clicks),
        "new_customer_cnt": sum(start <= at <= end for *_, at in link.came),
    }


def quota(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET customer_acquisition_quota."""
    shelf = caller.corp.shelf(Links)
    expires = caller.corp.box.clock.second() + 365 * DAY
    rows = [{"expire_date": expires, "balance": shelf.balance}]
    return {"total": shelf.total, "balance": shelf.balance, "quota_list": rows}


def opened(corp: Corp, link: Link, phone: int, address: str) -> Json:
    """A phone opens the link; `customer_channel` becomes the relation's state."""
    shelf, now = corp.shelf(Links), corp.box.clock.now()
    link.clicks.append(now)
    if shelf.balance <= 0:
        corp.tell("customer_acquisition", "balance_exhausted")
        raise ControlFault("the balance of acquisition links is used up", 409)
    channel = parse_qs(urlsplit(address).query).get("customer_channel", [""])[0]
    state = channel if len(channel.encode()) <= corp.limits.channel_bytes else ""
    able = {staff.userid: staff for staff in corp.members_in(link.departments)}
    able |= {userid: corp.staff[userid] for userid in link.users if userid in corp.staff}
    if not able:
        corp.tell("customer_acquisition", "link_unavailable", LinkId=link.link_id)
        raise ControlFault("nobody answers this link", 409)
    staff = corp.random.choice(list(able.values()))
    happened = adding.add(corp, staff, phone, state, BY_LINK)
    if happened["result"] == "added":
        link.came.append((phone, staff.userid, state, now))
        shelf.balance -= 1
        if shelf.balance == BALANCE_LOW:
            corp.tell("customer_acquisition", "balance_low")
    return happened


PREFIX = "externalcontact/customer_acquisition"
ENDPOINTS = (
    post(f"{PREFIX}/create_link", create),
    post(f"{PREFIX}/get", details),
    post(f"{PREFIX}/list_link", listing),
    post(f"{PREFIX}/update_link", update),
    post(f"{PREFIX}/delete_link", delete),
    post(f"{PREFIX}/customer", customers),
    post(f"{PREFIX}/statistic", statistic),
    get("externalcontact/customer_acquisition_quota", quota),
)
