"""Content 消息内容 for customers: text and attachments, checked against WeCom's limits before anything is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import msgspec

from siyu.connectors.errors import ContentError
from siyu.connectors.wecom.limits import WeComLimits
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text


class Image(msgspec.Struct, frozen=True, omit_defaults=True):
    """`media_id` wins; `pic_url` must come from `Media.upload_picture`."""

    kind: ClassVar[str] = "image"
    media_id: str = ""
    pic_url: str = ""


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """`media_id` is the picture of a link in a moment, `picurl` anywhere else."""

    kind: ClassVar[str] = "link"
    title: str = ""
    url: str = ""
    picurl: str = ""
    desc: str = ""
    media_id: str = ""


class MiniProgram(msgspec.Struct, frozen=True, omit_defaults=True):
    kind: ClassVar[str] = "miniprogram"
    title: str = ""
    pic_media_id: str = ""
    appid: str = ""
    page: str = ""


class Video(msgspec.Struct, frozen=True, omit_defaults=True):
    kind: ClassVar[str] = "video"
    media_id: str = ""


class File(msgspec.Struct, frozen=True, omit_defaults=True):
    kind: ClassVar[str] = "file"
    media_id: str = ""


Attachment = Image | Link | MiniProgram | Video | File


class Message(msgspec.Struct, frozen=True):
    """A text, attachments, or both."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()

    def wire(self) -> dict[str, Any]:
        """`text` and `attachments` as most calls take them; what is empty is left out."""
        body: dict[str, Any] = {"text": {"content": self.text}} if self.text else {}
        if self.attachments:
            body["attachments"] = [{"msgtype": one.kind, one.kind: plain(one)} for one in self.attachments]
        return body

    def wire_single(self) -> dict[str, Any]:
        """Text and each attachment under its own name, as group welcomes and live codes take them."""
        body: dict[str, Any] = {"text": {"content": self.text}} if self.text else {}
        return body | {one.kind: plain(one) for one in self.attachments}


def plain(record: msgspec.Struct) -> Any:
    return msgspec.to_builtins(record)


class Faults:
    """Collects what is wrong with what is to be sent, and tells all of it at once."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, field: str, zh: str, en: str) -> None:
        self._found.append(Fault(field, Text(zh, en)))

    def bytes(self, field: str, text: str, most: int) -> None:
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            self.add(field, "含有残缺的字符", "holds broken characters")
        if (size := len(text.encode("utf-8", "surrogatepass"))) > most:
            self.add(field, f"最多 {most} 字节，现为 {size} 字节", f"at most {most} bytes; it has {size}")

    def characters(self, field: str, text: str, most: int) -> None:
        if len(text) > most:
            self.add(
                field, f"最多 {most} 字，现为 {len(text)} 字", f"at most {most} characters; it has {len(text)}"
            )

    def count(self, field: str, things: Iterable[object], most: int, least: int = 0) -> None:
        number = len(tuple(things))
        if number > most:
            self.add(field, f"最多 {most} 个，现为 {number} 个", f"at most {most}; there are {number}")
        if number < least:
            self.add(field, f"至少 {least} 个", f"at least {least}")

    def span(self, since_at: datetime, until_at: datetime, most_days: int) -> None:
        if until_at <= since_at or until_at - since_at > timedelta(days=most_days):
            self.add(
                "until_at",
                f"应晚于开始时间，跨度最多 {most_days} 天",
                f"must be later, and {most_days} days at most",
            )

    def needed(self, field: str, value: object) -> None:
        if not value:
            self.add(field, "不能为空", "must not be empty")

    def tell(self) -> None:
        if self._found:
            raise ContentError(
                Text(
                    f"内容有 {len(self._found)} 处超出企业微信的限制",
                    f"{len(self._found)} limits of WeCom are broken",
                ),
                faults=self._found,
            )


def check_message(faults: Faults, message: Message, limits: WeComLimits, *, text_bytes: int = 0) -> None:
    """A message to customers or their groups."""
    if not message.text and not message.attachments:
        faults.add("text", "文字和附件不能都为空", "there must be a text or an attachment")
    faults.bytes("text", message.text, text_bytes or limits.text_bytes)
    faults.count("attachments", message.attachments, limits.attachments)
    check_attachments(faults, message.attachments, limits)


def check_attachments(faults: Faults, attachments: Iterable[Attachment], limits: WeComLimits) -> None:
    for number, one in enumerate(attachments):
        _CHECKS[one.kind](faults, f"attachments.{number}.{one.kind}", one, limits)


def _image(faults: Faults, field: str, image: Image, _: WeComLimits) -> None:
    faults.needed(f"{field}.media_id", image.media_id or image.pic_url)


def _link(faults: Faults, field: str, link: Link, limits: WeComLimits) -> None:
    faults.needed(f"{field}.title", link.title)
    faults.bytes(f"{field}.title", link.title, limits.link_title_bytes)
    faults.bytes(f"{field}.desc", link.desc, limits.link_desc_bytes)
    check_url(faults, f"{field}.url", link.url, limits)
    if link.picurl:
        check_url(faults, f"{field}.picurl", link.picurl, limits)


def _mini_program(faults: Faults, field: str, card: MiniProgram, limits: WeComLimits) -> None:
    for name in ("title", "pic_media_id", "appid", "page"):
        faults.needed(f"{field}.{name}", getattr(card, name))
    faults.bytes(f"{field}.title", card.title, limits.mini_program_title_bytes)


def _media(faults: Faults, field: str, media: Video | File, _: WeComLimits) -> None:
    faults.needed(f"{field}.media_id", media.media_id)


def check_url(faults: Faults, field: str, url: str, limits: WeComLimits) -> None:
    if not url.startswith(("http://", "https://")):
        faults.add(field, "必须以 http:// 或 https:// 开头", "must begin with http:// or https://")
    faults.bytes(field, url, limits.link_url_bytes)


_CHECKS: Mapping[str, Callable[[Faults, str, Any, WeComLimits], None]] = {
    "image": _image,
    "link": _link,
    "miniprogram": _mini_program,
    "video": _media,
    "file": _media,
}
