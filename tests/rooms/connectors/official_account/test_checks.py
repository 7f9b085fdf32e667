"""The wizard's steps for an Official Account: which of them fails, and what it says to put right."""

from __future__ import annotations

from typing import Any

import pytest

from siyu.connectors.official_account.connector import VENDOR
from siyu.connectors.vendor import Found
from tests.makers.platforms import official_account
from tests.makers.vendor import Said, Time, fake_vendor, ports_on, run

TOKEN = {"access_token": "t", "expires_in": 7200}
STABLE = "/cgi-bin/stable_token"
TEMPLATES = "/cgi-bin/template/get_all_private_template"


def _checked(script: dict[str, Any], **settings: Any) -> dict[str, Found]:
    async def whole() -> dict[str, Found]:
        async with fake_vendor({STABLE: TOKEN, **script}) as vendor:
            account = official_account(vendor.url, ports_on(Time()), **settings)
            return {check.key: await check.run(account) for check in VENDOR.checks}

    found: dict[str, Found] = run(whole())
    return found


def test_all_is_well() -> None:
    assert [(key, one.ok) for key, one in _checked({}).items()] == [
        ("secret", True),
        ("ip", True),
        ("followers", True),
        ("kind", True),
        ("menu", True),
    ]


@pytest.mark.parametrize(
    ("script", "settings", "step", "code", "words"),
    [
        ({STABLE: {"errcode": 40125, "errmsg": "invalid appsecret"}}, {}, "secret", "40125", "AppSecret"),
        ({STABLE: {"errcode": 40013}}, {}, "secret", "40013", "AppID"),
        ({STABLE: {"errcode": 40164}}, {}, "ip", "40164", "白名单"),
        ({"/cgi-bin/user/get": {"errcode": 48001}}, {}, "followers", "48001", "认证"),
        ({TEMPLATES: {"errcode": 48001}}, {}, "kind", "48001", "服务号"),
        ({TEMPLATES: {"errcode": 48004}}, {"kind": "subscription"}, "kind", "48004", "通知中心"),
        ({"/cgi-bin/get_current_selfmenu_info": {"errcode": 48001}}, {}, "menu", "48001", "接口权限"),
        ({"/cgi-bin/user/get": {"errcode": 45009}}, {}, "followers", "45009", "之后再试"),
        ({"/cgi-bin/user/get": Said(b"", 500)}, {}, "followers", "http_500", "稍后"),
    ],
)
def test_the_first_step_that_fails_says_why(
    script: dict[str, Any], settings: dict[str, str], step: str, code: str, words: str
) -> None:
    found = _checked(script, **settings)
    first = next(key for key, one in found.items() if not one.ok)
    assert (first, found[first].code) == (step, code)
    fix = found[first].fix
    assert fix is not None
    assert words in fix.zh
    assert fix.en


def test_a_subscription_account_lacks_templates_and_that_is_right() -> None:
    found = _checked({TEMPLATES: {"errcode": 48001}}, kind="subscription")["kind"]
    assert (found.ok, found.fix) == (True, None)
    assert "订阅号" in found.says.zh
    promoted = _checked({}, kind="subscription")["kind"]
    assert promoted.ok
    assert promoted.fix is not None
