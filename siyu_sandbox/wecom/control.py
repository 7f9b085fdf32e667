"""Control routes that make and change corps."""

from __future__ import annotations

import secrets
from typing import Any

from siyu_sandbox.brand.names import SURNAMES
from siyu_sandbox.callbacks import Target
from siyu_sandbox.crypto import new_aes_key
from siyu_sandbox.registry import Control, ControlFault, Json
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom.world import App, Corp, Department, WecomWorld

FIRST_AGENT = 1000002


def corp_of(box: Sandbox, corpid: str) -> Corp:
    """The corp, or 404."""
    world: WecomWorld = box.worlds["wecom"]
    if corpid not in world.accounts:
        raise ControlFault(f"no corp {corpid}", 404)
    return world.accounts[corpid]


def make_corp(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """{corpid?, name, apps, callback?, staff | staff_count, departments?, …as PATCH}."""
    world: WecomWorld = box.worlds["wecom"]
    corpid = body.get("corpid") or "ww" + secrets.token_hex(8)
    if corpid in world.accounts:
        raise ControlFault(f"{corpid} is there already", 409)
    corp = world.accounts[corpid] = Corp(corpid, body.get("name", "示例品牌"), world)
    for number, app in enumerate(body.get("apps") or [{}]):
        _add_app(corp, app, FIRST_AGENT + number)
    for one in body.get("departments") or []:
        corp.departments[one["id"]] = Department(
            one["id"], one["name"], one.get("parentid", 1), one.get("order", 0)
        )
    hire_all(corp, body)
    return _changed(corp, body)


def hire_all(corp: Corp, body: Json) -> None:
    """Staff by name, or a number of them with names of their own."""
    for one in body.get("staff") or []:
        corp.hire(**one)
    for number in range(int(body.get("staff_count", 0))):
        corp.hire(f"staff{number + 1:04d}", f"{SURNAMES[number % len(SURNAMES)]}店员{number + 1}")


def change_corp(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """PATCH {name?, callback?, trusted_ips?, wechat_bound?, habits?, staff?, apps?: [{agentid, …}]}."""
    corp = corp_of(box, params["corpid"])
    for number, app in enumerate(body.get("apps") or []):
        known = next((one for one in corp.apps.values() if one.agentid == app.get("agentid")), None)
        if known is None:
            _add_app(corp, app, FIRST_AGENT + len(corp.apps) + number)
            continue
        for name in ("allowed", "redirect_domain", "name"):
            if name in app:
                setattr(known, name, app[name])
        if "secret" in app:
            corp.apps.pop(known.secret)
            known.secret = app["secret"]
            corp.apps[known.secret] = known
        if "callback" in app:
            known.callback = target(corp, app["callback"], known.agentid)
    hire_all(corp, body)
    return _changed(corp, body)


def show_corp(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """The corp as it stands."""
    return _shown(corp_of(box, params["corpid"]))


def _add_app(corp: Corp, app: Json, agentid: int) -> None:
    made = App(
        app.get("agentid", agentid), app.get("secret") or secrets.token_urlsafe(32), app.get("name", "")
    )
    made.allowed = app.get("allowed", True)
    made.redirect_domain = app.get("redirect_domain", "")
    made.callback = target(corp, app.get("callback"), made.agentid)
    corp.apps[made.secret] = made


def _changed(corp: Corp, body: Json) -> Json:
    for name in ("name", "trusted_ips", "wechat_bound"):
        if name in body:
            setattr(corp, name, body[name])
    for name, value in (body.get("habits") or {}).items():
        if not hasattr(corp.habits, name):
            raise ControlFault(f"no habit {name}")
        setattr(corp.habits, name, value)
    if "callback" in body:
        first = next(iter(corp.apps.values()))
        corp.callback = target(corp, body["callback"], first.agentid)
    return _shown(corp)


def target(corp: Corp, wish: Any, agentid: int) -> Target | None:
    """Where events go; a key and a token are made where none are given."""
    if not wish:
        return None
    return Target(
        corp.corpid,
        wish["url"],
        wish.get("token") or secrets.token_hex(12),
        wish.get("encoding_aes_key") or new_aes_key(),
        corp.corpid,
        str(agentid),
    )


def _shown(corp: Corp) -> Json:
    return {
        "corpid": corp.corpid,
        "name": corp.name,
        "apps": [
            {
                "agentid": a.agentid,
                "secret": a.secret,
                "allowed": a.allowed,
                "callback": _callback(a.callback),
            }
            for a in corp.apps.values()
        ],
        "callback": _callback(corp.callback),
        "staff": [s.userid for s in corp.staff.values()],
        "departments": [d.id for d in corp.departments.values()],
        "trusted_ips": corp.trusted_ips,
        "wechat_bound": corp.wechat_bound,
    }


def _callback(target: Target | None) -> Json | None:
    if target is None:
        return None
    return {"url": target.url, "token": target.token, "encoding_aes_key": target.encoding_aes_key}


CONTROLS = (
    Control("POST", "/sandbox/corps", make_corp),
    Control("GET", "/sandbox/corps/{corpid}", show_corp),
    Control("PATCH", "/sandbox/corps/{corpid}", change_corp),
)
