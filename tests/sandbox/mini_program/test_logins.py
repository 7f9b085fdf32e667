"""Log-in, the phone number, and data encrypted with the session key (opened here with code of the test's own)."""

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Shop, mini_program


def session(shop: Shop, code: str, **wrong: str) -> Any:
    asked = {
        "appid": shop.appid,
        "secret": shop.secret,
        "js_code": code,
        "grant_type": "authorization_code",
        **wrong,
    }
    return shop.sandbox.call("GET", "/sns/jscode2session", **asked)


def test_a_code_gives_a_session_once(shop: Shop) -> None:
    opened = shop.act(1, "open_mini_program")
    told = session(shop, opened["js_code"])
    assert told["openid"] == opened["openid"]
    assert told["unionid"] == shop.sandbox.get("phones/1")["unionid"]
    assert len(base64.b64decode(told["session_key"])) == 16
    assert "errcode" not in told
    assert session(shop, opened["js_code"])["errcode"] == 40163
    again = session(shop, shop.act(1, "open_mini_program")["js_code"])
    assert again["openid"] == told["openid"]
    assert again["session_key"] != told["session_key"]


def test_codes_end_and_wrong_ones_are_told_apart(shop: Shop, sandbox: SandboxClient) -> None:
    late = shop.act(1, "open_mini_program")["js_code"]
    sandbox.advance(minutes=5)
    assert session(shop, late)["errcode"] == 40029
    assert session(shop, "none")["errcode"] == 40029
    assert session(shop, "")["errcode"] == 41008
    fresh = shop.act(1, "open_mini_program")["js_code"]
    assert session(shop, fresh, secret="no")["errcode"] == 40125
    assert session(shop, fresh, appid="wx0")["errcode"] == 40013
    assert session(shop, fresh, grant_type="x")["errcode"] == 40002
    assert session(shop, fresh)["openid"]


def test_a_risky_person_and_one_in_a_hurry(shop: Shop, sandbox: SandboxClient) -> None:
    sandbox.patch(f"mini_programs/{shop.appid}", {"risky": [2]})
    assert session(shop, shop.act(2, "open_mini_program")["js_code"])["errcode"] == 40226
    sandbox.patch("settings", {"mini_program": {"logins_per_minute": 2}})
    codes = [session(shop, shop.act(1, "open_mini_program")["js_code"]).get("errcode", 0) for _ in range(3)]
    assert codes == [0, 0, 45011]


def test_the_phone_number_is_given_once(shop: Shop) -> None:
    code = shop.act(1, "share_phone_number")["code"]
    told = shop.call("/wxa/business/getuserphonenumber", {"code": code})["phone_info"]
    assert told["purePhoneNumber"] == shop.sandbox.get("phones/1")["phone"]
    assert told["watermark"]["appid"] == shop.appid
    assert shop.call("/wxa/business/getuserphonenumber", {"code": code})["errcode"] == 40163
    late = shop.act(1, "share_phone_number")["code"]
    shop.sandbox.advance(minutes=5)
    assert shop.call("/wxa/business/getuserphonenumber", {"code": late})["errcode"] == 40029


def test_user_data_is_sealed_with_the_session_key(shop: Shop) -> None:
    key = session(shop, shop.act(1, "open_mini_program")["js_code"])["session_key"]
    data = shop.act(1, "share_user_data")
    assert data["signature"] == hashlib.sha1((data["rawData"] + key).encode()).hexdigest()
    cipher = Cipher(
        algorithms.AES(base64.b64decode(key)), modes.CBC(base64.b64decode(data["iv"]))
    ).decryptor()
    plain = cipher.update(base64.b64decode(data["encryptedData"])) + cipher.finalize()
    opened = json.loads(plain[: -plain[-1]])
    assert opened["watermark"]["appid"] == shop.appid
    assert opened["unionId"] == shop.sandbox.get("phones/1")["unionid"]
    assert opened["nickName"] == json.loads(data["rawData"])["nickName"]


def test_one_person_has_another_openid_in_every_program(shop: Shop, sandbox: SandboxClient) -> None:
    other = mini_program(sandbox, 0, unionid_platform=None)
    mine, theirs = (session(one, one.act(1, "open_mini_program")["js_code"]) for one in (shop, other))
    assert mine["openid"] != theirs["openid"]
    assert "unionid" not in theirs
