"""Subscription messages over HTTP: the library, the account's own templates, and sending with what people accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.registry import Endpoint, Json, Refusal
from siyu_sandbox.weixin.account import Account
from siyu_sandbox.weixin.events import hand_over, tell
from siyu_sandbox.weixin.notices import LIBRARY, NO_CREDIT, Template, fault_in

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

OK = {"errcode": 0, "errmsg": "ok"}
SCENE_CHARACTERS = 15
KEYWORDS = range(2, 6)
LANGUAGES = ("zh_CN", "en_US", "zh_HK", "zh_TW")
STATES = ("developer", "trial", "formal")
CATEGORY = {"id": 307, "name": "食品饮料"}


def add_template(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /wxaapi/newtmpl/addtemplate."""
    _allowed(account)
    tid, kids, scene = str(body.get("tid", "")), body.get("kidList"), str(body.get("sceneDesc") or "")
    public = LIBRARY.get(int(tid)) if tid.isdigit() else None
    if public is None:
        raise Refusal(200014, "invalid tid")
    known = {keyword.kid for keyword in public.keywords}
    if (
        not isinstance(kids, list)
        or len(kids) not in KEYWORDS
        or len(set(kids)) != len(kids)
        or not known.issuperset(kids)
    ):
        raise Refusal(200020, "invalid kidList")
    if len(scene) > SCENE_CHARACTERS:
        raise Refusal(200021, "invalid sceneDesc")
    if len(account.notices.templates) >= account.limits.templates:
        raise Refusal(200012, "template num exceeds limit")
    template = account.notices.add(account.appid, public.tid, kids, scene)
    return {**OK, "priTmplId": template.template_id}


def delete_template(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /wxaapi/newtmpl/deltemplate."""
    if account.notices.templates.pop(str(body.get("priTmplId")), None) is None:
        raise Refusal(200014, "invalid priTmplId")
    return OK


def list_templates(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """GET /wxaapi/newtmpl/gettemplate."""
    rows = [
        {
            "priTmplId": one.template_id,
            "title": one.title,
            "content": one.content,
            "example": one.example,
            "type": one.kind,
        }
        for one in account.notices.templates.values()
    ]
    return {**OK, "data": rows}


def categories(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """GET /wxaapi/newtmpl/getcategory."""
    return {**OK, "data": [CATEGORY]}


def library_titles(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """GET /wxaapi/newtmpl/getpubtemplatetitles."""
    start, limit = query.get("start", "0"), query.get("limit", "30")
    if not start.isdigit():
        raise Refusal(200016, "invalid start")
    if not limit.isdigit() or int(limit) > 30:
        raise Refusal(200017, "invalid limit")
    rows = [
        {"tid": one.tid, "title": one.title, "type": one.kind, "categoryId": str(one.category)}
        for one in LIBRARY.values()
    ]
    return {**OK, "count": len(rows), "data": rows[int(start) : int(start) + int(limit)]}


def library_keywords(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """GET /wxaapi/newtmpl/getpubtemplatekeywords."""
    tid = query.get("tid", "")
    if not tid.isdigit() or int(tid) not in LIBRARY:
        raise Refusal(200014, "invalid tid")
    keywords = LIBRARY[int(tid)].keywords
    rows = [{"kid": one.kid, "name": one.name, "example": one.example, "rule": one.rule} for one in keywords]
    return {**OK, "count": len(rows), "data": rows}


def _allowed(account: Account) -> None:
    if not account.may_notify:
        raise Refusal(48001)


def template_of(account: Account, template_id: object) -> Template:
    """Return one of the account's subscription templates."""
    template = account.notices.templates.get(str(template_id))
    if template is None:
        raise Refusal(40037)
    return template


def send(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/message/subscribe/send (小程序) and subscribe/bizsend (公众号): one acceptance, one message.

    Whoever does not follow an Official Account gets the notice all the same, among the service notices (服务通知).
    """
    _allowed(account)
    openid = body.get("touser")
    if not isinstance(openid, str) or openid not in account.people:
        raise Refusal(40003)
    template = template_of(account, body.get("template_id"))
    if body.get("miniprogram_state", "formal") not in STATES or body.get("lang", "zh_CN") not in LANGUAGES:
        raise Refusal(40097, "invalid args")
    if str(body.get("page") or "").startswith("/"):
        raise Refusal(41030, "invalid page")
    if not account.notices.may(openid, template):
        raise Refusal(NO_CREDIT, "user refuse to accept the msg")
    fault = fault_in(template, body.get("data"))
    if fault:
        raise Refusal(47003, fault)
    account.notices.use(openid, template)
    number = next(account.message_ids)
    extra = {name: body[name] for name in ("page", "miniprogram", "miniprogram_state") if body.get(name)}
    content = {"template_id": template.template_id, "title": template.title, "data": body["data"], **extra}
    hand_over(box, account, openid, "subscribe", content)
    entry = {"TemplateId": template.template_id, "MsgID": number, "ErrorCode": 0, "ErrorStatus": "success"}
    tell(box, account, openid, "subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": entry})
    return {**OK, "msgid": number}


def answer_popup(box: Sandbox, account: Account, openid: str, answers: dict[str, bool], scene: int) -> None:
    """Let somebody answer the popup for up to three templates, and tell the account."""
    rows = []
    for template_id, accepted in answers.items():
        template_of(account, template_id)
        account.notices.answer(openid, template_id, accepted)
        said = "accept" if accepted else "reject"
        rows.append({"TemplateId": template_id, "SubscribeStatusString": said, "PopupScene": scene})
    tell(box, account, openid, "subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": tuple(rows)})


def turn_off(box: Sandbox, account: Account, openid: str, template_id: str) -> None:
    """Let somebody turn a template off in the settings, and tell the account."""
    template_of(account, template_id)
    account.notices.turn_off(openid, template_id)
    row = {"TemplateId": template_id, "SubscribeStatusString": "reject"}
    tell(box, account, openid, "subscribe_msg_change_event", SubscribeMsgChangeEvent={"List": row})


def endpoints(product: str, send_path: str) -> tuple[Endpoint, ...]:
    """Return the addresses for one of the two products."""
    return (
        Endpoint("POST", "/wxaapi/newtmpl/addtemplate", add_template, product),
        Endpoint("POST", "/wxaapi/newtmpl/deltemplate", delete_template, product),
        Endpoint("GET", "/wxaapi/newtmpl/gettemplate", list_templates, product),
        Endpoint("GET", "/wxaapi/newtmpl/getcategory", categories, product),
        Endpoint("GET", "/wxaapi/newtmpl/getpubtemplatetitles", library_titles, product),
        Endpoint("GET", "/wxaapi/newtmpl/getpubtemplatekeywords", library_keywords, product),
        Endpoint("POST", send_path, send, product),
    )
