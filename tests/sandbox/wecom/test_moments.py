"""Moments: job, post, tasks of staff, who can see it, what they say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.makers.sandbox_wecom import SandboxCorp

TEXT = {"text": {"content": "早上好"}}


def posted(corp: SandboxCorp, **body: Any) -> str:
    """A post that has been dispatched; answers its moment_id."""
    jobid = corp.contact("add_moment_task", **{**TEXT, **body})["jobid"]
    corp.sandbox.advance(seconds=3)
    done = corp.get("externalcontact/get_moment_task_result", jobid=jobid)
    assert done["status"] == 3
    return str(done["result"]["moment_id"])


def upload(corp: SandboxCorp, kind: str = "image", scene: str = "1") -> str:
    """An attachment for moments; answers its media_id."""
    query = {"access_token": corp.get_token(), "media_type": kind, "attachment_type": scene}
    files = {"media": ("a.bin", b"0123456789", "application/octet-stream")}
    answer = corp.sandbox.http.post("/cgi-bin/media/upload_attachment", params=query, files=files).json()
    assert answer["errcode"] == 0, answer
    return str(answer["media_id"])


def test_a_job_runs_and_ends(corp: SandboxCorp) -> None:
    sender_list = {"user_list": ["amy", "nobody"], "department_list": [9]}
    tags = {"tag_list": ["et-unknown"]}
    visible = {"sender_list": sender_list, "external_contact_list": tags}
    jobid = corp.contact("add_moment_task", **TEXT, visible_range=visible)["jobid"]
    assert corp.get("externalcontact/get_moment_task_result", jobid=jobid)["status"] in (1, 2)
    corp.sandbox.advance(seconds=3)
    result = corp.get("externalcontact/get_moment_task_result", jobid=jobid)["result"]
    assert result["invalid_sender_list"] == {"user_list": ["nobody"], "department_list": [9]}
    assert result["invalid_external_contact_list"] == {"tag_list": ["et-unknown"]}
    assert corp.raw("GET", "externalcontact/get_moment_task_result", jobid="x")["errcode"] == 40058


def test_only_who_publishes_is_seen(corp: SandboxCorp) -> None:
    (amys, amys_id), (bens, _) = corp.friend("amy"), corp.friend("ben")
    moment = posted(corp)
    assert corp.contact_code("get_moment_send_result", moment_id=moment, userid="amy") == 41062
    corp.staff("amy", "confirm_task", moment_id=moment)
    rows = corp.contact("get_moment_task", moment_id=moment)["task_list"]
    assert {row["userid"]: row["publish_status"] for row in rows} == {"amy": 1, "ben": 0, "cleo": 0}
    reached = corp.contact("get_moment_send_result", moment_id=moment, userid="amy")["customer_list"]
    assert reached == [{"external_userid": amys_id}]
    assert [len(corp.sandbox.inbox(phone)) for phone in (amys, bens)] == [1, 0]
    assert corp.sandbox.inbox(amys)[0]["kind"] == "moment"


def test_tags_narrow_who_may_see_it(corp: SandboxCorp) -> None:
    _, tagged = corp.friend("amy")
    corp.friend("amy")
    tag = corp.contact("add_corp_tag", group_name="g", tag=[{"name": "a"}])["tag_group"]["tag"][0]["id"]
    corp.contact("mark_tag", userid="amy", external_userid=tagged, add_tag=[tag])
    visible = {"external_contact_list": {"tag_list": [tag]}, "sender_list": {"user_list": ["amy"]}}
    moment = posted(corp, visible_range=visible)
    chosen = corp.contact("get_moment_customer_list", moment_id=moment, userid="amy")["customer_list"]
    assert chosen == [{"userid": "amy", "external_userid": tagged}]
    assert corp.contact_code("get_moment_customer_list", moment_id=moment, userid="ben") == 41061


def test_likes_and_comments(corp: SandboxCorp) -> None:
    phone, external_userid = corp.friend("amy")
    moment = posted(corp)
    corp.staff("amy", "confirm_task")
    corp.phone(phone, "like_moment", moment_id=moment)
    corp.phone(phone, "comment_moment", moment_id=moment)
    said = corp.contact("get_moment_comments", moment_id=moment, userid="amy")
    assert [row["external_userid"] for row in said["like_list"]] == [external_userid]
    assert set(said["comment_list"][0]) == {"external_userid", "create_time"}


def test_a_cancelled_post_goes_no_further(corp: SandboxCorp) -> None:
    corp.friend("amy")
    moment = posted(corp)
    corp.contact("cancel_moment_task", moment_id=moment)
    assert corp.staff("amy", "confirm_task")["confirmed"] == []
    assert corp.contact_code("cancel_moment_task", moment_id="x") == 41060
    assert corp.contact_code("cancel_moment_task") == 41059


def test_ten_jobs_a_minute(corp: SandboxCorp) -> None:
    codes = [corp.contact_code("add_moment_task", **TEXT) for _ in range(12)]
    assert codes == [0] * 10 + [45009] * 2


def test_the_list_has_pages_of_twenty(corp: SandboxCorp) -> None:
    corp.sandbox.patch("settings", {"wecom": {"own_windows": {}}})
    for _ in range(22):
        corp.contact("add_moment_task", **TEXT)
    corp.sandbox.advance(seconds=3)
    now = int(corp.sandbox.now())
    span = {"start_time": now - 3600, "end_time": now}
    first = corp.contact("get_moment_list", **span, limit=100)
    second = corp.contact("get_moment_list", **span, cursor=first["next_cursor"])
    assert [len(page["moment_list"]) for page in (first, second)] == [20, 2]
    assert first["moment_list"][0]["text"] == TEXT["text"]
    wide = {"start_time": now - 31 * 86400, "end_time": now}
    assert corp.contact_code("get_moment_list", **wide) == 40058


def test_attachments_are_of_one_kind(corp: SandboxCorp) -> None:
    picture = {"msgtype": "image", "image": {"media_id": upload(corp)}}
    video = {"msgtype": "video", "video": {"media_id": upload(corp, "video")}}
    link = {"msgtype": "link", "link": {"url": "https://example.com", "title": "题"}}
    corp.contact("add_moment_task", attachments=[picture] * 9)
    corp.contact("add_moment_task", attachments=[link], **TEXT)
    bad: list[tuple[list[Any], int]] = [
        ([picture, video], 41065),
        ([video, video], 41064),
        ([picture] * 10, 41064),
        ([{"msgtype": "file"}], 41065),
        ([{"msgtype": "image", "image": {"media_id": upload(corp, scene="2")}}], 41072),
        ([{"msgtype": "link", "link": {"title": "无网址"}}], 41010),
    ]
    for attachments, code in bad:
        assert corp.contact_code("add_moment_task", attachments=attachments) == code


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, 41089), ({"text": {"content": "x" * 2001}}, 40058), ({"text": {"content": "字" * 1334}}, 40058)],
)
def test_moments_are_checked(corp: SandboxCorp, body: dict[str, Any], code: int) -> None:
    assert corp.contact_code("add_moment_task", **body) == code


def test_a_cap_per_customer_and_day_can_be_set(corp: SandboxCorp) -> None:
    phone, _ = corp.friend("amy")
    corp.sandbox.patch("settings", {"wecom": {"moments_per_customer_day": 1}})
    moments = [posted(corp) for _ in range(2)]
    corp.staff("amy", "confirm_task")
    sizes = [
        len(corp.contact("get_moment_send_result", moment_id=one, userid="amy")["customer_list"])
        for one in moments
    ]
    assert sizes == [1, 0]
    assert len(corp.sandbox.inbox(phone)) == 1
