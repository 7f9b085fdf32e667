"""The steps of connecting say what is wrong and what to put right, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from siyu.connectors.registry import VENDORS
from siyu.connectors.vendor import Found
from siyu.connectors.wecom.codes import CODES
from tests.makers.vendor import FakeVendor, Said, Time, run
from tests.makers.wecom import fake_wecom

VENDOR = VENDORS["wecom"]
SERVING = {"/cgi-bin/externalcontact/get_follow_user_list": {"follow_user": ["lin"]}}
DEPARTMENTS = "/cgi-bin/department/simplelist"


def checked(script: dict[str, Any], **settings: Any) -> dict[str, Found]:
    """What each step finds."""

    async def body() -> dict[str, Found]:
        async with fake_wecom(script, **settings) as (wecom, _):
            return {check.key: await check.run(wecom) for check in VENDOR.checks}

    found: dict[str, Found] = run(body())
    return found


def error(code: int) -> dict[str, Any]:
    return {"errcode": code, "errmsg": "said by the vendor"}


def test_all_is_well() -> None:
    found = checked(SERVING, login_domain="h5.brand.cn")
    assert all(one.ok for one in found.values())
    assert [check.key for check in VENDOR.checks] == list(found)
    assert all(check.label.zh and check.label.en for check in VENDOR.checks)


@pytest.mark.parametrize(("code", "words"), [(40001, "Secret"), (40013, "企业 ID"), (40091, "Secret")])
def test_wrong_credentials_fail_at_the_first_step(code: int, words: str) -> None:
    first = checked({"/cgi-bin/gettoken": error(code)})["token"]
    assert (first.ok, first.code) == (False, str(code))
    assert first.fix is not None
    assert words in first.fix.zh


def test_an_address_that_is_not_trusted_is_its_own_step() -> None:
    found = checked({DEPARTMENTS: error(60020)})
    assert found["token"].ok
    assert not found["trusted_ip"].ok
    assert "企业可信IP" in found["trusted_ip"].fix.zh  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("code", "words"), [(48002, "可调用接口的应用"), (60011, "可见范围"), (84074, "权限配置")]
)
def test_customer_contact_that_is_not_granted(code: int, words: str) -> None:
    found = checked({"/cgi-bin/externalcontact/get_follow_user_list": error(code)})
    assert found["token"].ok
    assert found["trusted_ip"].ok
    step = found["external_contact"]
    assert (step.ok, step.code) == (False, str(code))
    assert words in step.fix.zh  # type: ignore[union-attr]
    assert step.fix.en  # type: ignore[union-attr]


def test_nobody_serves_customers() -> None:
    step = checked({"/cgi-bin/externalcontact/get_follow_user_list": {"follow_user": []}})["external_contact"]
    assert not step.ok
    assert "可见范围" in step.fix.zh  # type: ignore[union-attr]


def test_live_codes_that_may_not_be_managed() -> None:
    found = checked({**SERVING, "/cgi-bin/externalcontact/list_contact_way": error(48002)})
    assert found["external_contact"].ok
    assert not found["contact_way"].ok


@pytest.mark.parametrize(
    "domain",
    ["https://h5.brand.cn", "h5.brand.cn/path", "h5.brand.cn:443", "192.168.1.1", "brand", "-a.cn", "a..cn"],
)
def test_what_is_no_domain(domain: str) -> None:
    step = checked(SERVING, login_domain=domain)["trusted_domain"]
    assert not step.ok
    assert step.fix is not None


def test_no_domain_is_not_wrong() -> None:
    step = checked(SERVING)["trusted_domain"]
    assert step.ok
    assert step.fix is not None


def test_a_vendor_that_does_not_answer_or_throttles() -> None:
    silent = checked({DEPARTMENTS: Said(b"", 502)})["trusted_ip"]
    assert not silent.ok
    assert silent.fix is not None
    throttled = checked({DEPARTMENTS: error(45009)})["trusted_ip"]
    assert not throttled.ok
    assert "之后再试" in throttled.fix.zh  # type: ignore[union-attr]


def test_checks_change_nothing_at_the_corp() -> None:
    async def body() -> FakeVendor:
        async with fake_wecom(SERVING, Time()) as (wecom, vendor):
            for check in VENDOR.checks:
                await check.run(wecom)
            return vendor

    paths = {one.path.rpartition("/")[2] for one in run(body()).asked}
    assert paths == {
        "gettoken",
        "simplelist",
        "get_follow_user_list",
        "list_contact_way",
        "get_corp_tag_list",
    }


def test_every_code_is_in_words_of_both_languages() -> None:
    for code, known in CODES.items():
        assert known.says.zh, code
        assert known.says.en, code
        assert known.fix is None or (known.fix.zh and known.fix.en), code
    for kind in ("bad_credentials", "account_restricted"):
        told = [code for code, known in CODES.items() if known.kind == kind]
        assert [code for code in told if CODES[code].fix is None] in ([], ["41001"])


def test_the_codes_that_the_protocol_names_are_known() -> None:
    named = [
        "-1",
        "6000",
        "40001",
        "40003",
        "40007",
        "40013",
        "40014",
        "42001",
        "40058",
        "40068",
        "40071",
        "40096",
        "40097",
        "40098",
        "40099",
        "40100",
        "40126",
        "40128",
        "40129",
        "40130",
        "40131",
        "41001",
        "41002",
        "41004",
        "41035",
        "41040",
        "41041",
        "41042",
        "41043",
        "41044",
        "41045",
        "41047",
        "41048",
        "41049",
        "41050",
        "41051",
        "41053",
        "41054",
        "41055",
        "41056",
        "41058",
        "41059",
        "41060",
        "41061",
        "41062",
        "41063",
        "41064",
        "41065",
        "41067",
        "41072",
        "41078",
        "41079",
        "41080",
        "41081",
        "41082",
        "41089",
        "41090",
        "41091",
        "41093",
        "41094",
        "41095",
        "41096",
        "45009",
        "45033",
        "47001",
        "48002",
        "50001",
        "60003",
        "60011",
        "60020",
        "60111",
        "81013",
        "81017",
        "84061",
        "84074",
        "90500",
        "90501",
        "90502",
        "90503",
        "90504",
        "90507",
        "90508",
        "90509",
        "301002",
    ]
    assert not [code for code in named if code not in CODES]


def test_codes_are_those_of_the_vendors_list(shared_reference: Path) -> None:

    file = shared_reference / "wecom_errcodes.json"
    if not file.is_file():
        pytest.skip(f"the vendor's list of codes is not at {file}: this check did not run")
    listed = json.loads(file.read_text(encoding="utf-8"))
    # 45011 and 47001 are told by the protocol, not by WeCom's own list.
    assert {code for code in CODES if code not in listed} <= {"45011", "47001"}


def test_what_is_asked_of_whoever_connects() -> None:
    assert VENDOR.has_callbacks
    assert VENDOR.ref_field in {field.name for field in VENDOR.credentials}
    assert {field.name for field in VENDOR.credentials if field.secret} == {
        "secret",
        "callback_token",
        "encoding_aes_key",
    }
    assert VENDOR.codes is CODES
