"""Answers become frozen records; what is not as documented is told, not guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from siyu.connectors.errors import CarrierError, Refused, Unavailable
from siyu.connectors.wecom.connector import WeCom
from tests.makers.vendor import Asked, run
from tests.makers.wecom import EXAMPLES, SINCE, Example, done, fake_wecom

FILE = Path(__file__).parents[3] / "payloads" / "wecom" / "answers.json"
ANSWERS = json.loads(FILE.read_text(encoding="utf-8"))["answers"]


def asked(path: str, make: Any, answer: Any = None) -> Any:
    """What a call gives when it is answered as in the file, or as told."""

    async def body() -> Any:
        script = {f"/cgi-bin/{path}": ANSWERS[path] if answer is None else answer}
        async with fake_wecom(script) as (wecom, _):
            return await done(make(wecom))

    return run(body())


def test_a_customer_and_who_follows_them() -> None:
    found = asked("externalcontact/get", lambda wecom: wecom.customers.get_whole("wmAlice"))
    assert (found.customer.name, found.customer.unionid, found.customer.position) == ("爱丽丝", "oUnion1", "")
    lin, mei = found.follows
    assert (lin.state, lin.added_at, lin.add_way) == ("poster-7", datetime(2026, 1, 1, 2, tzinfo=UTC), 1)
    assert [(tag.tag_id, tag.type) for tag in lin.tags] == [("etGold", 1), ("", 2)]
    assert mei.wechat_channels.nickname == "视频号"


def test_a_customer_with_more_followers_than_a_page() -> None:
    pages = {"": ("c1", "a"), "c1": ("c2", "b"), "c2": ("", "c")}

    def answer(one: Asked) -> Any:
        following, userid = pages[one.query.get("cursor", "")]
        return {
            "external_contact": {"external_userid": "wm"},
            "follow_user": [{"userid": userid}],
            "next_cursor": following,
        }

    found = asked("externalcontact/get", lambda wecom: wecom.customers.get_whole("wm"), answer)
    assert [follow.userid for follow in found.follows] == ["a", "b", "c"]


def test_relations_in_batches() -> None:
    (found,) = asked("externalcontact/batch/get_by_user", lambda wecom: wecom.customers.of_staff(["lin"]))
    assert (found.customer.external_userid, found.follow.tag_id) == ("wmAlice", ("etGold",))


def test_staff_without_customers_have_an_empty_list() -> None:
    nobody = {"errcode": 84061, "errmsg": "not external contact"}
    assert asked("externalcontact/list", lambda wecom: wecom.customers.ids("lin"), nobody) == ()
    assert (
        asked("externalcontact/batch/get_by_user", lambda wecom: wecom.customers.of_staff(["lin"]), nobody)
        == []
    )
    with pytest.raises(Refused):
        asked(
            "externalcontact/batch/get_by_user",
            lambda wecom: wecom.customers.of_staff(["lin", "mei"]),
            nobody,
        )


def test_staff_whom_wecom_left_out_are_not_taken_for_staff_without_customers() -> None:
    answer = {"external_contact_list": [], "fail_info": {"unlicensed_userid_list": ["mei"]}}
    with pytest.raises(Refused) as caught:
        asked(
            "externalcontact/batch/get_by_user",
            lambda wecom: wecom.customers.of_staff(["lin", "mei"]),
            answer,
        )
    assert caught.value.vendor_message == "mei"


def test_reading_goes_on_from_a_cursor() -> None:
    seen: list[Any] = []

    def answer(one: Asked) -> Any:
        seen.append(one.json.get("cursor"))
        number = int(one.json.get("cursor", 0))
        relation = {"external_contact": {"external_userid": f"wm{number}"}, "follow_info": {"userid": "lin"}}
        return {"external_contact_list": [relation], "next_cursor": str(number + 1) if number < 4 else ""}

    found = asked(
        "externalcontact/batch/get_by_user", lambda wecom: wecom.customers.of_staff(["lin"], "2"), answer
    )
    assert ([one.customer.external_userid for one in found], seen) == (["wm2", "wm3", "wm4"], ["2", "3", "4"])


def test_a_group_and_its_members() -> None:
    found = asked("externalcontact/groupchat/get", lambda wecom: wecom.groups.get("wrGroup"))
    lin, alice = found.members
    assert (found.owner, found.admins[0].userid, lin.type) == ("lin", "mei", 1)
    assert (alice.unionid, alice.join_scene, alice.state, alice.invitor.userid) == (
        "oUnion1",
        3,
        "door",
        "lin",
    )


def test_results_of_a_send() -> None:
    found = asked("externalcontact/get_groupmsg_send_result", lambda wecom: wecom.sends.results("m", "lin"))
    assert [one.status for one in found] == [1, 3, 2]
    assert (found[0].sent_at, found[1].sent_at) == (datetime(2026, 1, 1, 4, tzinfo=UTC), None)


def test_a_finished_moment_job() -> None:
    found = asked("externalcontact/get_moment_task_result", lambda wecom: wecom.moments.job("j"))
    assert (found.status, found.result.moment_id) == (3, "mom1")
    assert found.result.invalid_sender_list.user_list == ("gone",)


def test_standings_of_a_transfer() -> None:
    found = asked("externalcontact/transfer_result", lambda wecom: wecom.transfer.results("lin", "mei"))
    assert [(one.standing, one.takeover_at) for one in found] == [
        ("done", datetime(2026, 1, 1, 4, tzinfo=UTC)),
        ("refused", None),
        ("unknown", None),
    ]


def test_unassigned_customers_end_where_wecom_says_so() -> None:
    answer = {
        "info": [{"handover_userid": "a", "external_userid": "w", "dimission_time": 1767225600}],
        "is_last": True,
        "next_cursor": "x",
    }
    (found,) = asked("externalcontact/get_unassigned_list", lambda wecom: wecom.transfer.unassigned(), answer)
    assert found.left_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_figures_of_groups_are_read_by_offset() -> None:
    def answer(one: Asked) -> Any:
        at = one.json["offset"]
        return {"total": 5, "next_offset": at + 2, "items": [{"owner": f"o{at}", "data": {"chat_total": 1}}]}

    found = asked(
        "externalcontact/groupchat/statistic", lambda wecom: wecom.groups.by_owner(["a"], SINCE), answer
    )
    assert [one.owner for one in found] == ["o0", "o2", "o4"]


def test_tags_and_quotas() -> None:
    (group,) = asked("externalcontact/get_corp_tag_list", lambda wecom: wecom.tags.list())
    assert (group.group_name, group.tags[0].name) == ("等级", "金卡")
    quota = asked("externalcontact/customer_acquisition_quota", lambda wecom: wecom.acquisition.quota())
    assert (quota.balance, quota.quota_list[0].expires_at) == (400, datetime(2026, 2, 1, tzinfo=UTC))


def test_an_old_form_of_a_live_code_is_read_too() -> None:
    answer = {"contact_way": [{"config_id": "w1", "state": "s"}]}
    found = asked("externalcontact/get_contact_way", lambda wecom: wecom.contact_ways.get("w1"), answer)
    assert (found.config_id, found.state) == ("w1", "s")


@pytest.mark.parametrize(
    "answer", [{}, {"external_contact": 5}, {"external_contact": {"name": "x"}}, {"external_contact": None}]
)
def test_what_is_not_as_documented_is_told(answer: Any) -> None:
    with pytest.raises(Unavailable) as caught:
        asked("externalcontact/get", lambda wecom: wecom.customers.get("wm"), answer)
    assert (caught.value.vendor_code, caught.value.api) == ("shape", "/cgi-bin/externalcontact/get")


def test_records_cannot_be_changed() -> None:
    found = asked("externalcontact/get", lambda wecom: wecom.customers.get("wmAlice"))
    with pytest.raises(AttributeError):
        found.customer.name = "x"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.path.removeprefix("/cgi-bin/"))
def test_odd_answers_are_errors_of_the_five_kinds(example: Example) -> None:
    """Whatever the vendor says: an error that callers know, or an empty answer."""

    async def body() -> None:
        for answer in ({}, {"errcode": 40058}, {"errcode": "x"}, {"next_cursor": 5, "url": 7, "items": "no"}):
            async with fake_wecom({example.path: answer}) as (wecom, _):
                try:
                    await done(example.make(wecom))
                except CarrierError:
                    continue

    run(body())


def test_others_sample_answers_are_read(shared_reference: Path) -> None:
    file = shared_reference / "wechat_vectors.json"
    if not file.is_file():
        pytest.skip(f"the known answers are not at {file}: this check against others did not run")
    samples = {
        one["path"]: one for one in json.loads(file.read_text())["api_samples"] if one["product"] == "wecom"
    }
    read = 0

    async def body(wecom: WeCom, example: Example) -> None:
        await done(example.make(wecom))

    async def all_of_them() -> int:
        count = 0
        for example in EXAMPLES:
            response = samples.get(example.path, {}).get("response")
            if not response or response.get("errcode"):
                continue
            # A sample's "next_cursor" stands for the last page here.
            last = {**response, "next_cursor": "", "next_offset": 10**9}
            async with fake_wecom({example.path: last}) as (wecom, _):
                await body(wecom, example)
            count += 1
        return count

    read = run(all_of_them())
    assert read >= 25
