"""Limits of what is sent are checked before the call, all at once; the numbers are settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from siyu.connectors._wechat.limits import limit_fields
from siyu.connectors.errors import ContentError
from siyu.connectors.wecom.connector import VENDOR
from siyu.connectors.wecom.content import File, Image, Link, Message, MiniProgram, Video
from siyu.connectors.wecom.limits import WeComLimits
from siyu.connectors.wecom.moments import MomentDraft
from siyu.connectors.wecom.sends import Draft
from siyu.connectors.wecom.ways import SEVERAL, SINGLE, JoinWay, WayDraft
from siyu.foundation.errors import Fault
from tests.makers.vendor import run
from tests.makers.wecom import SINCE, done, fake_wecom

HAN = "字"
"""Three bytes, one character."""
PICTURE = Image("M")


def faults(make: Any, **settings: Any) -> list[str]:
    """Fields that are at fault; nothing may have been called then."""

    async def body() -> list[Fault]:
        async with fake_wecom(**settings) as (wecom, vendor):
            try:
                await done(make(wecom))
            except ContentError as error:
                return [] if vendor.asked else error.faults
            return []

    found: list[Fault] = run(body())
    assert all(fault.message.zh and fault.message.en for fault in found)
    return [fault.field for fault in found]


def welcome(message: Message, **settings: Any) -> list[str]:
    return faults(lambda wecom: wecom.welcome.send("code", message), **settings)


def test_bytes_count_not_characters() -> None:
    assert welcome(Message(HAN * 1333)) == []
    assert welcome(Message(HAN * 1334)) == ["text"]
    assert welcome(Message("a" * 4000)) == []
    assert welcome(Message("a" * 4001)) == ["text"]


def test_broken_characters_are_told() -> None:
    assert welcome(Message("half an emoji \ud83d")) == ["text"]
    assert welcome(Message("whole 😀")) == []


def test_a_message_must_hold_something() -> None:
    assert welcome(Message()) == ["text"]
    assert welcome(Message("", (PICTURE,))) == []


def test_nine_attachments() -> None:
    assert welcome(Message("x", (PICTURE,) * 9)) == []
    assert welcome(Message("x", (PICTURE,) * 10)) == ["attachments"]


def test_every_fault_is_told_at_once() -> None:
    message = Message(
        "a" * 4001,
        (
            Image(),
            Link("t" * 129, "ftp://a", desc="d" * 513, picurl="x"),
            MiniProgram("t" * 65),
            Video(),
            File(),
        ),
    )
    assert welcome(message) == [
        "text",
        "attachments.0.image.media_id",
        "attachments.1.link.title",
        "attachments.1.link.desc",
        "attachments.1.link.url",
        "attachments.1.link.picurl",
        "attachments.2.miniprogram.pic_media_id",
        "attachments.2.miniprogram.appid",
        "attachments.2.miniprogram.page",
        "attachments.2.miniprogram.title",
        "attachments.3.video.media_id",
        "attachments.4.file.media_id",
    ]


def test_a_number_is_a_setting() -> None:
    assert welcome(Message("a" * 11), text_bytes="10") == ["text"]
    assert WeComLimits.of({"text_bytes": "", "attachments": 0, "send_groups": 5}).send_groups == 5
    assert WeComLimits.of({"text_bytes": "", "attachments": 0}) == WeComLimits()
    names = {field.name for field in VENDOR.settings}
    assert {field.name for field in limit_fields(WeComLimits)} <= names
    assert all(field.label.zh and field.label.en for field in VENDOR.settings)


@pytest.mark.parametrize(
    ("draft", "wrong"),
    [
        (Draft(Message("x"), customers=("w",)), []),
        (Draft(Message("x"), sender="a"), []),
        (Draft(Message("x"), tag_groups=(("t",),)), []),
        (Draft(Message("x")), ["customers"]),
        (Draft(Message("x"), customers=("w",) * 10_001), ["customers"]),
        (Draft(Message("x"), customers=("w",), chats=("g",)), ["chats"]),
        (Draft(Message("x"), "group", chats=("g",) * 2001, sender="a"), ["chats"]),
        (Draft(Message("x"), "group", chats=("g",)), ["sender"]),
        (Draft(Message("x"), "group", sender="a", allow_select=True), ["customers"]),
        (Draft(Message("x"), sender="a", tag_groups=((),)), ["tag_groups.0"]),
    ],
)
def test_sends(draft: Draft, wrong: list[str]) -> None:
    assert faults(lambda wecom: wecom.sends.create(draft)) == wrong


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (Message("早"), []),
        (Message("早", (PICTURE,) * 9), []),
        (Message("早", (PICTURE,) * 10), ["attachments"]),
        (Message("早", (Video("V"),)), []),
        (Message("早", (Video("V"), Video("V"))), ["attachments"]),
        (Message("早", (PICTURE, Video("V"))), ["attachments", "attachments"]),
        (Message("早", (File("F"),)), ["attachments"]),
        (Message("早", (Link("t" * 65, "a.cn"),)), ["attachments.0.link.title", "attachments.0.link.url"]),
        (Message("字" * 2001), ["text", "text"]),
        (Message(), ["text"]),
    ],
)
def test_moments(message: Message, wrong: list[str]) -> None:
    answer = {"/cgi-bin/externalcontact/add_moment_task": {"jobid": "j"}}
    assert faults(lambda wecom: wecom.moments.create(MomentDraft(message)), script=answer) == wrong


@pytest.mark.parametrize(
    ("draft", "wrong"),
    [
        (WayDraft(("a",)), []),
        (WayDraft((), (1,)), []),
        (WayDraft(("a",), type=SINGLE), []),
        (WayDraft(("a", "b"), type=SINGLE), ["users"]),
        (WayDraft(("a",), (1,), type=SINGLE), ["users"]),
        (WayDraft(()), ["users"]),
        (WayDraft(("a",) * 101), ["users"]),
        (WayDraft(("a",), type=SEVERAL, is_temp=True), ["is_temp"]),
        (WayDraft(("a",), remark="字" * 31, state="s" * 31), ["remark", "state"]),
        (WayDraft(("a",), remark="字" * 30, state="s" * 30), []),
        (
            WayDraft(("a",), conclusion=Message("a" * 4001, (Image(),))),
            ["conclusion.text", "attachments.0.image.media_id"],
        ),
    ],
)
def test_live_codes(draft: WayDraft, wrong: list[str]) -> None:
    answer = {"/cgi-bin/externalcontact/add_contact_way": {"config_id": "w"}}
    assert faults(lambda wecom: wecom.contact_ways.add(draft), script=answer) == wrong


def test_join_codes_names_tags_remarks_and_the_rest() -> None:
    assert faults(
        lambda wecom: wecom.join_ways.add(JoinWay(chat_id_list=("g",) * 6, room_base_name="字" * 41))
    ) == [
        "room_base_name",
        "chat_id_list",
    ]
    assert faults(lambda wecom: wecom.tags.add(["x" * 31, " "], group_name="字" * 31)) == [
        "group_name",
        "names.0",
        "names.1",
    ]
    assert faults(lambda wecom: wecom.tags.mark("a", "w")) == ["add"]
    assert faults(lambda wecom: wecom.tags.delete()) == ["tag_ids"]
    assert faults(
        lambda wecom: wecom.customers.remark("a", "w", remark="字" * 21, description="字" * 151)
    ) == ["remark", "description"]
    assert faults(lambda wecom: wecom.customers.remark("a", "w")) == ["remark"]
    assert faults(lambda wecom: wecom.transfer.customers("a", "a", ["w"] * 101, message="字" * 201)) == [
        "external_userids",
        "message",
        "takeover",
    ]
    assert faults(lambda wecom: wecom.messages.text("a" * 2049, users=["a"])) == ["content"]
    assert faults(lambda wecom: wecom.messages.text("a", users=[]), agentid="") == ["users", "agentid"]
    assert faults(lambda wecom: wecom.media.upload("image", "a.png", b"12345")) == ["content"]
    assert faults(lambda wecom: wecom.media.upload("voice", "a.amr", b"1" * (2 * 1024 * 1024 + 1))) == [
        "content"
    ]
    assert faults(lambda wecom: wecom.groups.list(["a"] * 101)) == ["owners"]


@pytest.mark.parametrize(
    ("days", "wrong"),
    [
        (30, []),
        (31, ["moments"]),
        (32, ["moments", "sends"]),
        (0, ["moments", "sends"]),
        (-1, ["moments", "sends"]),
    ],
)
def test_spans_of_time(days: int, wrong: list[str]) -> None:
    until = SINCE + timedelta(days=days)
    found = {
        "moments": faults(lambda wecom: wecom.moments.list(SINCE, until)),
        "sends": faults(lambda wecom: wecom.sends.list("single", SINCE, until)),
    }
    assert [name for name, fields in found.items() if fields == ["until_at"]] == wrong


def test_a_cleared_list_of_phones_clears() -> None:
    async def body() -> Any:
        async with fake_wecom() as (wecom, vendor):
            await wecom.customers.remark("a", "w", mobiles=[])
            return vendor.of("/cgi-bin/externalcontact/remark")[0].json

    assert run(body())["remark_mobiles"] == [""]
