"""Template messages (模板消息) of service accounts: no window and no acceptance, but a template, and no marketing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.official_account.account import OfficialAccount
from siyu_sandbox.registry import Endpoint, Json, Refusal
from siyu_sandbox.weixin.account import short_id
from siyu_sandbox.weixin.conversation_api import person
from siyu_sandbox.weixin.events import hand_over, tell
from siyu_sandbox.weixin.notices import LIBRARY, ONE_TIME, Template, fault_in

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "official_account"
OK = {"errcode": 0, "errmsg": "ok"}
INDUSTRY = ("消费品", "消费品")


def set_industry(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/template/api_set_industry."""
    chosen = [str(body.get(name, "")) for name in ("industry_id1", "industry_id2")]
    if not all(one.isdigit() and 1 <= int(one) <= 41 for one in chosen):
        raise Refusal(40102, "invalid industry id")
    account.industries = (int(chosen[0]), int(chosen[1]))
    return OK


def get_industry(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/template/get_industry."""
    shown = {"first_class": INDUSTRY[0], "second_class": INDUSTRY[1]}
    return {"primary_industry": shown, "secondary_industry": shown}


def add(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/template/api_add_template: by the library's number, with the keywords wanted."""
    _allowed(account)
    tid = str(body.get("template_id_short", ""))
    public = LIBRARY.get(int(tid)) if tid.isdigit() else None
    if public is None:
        raise Refusal(40037, "invalid template_id_short")
    names = body.get("keyword_name_list") or [keyword.name for keyword in public.keywords]
    by_name = {keyword.name: keyword for keyword in public.keywords}
    if not isinstance(names, list) or not by_name.keys() >= set(names):
        raise Refusal(40246, "keyword not in template")
    if len(account.templates) >= account.limits.templates:
        raise Refusal(45026, "template num exceeds limit")
    keys = tuple((f"{by_name[name].rule}{by_name[name].kid}", by_name[name]) for name in names)
    template_id = short_id(f"{account.appid}:{tid}:{names}:{len(account.templates)}", 43)
    account.templates[template_id] = Template(template_id, public.title, ONE_TIME, "", keys)
    return {**OK, "template_id": template_id}


def show(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/template/get_all_private_template."""
    rows = [
        {
            "template_id": one.template_id,
            "title": one.title,
            "primary_industry": INDUSTRY[0],
            "deputy_industry": INDUSTRY[1],
            "content": one.content,
            "example": one.example,
        }
        for one in account.templates.values()
    ]
    return {"template_list": rows}


def delete(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/template/del_private_template."""
    if account.templates.pop(str(body.get("template_id")), None) is None:
        raise Refusal(40037)
    return OK


def _allowed(account: OfficialAccount) -> None:
    if not account.may_notify:
        raise Refusal(48001)


def send(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/message/template/send; what became of it comes as TEMPLATESENDJOBFINISH."""
    _allowed(account)
    template = account.templates.get(str(body.get("template_id")))
    if template is None:
        raise Refusal(40037)
    openid = body.get("touser")
    blocked = isinstance(openid, str) and openid in account.followers and account.refusal(openid) == 48002
    if not blocked:
        openid = person(account, openid)
    fault = fault_in(template, body.get("data"))
    if fault:
        raise Refusal(47003, fault)
    number = next(account.message_ids)
    status = "failed:user block" if blocked else "success"
    if not blocked:
        extra = {name: body[name] for name in ("url", "miniprogram") if body.get(name)}
        content = {
            "template_id": template.template_id,
            "title": template.title,
            "data": body["data"],
            **extra,
        }
        hand_over(box, account, str(openid), "template", content)
    tell(box, account, str(openid), "TEMPLATESENDJOBFINISH", MsgID=number, Status=status)
    return {**OK, "msgid": number}


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/template/api_set_industry", set_industry, PRODUCT),
    Endpoint("GET", "/cgi-bin/template/get_industry", get_industry, PRODUCT),
    Endpoint("POST", "/cgi-bin/template/api_add_template", add, PRODUCT),
    Endpoint("GET", "/cgi-bin/template/get_all_private_template", show, PRODUCT),
    Endpoint("POST", "/cgi-bin/template/del_private_template", delete, PRODUCT),
    Endpoint("POST", "/cgi-bin/message/template/send", send, PRODUCT),
)
