"""WeCom's error codes 企业微信错误码 in our words: what each says and what to put right. Facts: vendor document 90313 (2024-04-08).

A code that is not here becomes Unavailable and is logged, so that nothing is taken for final that we do not know.
"""

from __future__ import annotations

from siyu.connectors.errors import Codes, Kind, Known
from siyu.foundation.text import Text

_Row = tuple[str, str, str] | tuple[str, str, str, str, str]

_THROTTLED: tuple[_Row, ...] = (
    ("45009", "接口调用超过频率限制", "the limit of calls is reached"),
    ("45011", "调用太频繁", "calls come too fast"),
    ("45033", "同时调用过多", "too many calls at once", "减少并发", "call fewer at once"),
    ("41094", "这次群发的提醒次数已用完(24 小时内 3 次)", "this send has been reminded of often enough (three in 24 hours)"),
    ("41078", "正在创建的朋友圈任务过多", "too many moments are being made", "等前面的任务完成", "wait until earlier ones are done"),
)  # fmt: skip

_UNAVAILABLE: tuple[_Row, ...] = (
    ("-1", "企业微信系统繁忙", "WeCom is busy"),
    ("6000", "同一数据正被别处修改", "the same thing is being changed elsewhere"),
    ("41063", "群发任务还在派发中", "the send is still being dispatched"),
    ("41079", "朋友圈还在派发中", "the moment is still being dispatched"),
    ("81026", "企业微信正在维护该功能", "WeCom is maintaining this function"),
    ("301022", "读取失败，可以重试", "reading failed; it may be tried again"),
)  # fmt: skip

_CREDENTIALS: tuple[_Row, ...] = (
    ("40001", "Secret 不正确或与企业 ID 不匹配", "the secret is wrong or belongs to another corp",
     "到管理后台「应用管理」重新查看该应用的 Secret;应用停用或 Secret 重置后旧值失效",
     "look up the app's secret in the admin console (Apps); a disabled app or a reset secret voids the old one"),
    ("40013", "企业 ID(CorpID)不正确", "the corp id is wrong",
     "到管理后台「我的企业」页面底部复制企业 ID", "copy the corp id from the foot of the page My Company in the admin console"),
    ("40014", "接口凭证无效", "the access token is not valid", "核对企业 ID 与 Secret", "compare the corp id and the secret"),
    ("42001", "接口凭证已过期", "the access token has run out", "核对企业 ID 与 Secret", "compare the corp id and the secret"),
    ("40091", "Secret 属于别的企业", "the secret belongs to another corp", "填写本企业应用的 Secret", "enter the secret of an app of this corp"),
    ("41001", "缺少接口凭证", "the access token is missing"),
    ("41002", "缺少企业 ID", "the corp id is missing", "填写企业 ID", "enter the corp id"),
    ("41004", "缺少 Secret", "the secret is missing", "填写应用的 Secret", "enter the app's secret"),
    ("45031", "Secret 不够安全，企业微信要求重置", "WeCom wants the secret to be reset",
     "到管理后台重置应用的 Secret 并填到这里", "reset the app's secret in the admin console and enter it here"),
)  # fmt: skip

_RESTRICTED: tuple[_Row, ...] = (
    ("60020", "本服务器的 IP 不在应用的可信 IP 中", "this server's address is not among the app's trusted IPs",
     "到管理后台应用详情「企业可信IP」加入出口 IP,约 1 分钟后生效",
     "add the outgoing address under Trusted IPs of the app in the admin console; it works after about a minute"),
    ("48002", "该应用没有调用此接口的权限", "the app may not call this API",
     "到管理后台「客户联系 → 可调用接口的应用」勾选该应用(2023-12 起不能再用「客户联系」Secret)",
     "tick the app under Customer Contact → apps that may call the API in the admin console (the old system secret no longer works since 2023-12)"),
    ("48001", "该功能未授权", "this function is not granted", "核对企业认证与应用授权", "check the corp's verification and the app's grants"),
    ("48004", "授权已被取消", "the grant was withdrawn", "请企业管理员重新授权", "ask the corp's administrator to grant it again"),
    ("48005", "企业微信已停用这个接口", "WeCom has retired this API", "升级 Siyu", "upgrade Siyu"),
    ("48006", "应用长期未用，接口权限被收回", "the app was idle for long and lost its rights",
     "请企业管理员在管理后台重新启用该应用", "ask the corp's administrator to enable the app again"),
    ("48007", "客服账号没有授权给该应用", "the customer-service account is not granted to the app",
     "到管理后台「微信客服」把账号授权给该应用", "grant the account to the app under WeChat Customer Service"),
    ("50003", "应用已停用", "the app is disabled", "到管理后台「应用管理」重新启用", "enable it again in the admin console (Apps)"),
    ("60031", "该应用已被禁止调用接口", "the app is barred from calling", "请联系企业微信客服了解原因", "ask WeCom's support for the reason"),
    ("301007", "企业已解散或被封禁", "the corp was dissolved or banned", "请联系企业微信客服", "contact WeCom's support"),
    ("40141", "企业账号异常", "something is wrong with the corp's account", "请企业管理员登录管理后台查看通知", "ask the administrator to look at the notices in the admin console"),
    ("43009", "企业未验证主体", "the corp is not verified", "到管理后台完成企业验证或认证", "verify the corp in the admin console"),
    ("301042", "IP 不在白名单中", "this server's address is not on the white list", "到管理后台加入出口 IP", "add the outgoing address in the admin console"),
)  # fmt: skip

_STAFF: tuple[_Row, ...] = (
    ("40003", "没有这个成员", "there is no such staff member", "核对成员账号；离职或删除后账号失效", "check the id; it ends when the person leaves"),
    ("40031", "成员列表中有无效账号", "the list has an id that is not valid", "核对账号及应用可见范围", "check the ids and the app's visible range"),
    ("40032", "成员列表过长", "the list of staff is too long"),
    ("40066", "部门列表无效", "the list of departments is not valid", "核对部门是否存在", "check whether the departments exist"),
    ("46004", "没有这个成员", "there is no such staff member", "核对账号及应用可见范围", "check the id and the app's visible range"),
    ("60003", "没有这个部门", "there is no such department", "重新同步组织架构", "read the departments again"),
    ("60011", "成员、部门或标签不在该应用的权限范围", "the staff member, department or tag is outside the app's rights",
     "到管理后台应用详情把相关成员或部门加入「可见范围」", "add them to the app's visible range in the admin console"),
    ("60021", "成员不在应用可见范围内", "the staff member is outside the app's visible range", "把该成员加入应用的可见范围", "add the person to the app's visible range"),
    ("60030", "已超出应用可见范围", "this is outside the app's visible range", "调整应用的可见范围", "widen the app's visible range"),
    ("60111", "没有这个成员", "there is no such staff member", "成员已离职、被删除或不在可见范围", "the person left, was deleted, or is outside the visible range"),
    ("60123", "没有这个部门", "there is no such department"),
    ("50002", "成员不在权限范围", "the staff member is outside the rights", "检查应用的可见范围", "check the app's visible range"),
    ("40098", "成员尚未实名认证", "the staff member has not proven their identity", "请该成员在企业微信手机端完成实名认证", "ask the person to verify in the WeCom app"),
    ("41054", "成员尚未激活或未实名", "the staff member has not activated or not verified", "请该成员登录一次企业微信并实名认证", "ask the person to log in to WeCom once and verify"),
    ("40143", "该成员已被封禁", "the staff member is banned", "换一位成员接替", "choose another person"),
    ("40205", "成员超过一年未登录", "the staff member has not logged in for a year", "请该成员登录一次企业微信", "ask the person to log in to WeCom once"),
    ("84074", "成员没有客户联系权限", "the staff member has no right to customer contact",
     "到管理后台「客户联系 → 权限配置」把该成员加入使用范围", "add the person under Customer Contact → rights in the admin console"),
    ("84083", "该成员不是服务人员", "this person serves no customers", "到管理后台「客户联系」加入使用范围", "add the person to Customer Contact in the admin console"),
    ("301021", "成员账号无效", "the staff id is not valid"),
    ("701008", "成员没有有效的接口许可", "the staff member has no valid interface licence", "为该成员激活接口许可账号", "activate a licence for the person"),
    ("701099", "成员没有有效的接口许可", "the staff member has no valid interface licence", "为该成员激活接口许可账号", "activate a licence for the person"),
)  # fmt: skip

_CUSTOMERS: tuple[_Row, ...] = (
    ("40050", "没有这个群聊", "there is no such group chat", "核对群聊 ID;群要由本企业的成员创建", "check the id of the group; it must belong to staff of this corp"),
    ("40096", "没有这个客户", "there is no such customer", "客户 ID 只在本企业内有效", "customer ids are valid inside one corp only"),
    ("41035", "缺少客户 ID", "the customer's id is missing"),
    ("41056", "客户 ID 类型不正确", "the customer's id is of the wrong kind"),
    ("84061", "该成员与客户已不是好友", "the staff member and the customer are no longer connected", "该好友关系记为流失", "the relation counts as lost"),
    ("84084", "成员没有跟进该客户", "the staff member does not follow this customer"),
    ("40068", "标签或标签组不存在", "the tag or tag group does not exist", "重新同步标签", "read the tags again"),
    ("40071", "已有同名标签", "a tag of this name exists", "换一个名称", "choose another name"),
    ("40072", "标签名称为空或过长", "the tag's name is empty or too long"),
    ("40126", "企业标签数量已达上限", "the corp has as many tags as it may", "删除不用的标签", "delete tags that are not used"),
    ("301002", "对象属于另一个应用", "this belongs to another app", "只能由创建它的应用修改", "only the app that made it may change it"),
    ("81011", "没有操作该标签的权限", "the app may not change this tag", "只能修改本应用创建的标签", "only tags that this app made may be changed"),
    ("50100", "翻页位置已失效", "the place in the list is no longer valid", "从头再读", "read from the beginning"),
    ("81017", "范围过大", "the range is too large", "按成员分批", "ask by staff member"),
)  # fmt: skip

_WAYS: tuple[_Row, ...] = (
    ("41037", "缺少活码类型", "the live code's type is missing"),
    ("41038", "缺少活码场景", "the live code's scene is missing"),
    ("41039", "活码类型无效", "the live code's type is not valid"),
    ("41040", "活码场景无效", "the live code's scene is not valid"),
    ("41041", "活码使用人数超过上限(100 人，部门按人展开)", "the live code has too many staff (100, departments counted by heads)", "减少成员或部门", "choose fewer staff or departments"),
    ("41042", "活码样式无效", "the live code's style is not valid"),
    ("41043", "缺少活码编号", "the live code's id is missing"),
    ("41044", "没有这个活码", "there is no such live code", "它可能已被删除", "it may have been deleted"),
    ("41045", "活码数量已达上限", "there are as many live codes as there may be", "删除不用的活码", "delete live codes that are not used"),
    ("41091", "入群码最多关联 5 个群", "a join code holds at most 5 groups"),
    ("41095", "获客链接数量已达上限", "there are as many acquisition links as there may be", "删除不用的链接", "delete links that are not used"),
    ("41098", "获客链接由其他应用创建", "the acquisition link was made by another app"),
)  # fmt: skip

_MESSAGES: tuple[_Row, ...] = (
    ("41046", "缺少群发编号", "the send's id is missing"),
    ("41047", "没有这次群发", "there is no such send"),
    ("41048", "没有可发送的客户", "there is no customer to send to", "核对所选客户仍是该成员的好友", "check that the chosen customers are still connected"),
    ("41064", "附件数量超过上限", "too many attachments"),
    ("41065", "附件类型无效", "an attachment's type is not valid"),
    ("41093", "群发已被取消", "the send was cancelled"),
    ("41049", "缺少欢迎语凭证", "the welcome code is missing"),
    ("41050", "欢迎语凭证无效或已过 20 秒", "the welcome code is not valid or older than 20 seconds"),
    ("41051", "已经开始聊天，不能再发欢迎语", "they are chatting already; no welcome can be sent"),
    ("41053", "客户未同意聊天存档，不能发欢迎语", "the customer has not agreed to the archive; no welcome can be sent"),
    ("41096", "另一个应用正在发欢迎语", "another app is sending a welcome"),
    ("41055", "入群欢迎语数量已达上限", "there are as many group welcomes as there may be", "删除不用的欢迎语", "delete welcomes that are not used"),
    ("41058", "入群欢迎语由其他应用创建", "the group welcome was made by another app"),
    ("41059", "缺少朋友圈编号", "the moment's id is missing"),
    ("41060", "没有这条朋友圈", "there is no such moment"),
    ("41061", "这条朋友圈不是该成员发表的", "the staff member did not publish this moment"),
    ("41062", "成员尚未发表这条朋友圈", "the staff member has not published this moment yet"),
    ("41067", "朋友圈类型不符", "the moment is of another kind"),
    ("41089", "朋友圈文字和附件不能都为空", "a moment needs text or an attachment"),
    ("41088", "附件列表为空", "the list of attachments is empty"),
    ("40201", "内容被企业微信反垃圾拦截", "WeCom's spam guard stopped the content", "修改内容后再试", "change the content and try again"),
    ("40204", "内容被微信反垃圾拦截", "WeChat's spam guard stopped the content", "修改内容后再试", "change the content and try again"),
    ("40054", "链接域名不被接受", "the link's domain is not accepted"),
    ("40039", "链接过长", "the link is too long"),
    ("45034", "链接缺少 http:// 或 https://", "the link lacks http:// or https://"),
    ("45002", "消息内容过长", "the message is too long", "缩短内容", "make it shorter"),
    ("44004", "消息文字为空", "the message has no text"),
    ("40008", "消息类型无效", "the message's type is not valid"),
    ("90207", "小程序 appid 无效", "the mini program's appid is not valid"),
    ("90206", "小程序没有关联到企业", "the mini program is not linked to the corp", "到管理后台关联该小程序", "link it in the admin console"),
    ("81012", "没有指定接收人", "no receiver is named"),
    ("81013", "接收人全部无效", "none of the receivers is valid", "核对接收人及应用可见范围", "check the receivers and the app's visible range"),
    ("82001", "接收人全部为空", "no receiver is named"),
    ("82002", "部门数量超过 100", "more than 100 departments"),
    ("82003", "标签数量超过 100", "more than 100 tags"),
    ("42052", "消息超过 24 小时，不能撤回", "the message is older than 24 hours and cannot be recalled"),
)  # fmt: skip

_MEDIA: tuple[_Row, ...] = (
    ("40004", "文件类型不被接受", "the file's type is not accepted"),
    ("40005", "素材类型无效", "the media type is not valid"),
    ("40006", "文件大小不合要求", "the file's size is not accepted"),
    ("40007", "素材无效或已过 3 天有效期", "the media is not valid or older than three days", "重新上传素材", "upload it again"),
    ("40009", "图片大小不合要求", "the picture's size is not accepted"),
    ("40011", "视频大小不合要求", "the video's size is not accepted"),
    ("40123", "图片格式无法识别", "the picture cannot be read"),
    ("41006", "缺少素材", "the media is missing"),
    ("41072", "素材上传的用途不符", "the media was uploaded for another use", "按朋友圈用途重新上传", "upload it again for moments"),
    ("41080", "附件大小超过限制", "the attachment is too large"),
    ("41081", "图片分辨率超过限制", "the picture has too many pixels", "缩到 1440×1080 以内", "scale it to 1440×1080 at most"),
    ("41082", "视频时长超过限制", "the video is too long", "剪到 30 秒以内", "cut it to 30 seconds"),
    ("41090", "视频不是可用的 mp4", "the video is no usable mp4"),
    ("44001", "文件为空", "the file is empty"),
    ("45001", "文件过大", "the file is too large"),
    ("45007", "语音超过 60 秒", "the voice is longer than 60 seconds"),
)  # fmt: skip

_TRANSFER: tuple[_Row, ...] = (
    ("40097", "该成员尚未离职", "the staff member has not left", "改用在职继承", "transfer in service instead"),
    ("40099", "接手人的客户数已达上限", "the new person has as many customers as may be", "换一位接手人", "choose another person"),
    ("40100", "客户正在转接中", "the customer is being transferred already", "等这次转接结束", "wait until it is done"),
    ("40128", "该客户 90 天内已转接 2 次", "the customer was transferred twice in 90 days", "满 90 天后再转", "wait until 90 days are over"),
    ("40129", "客户正在转接中", "the customer is being transferred already", "等这次转接结束", "wait until it is done"),
    ("40130", "原跟进人与接手人是同一人", "the old and the new person are the same"),
    ("40131", "原跟进人没有这个客户", "the old person does not follow this customer", "先对账再转接", "reconcile, then transfer"),
    ("90500", "群主尚未离职", "the group's owner has not left", "改用在职继承", "transfer in service instead"),
    ("90501", "该群不是客户群", "this is no customer group"),
    ("90502", "群主已经离职", "the group's owner has left", "改用离职继承", "transfer after resignation instead"),
    ("90503", "群满员，需群主在客户端确认", "the group is full; its owner must confirm in the app"),
    ("90504", "新群主与原群主相同", "the owner would stay the same"),
    ("90507", "该群正在继承中", "the group is being transferred already"),
    ("90508", "该群已经继承", "the group was transferred already"),
    ("90509", "该群不是客户群", "this is no customer group"),
    ("90510", "企业一年内没有活跃用户", "the corp had no active user for a year"),
    ("90511", "群 openid 无效", "the group's openid is not valid"),
    ("49008", "群已解散", "the group was dissolved"),
)  # fmt: skip

_WEB: tuple[_Row, ...] = (
    ("40029", "登录码无效或已用过", "the log-in code is not valid or was used", "请重新登录", "log in again"),
    ("42003", "登录码已过期", "the log-in code has run out", "请重新登录", "log in again"),
    ("42022", "登录码已用过", "the log-in code was used", "请重新登录", "log in again"),
    ("50001", "跳转域名不是应用的可信域名", "the redirect's domain is not trusted by the app",
     "到管理后台应用详情「网页授权及JS-SDK」加入域名并通过所有权校验", "add the domain under Web authorisation and JS-SDK of the app and prove that it is yours"),
    ("85005", "可信域名没有通过所有权校验", "the trusted domain is not proven to be yours", "按管理后台的指引放置校验文件", "place the file that the admin console names"),
    ("84014", "成员票据已过期", "the member's ticket has run out", "请重新登录", "log in again"),
    ("84015", "成员票据无效", "the member's ticket is not valid", "请重新登录", "log in again"),
    ("42012", "侧边栏票据不可用", "the sidebar's ticket cannot be used"),
    ("40093", "侧边栏签名错误", "the sidebar's signature is wrong"),
    ("40056", "应用编号(AgentID)无效", "the agent id is not valid", "到管理后台应用详情复制 AgentID", "copy the agent id from the app's page in the admin console"),
    ("40058", "参数不合法", "a parameter is not valid"),
    ("40035", "参数不合法", "a parameter is not valid"),
    ("40063", "缺少参数", "a parameter is missing"),
    ("40033", "内容含有不允许的字符", "the content has characters that are not allowed"),
    ("40206", "请求过大", "the request is too large"),
    ("47001", "请求格式错误", "the request is malformed"),
    ("45029", "回答过大", "the answer would be too large", "缩小范围", "ask for less"),
    ("40088", "没有这个任务", "there is no such job"),
    ("41057", "企业没有绑定微信开发者账号", "the corp has no WeChat developer account bound", "到管理后台绑定，才能得到 unionid", "bind one in the admin console to receive unionids"),
)  # fmt: skip


def _known(kind: Kind, rows: tuple[_Row, ...]) -> dict[str, Known]:
    return {
        row[0]: Known(kind, Text(row[1], row[2]), Text(row[3], row[4]) if len(row) == 5 else None)
        for row in rows
    }


_FINAL = (*_STAFF, *_CUSTOMERS, *_WAYS, *_MESSAGES, *_MEDIA, *_TRANSFER, *_WEB)
CODES: Codes = (
    _known("throttled", _THROTTLED)
    | _known("unavailable", _UNAVAILABLE)
    | _known("bad_credentials", _CREDENTIALS)
    | _known("account_restricted", _RESTRICTED)
    | _known("refused", _FINAL)
)
"""Every code that we know."""
