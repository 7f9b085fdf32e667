"""Connectors of an Official Account and a Mini Program for tests, and every call that they can make, with what must arrive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from siyu.connectors._wechat import talk
from siyu.connectors.mini_program.connector import MiniProgram
from siyu.connectors.mini_program.logins import Session
from siyu.connectors.official_account import mass
from siyu.connectors.official_account.connector import OfficialAccount
from siyu.connectors.official_account.drafts import Article
from siyu.connectors.official_account.menus import Button
from siyu.connectors.official_account.oauth import Grant
from siyu.connectors.official_account.templates import Target
from siyu.connectors.ports import AccountKey, Ports

APPID, SECRET = "wxbrand", "s" * 32
UNTIL = datetime(2026, 2, 1, tzinfo=UTC)
DAY = date(2026, 1, 1)
OK: dict[str, Any] = {}
GRANT = Grant("oAlice", "visitor-token")
ARTICLE = Article("标题", "<p>正文</p>", "thumb")


def official_account(url: str, ports: Ports, **settings: Any) -> OfficialAccount:
    given = {"base_url": url, "allow_private": "true", "open_url": url, "picture_url": url, **settings}
    return OfficialAccount(
        AccountKey(11, "official_account", APPID), {"appid": APPID, "secret": SECRET}, given, ports
    )


def mini_program(url: str, ports: Ports, **settings: Any) -> MiniProgram:
    given = {"base_url": url, "allow_private": "true", **settings}
    return MiniProgram(
        AccountKey(12, "mini_program", APPID), {"appid": APPID, "secret": SECRET}, given, ports
    )


@dataclass(frozen=True)
class Example:
    """One call: where it must arrive with which body (POST) or query (GET), and an answer that is good enough.

    `once`: it must not be repeated after an unknown outcome.
    """

    path: str
    make: Callable[[Any], Any]
    sends: dict[str, Any] | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    method: str = "POST"
    once: bool = False
    token: bool = True


def _get(
    path: str,
    make: Callable[[Any], Any],
    sends: dict[str, Any] | None = None,
    answer: dict[str, Any] | None = None,
) -> Example:
    return Example(path, make, sends or {}, answer or {}, "GET")


def _login(path: str, make: Callable[[Any], Any], sends: dict[str, Any], answer: dict[str, Any]) -> Example:
    return Example(path, make, sends, answer, "GET", once=True, token=False)


_MINE = {"appid": APPID, "secret": SECRET}
_LIST = {"total": 1, "count": 1, "data": {"openid": ["o1"]}, "next_openid": "o1"}
_TAG = {"tag": {"id": 100, "name": "老客"}}
_SENT = {"msg_id": 7, "msg_data_id": 8}
_SUB = Button("新茶", "view", url="https://a.cn")

FOLLOWERS = [
    _get("/cgi-bin/user/get", lambda a: a.followers.page("o0"), {"next_openid": "o0"}, _LIST),
    _get(
        "/cgi-bin/user/info",
        lambda a: a.followers.get("o1"),
        {"openid": "o1", "lang": "zh_CN"},
        {"subscribe": 1, "openid": "o1"},
    ),
    Example(
        "/cgi-bin/user/info/batchget",
        lambda a: a.followers.get_many(["o1", "o2"]),
        {"user_list": [{"openid": "o1", "lang": "zh_CN"}, {"openid": "o2", "lang": "zh_CN"}]},
        {"user_info_list": [{"subscribe": 0, "openid": "o1"}]},
    ),
    Example(
        "/cgi-bin/user/info/updateremark",
        lambda a: a.followers.remark("o1", "王姐"),
        {"openid": "o1", "remark": "王姐"},
    ),
    Example(
        "/cgi-bin/tags/members/getblacklist",
        lambda a: a.followers.blocked("o1"),
        {"begin_openid": "o1"},
        _LIST,
    ),
    Example(
        "/cgi-bin/tags/members/batchblacklist", lambda a: a.followers.block(["o1"]), {"openid_list": ["o1"]}
    ),
    Example(
        "/cgi-bin/tags/members/batchunblacklist",
        lambda a: a.followers.unblock(["o1"]),
        {"openid_list": ["o1"]},
    ),
]
TAGS = [
    _get(
        "/cgi-bin/tags/get", lambda a: a.tags.list(), {}, {"tags": [{"id": 2, "name": "星标组", "count": 0}]}
    ),
    Example(
        "/cgi-bin/tags/create", lambda a: a.tags.create("老客"), {"tag": {"name": "老客"}}, _TAG, once=True
    ),
    Example("/cgi-bin/tags/update", lambda a: a.tags.rename(100, "新"), {"tag": {"id": 100, "name": "新"}}),
    Example("/cgi-bin/tags/delete", lambda a: a.tags.delete(100), {"tag": {"id": 100}}),
    Example(
        "/cgi-bin/tags/members/batchtagging",
        lambda a: a.tags.mark(100, ["o1"]),
        {"openid_list": ["o1"], "tagid": 100},
    ),
    Example(
        "/cgi-bin/tags/members/batchuntagging",
        lambda a: a.tags.unmark(100, ["o1"]),
        {"openid_list": ["o1"], "tagid": 100},
    ),
    Example("/cgi-bin/tags/getidlist", lambda a: a.tags.of("o1"), {"openid": "o1"}, {"tagid_list": [100]}),
    Example("/cgi-bin/user/tag/get", lambda a: a.tags.people(100), {"tagid": 100, "next_openid": ""}, _LIST),
]
LOGINS = [
    _login(
        "/sns/oauth2/access_token",
        lambda a: a.oauth.exchange("C"),
        {**_MINE, "code": "C", "grant_type": "authorization_code"},
        {"openid": "o1", "access_token": "t"},
    ),
    _login(
        "/sns/oauth2/refresh_token",
        lambda a: a.oauth.refresh("R"),
        {"appid": APPID, "grant_type": "refresh_token", "refresh_token": "R"},
        {"openid": "o1", "access_token": "t"},
    ),
    _login(
        "/sns/userinfo",
        lambda a: a.oauth.visitor(GRANT),
        {"access_token": "visitor-token", "openid": "oAlice", "lang": "zh_CN"},
        {"openid": "oAlice", "sex": "1"},
    ),
    _login(
        "/sns/auth", lambda a: a.oauth.check(GRANT), {"access_token": "visitor-token", "openid": "oAlice"}, {}
    ),
]
CODES_AND_MENUS = [
    Example(
        "/cgi-bin/qrcode/create",
        lambda a: a.codes.temporary("store_7", 60),
        {
            "expire_seconds": 60,
            "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": "store_7"}},
        },
        {"ticket": "T"},
    ),
    Example(
        "/cgi-bin/qrcode/create",
        lambda a: a.codes.lasting(7),
        {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}},
        {"ticket": "T"},
    ),
    _get(
        "/cgi-bin/menu/get",
        lambda a: a.menus.get(),
        {},
        {"menu": {"button": [{"type": "click", "name": "a", "key": "k", "sub_button": []}]}},
    ),
    _get(
        "/cgi-bin/get_current_selfmenu_info",
        lambda a: a.menus.current(),
        {},
        {"is_menu_open": 1, "selfmenu_info": {"button": []}},
    ),
    Example(
        "/cgi-bin/menu/create",
        lambda a: a.menus.set([Button("点我", "click", key="K"), Button("更多", sub_button=(_SUB,))]),
        {
            "button": [
                {"name": "点我", "type": "click", "key": "K"},
                {"name": "更多", "sub_button": [{"name": "新茶", "type": "view", "url": "https://a.cn"}]},
            ]
        },
    ),
    _get("/cgi-bin/menu/delete", lambda a: a.menus.delete()),
    Example(
        "/cgi-bin/menu/addconditional",
        lambda a: a.menus.add_conditional([_SUB], {"tag_id": "100"}),
        {"button": [{"name": "新茶", "type": "view", "url": "https://a.cn"}], "matchrule": {"tag_id": "100"}},
        {"menuid": 5},
        once=True,
    ),
    Example("/cgi-bin/menu/delconditional", lambda a: a.menus.delete_conditional(5), {"menuid": 5}),
    Example("/cgi-bin/menu/trymatch", lambda a: a.menus.try_match("o1"), {"user_id": "o1"}, {"button": []}),
]
MESSAGES = [
    Example(
        "/cgi-bin/message/template/send",
        lambda a: a.templates.send("o1", "T1", {"first": "x"}, Target("https://a.cn", "wx2", "p")),
        {
            "touser": "o1",
            "template_id": "T1",
            "url": "https://a.cn",
            "miniprogram": {"appid": "wx2", "pagepath": "p"},
            "data": {"first": {"value": "x"}},
        },
        {"msgid": 200},
        once=True,
    ),
    Example(
        "/cgi-bin/message/template/send",
        lambda a: a.templates.send("o1", "T1", {"k": "x"}, client_msg_id="c1"),
        {"touser": "o1", "template_id": "T1", "client_msg_id": "c1", "data": {"k": {"value": "x"}}},
        {"msgid": 200},
    ),
    Example(
        "/cgi-bin/message/subscribe/bizsend",
        lambda a: a.templates.notify("o1", "T1", {"thing1": "新茶"}, Target("https://a.cn")),
        {"touser": "o1", "template_id": "T1", "page": "https://a.cn", "data": {"thing1": {"value": "新茶"}}},
        once=True,
    ),
    _get(
        "/cgi-bin/template/get_all_private_template",
        lambda a: a.templates.list(),
        {},
        {"template_list": [{"template_id": "T1"}]},
    ),
    Example(
        "/cgi-bin/template/api_add_template",
        lambda a: a.templates.add("TM1"),
        {"template_id_short": "TM1"},
        {"template_id": "T2"},
        once=True,
    ),
    Example(
        "/cgi-bin/template/del_private_template", lambda a: a.templates.delete("T2"), {"template_id": "T2"}
    ),
    Example(
        "/cgi-bin/message/mass/sendall",
        lambda a: a.mass.to_all(mass.text("好"), "c-1"),
        {
            "filter": {"is_to_all": True},
            "msgtype": "text",
            "text": {"content": "好"},
            "send_ignore_reprint": 0,
            "clientmsgid": "c-1",
        },
        _SENT,
        once=True,
    ),
    Example(
        "/cgi-bin/message/mass/sendall",
        lambda a: a.mass.to_tag(100, mass.articles("M"), "c-2", send_reprint=True),
        {
            "filter": {"is_to_all": False, "tag_id": 100},
            "msgtype": "mpnews",
            "mpnews": {"media_id": "M"},
            "send_ignore_reprint": 1,
            "clientmsgid": "c-2",
        },
        _SENT,
        once=True,
    ),
    Example(
        "/cgi-bin/message/mass/send",
        lambda a: a.mass.to_people(["o1", "o2"], mass.pictures(["M"]), "c-3"),
        {
            "touser": ["o1", "o2"],
            "msgtype": "images",
            "images": {
                "media_ids": ["M"],
                "recommend": "",
                "need_open_comment": 0,
                "only_fans_can_comment": 0,
            },
            "send_ignore_reprint": 0,
            "clientmsgid": "c-3",
        },
        _SENT,
        once=True,
    ),
    Example(
        "/cgi-bin/message/mass/preview",
        lambda a: a.mass.preview("o1", mass.voice("M")),
        {"touser": "o1", "msgtype": "voice", "voice": {"media_id": "M"}},
        once=True,
    ),
    Example(
        "/cgi-bin/message/mass/get",
        lambda a: a.mass.status(7),
        {"msg_id": 7},
        {"msg_id": 7, "msg_status": "SEND_SUCCESS"},
    ),
    Example("/cgi-bin/message/mass/delete", lambda a: a.mass.delete(7, 1), {"msg_id": 7, "article_idx": 1}),
    Example("/cgi-bin/message/mass/speed/get", lambda a: a.mass.speed(), {}, {"speed": 3, "realspeed": 15}),
    Example("/cgi-bin/message/mass/speed/set", lambda a: a.mass.set_speed(2), {"speed": 2}),
]
DRAFTS = [
    Example(
        "/cgi-bin/draft/add",
        lambda a: a.drafts.add([ARTICLE]),
        {"articles": [{"title": "标题", "content": "<p>正文</p>", "thumb_media_id": "thumb"}]},
        {"media_id": "D"},
        once=True,
    ),
    Example(
        "/cgi-bin/draft/get",
        lambda a: a.drafts.get("D"),
        {"media_id": "D"},
        {"news_item": [{"title": "t", "content": "c"}]},
    ),
    Example(
        "/cgi-bin/draft/update",
        lambda a: a.drafts.update("D", ARTICLE),
        {
            "media_id": "D",
            "index": 0,
            "articles": {"title": "标题", "content": "<p>正文</p>", "thumb_media_id": "thumb"},
        },
    ),
    Example("/cgi-bin/draft/delete", lambda a: a.drafts.delete("D"), {"media_id": "D"}),
    _get("/cgi-bin/draft/count", lambda a: a.drafts.count(), {}, {"total_count": 1}),
    Example(
        "/cgi-bin/draft/batchget",
        lambda a: a.drafts.list(),
        {"offset": 0, "count": 20, "no_content": 1},
        {"item": [{"media_id": "D"}]},
    ),
    Example(
        "/cgi-bin/freepublish/submit",
        lambda a: a.drafts.publish("D"),
        {"media_id": "D"},
        {"publish_id": "P"},
        once=True,
    ),
    Example(
        "/cgi-bin/freepublish/get",
        lambda a: a.drafts.published("P"),
        {"publish_id": "P"},
        {"publish_status": 0},
    ),
    Example("/cgi-bin/material/del_material", lambda a: a.drafts.delete_material("D"), {"media_id": "D"}),
    Example(
        "/datacube/getusersummary",
        lambda a: a.statistics.follower_days(DAY, DAY),
        {"begin_date": "2026-01-01", "end_date": "2026-01-01"},
        {"list": [{"ref_date": "2026-01-01", "user_source": 0, "new_user": 3, "cancel_user": 1}]},
    ),
    Example(
        "/datacube/getusercumulate",
        lambda a: a.statistics.follower_totals(DAY, DAY),
        {"begin_date": "2026-01-01", "end_date": "2026-01-01"},
        {"list": [{"ref_date": "2026-01-01", "cumulate_user": 9}]},
    ),
    Example(
        "/datacube/getuserread",
        lambda a: a.statistics.read_days(DAY, DAY),
        {"begin_date": "2026-01-01", "end_date": "2026-01-01"},
        {"list": []},
    ),
    Example(
        "/datacube/getarticletotal",
        lambda a: a.statistics.articles(DAY),
        {"begin_date": "2026-01-01", "end_date": "2026-01-01"},
        {"list": [{"title": "t"}]},
    ),
]
SHARED = [
    Example(
        "/cgi-bin/openapi/quota/get",
        lambda a: a.platform.quota("/cgi-bin/user/get"),
        {"cgi_path": "/cgi-bin/user/get"},
        {"quota": {"daily_limit": 500, "used": 1, "remain": 499}},
    ),
    Example("/cgi-bin/clear_quota", lambda a: a.platform.clear_quota(), {"appid": APPID}, once=True),
    Example(
        "/cgi-bin/message/custom/typing", lambda a: a.talk.typing("o1"), {"touser": "o1", "command": "Typing"}
    ),
    _get("/cgi-bin/ticket/getticket", lambda a: a.platform.js_ticket(), {"type": "jsapi"}, {"ticket": "J"}),
    _get(
        "/wxaapi/newtmpl/gettemplate",
        lambda a: a.notice_templates.list(),
        {},
        {"data": [{"priTmplId": "T1"}]},
    ),
    Example(
        "/wxaapi/newtmpl/addtemplate",
        lambda a: a.notice_templates.add("5", [1, 2], "通知"),
        {"tid": "5", "kidList": [1, 2], "sceneDesc": "通知"},
        {"priTmplId": "T9"},
        once=True,
    ),
    Example("/wxaapi/newtmpl/deltemplate", lambda a: a.notice_templates.delete("T9"), {"priTmplId": "T9"}),
    _get(
        "/wxaapi/newtmpl/getcategory",
        lambda a: a.notice_templates.categories(),
        {},
        {"data": [{"id": 307, "name": "食品"}]},
    ),
    _get(
        "/wxaapi/newtmpl/getpubtemplatetitles",
        lambda a: a.notice_templates.titles([307]),
        {"ids": "307", "start": "0", "limit": "30"},
        {"data": [{"tid": 5, "categoryId": "307"}]},
    ),
    _get(
        "/wxaapi/newtmpl/getpubtemplatekeywords",
        lambda a: a.notice_templates.keywords("5"),
        {"tid": "5"},
        {"data": [{"kid": 1}]},
    ),
]
SAYINGS = {
    "text": talk.text("好"), "image": talk.image("M"), "voice": talk.voice("M"), "video": talk.video("M", "T"),
    "music": talk.music("https://a.cn/1", "https://a.cn/2", "T"), "news": talk.news("t", "d", "https://a.cn", "https://a.cn/p"),
    "mpnews": talk.mpnews("M"), "mpnewsarticle": talk.mpnewsarticle("A"), "msgmenu": talk.menu("满意吗", {"1": "是", "2": "否"}, "谢谢"),
    "wxcard": talk.card("C"), "miniprogrampage": talk.mini_program("t", "wx2", "p", "T"),
}  # fmt: skip
ACCOUNT_EXAMPLES = [*FOLLOWERS, *TAGS, *LOGINS, *CODES_AND_MENUS, *MESSAGES, *DRAFTS, *SHARED]

_PHONE = {"phone_info": {"phoneNumber": "13800000000", "purePhoneNumber": "13800000000", "countryCode": "86"}}
PROGRAM_EXAMPLES = [
    _login(
        "/sns/jscode2session",
        lambda p: p.logins.session("C"),
        {**_MINE, "js_code": "C", "grant_type": "authorization_code"},
        {"openid": "o1", "session_key": "k"},
    ),
    # HMAC-SHA256 of nothing with the key "k".
    _get(
        "/wxa/checksession",
        lambda p: p.logins.check(Session("o1", "k")),
        {
            "openid": "o1",
            "sig_method": "hmac_sha256",
            "signature": "8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620",
        },
    ),
    Example(
        "/wxa/business/getuserphonenumber", lambda p: p.logins.phone("C"), {"code": "C"}, _PHONE, once=True
    ),
    Example(
        "/cgi-bin/message/subscribe/send",
        lambda p: p.notices.send("o1", "T1", {"thing1": "新茶"}, page="pages/a"),
        {
            "touser": "o1",
            "template_id": "T1",
            "page": "pages/a",
            "miniprogram_state": "formal",
            "lang": "zh_CN",
            "data": {"thing1": {"value": "新茶"}},
        },
        once=True,
    ),
    Example(
        "/wxa/generate_urllink",
        lambda p: p.links.url_link("pages/a", "c=1"),
        {
            "path": "pages/a",
            "query": "c=1",
            "env_version": "release",
            "expire_type": 1,
            "expire_interval": 30,
        },
        {"url_link": "https://wxaurl.cn/x"},
        once=True,
    ),
    Example(
        "/wxa/generate_urllink",
        lambda p: p.links.url_link(until=UNTIL),
        {"path": "", "query": "", "env_version": "release", "expire_type": 0, "expire_time": 1769904000},
        {"url_link": "https://wxaurl.cn/x"},
        once=True,
    ),
    Example(
        "/wxa/query_urllink",
        lambda p: p.links.query_url_link("https://wxaurl.cn/x"),
        {"url_link": "https://wxaurl.cn/x"},
        {"url_link_info": {"path": "pages/a"}},
    ),
    Example(
        "/wxa/generatescheme",
        lambda p: p.links.scheme("pages/a", days=7),
        {
            "jump_wxa": {"path": "pages/a", "query": "", "env_version": "release"},
            "is_expire": True,
            "expire_type": 1,
            "expire_interval": 7,
        },
        {"openlink": "weixin://dl/business/?t=x"},
        once=True,
    ),
    Example(
        "/wxa/genwxashortlink",
        lambda p: p.links.short_link("pages/a", "茶"),
        {"page_url": "pages/a", "page_title": "茶", "is_permanent": False},
        {"link": "#小程序://茶/x"},
        once=True,
    ),
    Example(
        "/wxa/msg_sec_check",
        lambda p: p.content_checks.text("o1", "好茶"),
        {"version": 2, "openid": "o1", "scene": 2, "content": "好茶"},
        {"result": {"suggest": "pass", "label": 100}},
    ),
    Example(
        "/wxa/media_check_async",
        lambda p: p.content_checks.media("o1", "https://a.cn/1.jpg"),
        {"version": 2, "openid": "o1", "scene": 2, "media_url": "https://a.cn/1.jpg", "media_type": 2},
        {"trace_id": "t"},
    ),
    *SHARED,
]
