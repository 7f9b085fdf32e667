"""Pushes 推送 of Official Accounts and Mini Programs as happenings. What is not known is kept as it came, never dropped.

Pushes come twice and in any order. A copy is the same in every field, so the key of a happening is made of all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from siyu.connectors.happenings import Happening, instant, key_of
from siyu.connectors.vendor import Fields

Detail = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRAME = frozenset({"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "MsgId"})
_SCENE = "qrscene_"
_MENU = frozenset({
    "CLICK", "VIEW_MINIPROGRAM", "SCANCODE_PUSH", "SCANCODE_WAITMSG", "PIC_SYSPHOTO", "PIC_PHOTO_OR_ALBUM", "PIC_WEIXIN",
    "LOCATION_SELECT", "MEDIA_ID", "ARTICLE_ID", "VIEW_LIMITED", "ARTICLE_VIEW_LIMITED",
})  # fmt: skip
_SESSIONS = {"KF_CREATE_SESSION": "created", "KF_CLOSE_SESSION": "closed", "KF_SWITCH_SESSION": "switched"}
_LISTS = {
    "SUBSCRIBE_MSG_POPUP_EVENT": ("SubscribeMsgPopupEvent", "subscribe_answered"),
    "SUBSCRIBE_MSG_CHANGE_EVENT": ("SubscribeMsgChangeEvent", "subscribe_changed"),
    "SUBSCRIBE_MSG_SENT_EVENT": ("SubscribeMsgSentEvent", "subscribe_sent"),
}


def translate(fields: Fields) -> list[Happening]:
    """The happenings of one push: one, but for subscription messages one a template."""
    event = _text(fields, "Event").upper()
    if not event:
        kind = _text(fields, "MsgType")
        return [_message(fields, kind)] if kind and kind != "event" else [_unknown(fields)]
    if event in _LISTS:
        return list(_subscriptions(fields, *_LISTS[event])) or [_unknown(fields)]
    if event in _MENU:
        return [_happening(fields, "menu_clicked", _clicked(fields, event))]
    if event in _SESSIONS:
        return [_happening(fields, "customer_service_session_changed", _session(fields, _SESSIONS[event]))]
    named = _EVENTS.get(event)
    if named is None:
        return [_unknown(fields)]
    kind, details = named
    return [_happening(fields, kind, details(fields))]


def _message(fields: Fields, kind: str) -> Happening:
    """What somebody sent. `text` is what was written, or what WeChat heard in a voice message."""
    detail = {
        "type": kind,
        "text": _text(fields, "Content") or _text(fields, "Recognition"),
        "message_id": _text(fields, "MsgId"),
        "fields": _rest(fields, {"Content"}),
    }
    named = _text(fields, "MsgId")
    key = key_of("platform", "message", _text(fields, "ToUserName"), named) if named else _key(fields)
    return Happening("message_received", _at(fields), _sender(fields), None, detail, key)


def _followed(fields: Fields) -> Detail:
    """A scene comes with the prefix qrscene_, only here; anything else in EventKey is kept beside it."""
    told = _text(fields, "EventKey")
    scene = told.removeprefix(_SCENE) if told.startswith(_SCENE) else ""
    return {"scene": scene, "ticket": _text(fields, "Ticket"), "event_key": "" if scene else told}


def _scanned(fields: Fields) -> Detail:
    return {"scene": _text(fields, "EventKey"), "ticket": _text(fields, "Ticket")}


def _clicked(fields: Fields, event: str) -> Detail:
    return {"type": event.lower(), "key": _text(fields, "EventKey"), "fields": _rest(fields, {"EventKey"})}


def _session(fields: Fields, change: str) -> Detail:
    return {
        "change": change,
        "kf_account": _text(fields, "KfAccount"),
        "from": _text(fields, "FromKfAccount"),
        "to": _text(fields, "ToKfAccount"),
    }


def _location(fields: Fields) -> Detail:
    return {name.lower(): _number(fields, name) for name in ("Latitude", "Longitude", "Precision")}


def _mass(fields: Fields) -> Detail:
    """Only "send success" is a success; of the numbers in err(…) not all are known, so any is a failure."""
    status = _text(fields, "Status")
    counts = {
        "TotalCount": "total",
        "FilterCount": "after_filter",
        "SentCount": "sent",
        "ErrorCount": "failed",
    }
    return {
        "message_id": _text(fields, "MsgID") or _text(fields, "MsgId"),
        "status": status,
        "ok": status.replace(" ", "").lower() == "sendsuccess",
        **{ours: _number(fields, name) for name, ours in counts.items()},
        "fields": _rest(fields, {"Status", "MsgID", *counts}),
    }


def _template(fields: Fields) -> Detail:
    status = _text(fields, "Status")
    return {
        "message_id": _text(fields, "MsgID") or _text(fields, "MsgId"),
        "status": status,
        "ok": status == "success",
        "blocked": status.replace(" ", "").startswith("failed:userblock"),
    }


def _subscriptions(fields: Fields, name: str, kind: str) -> Iterator[Happening]:
    """XML puts the list into an element of its own, JSON beside the other fields; one alone is no list."""
    inner = fields.get(name)
    rows = (inner if isinstance(inner, dict) else fields).get("List")
    for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
        if isinstance(row, dict):
            key = key_of(_key(fields), number)
            yield Happening(kind, _at(fields), _sender(fields), None, _subscription(kind, row), key)


def _subscription(kind: str, row: Fields) -> Detail:
    if kind == "subscribe_sent":
        code = _text(row, "ErrorCode")
        status = _text(row, "ErrorStatus")
        return {
            "template_id": _text(row, "TemplateId"),
            "message_id": _text(row, "MsgID"),
            "code": code,
            "ok": code == "0",
            "status": status,
        }
    answer = _text(row, "SubscribeStatusString")
    return {
        "template_id": _text(row, "TemplateId"),
        "answer": answer,
        "accepted": answer == "accept",
        "scene": _text(row, "PopupScene"),
    }


def _checked(fields: Fields) -> Detail:
    """The result of a content check: `result` {suggest pass/review/risky, label}; older versions say isrisky."""
    found = fields.get("result")
    result = found if isinstance(found, dict) else {}
    return {
        "trace_id": _text(fields, "trace_id"),
        "suggest": _text(result, "suggest") or {"1": "risky", "0": "pass"}.get(_text(fields, "isrisky"), ""),
        "label": _text(result, "label"),
        "fields": _rest(fields),
    }


_EVENTS: dict[str, tuple[str, Callable[[Fields], Detail]]] = {
    "SUBSCRIBE": ("followed", _followed),
    "UNSUBSCRIBE": ("unfollowed", lambda _: {}),
    "SCAN": ("qr_scanned", _scanned),
    "LOCATION": ("location_reported", _location),
    "VIEW": (
        "link_viewed",
        lambda fields: {"url": _text(fields, "EventKey"), "menu_id": _text(fields, "MenuId")},
    ),
    "MASSSENDJOBFINISH": ("mass_send_finished", _mass),
    "TEMPLATESENDJOBFINISH": ("template_send_finished", _template),
    "USER_ENTER_TEMPSESSION": ("session_entered", lambda fields: {"from": _text(fields, "SessionFrom")}),
    "WXA_MEDIA_CHECK": ("content_checked", _checked),
}
_NOBODYS = frozenset({"mass_send_finished", "content_checked"})
"""Their FromUserName is the account's own or an administrator's."""


def _happening(fields: Fields, kind: str, detail: Detail) -> Happening:
    contact = None if kind in _NOBODYS else _sender(fields)
    return Happening(kind, _at(fields), contact, None, detail, _key(fields))


def _unknown(fields: Fields) -> Happening:
    return Happening("unknown", _at(fields), _sender(fields), None, {"fields": dict(fields)}, _key(fields))


def _key(fields: Fields) -> str:
    return key_of("platform", json.dumps(fields, sort_keys=True, ensure_ascii=False))


def _rest(fields: Fields, told: set[str] | None = None) -> Detail:
    return {
        name: value for name, value in fields.items() if name not in _FRAME and name not in (told or set())
    }


def _at(fields: Fields) -> datetime:
    return instant(_text(fields, "CreateTime")) or _EPOCH


def _sender(fields: Fields) -> str | None:
    return _text(fields, "FromUserName") or None


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _number(fields: Fields, name: str) -> float | None:
    try:
        value = float(_text(fields, name))
    except ValueError:
        return None
    # Text such as "nan" is a float too, but no JSON.
    return (int(value) if value.is_integer() else value) if abs(value) < 1e15 else None
