"""Fits 适配: which limits of a carrier a piece breaks, told while it is written, each with the field, the count and the limit.

The numbers are the connectors' own. Texts with variables are measured with their fall-backs; who has a longer value is found
by the preview.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from siyu.connectors._wechat.limits import Faults as NoticeFaults
from siyu.connectors._wechat.notices import check_values
from siyu.connectors._wechat.talk import TEXT_BYTES as TALK_BYTES
from siyu.connectors.errors import ContentError
from siyu.connectors.official_account.drafts import CONTENT_BYTES, DIGEST_CHARACTERS, TITLE_CHARACTERS
from siyu.connectors.sms.messages import LONGEST
from siyu.connectors.wecom.limits import WeComLimits
from siyu.content.bodies import NEEDED, Body
from siyu.content.kinds import CARRIERS, KINDS, Carrier, Kind
from siyu.content.templates import names_in, sample
from siyu.content.variables import PER_STAFF
from siyu.foundation.text import Text

EMAIL_BYTES = 102_000
"""Gmail shows no more of a letter's HTML and hides the rest, the unsubscribe link with it [help page 2024]."""
SUBJECT_CHARACTERS = 80
_JPG_PNG = frozenset({"image/jpeg", "image/png"})
_WEB = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_URL_FIELDS = ("url",)


@dataclass(frozen=True)
class Misfit:
    """One limit that is broken: where, what, how much it is and how much it may be (None where it is no number)."""

    field: str
    message: Text
    count: int | None = None
    limit: int | None = None


class Limit(NamedTuple):
    """How long a field may be on a carrier, in UTF-8 bytes or characters, for some kinds."""

    carrier: Carrier
    field: str
    unit: Literal["bytes", "characters"]
    most: int
    kinds: tuple[Kind, ...] = tuple(KINDS)


@dataclass(frozen=True)
class File:
    """What is known of an uploaded file."""

    kind: str
    type: str
    size_bytes: int
    width: int | None = None
    height: int | None = None


Files = Mapping[str, File]
"""By name (`media:<hash>`)."""


def check(kind: Kind, body: Body, carrier: Carrier, files: Files | None = None, limits: WeComLimits | None = None) -> list[Misfit]:
    """Every limit of a carrier that a body breaks; an empty list: it can be sent there.

    `files` are those that the body names; without it their sizes and types are not looked at. `limits` are the account's, where they differ.
    """
    found = [
        Misfit(f"body.{name}", Text("不能为空", "must not be empty"))
        for name in NEEDED[kind]
        if not getattr(body, name).strip()
    ]
    found += _too_long(kind, body, carrier, limits or WeComLimits())
    found += _CHECKS[carrier](kind, body, limits or WeComLimits())
    found += _addresses(body)
    if files is not None:
        found += _files(kind, body, carrier, files, limits or WeComLimits())
    return found


def check_all(kind: Kind, body: Body, files: Files | None = None) -> dict[Carrier, list[Misfit]]:
    return {carrier: check(kind, body, carrier, files) for carrier in CARRIERS}


def lengths(limits: WeComLimits | None = None) -> list[Limit]:
    """How long each field may be on each carrier: what is counted down while somebody writes."""
    wecom = limits or WeComLimits()
    cards: tuple[Kind, ...] = ("link", "article")
    return [
        Limit("wecom", "text", "bytes", wecom.text_bytes),
        Limit("wecom", "title", "bytes", wecom.link_title_bytes, cards),
        Limit("wecom", "desc", "bytes", wecom.link_desc_bytes, cards),
        Limit("wecom", "url", "bytes", wecom.link_url_bytes, cards),
        Limit("wecom", "title", "bytes", wecom.mini_program_title_bytes, ("mini_program",)),
        Limit("official_account", "text", "bytes", TALK_BYTES),
        Limit("official_account", "title", "characters", TITLE_CHARACTERS, cards),
        Limit("official_account", "desc", "characters", DIGEST_CHARACTERS, cards),
        Limit("official_account", "html", "bytes", CONTENT_BYTES),
        Limit("sms", "text", "characters", LONGEST),
        Limit("email", "subject", "characters", SUBJECT_CHARACTERS),
        Limit("email", "html", "bytes", EMAIL_BYTES),
    ]


def _too_long(kind: Kind, body: Body, carrier: Carrier, limits: WeComLimits) -> Iterator[Misfit]:
    for limit in lengths(limits):
        if limit.carrier == carrier and kind in limit.kinds:
            # A letter without a subject of its own has the title as its subject.
            said = body.subject or body.title if limit.field == "subject" else getattr(body, limit.field)
            yield from (_bytes if limit.unit == "bytes" else _characters)(limit.field, said, limit.most)


def _wecom(kind: Kind, body: Body, limits: WeComLimits) -> Iterator[Misfit]:
    yield from _shared_words(body, Text("企业微信群发对一位员工的所有客户是同一内容", "a WeCom send says the same to all customers of a member of staff"))


def _official_account(kind: Kind, body: Body, _: WeComLimits) -> Iterator[Misfit]:
    if kind == "file":
        yield Misfit("kind", Text("公众号不能发文件", "an Official Account cannot send files"))
    if "official_account" in body.notices:
        yield from _notice("official_account", body)


def _mini_program(kind: Kind, body: Body, _: WeComLimits) -> Iterator[Misfit]:
    if "mini_program" not in body.notices:
        yield Misfit("body.notices.mini_program", Text("小程序只能发订阅消息：请选模板并填写各项", "a Mini Program can only send notices: choose a template and fill in its values"))
        return
    yield from _notice("mini_program", body)


def _sms(kind: Kind, body: Body, _: WeComLimits) -> Iterator[Misfit]:
    if kind not in ("text", "link", "article"):
        yield Misfit("kind", Text("短信只能发文字和链接", "a text message holds words and links only"))
    if body.sms.template:
        for name, value in body.sms.params.items():
            yield from _characters(f"sms.params.{name}", value, LONGEST)
    elif not body.text.strip():
        yield Misfit("body.text", Text("短信要有文字或模板", "a text message needs a text or a template"))


def _email(kind: Kind, body: Body, _: WeComLimits) -> Iterator[Misfit]:
    subject = body.subject or body.title
    if not subject.strip():
        yield Misfit("body.subject", Text("邮件要有主题", "a letter needs a subject"))
    if "\n" in subject or "\r" in subject:
        yield Misfit("body.subject", Text("主题不能换行", "a subject has no line breaks"))


def _webhook(kind: Kind, body: Body, _: WeComLimits) -> Iterator[Misfit]:
    return iter(())


_CHECKS: Mapping[Carrier, Callable[[Kind, Body, WeComLimits], Iterator[Misfit]]] = {
    "wecom": _wecom, "official_account": _official_account, "mini_program": _mini_program, "sms": _sms, "email": _email, "webhook": _webhook,
}  # fmt: skip


def _notice(product: str, body: Body) -> Iterator[Misfit]:
    notice = body.notices[product]
    if not notice.template_id:
        yield Misfit(f"body.notices.{product}.template_id", Text("请选模板", "choose a template"))
    faults = NoticeFaults()
    check_values(faults, {key: sample(value) for key, value in notice.values.items()})
    try:
        faults.tell()
    except ContentError as error:
        for fault in error.faults:
            yield Misfit(f"body.notices.{product}.{fault.field.replace('data', 'values', 1)}", fault.message)


def _shared_words(body: Body, why: Text) -> Iterator[Misfit]:
    for field in ("text", "title", "desc"):
        for name in names_in([getattr(body, field)]):
            if name not in PER_STAFF:
                yield Misfit(
                    f"body.{field}",
                    Text(f"这里不能用变量「{name}」：{why.zh}；可用：{'、'.join(PER_STAFF)}", f"the variable “{name}” is not possible here: {why.en}; use {', '.join(PER_STAFF)}"),
                )


def _addresses(body: Body) -> Iterator[Misfit]:
    for field in _URL_FIELDS:
        if (url := getattr(body, field)) and (wrong := url_fault(url)):
            yield Misfit(f"body.{field}", wrong)


def url_fault(url: str) -> Text | None:
    """What is wrong with an address that customers are led to."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return Text("不是网址", "not a URL")
    if parts.scheme not in ("http", "https"):
        return Text("必须以 http:// 或 https:// 开头", "must begin with http:// or https://")
    if not host or ("." not in host and host != "localhost") or any(sign <= " " or sign in '<>"\\' for sign in url):
        return Text("不是网址", "not a URL")
    if parts.username is not None or parts.password is not None:
        return Text("网址里不能有用户名和密码", "a URL here has no user name or password")
    return None


def _files(kind: Kind, body: Body, carrier: Carrier, files: Files, limits: WeComLimits) -> Iterator[Misfit]:
    bounds = {"picture": limits.image_bytes, "video": limits.video_bytes, "file": limits.file_bytes}
    for field, most in bounds.items():
        name = getattr(body, field)
        if not name:
            continue
        if (file := files.get(name)) is None:
            yield Misfit(f"body.{field}", Text("没有这个文件：请先上传", "there is no such file: upload it first"))
            continue
        if file.size_bytes > most and carrier in ("wecom", "official_account"):
            yield Misfit(
                f"body.{field}", Text(f"最多 {most} 字节，现为 {file.size_bytes} 字节", f"at most {most} bytes; it has {file.size_bytes}"), file.size_bytes, most
            )
        if field == "picture" and file.type not in (_JPG_PNG if carrier in ("wecom", "official_account") else _WEB):
            yield Misfit("body.picture", Text(f"图片要用 JPG 或 PNG,现为 {file.type}", f"the picture must be JPEG or PNG; it is {file.type}"))
        if field == "video" and file.type != "video/mp4":
            yield Misfit("body.video", Text(f"视频要用 MP4,现为 {file.type}", f"the video must be MP4; it is {file.type}"))


def _bytes(field: str, text: str, most: int) -> Iterator[Misfit]:
    size = len(sample(text).encode("utf-8", "surrogatepass"))
    if size > most:
        yield Misfit(f"body.{field}", Text(f"最多 {most} 字节，现为 {size} 字节", f"at most {most} bytes; it has {size}"), size, most)


def _characters(field: str, text: str, most: int) -> Iterator[Misfit]:
    size = len(sample(text))
    if size > most:
        yield Misfit(f"body.{field}", Text(f"最多 {most} 字，现为 {size} 字", f"at most {most} characters; it has {size}"), size, most)
