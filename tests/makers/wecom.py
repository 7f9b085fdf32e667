"""A WeCom connector for tests, and every call that it can make, with an example of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from siyu.connectors.ports import AccountKey, Ports
from siyu.connectors.wecom.acquisition import LinkPriority, LinkRange
from siyu.connectors.wecom.connector import WeCom
from siyu.connectors.wecom.content import File, Image, Link, Message, MiniProgram, Video
from siyu.connectors.wecom.moments import MomentDraft
from siyu.connectors.wecom.sends import Draft
from siyu.connectors.wecom.ways import JoinWay, WayDraft
from tests.makers.vendor import FakeVendor, Time, fake_vendor, ports_on

CORP = "wwtest"
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 20, tzinfo=UTC)
LINK = Link("标题", "https://a.cn/x", picurl="https://a.cn/x.png", desc="说明")
CARD = MiniProgram("标题", "M1", "wx1", "pages/index")
MESSAGE = Message("你好", (Image("M1"), LINK, CARD, Video("M2"), File("M3")))


def connector(url: str, ports: Ports, **settings: Any) -> WeCom:
    account = AccountKey(7, "wecom", CORP)
    given = {"base_url": url, "allow_private": True, "agentid": "1000002", **settings}
    return WeCom(account, {"corpid": CORP, "secret": "secret-of-the-app"}, given, ports)


@asynccontextmanager
async def fake_wecom(
    script: dict[str, Any] | None = None, time: Time | None = None, **settings: Any
) -> AsyncIterator[tuple[WeCom, FakeVendor]]:
    """A connector and the vendor's server that it speaks to."""
    async with fake_vendor(script) as vendor:
        yield connector(vendor.url, ports_on(time or Time()), **settings), vendor


@dataclass(frozen=True)
class Example:
    """One call of the connector: how it is made, where it must arrive, and an answer that is good enough."""

    path: str
    make: Callable[[WeCom], Any]
    method: str = "POST"
    answer: dict[str, Any] = field(default_factory=dict)


def _ext(name: str) -> str:
    return f"/cgi-bin/externalcontact/{name}"


GROUP = {"tag_group": {"group_id": "g1", "tag": [{"id": "t1"}]}}
CUSTOMER = {"external_contact": {"external_userid": "wm1"}, "follow_user": [{"userid": "a"}]}

STAFF = [
    Example(_ext("get_follow_user_list"), lambda c: c.staff.serving(), "GET"),
    Example("/cgi-bin/user/get", lambda c: c.staff.get("a"), "GET", {"userid": "a"}),
    Example("/cgi-bin/user/list", lambda c: c.staff.in_department(1), "GET"),
    Example("/cgi-bin/user/simplelist", lambda c: c.staff.names_in_department(1), "GET"),
    Example("/cgi-bin/user/list_id", lambda c: c.staff.ids("c")),
    Example("/cgi-bin/department/list", lambda c: c.staff.departments(2), "GET"),
    Example("/cgi-bin/department/simplelist", lambda c: c.staff.department_ids(), "GET"),
    Example("/cgi-bin/department/get", lambda c: c.staff.department(2), "GET", {"department": {"id": 2}}),
    Example("/cgi-bin/user/getuserid", lambda c: c.staff.by_mobile("13800000000"), answer={"userid": "a"}),
    Example(_ext("get_user_behavior_data"), lambda c: c.staff.behavior(SINCE, UNTIL, ("a",), (1,))),
]
CUSTOMERS = [
    Example(_ext("list"), lambda c: c.customers.ids("a"), "GET"),
    Example(_ext("get"), lambda c: c.customers.get("wm1", "c"), "GET", CUSTOMER),
    Example(_ext("batch/get_by_user"), lambda c: c.customers.of_staff(["a", "b"], "c")),
    Example(_ext("contact_list"), lambda c: c.customers.served("c")),
    Example(
        _ext("remark"),
        lambda c: c.customers.remark(
            "a", "wm1", remark="r", description="d", company="c", mobiles=["1"], picture_media_id="m"
        ),
    ),
    Example("/cgi-bin/idconvert/unionid_to_external_userid", lambda c: c.customers.from_unionid("u", "o")),
    Example(
        "/cgi-bin/idconvert/batch/external_userid_to_pending_id",
        lambda c: c.customers.pending_ids(["wm1"], "wr1"),
    ),
]
TAGS = [
    Example(_ext("get_corp_tag_list"), lambda c: c.tags.list(["t"], ["g"])),
    Example(
        _ext("add_corp_tag"),
        lambda c: c.tags.add(["x"], group_id="g", group_name="n", orders=[1], order=2),
        answer=GROUP,
    ),
    Example(_ext("edit_corp_tag"), lambda c: c.tags.edit("t", name="n", order=1)),
    Example(_ext("del_corp_tag"), lambda c: c.tags.delete(["t"], ["g"])),
    Example(_ext("mark_tag"), lambda c: c.tags.mark("a", "wm1", ["t1"], ["t2"])),
    Example(_ext("get_strategy_tag_list"), lambda c: c.tags.list_strategy(1, ["t"], ["g"])),
    Example(
        _ext("add_strategy_tag"),
        lambda c: c.tags.add_strategy(1, ["x"], group_name="n", order=2),
        answer=GROUP,
    ),
    Example(_ext("edit_strategy_tag"), lambda c: c.tags.edit_strategy("t", name="n", order=1)),
    Example(_ext("del_strategy_tag"), lambda c: c.tags.delete_strategy(["t"], ["g"])),
]
WAY = WayDraft(
    ("a",),
    (1,),
    style=1,
    remark="r",
    state="s",
    expires_in=60,
    chat_expires_in=60,
    unionid="u",
    is_exclusive=True,
    mark_source=False,
    conclusion=Message("再见", (Image("M"), LINK, CARD)),
)
JOIN = JoinWay(
    "j1", remark="r", room_base_name="群", room_base_id=1, chat_id_list=("wr1",), state="s", mark_source=False
)
LINKS = {"link": {"link_id": "l", "url": "https://work.weixin.qq.com/ca/x"}}
RANGE = LinkRange(("a",), (1,))
WAYS = [
    Example(
        _ext("add_contact_way"), lambda c: c.contact_ways.add(WAY), answer={"config_id": "w1", "qr_code": "q"}
    ),
    Example(_ext("update_contact_way"), lambda c: c.contact_ways.update("w1", WAY)),
    Example(
        _ext("get_contact_way"),
        lambda c: c.contact_ways.get("w1"),
        answer={"contact_way": {"config_id": "w1"}},
    ),
    Example(_ext("list_contact_way"), lambda c: c.contact_ways.ids(SINCE, UNTIL, "c")),
    Example(_ext("del_contact_way"), lambda c: c.contact_ways.delete("w1")),
    Example(_ext("close_temp_chat"), lambda c: c.contact_ways.close_temporary_chat("a", "wm1")),
    Example(_ext("groupchat/add_join_way"), lambda c: c.join_ways.add(JOIN), answer={"config_id": "j1"}),
    Example(
        _ext("groupchat/get_join_way"),
        lambda c: c.join_ways.get("j1"),
        answer={"join_way": {"config_id": "j1"}},
    ),
    Example(_ext("groupchat/update_join_way"), lambda c: c.join_ways.update(JOIN)),
    Example(_ext("groupchat/del_join_way"), lambda c: c.join_ways.delete("j1")),
    Example(_ext("customer_acquisition/list_link"), lambda c: c.acquisition.ids("c")),
    Example(_ext("customer_acquisition/get"), lambda c: c.acquisition.get("l"), answer=LINKS),
    Example(
        _ext("customer_acquisition/create_link"),
        lambda c: c.acquisition.create("n", RANGE, priority=LinkPriority(2, ("a",))),
        answer=LINKS,
    ),
    Example(_ext("customer_acquisition/update_link"), lambda c: c.acquisition.update("l", "n", RANGE)),
    Example(_ext("customer_acquisition/delete_link"), lambda c: c.acquisition.delete("l")),
    Example(_ext("customer_acquisition/customer"), lambda c: c.acquisition.customers("l", "c")),
    Example(_ext("customer_acquisition_quota"), lambda c: c.acquisition.quota(), "GET"),
    Example(_ext("customer_acquisition/statistic"), lambda c: c.acquisition.use("l", SINCE, UNTIL)),
    Example(_ext("customer_acquisition/get_chat_info"), lambda c: c.acquisition.chat_info("k")),
]
TEMPLATE = {"template_id": "tpl"}
WELCOME = [
    Example(_ext("send_welcome_msg"), lambda c: c.welcome.send("code", MESSAGE)),
    Example(
        _ext("group_welcome_template/add"),
        lambda c: c.welcome.add_group_template(Message("欢迎", (LINK,)), agentid=1),
        answer=TEMPLATE,
    ),
    Example(
        _ext("group_welcome_template/edit"),
        lambda c: c.welcome.edit_group_template("t", Message("欢迎", (CARD,)), agentid=1),
    ),
    Example(_ext("group_welcome_template/get"), lambda c: c.welcome.get_group_template("t")),
    Example(_ext("group_welcome_template/del"), lambda c: c.welcome.delete_group_template("t", agentid=1)),
]
GROUPS = [
    Example(_ext("groupchat/list"), lambda c: c.groups.list(["a"], standing=1, cursor="c")),
    Example(_ext("groupchat/get"), lambda c: c.groups.get("wr1"), answer={"group_chat": {"chat_id": "wr1"}}),
    Example(_ext("groupchat/statistic"), lambda c: c.groups.by_owner(["a"], SINCE, UNTIL)),
    Example(_ext("groupchat/statistic_group_by_day"), lambda c: c.groups.by_day(["a"], SINCE, UNTIL)),
    Example(_ext("opengid_to_chatid"), lambda c: c.groups.from_opengid("o"), answer={"chat_id": "wr1"}),
]
SEND = Draft(MESSAGE, customers=("wm1",), sender="a", tag_groups=(("t1", "t2"), ("t3",)), allow_select=True)
SENDS = [
    Example(
        _ext("add_msg_template"), lambda c: c.sends.create(SEND), answer={"msgid": "m1", "fail_list": ["wm2"]}
    ),
    Example(
        _ext("get_groupmsg_list_v2"), lambda c: c.sends.list("single", SINCE, UNTIL, creator="a", cursor="c")
    ),
    Example(_ext("get_groupmsg_task"), lambda c: c.sends.tasks("m1", "c")),
    Example(_ext("get_groupmsg_send_result"), lambda c: c.sends.results("m1", "a", "c")),
    Example(_ext("remind_groupmsg_send"), lambda c: c.sends.remind("m1")),
    Example(_ext("cancel_groupmsg_send"), lambda c: c.sends.cancel("m1")),
]
MOMENT = MomentDraft(Message("早上好", (Image("M1"),)), ("a",), (1,), ("t1",))
MOMENTS = [
    Example(_ext("add_moment_task"), lambda c: c.moments.create(MOMENT), answer={"jobid": "job"}),
    Example(_ext("get_moment_task_result"), lambda c: c.moments.job("job"), "GET", {"status": 1}),
    Example(_ext("cancel_moment_task"), lambda c: c.moments.cancel("mom")),
    Example(_ext("get_moment_list"), lambda c: c.moments.list(SINCE, UNTIL, creator="a", cursor="c")),
    Example(_ext("get_moment_task"), lambda c: c.moments.tasks("mom", "c")),
    Example(_ext("get_moment_customer_list"), lambda c: c.moments.chosen("mom", "a", "c")),
    Example(_ext("get_moment_send_result"), lambda c: c.moments.reached("mom", "a", "c")),
    Example(_ext("get_moment_comments"), lambda c: c.moments.reactions("mom", "a")),
]
TRANSFER = [
    Example(_ext("transfer_customer"), lambda c: c.transfer.customers("a", "b", ["wm1"], message="您好")),
    Example(_ext("transfer_result"), lambda c: c.transfer.results("a", "b", "c")),
    Example(
        _ext("resigned/transfer_customer"), lambda c: c.transfer.customers_of_resigned("a", "b", ["wm1"])
    ),
    Example(_ext("resigned/transfer_result"), lambda c: c.transfer.results_of_resigned("a", "b", "c")),
    Example(_ext("get_unassigned_list"), lambda c: c.transfer.unassigned("c")),
    Example(_ext("groupchat/onjob_transfer"), lambda c: c.transfer.groups(["wr1"], "b")),
    Example(_ext("groupchat/transfer"), lambda c: c.transfer.groups_of_resigned(["wr1"], "b")),
]
UPLOADED = {"media_id": "M1", "created_at": "1767225600", "type": "image"}
OTHERS = [
    Example(
        "/cgi-bin/message/send",
        lambda c: c.messages.text("新客户", users=["a", "b"], parties=[1]),
        answer={"msgid": "m"},
    ),
    Example("/cgi-bin/message/recall", lambda c: c.messages.recall("m")),
    Example("/cgi-bin/media/upload", lambda c: c.media.upload("image", "a.png", b"0123456"), answer=UPLOADED),
    Example(
        "/cgi-bin/media/upload_attachment",
        lambda c: c.media.upload_attachment("image", "a.png", b"0123456"),
        answer=UPLOADED,
    ),
    Example(
        "/cgi-bin/media/uploadimg",
        lambda c: c.media.upload_picture("a.png", b"0123456"),
        answer={"url": "https://wework.qpic.cn/x"},
    ),
    Example(
        "/cgi-bin/get_jsapi_ticket",
        lambda c: c.web.sign_page("https://a.cn/"),
        "GET",
        {"ticket": "T", "expires_in": 7200},
    ),
    Example(
        "/cgi-bin/ticket/get",
        lambda c: c.web.sign_app_page("https://a.cn/"),
        "GET",
        {"ticket": "T", "expires_in": 7200},
    ),
    Example(
        "/cgi-bin/auth/getuserinfo",
        lambda c: c.web.visitor("code"),
        "GET",
        {"userid": "a", "user_ticket": "T"},
    ),
    Example(
        "/cgi-bin/auth/getuserdetail",
        lambda c: c.web.visitor_detail("T"),
        answer={"userid": "a", "gender": "1"},
    ),
]
EXAMPLES = [*STAFF, *CUSTOMERS, *TAGS, *WAYS, *WELCOME, *GROUPS, *SENDS, *MOMENTS, *TRANSFER, *OTHERS]


async def done(made: Any) -> Any:
    """The result of a call; all items of one that comes in pages."""
    if hasattr(made, "__aiter__"):
        return [item async for page in made for item in page.items]
    return await made
