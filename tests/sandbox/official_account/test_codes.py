"""Codes with a scene: who follows by one, who comes back by one, how long they live."""

import struct
import zlib
from typing import Any

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Listener, Shop, official_account, plain


def code(action: str, **scene: Any) -> dict[str, Any]:
    return {"action_name": action, "action_info": {"scene": scene}}


def test_a_scan_follows_and_the_next_one_comes_back(sandbox: SandboxClient, listener: Listener) -> None:
    shop = official_account(sandbox, callback=plain(listener))
    made = shop.call("qrcode/create", code("QR_STR_SCENE", scene_str="store=静安") | {"expire_seconds": 3600})
    assert made["expire_seconds"] == 3600
    first = sandbox.post("phones/1/scan", {"qr": made["url"]})
    assert first["event"] == "subscribe"
    told = listener.event("subscribe")
    assert (told["EventKey"], told["Ticket"]) == ("qrscene_store=静安", made["ticket"])
    info = shop.get("user/info", openid=first["openid"])
    assert (info["subscribe_scene"], info["qr_scene"], info["qr_scene_str"]) == (
        "ADD_SCENE_QR_CODE",
        0,
        "store=静安",
    )
    picture = f"https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket={made['ticket']}"
    assert sandbox.post("phones/1/scan", {"qr": picture})["event"] == "SCAN"
    assert listener.event("SCAN")["EventKey"] == "store=静安"


def test_a_number_as_scene(shop: Shop, sandbox: SandboxClient) -> None:
    made = shop.call("qrcode/create", code("QR_LIMIT_SCENE", scene_id=77))
    assert "expire_seconds" not in made
    openid = sandbox.post("phones/2/scan", {"qr": made["ticket"]})["openid"]
    assert shop.get("user/info", openid=openid)["qr_scene"] == 77
    assert shop.call("qrcode/create", code("QR_LIMIT_SCENE", scene_id=77)) == made


def test_a_temporary_code_ends(shop: Shop, sandbox: SandboxClient) -> None:
    made = shop.call("qrcode/create", code("QR_SCENE", scene_id=1))
    assert made["expire_seconds"] == 60
    picture = sandbox.http.get("/cgi-bin/showqrcode", params={"ticket": made["ticket"]})
    assert picture.headers["content-type"] == "image/png"
    assert size_of(picture.content) == (430, 430)
    sandbox.advance(seconds=61)
    assert sandbox.http.post("/sandbox/phones/1/scan", json={"qr": made["url"]}).status_code == 404
    assert sandbox.http.get("/cgi-bin/showqrcode", params={"ticket": made["ticket"]}).status_code == 404


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height, after every chunk has proved whole."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    place, kinds, data = 8, [], b""
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, inside = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length])[0] == zlib.crc32(
            kind + inside
        )
        kinds.append(kind)
        data += inside if kind == b"IDAT" else b""
        place += 12 + length
    assert (kinds[0], kinds[-1]) == (b"IHDR", b"IEND")
    width, height = struct.unpack(">II", png[16:24])
    assert len(zlib.decompress(data)) == height * (1 + (width + 7) // 8)
    return width, height


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (code("QR_DANCE", scene_id=1), 40066),
        (code("QR_SCENE", scene_id=0), 40053),
        (code("QR_SCENE", scene_id=2**32), 40053),
        (code("QR_SCENE", scene_str="a"), 40053),
        (code("QR_LIMIT_SCENE", scene_id=100_001), 40053),
        (code("QR_STR_SCENE", scene_str=""), 40053),
        (code("QR_STR_SCENE", scene_str="s" * 65), 40053),
        (code("QR_SCENE", scene_id=1) | {"expire_seconds": 2_592_001}, 40052),
        ({"action_name": "QR_SCENE"}, 40053),
    ],
)
def test_codes_that_cannot_be(shop: Shop, body: dict[str, Any], error: int) -> None:
    assert shop.call("qrcode/create", body)["errcode"] == error


def test_a_subscription_account_has_no_scene_codes(sandbox: SandboxClient) -> None:
    shop = official_account(sandbox, kind="subscription")
    assert shop.call("qrcode/create", code("QR_SCENE", scene_id=1))["errcode"] == 48001
