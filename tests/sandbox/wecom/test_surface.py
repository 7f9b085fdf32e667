"""The surface as a whole: addresses and methods against the vendor's catalogue, any body without a crash."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from siyu_sandbox.wecom.product import WECOM
from tests.makers.sandbox_wecom import SandboxCorp

# The dump of the catalogue is wrong here; clients and the official pages say POST.
CORRECTED = {
    "/cgi-bin/externalcontact/cancel_moment_task": "POST",
    "/cgi-bin/user/list_id": "POST",
}
VALUES: tuple[Any, ...] = (
    "", "amy", "x" * 50, "single", "group", 0, 1, 2, -1, 2**70, 1.5, None, True, [], {}, ["amy"], [1], [None],
    [{}], [[]], {"content": "x"}, {"content": 3}, {"userid_list": ["amy"]}, [{"name": "a"}], [{"name": 1}],
    [{"msgtype": "link", "link": {}}], [{"msgtype": ["x"]}], [{"msgtype": "image", "image": {"media_id": {}}}],
    {"group_list": ["x"]}, {"group_list": [{"tag_list": [{}]}]}, {"group_list": 3}, "2026", "字" * 5000,
)  # fmt: skip


@pytest.fixture(scope="module")
def catalogue(shared_reference: Path) -> dict[str, str]:
    """Method by path."""
    text = (shared_reference / "wecom_api_catalog.json").read_text(encoding="utf-8")
    return {api["path"]: api["method"] for api in json.loads(text)["apis"]} | CORRECTED


def test_addresses_have_the_vendors_methods(catalogue: dict[str, str]) -> None:
    known = [one for one in WECOM.endpoints if one.path in catalogue]
    assert len(known) >= 85
    assert [one.path for one in known if one.method != catalogue[one.path]] == []


def test_customer_contact_is_covered(catalogue: dict[str, str]) -> None:
    served = {endpoint.path for endpoint in WECOM.endpoints}
    rules = ("_strategy/", "product_album", "intercept_rule", "externalcontact/message/send")
    wanted = {path for path in catalogue if "/externalcontact/" in path and not any(r in path for r in rules)}
    assert wanted - served == set()


def valid(corp: SandboxCorp) -> dict[str, Any]:
    """Values that are right, by the names under which calls take them."""
    _, external_userid = corp.friend("amy")
    text = {"content": "x"}
    tag = corp.contact("add_corp_tag", group_name="g", tag=[{"name": "a"}])["tag_group"]["tag"][0]["id"]
    chat = corp.staff("amy", "create_chat", name="群")["chat_id"]
    jobid = corp.contact("add_moment_task", text=text)["jobid"]
    corp.sandbox.advance(seconds=5)
    done = corp.get("externalcontact/get_moment_task_result", jobid=jobid)
    now = int(corp.sandbox.now())
    return {
        "userid": "amy", "external_userid": external_userid, "config_id": corp.way("amy"), "chat_id": chat,
        "msgid": corp.contact("add_msg_template", sender="amy", text=text)["msgid"], "text": text, "type": 1,
        "moment_id": done["result"]["moment_id"], "open_kfid": corp.post("kf/account/add", name="x")["open_kfid"],
        "handover_userid": "amy", "takeover_userid": "ben", "sender": "amy", "user": ["amy"], "scene": 2,
        "touser": "amy", "agentid": corp.made["apps"][0]["agentid"], "chat_id_list": [chat], "tag_id": [tag],
        "start_time": now - 3600, "end_time": now, "day_begin_time": now - 3600, "limit": 10, "id": tag,
        "owner_filter": {"userid_list": ["amy"]}, "userid_list": ["amy"], "msgtype": "text", "name": "x",
        "chat_type": "single", "status_filter": 0, "range": {"user_list": ["amy"]}, "link_name": "l",
        "new_owner": "ben", "tag": [{"name": "z"}], "group_name": "g", "parentid": 1, "cursor": "", "order": 1,
        "attachments": [], "tag_filter": {}, "visible_range": {}, "add_tag": [tag], "remark": "r", "party": [1],
        "department": [1], "remark_mobiles": [""], "link": {"title": "t", "url": "https://x"}, "page_size": 5,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_no_body_brings_a_call_down(corp: SandboxCorp, seed: int) -> None:
    chance, good = random.Random(seed), valid(corp)
    corp.sandbox.patch("settings", {"wecom": {"own_windows": {}}})
    corp.token = corp.get_token()
    posts = [one for one in WECOM.endpoints if one.token and one.method == "POST"]
    for endpoint in posts * 3:
        body = {**good, **{name: chance.choice(VALUES) for name in chance.sample(sorted(good), 4)}}
        query, sent = {"access_token": corp.token}, json.dumps(body).encode()
        answer = corp.sandbox.http.post(endpoint.path, params=query, content=sent)
        assert answer.status_code == 200, (endpoint.path, body)
        if answer.headers["content-type"].startswith("application/json"):
            assert isinstance(answer.json()["errcode"], int)
