"""Error codes 错误码 of Official Accounts and Mini Programs in our words. The same number can mean another thing at WeCom.

Facts: the vendor's pages of return codes and of each API, as of 2025. A code that is not here becomes Unavailable and is logged.
"""

from __future__ import annotations

from siyu.connectors.errors import Codes, Kind, Known
from siyu.foundation.text import Text

_Row = tuple[str, str, str] | tuple[str, str, str, str, str]

_THROTTLED: tuple[_Row, ...] = (
    ("45009", "接口调用超过今日或每分钟上限", "the limit of calls is reached",
     "次日恢复；也可在公众平台清零(每月 10 次)", "it opens again the next day; the console can reset it ten times a month"),
    ("45011", "调用太频繁", "calls come too fast"),
    ("45066", "同一群发一分钟内重复提交", "the same mass send was handed in within a minute"),
    ("42010", "群发太快", "mass sends come too fast"),
    ("45109", "今日可发的消息数已用完", "the messages of today are used up"),
    ("85400", "长期有效链接的数量已用完", "the number of lasting links is used up"),
)  # fmt: skip

_UNAVAILABLE: tuple[_Row, ...] = (
    ("-1", "微信系统繁忙", "WeChat is busy"),
    ("9001001", "统计数据暂时读不到", "the statistics cannot be read just now"),
    ("61503", "当天的统计还没有准备好", "the statistics of that day are not ready yet"),
)  # fmt: skip

_CREDENTIALS: tuple[_Row, ...] = (
    ("40001", "AppSecret 不正确，或凭证已失效", "the AppSecret is wrong, or the token is no longer valid",
     "到后台「开发 → 基本配置」重置或查看 AppSecret 并填到这里", "look up or reset the AppSecret under Development → Basic settings and enter it here"),
    ("40002", "凭证类型不正确", "the grant type is wrong"),
    ("40013", "AppID 不正确", "the AppID is wrong", "从后台「基本配置」复制 AppID(以 wx 开头)", "copy the AppID from Basic settings (it begins with wx)"),
    ("40014", "接口凭证无效", "the access token is not valid", "核对 AppID 与 AppSecret", "compare AppID and AppSecret"),
    ("40125", "AppSecret 不正确", "the AppSecret is wrong", "到后台重置 AppSecret 并填到这里", "reset the AppSecret in the console and enter it here"),
    ("40243", "AppSecret 已被冻结", "the AppSecret is frozen", "到后台解冻 AppSecret", "unfreeze the AppSecret in the console"),
    ("41001", "缺少接口凭证", "the access token is missing"),
    ("41002", "缺少 AppID", "the AppID is missing"),
    ("41004", "缺少 AppSecret", "the AppSecret is missing"),
    ("42001", "接口凭证已过期", "the access token has run out", "核对 AppID 与 AppSecret", "compare AppID and AppSecret"),
)  # fmt: skip

_RESTRICTED: tuple[_Row, ...] = (
    ("40164", "本服务器的 IP 不在白名单", "this server's address is not on the list of allowed IPs",
     "到后台「开发 → 基本配置 → IP 白名单」加入出口 IP", "add the outgoing address under Development → Basic settings → IP list"),
    ("48001", "账号没有这个接口的权限", "the account has no right to this API",
     "多数接口要求已认证的服务号；到后台「接口权限」查看", "most APIs need a verified service account; see API rights in the console"),
    ("48004", "接口已被封禁", "the API is banned for this account",
     "到后台「通知中心」查看处罚原因与申诉入口", "see the notices in the console for the reason and how to appeal"),
    ("48006", "本月的清零次数已用完", "this month's quota resets are used up"),
    ("48008", "没有这类消息的发送权限", "the account may not send this kind of message"),
    ("50002", "账号或用户受限", "the account or the user is restricted", "到后台「通知中心」查看", "see the notices in the console"),
    ("61450", "账号暂时无法使用", "the account cannot be used just now"),
    ("85079", "小程序没有线上版本", "the mini program has no published version", "先发布小程序", "publish the mini program first"),
    ("89503", "此 IP 的调用等待管理员确认", "calls from this address wait for the administrator's confirmation",
     "请管理员在微信中确认", "ask the administrator to confirm in WeChat"),
    ("89501", "此 IP 正在等待管理员确认", "this address waits for the administrator's confirmation", "请管理员在微信中确认", "ask the administrator to confirm in WeChat"),
    ("89506", "此 IP 被管理员拒绝", "the administrator refused this address"),
    ("45028", "群发次数已用完", "the mass sends are used up", "订阅号每天 1 次，服务号每月 4 次", "one a day, or four a month for a service account"),
    ("45029", "小程序码数量已用完(永久 10 万个)", "the number of codes is used up (100,000 for ever)", "改用不限数量的小程序码", "use the code without a limit of number"),
    ("45056", "标签数量已达上限(100 个)", "the account has 100 tags already"),
    ("200012", "订阅模板数量已达上限", "the account has as many subscription templates as may be"),
    ("45026", "模板数量已达上限(25 个)", "the account has 25 templates already"),
)  # fmt: skip

_REFUSED: tuple[_Row, ...] = (
    ("40003", "OpenID 不正确或不属于这个账号", "the openid is wrong or belongs to another account"),
    ("40004", "媒体类型不正确", "the kind of media is wrong"),
    ("40005", "文件类型不正确", "the kind of file is wrong"),
    ("40006", "文件大小不正确", "the size of the file is wrong"),
    ("40007", "素材 ID 不正确或已过期", "the media id is wrong or has run out", "重新上传素材(临时素材 3 天有效)", "upload it again (it lasts three days)"),
    ("40008", "消息类型不正确", "the kind of message is wrong"),
    ("40009", "图片大小不正确", "the size of the picture is wrong"),
    ("40029", "授权码无效", "the code is not valid", "请用户重新进入页面", "the visitor has to open the page again"),
    ("40030", "刷新凭证无效", "the refresh token is not valid", "请用户重新授权", "the visitor has to grant it again"),
    ("40032", "一次的人数不正确", "the number of people at once is wrong"),
    ("40035", "参数不正确", "a parameter is wrong"),
    ("40037", "模板 ID 不正确", "the template id is wrong", "到后台核对模板 ID", "compare the template id in the console"),
    ("40059", "没有这条群发", "there is no such mass send"),
    ("40066", "链接不可用", "the URL is not possible"),
    ("40097", "参数不正确", "a parameter is wrong"),
    ("40129", "场景值不正确", "the scene is wrong"),
    ("40130", "群发至少要 2 个人", "a mass send goes to two people at least"),
    ("40159", "路径过长或不正确", "the path is too long or wrong"),
    ("40163", "授权码已用过", "the code has been used", "请用户重新进入页面", "the visitor has to open the page again"),
    ("40165", "小程序页面路径不正确", "the mini program's page is wrong"),
    ("40212", "小程序页面参数不正确", "the query of the mini program's page is wrong"),
    ("40226", "用户被微信判定为高风险", "WeChat takes this user for a high risk"),
    ("41005", "缺少素材文件", "the file is missing"),
    ("41008", "缺少授权码", "the code is missing"),
    ("41030", "小程序没有这个页面", "the mini program has no such page", "核对页面路径，且该版本已发布", "compare the path; the version must be published"),
    ("42002", "刷新凭证已过期", "the refresh token has run out", "请用户重新授权", "the visitor has to grant it again"),
    ("42003", "授权码已过期", "the code has run out", "请用户重新进入页面", "the visitor has to open the page again"),
    ("43004", "此人没有关注公众号", "this person does not follow the account"),
    ("43019", "此人在黑名单中", "this person is on the blacklist"),
    ("43101", "此人没有订阅，或订阅次数已用完", "this person has not subscribed, or the subscription is used up"),
    ("43107", "此人关闭了订阅消息", "this person has switched subscription messages off"),
    ("43116", "此人没有订阅这条长期消息", "this person has not subscribed to this lasting message"),
    ("44002", "内容为空", "the content is empty"),
    ("44004", "文字为空", "the text is empty"),
    ("45001", "文件过大", "the file is too large"),
    ("45002", "内容过长", "the content is too long"),
    ("45003", "标题过长", "the title is too long"),
    ("45004", "描述过长", "the description is too long"),
    ("45008", "图文数量超过上限", "there are too many articles"),
    ("45015", "回复时间已过(客户 48 小时内没有互动)", "the time for an answer is over (nothing from this person for 48 hours)"),
    ("45047", "客服消息条数已达上限", "this person has got as many answers as may be; wait for the next message"),
    ("45057", "粉丝超过 10 万的标签不能删除", "a tag of more than 100,000 followers cannot be deleted"),
    ("45058", "系统标签不能修改", "the system's own tags cannot be changed"),
    ("45059", "此人的标签已达上限(20 个)", "this person has 20 tags already"),
    ("45065", "24 小时内提交过相同编号的群发", "a mass send with this clientmsgid was handed in within 24 hours"),
    ("45067", "群发编号过长", "the clientmsgid is too long"),
    ("45157", "标签名已存在或不合法", "the tag's name is taken or not possible"),
    ("45158", "标签名过长", "the tag's name is too long"),
    ("45159", "没有这个标签", "there is no such tag"),
    ("46003", "没有设置菜单", "there is no menu"),
    ("47001", "内容不是合法的 JSON", "the content is not valid JSON"),
    ("47003", "模板内容不符合规则", "the values do not fit the template"),
    ("48002", "此人拒收这个账号的消息", "this person refuses messages of this account"),
    ("49003", "OpenID 与用户不一致", "the openid is not this user's"),
    ("53600", "没有这篇文章", "there is no such article"),
    ("61500", "日期格式不正确", "the date is wrong"),
    ("61501", "日期范围不正确", "the range of dates is wrong"),
    ("65301", "没有个性化菜单", "there is no menu with a rule"),
    ("65303", "要先有默认菜单", "there must be a menu for all first"),
    ("85401", "链接有效期不正确(最长 30 天)", "the life of the link is wrong (30 days at most)"),
    ("85402", "没有这个链接", "there is no such link"),
    ("87014", "内容有违法违规风险", "the content is risky"),
    ("87009", "签名无效", "the signature is not valid"),
    ("200011", "账号没有这个模板类目", "the account has no such category of templates"),
    ("200014", "没有这个模板", "there is no such template"),
    ("200021", "模板的场景说明不正确", "the template's description is wrong"),
    ("200020", "关键词数量不正确(2 到 5 个)", "two to five keywords are needed"),
    *((str(code), "菜单按钮不正确", "a button of the menu is wrong") for code in range(40015, 40028)),
)  # fmt: skip


def _codes() -> Codes:
    rows: dict[Kind, tuple[_Row, ...]] = {
        "throttled": _THROTTLED,
        "unavailable": _UNAVAILABLE,
        "bad_credentials": _CREDENTIALS,
        "account_restricted": _RESTRICTED,
        "refused": _REFUSED,
    }
    return {
        row[0]: Known(kind, Text(row[1], row[2]), Text(row[3], row[4]) if len(row) == 5 else None)
        for kind, several in rows.items()
        for row in several
    }


CODES = _codes()
WHOLE_ACCOUNT = frozenset({"45028", "48001", "48004", "40164", "50002", "61450"})
"""Codes after which other calls of the account are likely to fail too, beside credentials."""
