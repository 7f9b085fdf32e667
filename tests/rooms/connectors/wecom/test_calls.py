"""Every call arrives at the documented address, with documented names, in the documented form."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from siyu.connectors.wecom.connector import WeCom
from tests.makers.vendor import Asked, Said, run
from tests.makers.wecom import EXAMPLES, Example, done, fake_wecom

NEWER = {
    "/cgi-bin/externalcontact/contact_list",
    "/cgi-bin/idconvert/unionid_to_external_userid",
    "/cgi-bin/idconvert/batch/external_userid_to_pending_id",
    "/cgi-bin/externalcontact/groupchat/statistic_group_by_day",
    "/cgi-bin/message/send",
    "/cgi-bin/get_jsapi_ticket",
    "/cgi-bin/ticket/get",
    "/cgi-bin/auth/getuserinfo",
    "/cgi-bin/media/uploadimg",
}
"""Acquisition links and these are not in the catalogue of 2023-06, or there without parameters; documented elsewhere (protocol 3.1, 3.7, 3.9)."""
NEWER_NAMES = {
    "/cgi-bin/externalcontact/add_msg_template": {"chat_id_list", "tag_filter", "allow_select"},
    "/cgi-bin/externalcontact/add_contact_way": {"is_exclusive", "mark_source"},
    "/cgi-bin/externalcontact/update_contact_way": {"is_exclusive", "mark_source"},
    "/cgi-bin/externalcontact/groupchat/add_join_way": {"mark_source"},
    "/cgi-bin/externalcontact/groupchat/update_join_way": {"mark_source"},
    # The catalogue writes text.media_id here, and text.content where the same template is made.
    "/cgi-bin/externalcontact/group_welcome_template/edit": {"text.content"},
}
"""Added by the vendor after 2023, or a slip of the catalogue."""
WRONG_METHODS = {"/cgi-bin/user/list_id": "GET"}
"""The catalogue says GET with a body; the vendor's page (96067) says POST."""
NOT_REQUIRED = {
    "/cgi-bin/externalcontact/add_contact_way": {"is_temp"},
    "/cgi-bin/department/list": set[str](),
}
"""The catalogue marks them required; the vendor's page says that they have a default."""


async def _asked(example: Example) -> Asked:
    async with fake_wecom({example.path: {"errcode": 0, "errmsg": "ok", **example.answer}}) as (
        wecom,
        vendor,
    ):
        await done(example.make(wecom))
        found = vendor.of(example.path)
        assert found, f"nothing arrived at {example.path}"
        return found[0]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.path.removeprefix("/cgi-bin/"))
def test_it_arrives(example: Example) -> None:
    asked = run(_asked(example))
    assert asked.method == example.method
    assert asked.query["access_token"] == "token-1"


def test_every_public_call_has_an_example() -> None:
    """So that the checks here forget none."""
    source = Path(str(inspect.getsourcefile(WeCom))).parent
    text = "".join(file.read_text(encoding="utf-8") for file in source.glob("*.py"))
    methods = sum(text.count(f"self._client.{verb}(") for verb in ("get", "post", "upload", "download"))
    assert len({one.path for one in EXAMPLES}) == len(EXAMPLES)
    # Two helpers make two calls each (transfer: begin, results, groups), one fetches media.
    assert methods <= len(EXAMPLES) + 1


@pytest.fixture(scope="module")
def catalogue(shared_reference: Path) -> dict[tuple[str, str], dict[str, Any]]:
    file = shared_reference / "wecom_api_catalog.json"
    if not file.is_file():
        pytest.skip(f"the catalogue is not at {file}: this check against the documentation did not run")
    return {(one["method"], one["path"]): one for one in json.loads(file.read_text(encoding="utf-8"))["apis"]}


IN_CATALOGUE = [one for one in EXAMPLES if "customer_acquisition" not in one.path and one.path not in NEWER]


@pytest.mark.parametrize("example", IN_CATALOGUE, ids=lambda one: one.path.removeprefix("/cgi-bin/"))
def test_it_is_as_documented(example: Example, catalogue: dict[tuple[str, str], dict[str, Any]]) -> None:
    entry = catalogue[WRONG_METHODS.get(example.path, example.method), example.path]
    asked = run(_asked(example))
    names = {one["name"] for one in entry["request"]}
    sent = _names(asked)
    known = names | NEWER_NAMES.get(example.path, set()) | {"access_token"}
    assert not {name for name in sent if not _documented(name, known)}
    required = {one["name"] for one in entry["request"] if one["required"] and "." not in one["name"]}
    if asked.headers.get("content-type", "").startswith("multipart"):
        required = {one["name"] for one in entry["request"] if one["required"] and one["in"] == "query"}
    assert required - NOT_REQUIRED.get(example.path, set()) <= {name.split(".")[0] for name in sent} | {"id"}


def _names(asked: Asked) -> set[str]:
    """Names of the query and of the body, those inside with their path."""
    names = set(asked.query)
    if asked.headers.get("content-type", "").startswith("application/json"):
        _collect(asked.json, "", names)
    return names


def _collect(value: Any, at: str, names: set[str]) -> None:
    if isinstance(value, dict):
        for name, one in value.items():
            names.add(f"{at}{name}")
            _collect(one, f"{at}{name}.", names)
    elif isinstance(value, list):
        for one in value:
            _collect(one, at, names)


def _documented(name: str, known: set[str]) -> bool:
    """Named, or inside something that the catalogue does not open up."""
    parts = name.split(".")
    if name in known:
        return True
    holders = {".".join(parts[:count]) for count in range(1, len(parts))}
    return any(one in known and not any(k.startswith(f"{one}.") for k in known) for one in holders) or (
        parts[0] in known and parts[0] in ("attachments", "conclusions", "tag_filter")
    )


def test_what_is_none_is_left_out() -> None:
    asked = run(_asked(next(one for one in EXAMPLES if one.path.endswith("/edit_corp_tag"))))
    assert asked.json == {"id": "t", "name": "n", "order": 1}


def test_a_welcome_as_it_is_written() -> None:
    asked = run(_asked(next(one for one in EXAMPLES if one.path.endswith("/send_welcome_msg"))))
    assert asked.json == {
        "welcome_code": "code",
        "text": {"content": "你好"},
        "attachments": [
            {"msgtype": "image", "image": {"media_id": "M1"}},
            {
                "msgtype": "link",
                "link": {
                    "title": "标题",
                    "url": "https://a.cn/x",
                    "picurl": "https://a.cn/x.png",
                    "desc": "说明",
                },
            },
            {
                "msgtype": "miniprogram",
                "miniprogram": {"title": "标题", "pic_media_id": "M1", "appid": "wx1", "page": "pages/index"},
            },
            {"msgtype": "video", "video": {"media_id": "M2"}},
            {"msgtype": "file", "file": {"media_id": "M3"}},
        ],
    }
    assert "你好".encode() in asked.body, "text goes as it is: WeCom counts bytes and refuses escapes"


def test_a_send_as_it_is_written() -> None:
    asked = run(_asked(next(one for one in EXAMPLES if one.path.endswith("/add_msg_template"))))
    assert asked.json["tag_filter"] == {"group_list": [{"tag_list": ["t1", "t2"]}, {"tag_list": ["t3"]}]}
    assert (asked.json["chat_type"], asked.json["sender"], asked.json["allow_select"]) == (
        "single",
        "a",
        True,
    )


def test_a_moment_as_it_is_written() -> None:
    asked = run(_asked(next(one for one in EXAMPLES if one.path.endswith("/add_moment_task"))))
    assert asked.json["visible_range"] == {
        "sender_list": {"user_list": ["a"], "department_list": [1]},
        "external_contact_list": {"tag_list": ["t1"]},
    }


def test_an_app_message_as_it_is_written() -> None:
    asked = run(_asked(next(one for one in EXAMPLES if one.path == "/cgi-bin/message/send")))
    assert asked.json == {
        "touser": "a|b",
        "toparty": "1",
        "msgtype": "text",
        "agentid": 1000002,
        "text": {"content": "新客户"},
    }


def test_only_repeatable_calls_are_repeated() -> None:
    """After HTTP 502 what would act twice is asked once; everything else is tried again."""
    once = {
        "add_msg_template", "add_moment_task", "add_contact_way", "add_join_way", "create_link", "send",
        "remind_groupmsg_send", "transfer_customer", "onjob_transfer", "transfer", "add",
    }  # fmt: skip

    async def body() -> dict[str, int]:
        counts: dict[str, int] = {}
        for example in EXAMPLES:
            async with fake_wecom({example.path: Said(b"", 502)}) as (wecom, vendor):
                with pytest.raises(Exception, match="HTTP 502"):
                    await done(example.make(wecom))
                counts[example.path] = vendor.count(example.path)
        return counts

    for path, count in run(body()).items():
        assert count == (1 if path.rpartition("/")[2] in once else 4), path
