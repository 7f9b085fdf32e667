"""微信客服, the calls and what customers do there."""

from __future__ import annotations

from siyu_sandbox.phones import Phone
from siyu_sandbox.registry import Action, ControlFault, Json, Refusal
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom import checks, desks
from siyu_sandbox.wecom.actions import corp_in
from siyu_sandbox.wecom.desks import Conversation, Desk, Desks
from siyu_sandbox.wecom.endpoints import get, post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Caller, Corp

KINDS = ("text", "image", "voice", "video", "file", "link", "miniprogram", "msgmenu", "location")
SERVICE_URL = "https://work.weixin.qq.com/kfid/{}?enc_scene={}"
# From each state, where the API may move a conversation.
MOVES = {0: (1, 2, 3, 4), 1: (2, 3, 4), 2: (3, 4), 3: (2, 3, 4), 4: ()}


def _account(corp: Corp, open_kfid: str) -> Desk:
    found = corp.shelf(Desks).accounts.get(open_kfid)
    if found is None:
        raise Refusal(95000, "invalid open_kfid")
    return found


def add(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST kf/account/add {name ≤16, media_id}."""
    name = checks.at_most_characters(checks.text(body, "name", 40058), 16, "name")
    account = Desk(new_id("wk"), name)
    caller.corp.shelf(Desks).accounts[account.open_kfid] = account
    return {"open_kfid": account.open_kfid}


def update(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST kf/account/update."""
    account = _account(caller.corp, checks.text(body, "open_kfid", 40058))
    account.name = checks.text(body, "name", default=account.name)


def delete(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST kf/account/del."""
    account = _account(caller.corp, checks.text(body, "open_kfid", 40058))
    del caller.corp.shelf(Desks).accounts[account.open_kfid]


def listing(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET kf/account/list?offset&limit."""
    offset, limit = checks.whole(query, "offset", 0), checks.page_size(query, 100, 100)
    rows = list(caller.corp.shelf(Desks).accounts.values())[offset : offset + limit]
    return {"account_list": [{"open_kfid": a.open_kfid, "name": a.name, "avatar": ""} for a in rows]}


def contact_way(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST kf/add_contact_way {open_kfid, scene}: a link that customers open."""
    account, scene = _account(caller.corp, checks.text(body, "open_kfid", 40058)), checks.text(body, "scene")
    sealed = new_id("ENC", 24)
    account.scenes[sealed] = scene
    return {"url": SERVICE_URL.format(account.open_kfid, sealed)}


def _servicers(caller: Caller, body: Json, add_them: bool) -> Json:
    account = _account(caller.corp, checks.text(body, "open_kfid", 40058))
    results = []
    for userid in checks.strings(body, "userid_list", 100):
        known = userid in (caller.corp.staff if add_them else account.servicers)
        if known:
            account.servicers = [one for one in account.servicers if one != userid]
            account.servicers += [userid] if add_them else []
        code, message = (0, "ok") if known else (60111, "userid not found")
        results.append({"userid": userid, "errcode": code, "errmsg": message})
    return {"result_list": results}


def add_servicers(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST kf/servicer/add {open_kfid, userid_list ≤100}."""
    return _servicers(caller, body, add_them=True)


def remove_servicers(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST kf/servicer/del."""
    return _servicers(caller, body, add_them=False)


def servicers(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET kf/servicer/list?open_kfid."""
    account = _account(caller.corp, query.get("open_kfid", ""))
    return {"servicer_list": [{"userid": userid, "status": 0} for userid in account.servicers]}


def sync(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST kf/sync_msg {cursor, token, limit ≤1000, open_kfid}: the log of three days."""
    corp = caller.corp
    token, now = checks.text(body, "token"), corp.box.clock.now()
    if token and corp.shelf(Desks).tokens.get(token, 0.0) < now:
        raise Refusal(95007, "invalid msg token")
    wanted = checks.text(body, "open_kfid")
    account = _account(corp, wanted) if wanted else None
    logs = [account] if account else list(corp.shelf(Desks).accounts.values())
    rows = sorted((row for one in logs for row in one.log), key=lambda row: int(row["send_time"]))
    limit, found = checks.page_size(body, 1000, 1000), checks.cursor(body)
    start = found[0] if found else 0
    page, upto = rows[start : start + limit], min(start + limit, len(rows))
    kept = [row for row in page if row["send_time"] > now - desks.KEPT_SECONDS]
    return {"next_cursor": checks.new_cursor(upto), "has_more": int(upto < len(rows)), "msg_list": kept}


def send(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST kf/send_msg {touser, open_kfid, msgtype, …}: five in 48 hours after the customer's message."""
    corp = caller.corp
    account = _account(corp, checks.text(body, "open_kfid", 40058))
    phone = corp.contact(body.get("touser"))
    talk = corp.shelf(Desks).conversation(account.open_kfid, phone)
    if code := talk.may_answer(corp.box.clock):
        raise Refusal(code, "send msg not allowed now")
    said = _said(corp, body)
    talk.answered += 1
    return _delivered(corp, account, talk, said, body)


def send_on_event(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST kf/send_msg_on_event {code, msgtype, …}: the welcome, within twenty seconds, once."""
    corp = caller.corp
    open_kfid, code = corp.shelf(Desks).codes.pop(checks.text(body, "code", 41049), ("", None))
    if code is None or corp.box.clock.real() > code.expires:
        raise Refusal(41050, "invalid code")
    code.conversation.welcomed = corp.box.clock.now()
    return _delivered(corp, _account(corp, open_kfid), code.conversation, _said(corp, body), body)


def _said(corp: Corp, body: Json) -> Json:
    kind = checks.text(body, "msgtype", 40008)
    content = body.get(kind)
    if kind not in KINDS or not isinstance(content, dict):
        raise Refusal(40008, "invalid message type")
    if kind == "text":
        words = checks.text(content, "content", 44004)
        checks.at_most_bytes(words, corp.limits.app_text_bytes, "content", 45002)
    return {kind: content}


def _delivered(corp: Corp, account: Desk, talk: Conversation, said: Json, body: Json) -> Json:
    msgid = checks.text(body, "msgid") or new_id("", 32)
    corp.box.phones.deliver(talk.phone, "wecom", corp.corpid, account.open_kfid, "service", said)
    return {"msgid": msgid}


def _talk(caller: Caller, body: Json) -> Conversation:
    account = _account(caller.corp, checks.text(body, "open_kfid", 40058))
    phone = caller.corp.contact(body.get("external_userid"))
    return caller.corp.shelf(Desks).conversation(account.open_kfid, phone)


def state(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST kf/service_state/get {open_kfid, external_userid}."""
    talk = _talk(caller, body)
    found: Json = {"service_state": talk.state}
    return found | ({"servicer_userid": talk.servicer} if talk.servicer else {})


def move(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST kf/service_state/trans {open_kfid, external_userid, service_state, servicer_userid}."""
    talk, wanted = _talk(caller, body), checks.whole(body, "service_state")
    if wanted not in MOVES[talk.state]:
        raise Refusal(95014, "service state can not be changed so")
    account = _account(caller.corp, body["open_kfid"])
    servicer = checks.text(body, "servicer_userid")
    if wanted == desks.STAFF and servicer not in account.servicers:
        raise Refusal(95011, "servicer not in the account")
    talk.state, talk.servicer = wanted, servicer if wanted == desks.STAFF else ""
    return {"msg_code": new_id("", 32)}


def customers(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST kf/customer/batchget {external_userid_list}."""
    corp = caller.corp
    found, invalid = [], []
    for external_userid in checks.strings(body, "external_userid_list", 100):
        phone = corp.ids.phone(external_userid)
        if phone is None or phone > corp.box.phones.count:
            invalid.append(external_userid)
            continue
        name, gender, unionid = corp.box.phones.about(phone)
        who = {"external_userid": external_userid, "nickname": name, "avatar": "", "gender": gender}
        found.append(who | ({"unionid": unionid} if corp.wechat_bound else {}))
    return {"customer_list": found, "invalid_external_userid": invalid}


def open_desk(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{open_kfid, scene?} or {url}: the customer opens a conversation."""
    corp = corp_in(box, body)
    address, _, sealed = str(body.get("url", "")).partition("?enc_scene=")
    open_kfid = body.get("open_kfid") or address.rpartition("/")[2]
    account = corp.shelf(Desks).accounts.get(open_kfid)
    if account is None:
        raise ControlFault(f"no desk {open_kfid}", 404)
    scene = account.scenes.get(sealed, str(body.get("scene", "")))
    return desks.enter(corp, account, phone.id, scene)


def ask_desk(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{open_kfid, text}: the customer writes."""
    corp = corp_in(box, body)
    account = corp.shelf(Desks).accounts.get(str(body.get("open_kfid")))
    if account is None:
        raise ControlFault(f"no desk {body.get('open_kfid')}", 404)
    return desks.say(corp, account, phone.id, str(body.get("text", "")))


PHONE_ACTIONS: dict[str, Action] = {"open_desk": open_desk, "ask_desk": ask_desk}
ENDPOINTS = (
    post("kf/account/add", add),
    post("kf/account/update", update),
    post("kf/account/del", delete),
    get("kf/account/list", listing),
    post("kf/add_contact_way", contact_way),
    post("kf/servicer/add", add_servicers),
    post("kf/servicer/del", remove_servicers),
    get("kf/servicer/list", servicers),
    post("kf/sync_msg", sync),
    post("kf/send_msg", send),
    post("kf/send_msg_on_event", send_on_event),
    post("kf/service_state/get", state),
    post("kf/service_state/trans", move),
    post("kf/customer/batchget", customers),
)
