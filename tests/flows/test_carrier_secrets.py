"""What a carrier's credentials are worth: they are in no answer, log, audit, error or file, whatever goes wrong."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from siyu.carriers import accounts
from siyu.connectors.errors import CarrierError
from tests.makers.running import KEY, SECRET, Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.troubles import TOKEN, Corp, added, open_corp, teller

CALLBACK_TOKEN = "qWeRtYcallbackToken29"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr("siyu.connectors._wechat.api.BUSY_SECONDS", (0.1, 0.2, 0.3))
    with running_shop(tmp_path) as shop:
        yield shop


def secrets_of(corp: Corp) -> dict[str, str]:
    """All that must not be read anywhere: what was entered, what the carrier issued, and codes that can be used."""
    asked = {"corpid": corp.ref, "corpsecret": SECRET}
    token = str(corp.sandbox.call("GET", TOKEN, **asked)["access_token"])
    told = corp.sandbox.get("callbacks", account=corp.ref)
    codes = {f"welcome code {n}": str(one["fields"]["WelcomeCode"]) for n, one in enumerate(told) if one["fields"].get("WelcomeCode")}
    assert codes
    return {"secret": SECRET, "callback token": CALLBACK_TOKEN, "aes key": KEY, "access token": token, **codes}


def everything_told(shop: Shop, corp: Corp) -> str:
    """Every answer that anybody gets about the account, failing ones too."""
    told = [shop.api("GET", path) for path in ("/carriers/products", "/carriers/accounts", "/team/audit", "/events/catalogue", "/system/doctor", "/jobs")]
    told += [shop.api("GET", f"{corp.path}{part}") for part in ("", "/health", "/quotas", "/inbox", "/inbox/kinds", "/welcomes", "/greetings", "/contact-ways", "/tags")]
    told += [shop.api("GET", f"{corp.path}/inbox/{row['position']}") for row in told[9]["items"]]
    told.append(shop.api("POST", f"{corp.path}/check"))
    bad = {"secret": SECRET + "!", "callback_token": CALLBACK_TOKEN + "!", "encoding_aes_key": KEY + "="}
    told.append(shop.api("PATCH", corp.path, {"credentials": bad}, status=422))
    return json.dumps(told, ensure_ascii=False)


def files_of(home: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


def test_nothing_tells_them(shop: Shop, sandbox: SandboxClient, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    corp = open_corp(shop, sandbox)
    shop.api("PATCH", corp.path, {"credentials": {"callback_token": CALLBACK_TOKEN}})
    sandbox.patch(f"corps/{corp.ref}", {"callback": {"url": corp.account["callback_url"], "token": CALLBACK_TOKEN, "encoding_aes_key": KEY}})
    corp.welcome()
    wait_for(lambda: corp.arrive(1) and corp.page()["relation_count"], 15)
    for bad in ({"kind": "drop"}, {"kind": "http", "status": 502}, {"kind": "errcode", "code": 40001}, {"kind": "errcode", "code": 987654}, {"kind": "kill_token"}):
        corp.fault(**bad)
        corp.arrive(2)
        shop.api("POST", f"{corp.path}/check")
        corp.mend()
    forged = teller(corp)
    assert forged.tell(**added("wmForged", 1_790_000_000)) == 403
    shop.stores.ledger.engine.dispose()
    found = {
        "answer": everything_told(shop, corp).encode(), "log": caplog.text.encode(), "output": "".join(capfd.readouterr()).encode(), "file": files_of(tmp_path),
    }  # fmt: skip
    for name, secret in secrets_of(corp).items():
        for place, content in found.items():
            assert secret.encode() not in content, f"{name} in {place}: {_around(content, secret.encode())!r}"


def test_no_exception_tells_them(shop: Shop, sandbox: SandboxClient) -> None:
    """Neither its words nor what a traceback shows of objects on its way."""
    corp = open_corp(shop, sandbox)
    corp.fault("errcode", code=40001)
    calls = shop.app.state.carriers.calls
    with shop.stores.ledger.read() as tx:
        account = accounts.find_account(tx, corp.account["id"])

    async def ask() -> Any:
        return await calls.connector(account).customers.get("wm1")

    async def whole() -> Any:
        return calls.connector(account)

    with pytest.raises(CarrierError) as caught:
        calls.run(ask())
    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + repr(account) + repr(calls.run(whole()))
    assert SECRET not in shown
    assert KEY not in shown
    assert not re.search(r"access_token=[\w-]{20}", shown)


def _around(content: bytes, secret: bytes) -> bytes:
    at = content.index(secret)
    return content[max(0, at - 80) : at + 20]
