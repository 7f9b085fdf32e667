"""Making and changing accounts of both products over the control API."""

from __future__ import annotations

import secrets
from typing import Any

from siyu_sandbox.callbacks import Target
from siyu_sandbox.crypto import CryptoFault, aes_key, new_aes_key
from siyu_sandbox.registry import ControlFault, Json
from siyu_sandbox.weixin.account import Account


def new_appid() -> str:
    """Return an id of the vendor's form: `wx` and 16 hex digits."""
    return "wx" + secrets.token_hex(8)


def callback(appid: str, wish: Any) -> Target | None:
    """Return where events go; a token and a key are made where none are given."""
    if not wish:
        return None
    key = wish.get("encoding_aes_key") or new_aes_key()
    try:
        aes_key(key)
    except CryptoFault as wrong:
        raise ControlFault(str(wrong)) from wrong
    mode, form = wish.get("mode", "safe"), wish.get("form", "xml")
    if mode not in ("safe", "plain") or form not in ("xml", "json"):
        raise ControlFault("mode is safe or plain, form is xml or json")
    token = wish.get("token") or secrets.token_hex(12)
    return Target(appid, wish.get("url", ""), token, key, appid, mode=mode, form=form)


def change(account: Account, body: Json, names: tuple[str, ...]) -> Json:
    """Set what the body names; return the account as it stands."""
    for name in ("name", "secret", "unionid_platform", *names):
        if name in body:
            setattr(account, name, body[name] or "" if name == "unionid_platform" else body[name])
    if "callback" in body:
        account.callback = callback(account.appid, body["callback"])
    return shown(account, names)


def shown(account: Account, names: tuple[str, ...]) -> Json:
    """Return an account for the control API, its secrets too."""
    told = account.callback
    return {
        "appid": account.appid,
        "secret": account.secret,
        "name": account.name,
        "original_id": account.original_id,
        "unionid_platform": account.unionid_platform,
        **{name: getattr(account, name) for name in names},
        "callback": {
            "url": told.url,
            "token": told.token,
            "encoding_aes_key": told.encoding_aes_key,
            "mode": told.mode,
            "form": told.form,
        }
        if told
        else None,
    }
