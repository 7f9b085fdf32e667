"""Body 内容体: what one version of a piece says, the same for every carrier, with what a carrier needs besides."""

from __future__ import annotations

from typing import Any

import msgspec

from siyu.content.kinds import Kind
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text


class Sms(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A gateway's template and what stands in its places; without a template the piece's text is sent."""

    template: str = ""
    params: dict[str, str] = {}


class Notice(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A template of an Official Account or a Mini Program: its id, what stands in each of its values, where a tap leads."""

    template_id: str = ""
    values: dict[str, str] = {}
    page: str = ""
    appid: str = ""


class Body(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """`picture`, `file` and `video` name files: `media:<hash>`. `html` is an article's, sanitised before it is kept.

    Texts may hold variables: {称呼|朋友}; a brace of its own is written twice.
    """

    text: str = ""
    title: str = ""
    desc: str = ""
    url: str = ""
    picture: str = ""
    file: str = ""
    video: str = ""
    appid: str = ""
    page: str = ""
    html: str = ""
    author: str = ""
    subject: str = ""
    sms: Sms = Sms()
    notices: dict[str, Notice] = {}
    """By product: official_account, mini_program."""
    tracked: bool = True
    """Whether addresses become tracked links."""


NEEDED: dict[Kind, tuple[str, ...]] = {
    "text": ("text",),
    "image": ("picture",),
    "link": ("title", "url"),
    "mini_program": ("title", "appid", "page", "picture"),
    "file": ("file",),
    "video": ("video",),
    "article": ("title", "html"),
}
MOST_CHARACTERS: dict[str, int] = {"text": 20_000, "title": 200, "desc": 1_000, "url": 2_048, "html": 400_000, "author": 40, "subject": 200, "page": 1_024, "appid": 64}


def read_body(kind: Kind, raw: dict[str, Any]) -> Body:
    """A body from JSON.

    Raises
    ------
    InvalidError
        With every field that is unknown, too long, or not a file's name; drafts may still lack what is needed.
    """
    try:
        body = msgspec.convert(raw, Body)
    except msgspec.ValidationError as error:
        said = str(error)
        field = said.partition("`$.")[2].partition("`")[0] or "body"
        raise InvalidError(Text("内容格式不对", "the body is not valid"), faults=[Fault(f"body.{field}", Text(said, said))]) from None
    faults = [
        Fault(f"body.{name}", Text(f"最多 {most} 字，现为 {len(value)} 字", f"at most {most} characters; it has {len(value)}"))
        for name, most in MOST_CHARACTERS.items()
        if len(value := getattr(body, name)) > most
    ]
    faults += [
        Fault(f"body.{name}", Text("应为素材编号 media:…,请先上传文件", "must be a file's name media:…; upload it first"))
        for name in ("picture", "file", "video")
        if (value := getattr(body, name)) and not (value.startswith("media:") and len(value) == 38 and value[6:].isalnum())
    ]
    if faults:
        raise InvalidError(Text("内容有误", "the body is not valid"), faults=faults)
    return body


def plain(body: Body) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(body)
    return found
