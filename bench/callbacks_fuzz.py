"""A million mutated callbacks: every one is refused in words or says exactly what the true one said; memory does not grow.

Run: python bench/callbacks_fuzz.py [bodies] [over_http]

Work: true callbacks of WeCom (sealed) and of an Official Account in plain mode are mutated (bits, bytes, cuts, repeats, splices,
entities, deep nesting) and handed to the codec as the callback route does; a share of them goes over HTTP to a running server.
Limit: no exception other than BadSignature and BadBody; no more than 30 MB of growth between the first tenth and the end.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx

from siyu.connectors._wechat.callback import PlatformCallback, SealedCallback
from siyu.connectors._wechat.crypto import signature
from siyu.connectors._wechat.xml import build
from siyu.connectors.errors import BadBody, BadSignature
from siyu.connectors.wecom.callbacks import translate

sys.path.insert(0, str(Path(__file__).parents[1]))
KEY, CORP, GROWTH_LIMIT_MB = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "ww0123456789abcdef", 30
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'


def main(bodies: int, over_http: int) -> None:
    draw, outcomes = random.Random(11), Counter[str]()
    targets = [_sealed(), _plain()]
    began, early = time.perf_counter(), 0.0
    for number in range(bodies):
        query, body, opens = targets[number % 2]
        outcomes[_tried(opens, query, _mutated(draw, body))] += 1
        if number == bodies // 10:
            early = _mb()
    seconds = time.perf_counter() - began
    growth = _mb() - early
    print(f"{bodies:,} mutated bodies in {seconds:.0f} s ({bodies / seconds:,.0f}/s): {dict(outcomes)}; growth {growth:.1f} MB ({growth / GROWTH_LIMIT_MB:.2f} of the limit)")
    if over_http:
        _over_http(draw, over_http)
    if set(outcomes) - {"signature", "body", "as told"}:
        sys.exit("something else than a refusal came out")


Opens = Callable[[dict[str, str], bytes], object]


def _sealed() -> tuple[dict[str, str], bytes, Opens]:
    codec = SealedCallback("token", KEY, CORP, translate)
    fields = {"ToUserName": CORP, "FromUserName": "sys", "MsgType": "event", "Event": "change_external_contact", "ChangeType": "add_external_contact"}
    body = codec.seal(build({**fields, "CreateTime": 1790000000, "UserID": "wang", "ExternalUserID": "wmA", "WelcomeCode": "c"}), timestamp="1790000000", nonce="n")
    encrypted = body.decode().split("<Encrypt>")[1].split("</Encrypt>")[0].removeprefix("<![CDATA[").removesuffix("]]>")
    query = {"msg_signature": signature("token", "1790000000", "n", encrypted), "timestamp": "1790000000", "nonce": "n"}
    return query, body, lambda query, body: codec.translate(codec.open(query, body).fields)


def _plain() -> tuple[dict[str, str], bytes, Opens]:
    """Plain mode signs no content, so whatever parses is translated."""
    codec = PlatformCallback("token", "", "wx1", translate)
    query = {"signature": signature("token", "1790000000", "n"), "timestamp": "1790000000", "nonce": "n"}
    body = build({"ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": 1790000000, "MsgType": "text", "Content": "你好", "MsgId": 1})
    return query, body, lambda query, body: codec.translate(codec.open(query, body).fields)


def _mutated(draw: random.Random, body: bytes) -> bytes:
    kind, at = draw.randrange(8), draw.randrange(len(body))
    if kind == 0:
        return body[:at] + bytes([body[at] ^ (1 << draw.randrange(8))]) + body[at + 1 :]
    if kind == 1:
        return body[:at]
    if kind == 2:
        return body[:at] + draw.randbytes(draw.randrange(1, 40)) + body[at:]
    if kind == 3:
        return body[:at] + body[draw.randrange(len(body)) :]
    if kind == 4:
        return body * draw.randrange(2, 5)
    if kind == 5:
        return BOMB + body.replace(b"<xml>", b"<xml><a>&c;</a>", 1)
    if kind == 6:
        return b"<x>" * draw.randrange(1, 400) + body
    return draw.randbytes(draw.randrange(200))


def _tried(opens: Opens, query: dict[str, str], body: bytes) -> str:
    try:
        opens(query, body)
    except BadSignature:
        return "signature"
    except BadBody:
        return "body"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:80]
    return "as told"


def _over_http(draw: random.Random, bodies: int) -> None:
    from tests.makers.carriers import wecom_account
    from tests.makers.running import running_shop

    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder, running_shop(Path(folder)) as shop:
        account = wecom_account(shop.stores, corp=CORP)
        query, body, _ = _sealed()
        url, statuses, early = f"{shop.url}/api/v1/callbacks/{account.callback_key}", Counter[int](), 0.0
        with httpx.Client(trust_env=False) as http:
            for number in range(bodies):
                statuses[http.post(url, params=query, content=_mutated(draw, body)).status_code] += 1
                if number == bodies // 10:
                    early = _mb()
        print(f"{bodies:,} over HTTP: {dict(statuses)}; growth {_mb() - early:.1f} MB")


def _mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 20_000)
