"""Log-in of a mini program (小程序登录): code2session, the phone number, and data encrypted with the session key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from siyu_sandbox.mini_program.account import MiniProgram, Once
from siyu_sandbox.registry import Endpoint, Json, Refusal
from siyu_sandbox.windows import Window

if TYPE_CHECKING:
    from siyu_sandbox.phones import Phone
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "mini_program"
KEPT_CODES = 10_000


def login(box: Sandbox, account: MiniProgram, phone: int) -> str:
    """Do what `wx.login` does; return the js_code."""
    if len(account.logins) >= KEPT_CODES:
        real = box.clock.real()
        account.logins = {code: once for code, once in account.logins.items() if once.until > real}
    code = "0" + secrets.token_urlsafe(24)[:31]
    account.logins[code] = Once(phone, box.clock.real() + account.limits.code_seconds)
    account.seen[account.openid(phone)] = box.clock.now()
    return code


def share_number(box: Sandbox, account: MiniProgram, phone: int) -> str:
    """Do what the phone-number button does; return its code."""
    code = secrets.token_hex(32)
    account.numbers[code] = Once(phone, box.clock.real() + account.limits.code_seconds)
    return code


def _redeem(box: Sandbox, kept: dict[str, Once], code: object) -> int:
    once = kept.get(code) if isinstance(code, str) else None
    if once is None or once.until <= box.clock.real():
        raise Refusal(40029, "invalid code")
    if once.used:
        raise Refusal(40163, "code been used")
    once.used = True
    return once.phone


def code_to_session(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Json:
    """GET /sns/jscode2session."""
    account: MiniProgram | None = box.worlds[PRODUCT].accounts.get(query.get("appid"))
    if account is None:
        raise Refusal(40013)
    if query.get("secret") != account.secret:
        raise Refusal(40125)
    if query.get("grant_type") != "authorization_code":
        raise Refusal(40002, "invalid grant_type")
    if not query.get("js_code"):
        raise Refusal(41008, "missing code")
    number = _redeem(box, account.logins, query["js_code"])
    if number in account.risky:
        raise Refusal(40226, "code blocked")
    openid = account.openid(number)
    logins = [Window(account.limits.logins_per_minute, 60, 45011)]
    box.windows.take(account.appid, f"/sns/jscode2session:{openid}", logins)
    key = base64.b64encode(os.urandom(16)).decode()
    account.sessions[openid] = key
    unionid = account.unionid(box.phones.about(number)[2])
    return {"session_key": key, "openid": openid, **({"unionid": unionid} if unionid else {})}


def check_session(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Json:
    """GET /wxa/checksession: whether the key is still the person's."""
    key = account.sessions.get(query.get("openid", ""))
    if key is None or query.get("signature") != _hmac(key):
        raise Refusal(87009, "invalid signature")
    return {"errcode": 0, "errmsg": "ok"}


def _hmac(key: str) -> str:
    """Sign the empty string with the session key, as `checksession` wants it."""
    return hmac.new(key.encode(), b"", hashlib.sha256).hexdigest()


def phone_number(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Json:
    """POST /wxa/business/getuserphonenumber."""
    number = _redeem(box, account.numbers, body.get("code"))
    digits = box.phones.get(number).phone
    mark = {"timestamp": box.clock.second(), "appid": account.appid}
    told = {"phoneNumber": digits, "purePhoneNumber": digits, "countryCode": "86", "watermark": mark}
    return {"errcode": 0, "errmsg": "ok", "phone_info": told}


def seal(key: str, data: Json) -> Json:
    """Encrypt user data with a session key: AES-128-CBC, PKCS#7; return encryptedData and iv."""
    iv = os.urandom(16)
    padder = PKCS7(128).padder()
    padded = padder.update(msgspec.json.encode(data)) + padder.finalize()
    cipher = Cipher(algorithms.AES(base64.b64decode(key)), modes.CBC(iv)).encryptor()
    sealed = cipher.update(padded) + cipher.finalize()
    return {"encryptedData": base64.b64encode(sealed).decode(), "iv": base64.b64encode(iv).decode()}


def user_data(box: Sandbox, account: MiniProgram, phone: Phone) -> Json:
    """Return what `wx.getUserProfile` gives the page: raw and signed, and encrypted with ids."""
    openid = account.openid(phone.id)
    key = account.sessions[openid]
    raw = {
        "nickName": phone.name,
        "gender": 0,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "avatarUrl": "",
    }
    text = msgspec.json.encode(raw).decode()
    unionid = account.unionid(phone.unionid)
    mark = {"watermark": {"timestamp": box.clock.second(), "appid": account.appid}}
    whole = {"openId": openid, **raw, **({"unionId": unionid} if unionid else {}), **mark}
    signature = hashlib.sha1((text + key).encode()).hexdigest()  # noqa: S324  the vendor's algorithm
    return {"rawData": text, "signature": signature, **seal(key, whole)}


ENDPOINTS = (
    Endpoint("GET", "/sns/jscode2session", code_to_session, PRODUCT, token=False),
    Endpoint("GET", "/wxa/checksession", check_session, PRODUCT),
    Endpoint("POST", "/wxa/business/getuserphonenumber", phone_number, PRODUCT),
)
