"""Group sends: a task is not a message; staff confirm, forget or decline; quotas hold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.makers.sandbox_wecom import SandboxCorp

TEXT = {"text": {"content": "周末上新"}}
DAY = 86_400
MORNING = 3_600
"""09:00 in Shanghai, in seconds of a day of UTC."""


def sent(corp: SandboxCorp, **body: Any) -> str:
    """A send to customers, dispatched; answers its msgid."""
    msgid = corp.contact("add_msg_template", **{**TEXT, **body})["msgid"]
    corp.sandbox.advance(seconds=2)
    return str(msgid)


def result(corp: SandboxCorp, msgid: str, userid: str) -> dict[str, int]:
    """Status by external_userid or chat_id."""
    rows = corp.contact("get_groupmsg_send_result", msgid=msgid, userid=userid)["send_list"]
    return {row.get("external_userid") or row["chat_id"]: row["status"] for row in rows}


def statuses(corp: SandboxCorp, msgid: str) -> dict[str, int]:
    """Status of the task by staff."""
    rows = corp.contact("get_groupmsg_task", msgid=msgid)["task_list"]
    return {row["userid"]: row["status"] for row in rows}


def test_nothing_is_delivered_until_the_staff_confirm(corp: SandboxCorp) -> None:
    phone, external_userid = corp.friend("amy")
    msgid = sent(corp, external_userid=[external_userid])
    assert corp.sandbox.inbox(phone) == []
    assert statuses(corp, msgid) == {"amy": 0}
    assert result(corp, msgid, "amy") == {external_userid: 0}
    corp.staff("amy", "confirm_task", msgid=msgid)
    assert statuses(corp, msgid) == {"amy": 2}
    assert result(corp, msgid, "amy") == {external_userid: 1}
    received = corp.sandbox.inbox(phone)
    assert [(one["from"], one["kind"], one["content"]) for one in received] == [("amy", "group_send", TEXT)]


def test_staff_with_habits_confirm_by_themselves(corp: SandboxCorp) -> None:
    habits = {"by_staff": {"amy": {"confirm": 1, "delay_seconds": 600}, "ben": {"confirm": 0}}}
    corp.sandbox.patch(f"corps/{corp.id}", {"habits": habits})
    ids = [corp.friend(userid)[1] for userid in ("amy", "ben")]
    msgid = sent(corp, external_userid=ids)
    assert statuses(corp, msgid) == {"amy": 0, "ben": 0}
    corp.sandbox.advance(hours=3)
    corp.token = ""
    assert statuses(corp, msgid) == {"amy": 2, "ben": 0}


def test_results_name_whoever_is_no_friend(corp: SandboxCorp) -> None:
    people = [corp.friend("amy") for _ in range(3)]
    msgid = sent(corp, sender="amy")
    corp.phone(people[0][0], "delete_staff", userid="amy")
    corp.staff("amy", "delete_customer", phone=people[1][0])
    corp.staff("amy", "confirm_task")
    assert list(result(corp, msgid, "amy").values()) == [2, 2, 1]
    assert corp.sandbox.inbox(people[0][0]) == []


def test_a_month_has_as_many_sends_as_days(corp: SandboxCorp) -> None:
    phone, external_userid = corp.friend("amy")
    corp.sandbox.patch("settings", {"wecom": {"sends_per_month": 2}})
    msgids = [sent(corp, sender="amy") for _ in range(3)]
    for msgid in msgids:
        corp.staff("amy", "confirm_task", msgid=msgid)
    assert [result(corp, msgid, "amy")[external_userid] for msgid in msgids] == [1, 1, 3]
    assert len(corp.sandbox.inbox(phone)) == 2
    corp.sandbox.advance(days=31)
    corp.token = ""
    later = sent(corp, sender="amy")
    corp.staff("amy", "confirm_task")
    assert result(corp, later, "amy") == {external_userid: 1}


def test_the_admin_may_allow_one_a_day(corp: SandboxCorp) -> None:
    corp.friend("amy")
    corp.sandbox.patch("settings", {"wecom": {"sends_per_day": 1}})
    corp.sandbox.advance(seconds=(MORNING - corp.sandbox.now()) % DAY)
    ended = []
    for hours in (1, 24, 1):
        corp.token = ""
        msgid = sent(corp, sender="amy")
        corp.staff("amy", "confirm_task")
        ended += result(corp, msgid, "amy").values()
        corp.sandbox.advance(hours=hours)
    assert ended == [1, 3, 1]


def test_who_gets_it_from_whom(corp: SandboxCorp) -> None:
    phone, shared = corp.friend("amy")
    corp.friend("ben", phone)
    _, only_ben = corp.friend("ben")
    corp.phone(phone, "message", userid="amy", text="在吗")
    assert statuses(corp, sent(corp, external_userid=[shared, only_ben])) == {"amy": 0, "ben": 0}
    answer = corp.contact("add_msg_template", **TEXT, sender="amy", external_userid=[shared, only_ben, "wmX"])
    assert answer["fail_list"] == [only_ben, "wmX"]
    refused = corp.raw(
        "POST", "externalcontact/add_msg_template", {**TEXT, "sender": "cleo", "external_userid": [shared]}
    )
    assert (refused["errcode"], refused["fail_list"]) == (41048, [shared])


def test_tags_narrow_the_range(corp: SandboxCorp) -> None:
    people = [corp.friend("amy") for _ in range(4)]
    made = corp.contact("add_corp_tag", group_name="g", tag=[{"name": n} for n in "ab"])["tag_group"]["tag"]
    first, second = made[0]["id"], made[1]["id"]
    for (_, external_userid), tags in zip(people, ([first], [second], [first, second]), strict=False):
        corp.contact("mark_tag", userid="amy", external_userid=external_userid, add_tag=tags)
    either = {"group_list": [{"tag_list": [first, second]}]}
    both = {"group_list": [{"tag_list": [first]}, {"tag_list": [second]}]}
    assert len(result(corp, sent(corp, sender="amy", tag_filter=either), "amy")) == 3
    assert list(result(corp, sent(corp, tag_filter=both), "amy")) == [people[2][1]]
    wrong = {"group_list": [{"tag_list": ["unknown"]}]}
    assert corp.contact_code("add_msg_template", **TEXT, sender="amy", tag_filter=wrong) == 40068


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**TEXT}, 40058),
        ({"sender": "amy"}, 40058),
        ({**TEXT, "sender": "nobody"}, 40003),
        ({**TEXT, "chat_type": "both", "sender": "amy"}, 40058),
        ({**TEXT, "chat_type": "group"}, 40058),
        ({**TEXT, "chat_type": "group", "sender": "amy", "allow_select": True}, 40058),
        ({**TEXT, "sender": "amy", "external_userid": ["wm"] * 10_001}, 40058),
        ({"sender": "amy", "text": {"content": "x" * 4001}}, 40058),
        ({**TEXT, "sender": "ben"}, 41048),
    ],
)
def test_sends_are_checked(corp: SandboxCorp, body: dict[str, Any], code: int) -> None:
    corp.friend("amy")
    assert corp.contact_code("add_msg_template", **body) == code


def test_a_fresh_send_is_still_being_dispatched(corp: SandboxCorp) -> None:
    corp.friend("amy")
    msgid = corp.contact("add_msg_template", **TEXT, sender="amy")["msgid"]
    assert corp.contact_code("get_groupmsg_task", msgid=msgid) == 41063
    corp.sandbox.advance(seconds=2)
    assert corp.contact_code("get_groupmsg_task", msgid=msgid) == 0
    assert corp.contact_code("get_groupmsg_task", msgid="unknown") == 41047
    assert corp.contact_code("get_groupmsg_task") == 41046


def test_reminders_are_three_a_day_and_help(corp: SandboxCorp) -> None:
    corp.friend("amy")
    msgid = sent(corp, sender="amy")
    assert [corp.contact_code("remind_groupmsg_send", msgid=msgid) for _ in range(4)] == [0, 0, 0, 41094]
    corp.sandbox.advance(days=1, seconds=1)
    corp.token = ""
    corp.sandbox.patch(f"corps/{corp.id}", {"habits": {"confirm": 1, "delay_seconds": 0}})
    corp.contact("remind_groupmsg_send", msgid=msgid)
    corp.sandbox.advance(seconds=1)
    assert statuses(corp, msgid) == {"amy": 2}


def test_who_declined_is_not_moved_by_reminders(corp: SandboxCorp) -> None:
    corp.sandbox.patch(f"corps/{corp.id}", {"habits": {"confirm": 0, "cancel": 1}})
    corp.friend("amy")
    msgid = sent(corp, sender="amy")
    corp.sandbox.patch(f"corps/{corp.id}", {"habits": {"confirm": 1, "delay_seconds": 0}})
    corp.contact("remind_groupmsg_send", msgid=msgid)
    corp.sandbox.advance(seconds=5)
    assert statuses(corp, msgid) == {"amy": 0}


def test_a_cancelled_send_reaches_nobody_more(corp: SandboxCorp) -> None:
    first, second = corp.friend("amy")[0], corp.friend("ben")[0]
    ids = [corp.friend("amy", first)[1], corp.friend("ben", second)[1]]
    msgid = sent(corp, external_userid=ids)
    corp.staff("amy", "confirm_task")
    corp.contact("cancel_groupmsg_send", msgid=msgid)
    assert corp.staff("ben", "confirm_task")["confirmed"] == []
    assert [len(corp.sandbox.inbox(phone)) for phone in (first, second)] == [1, 0]
    assert corp.contact_code("cancel_groupmsg_send", msgid=msgid) == 41093
    assert corp.contact_code("remind_groupmsg_send", msgid=msgid) == 41093


def test_groups_get_theirs_from_their_owner(corp: SandboxCorp) -> None:
    people = [corp.friend("amy")[0] for _ in range(3)]
    mine = corp.staff("amy", "create_chat", name="一群", phones=people)["chat_id"]
    foreign = corp.staff("ben", "create_chat", name="别人")["chat_id"]
    body = {**TEXT, "chat_type": "group", "sender": "amy", "chat_id_list": [mine, foreign]}
    answer = corp.contact("add_msg_template", **body)
    corp.sandbox.advance(seconds=2)
    assert answer["fail_list"] == [foreign]
    corp.staff("amy", "confirm_task")
    assert result(corp, answer["msgid"], "amy") == {mine: 1}
    assert [len(corp.sandbox.inbox(phone)) for phone in people] == [1, 1, 1]


def test_the_list_of_sends(corp: SandboxCorp) -> None:
    corp.friend("amy")
    own = [sent(corp, sender="amy") for _ in range(3)]
    by_hand = corp.staff("amy", "mass_send", text="亲手发")["msgid"]
    now = int(corp.sandbox.now())
    span = {"chat_type": "single", "start_time": now - 3600, "end_time": now + 3600}
    first = corp.contact("get_groupmsg_list_v2", **span, limit=2, filter_type=0)
    second = corp.contact("get_groupmsg_list_v2", **span, filter_type=0, cursor=first["next_cursor"])
    rows = first["group_msg_list"] + second["group_msg_list"]
    assert [row["msgid"] for row in rows] == own
    assert all("creator" not in row for row in rows)
    personal = corp.contact("get_groupmsg_list_v2", **span, filter_type=1)["group_msg_list"]
    assert [(row["msgid"], row["creator"]) for row in personal] == [(by_hand, "amy")]
    wide = {**span, "start_time": now - 40 * 86400}
    assert corp.contact_code("get_groupmsg_list_v2", **wide) == 40058


def test_results_are_paged_with_a_default_for_what_is_too_big(corp: SandboxCorp) -> None:
    corp.sandbox.post("population", {"corpid": corp.id, "contacts": 1200, "staff": 1, "overlap": 0})
    msgid = sent(corp, sender="amy")
    corp.staff("amy", "confirm_task")
    found, cursor, sizes = [], "", []
    while True:
        body = {"msgid": msgid, "userid": "amy", "limit": 5000, "cursor": cursor}
        page = corp.contact("get_groupmsg_send_result", **body)
        sizes.append(len(page["send_list"]))
        found += [row["external_userid"] for row in page["send_list"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert sizes == [500, 500, 200]
    assert len(set(found)) == 1200
    old = corp.contact("get_group_msg_result", msgid=msgid)
    assert {row["status"] for row in old["detail_list"]} == {1}
