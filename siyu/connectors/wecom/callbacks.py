"""WeCom's callbacks 企业微信回调 as happenings. What is not known is kept as it came (kind "unknown"), never dropped.

Events of one corp share `FromUserName` sys, and several of one second may differ only by who or what they name: the key of a
happening is made of every field that names something. Order is not promised by WeCom: read the object again before acting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from siyu.connectors._wechat.callback import SealedCallback
from siyu.connectors.happenings import Happening, instant, key_of
from siyu.connectors.vendor import Fields

Detail = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRAME = frozenset(
    {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "ChangeType", "MsgId", "AgentID"}
)


def callback(credentials: Mapping[str, str]) -> SealedCallback:
    """The codec of an account: token, EncodingAESKey, and the corp id as receiver."""
    return SealedCallback(
        credentials.get("callback_token", ""),
        credentials.get("encoding_aes_key", ""),
        credentials["corpid"],
        translate,
    )


def translate(fields: Fields) -> list[Happening]:
    """The happenings of one callback (one, as a rule)."""
    event = _text(fields, "Event") or _text(fields, "InfoType")
    change = _text(fields, "ChangeType")
    if not event and _text(fields, "MsgType"):
        return [_message(fields)]
    if event == "change_external_contact":
        return [_contact(fields, change)]
    named = _KINDS.get((event, change)) or _KINDS.get((event.lower(), ""))
    if named is None:
        return [_unknown(fields)]
    kind, details = named
    return [_happening(fields, kind, details(fields))]


def _contact(fields: Fields, change: str) -> Happening:
    """Adding, editing and the three ways of parting."""
    state, code = _text(fields, "State"), _text(fields, "WelcomeCode")
    if change in ("add_external_contact", "add_half_external_contact"):
        half = change == "add_half_external_contact"
        return _happening(fields, "contact_added", {"state": state, "welcome_code": code, "half": half})
    if change == "edit_external_contact":
        return _happening(fields, "contact_edited", {"state": state})
    if change == "del_external_contact":
        moved = _text(fields, "Source") == "DELETE_BY_TRANSFER"
        return _happening(fields, "contact_removed", {"by": "transfer" if moved else "staff"})
    if change == "del_follow_user":
        return _happening(fields, "contact_removed", {"by": "customer"})
    if change == "transfer_fail":
        return _happening(fields, "transfer_failed", {"reason": _text(fields, "FailReason")})
    if change == "msg_audit_approved":
        return _happening(fields, "archive_agreed", {"welcome_code": code})
    return _unknown(fields)


def _message(fields: Fields) -> Happening:
    """What a staff member wrote to the app."""
    detail = {"type": _text(fields, "MsgType"), "agentid": _text(fields, "AgentID"), **_rest(fields)}
    return Happening(
        "message_received",
        _at(fields),
        None,
        _text(fields, "FromUserName") or None,
        detail,
        key_of("wecom", "message", _text(fields, "MsgId") or _all(fields)),
    )


def _happening(fields: Fields, kind: str, detail: Detail) -> Happening:
    staff = _text(fields, "UserID") or _sender(fields)
    contact = _text(fields, "ExternalUserID")
    return Happening(kind, _at(fields), contact or None, staff or None, detail, key_of("wecom", _all(fields)))


def _unknown(fields: Fields) -> Happening:
    return _happening(fields, "unknown", dict(fields))


def _sender(fields: Fields) -> str:
    """Events of the app itself come from the staff member; all others from `sys`."""
    name = _text(fields, "FromUserName")
    return "" if name == "sys" else name


def _at(fields: Fields) -> datetime:
    return instant(fields.get("CreateTime")) or instant(fields.get("TimeStamp")) or _EPOCH


def _all(fields: Fields) -> str:
    """Every field in a fixed order: copies of a callback are equal, two happenings of one second are not."""
    return "\x1e".join(f"{name}={_flat(fields[name])}" for name in sorted(fields))


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return "{" + _all(value) + "}"
    return "[" + ",".join(map(_flat, value)) + "]" if isinstance(value, list) else str(value)


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def _number(fields: Fields, name: str) -> int | None:
    text = _text(fields, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _rest(fields: Fields) -> Detail:
    """All but the frame, with the vendor's names."""
    return {name: value for name, value in fields.items() if name not in _FRAME}


def _items(fields: Fields, name: str) -> list[str]:
    """A list written as `<Name><Item/>…</Name>`; a single item comes as text."""
    inside = fields.get(name)
    value = inside.get("Item", []) if isinstance(inside, dict) else []
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _split(fields: Fields, name: str) -> list[str]:
    return [part for part in _text(fields, name).split(",") if part]


def _chat(fields: Fields) -> Detail:
    return {"chat_id": _text(fields, "ChatId")}


def _chat_update(fields: Fields) -> Detail:
    """Scenes are kept as they come: the vendor's samples and notes disagree about them."""
    return {
        "chat_id": _text(fields, "ChatId"),
        "change": _text(fields, "UpdateDetail"),
        "join_scene": _number(fields, "JoinScene"),
        "quit_scene": _number(fields, "QuitScene"),
        "member_count": _number(fields, "MemChangeCnt"),
        "members": _items(fields, "MemChangeList"),
        "version_before": _text(fields, "LastMemVer"),
        "version": _text(fields, "CurMemVer"),
    }


def _tag(fields: Fields) -> Detail:
    return {
        "id": _text(fields, "Id"),
        "is_group": _text(fields, "TagType") == "tag_group",
        "strategy_id": _number(fields, "StrategyId"),
    }


def _staff(fields: Fields) -> Detail:
    """Only what changed is there; `new_userid` where the id itself did."""
    known = {
        "new_userid": _text(fields, "NewUserID"),
        "name": _text(fields, "Name"),
        "departments": [int(one) for one in _split(fields, "Department") if one.isdigit()],
        "main_department": _number(fields, "MainDepartment"),
        "leads": [one == "1" for one in _split(fields, "IsLeaderInDept")],
        "position": _text(fields, "Position"),
        "mobile": _text(fields, "Mobile"),
        "status": _number(fields, "Status"),
    }
    return {name: value for name, value in known.items() if value not in ("", [], None)}


def _department(fields: Fields) -> Detail:
    return {
        "id": _number(fields, "Id"),
        "name": _text(fields, "Name"),
        "parent_id": _number(fields, "ParentId"),
        "order": _number(fields, "Order"),
    }


def _staff_tag(fields: Fields) -> Detail:
    return {
        "tag_id": _number(fields, "TagId"),
        "added": _split(fields, "AddUserItems"),
        "removed": _split(fields, "DelUserItems"),
        "departments_added": _split(fields, "AddPartyItems"),
        "departments_removed": _split(fields, "DelPartyItems"),
    }


def _link(fields: Fields) -> Detail:
    return {
        "link_id": _text(fields, "LinkId"),
        "state": _text(fields, "State"),
        **_named(fields, "ChatKey", "ExpireTime", "ExpireQuotaNum"),
    }


def _desk(fields: Fields) -> Detail:
    return {"token": _text(fields, "Token"), "open_kfid": _text(fields, "OpenKfId")}


def _desk_access(fields: Fields) -> Detail:
    return {"added": _repeated(fields, "AuthAddOpenKfId"), "removed": _repeated(fields, "AuthDelOpenKfId")}


def _job(fields: Fields) -> Detail:
    job = fields.get("BatchJob")
    return (
        {name: _text(job, name) for name in ("JobId", "JobType", "ErrCode", "ErrMsg")}
        if isinstance(job, dict)
        else {}
    )


def _app(fields: Fields) -> Detail:
    return {
        "agentid": _text(fields, "AgentID"),
        "event_key": _text(fields, "EventKey"),
        **_named(fields, "TaskId"),
    }


def _place(fields: Fields) -> Detail:
    return {"agentid": _text(fields, "AgentID"), **_named(fields, "Latitude", "Longitude", "Precision")}


def _named(fields: Fields, *names: str) -> Detail:
    """Those of the vendor's fields that are there, in our writing of names."""
    return {_snake(name): value for name in names if (value := _text(fields, name))}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _repeated(fields: Fields, name: str) -> list[str]:
    value = fields.get(name, [])
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one]


_KINDS: dict[tuple[str, str], tuple[str, Callable[[Fields], Detail]]] = {
    ("change_external_chat", "create"): ("group_created", _chat),
    ("change_external_chat", "update"): ("group_changed", _chat_update),
    ("change_external_chat", "dismiss"): ("group_dismissed", _chat),
    ("change_external_tag", "create"): ("tag_created", _tag),
    ("change_external_tag", "update"): ("tag_changed", _tag),
    ("change_external_tag", "delete"): ("tag_deleted", _tag),
    ("change_external_tag", "shuffle"): ("tags_shuffled", _tag),
    ("change_contact", "create_user"): ("staff_created", _staff),
    ("change_contact", "update_user"): ("staff_updated", _staff),
    ("change_contact", "delete_user"): ("staff_deleted", _staff),
    ("change_contact", "create_party"): ("department_created", _department),
    ("change_contact", "update_party"): ("department_updated", _department),
    ("change_contact", "delete_party"): ("department_deleted", _department),
    ("change_contact", "update_tag"): ("staff_tag_changed", _staff_tag),
    ("customer_acquisition", "balance_low"): ("acquisition_balance_low", _link),
    ("customer_acquisition", "balance_exhausted"): ("acquisition_balance_exhausted", _link),
    ("customer_acquisition", "balance_increased"): ("acquisition_balance_increased", _link),
    ("customer_acquisition", "message_from_customer"): ("acquisition_message_received", _link),
    ("customer_acquisition", "del_follow_user"): ("acquisition_customer_left", _link),
    ("customer_acquisition", "quota_expire_soon"): ("acquisition_quota_expiring", _link),
    ("customer_acquisition", "link_unavailable"): ("acquisition_link_unavailable", _link),
    ("customer_acquisition", "delete_link"): ("acquisition_link_deleted", _link),
    ("customer_acquisition", "customer_start_chat"): ("acquisition_chat_started", _link),
    ("customer_acquisition", "friend_request"): ("acquisition_friend_requested", _link),
    ("customer_acquisition", "open_profile"): ("acquisition_profile_opened", _link),
    ("kf_msg_or_event", ""): ("customer_service_message_or_event", _desk),
    ("kf_account_auth_change", ""): ("customer_service_access_changed", _desk_access),
    ("msgaudit_notify", ""): ("archive_ready", _app),
    ("batch_job_result", ""): ("batch_job_finished", _job),
    ("enter_agent", ""): ("app_entered", _app),
    ("subscribe", ""): ("app_subscribed", _app),
    ("unsubscribe", ""): ("app_unsubscribed", _app),
    ("location", ""): ("location_reported", _place),
    ("click", ""): ("menu_clicked", _app),
    ("view", ""): ("link_viewed", _app),
    ("taskcard_click", ""): ("task_card_clicked", _app),
}
