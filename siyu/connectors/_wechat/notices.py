"""Notices 订阅消息: templates, and what may stand in each of their values.

One accept of a person lets one message out; 43101 says that it is used up. The rules of values are the vendor's table (as of
2025); they are checked before the call, because a refusal there (47003) names only the first field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Nothing, Platform

_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff·]")
_KEY = re.compile(r"([a-z_]+?)\d{1,3}")
_DATE = r"\d{4}(年|-|/|\.)\d{1,2}(月|-|/|\.)\d{1,2}日?"
_TIME = r"\d{1,2}:\d{2}(:\d{2})?"
_SPAN = r"\s*[~~-]\s*"
_RULES: Mapping[str, tuple[str, str, str]] = {
    "thing": (r"[\s\S]{1,20}", "1 到 20 个字", "1 to 20 characters"),
    "number": (r"-?\d{1,32}(\.\d{1,32})?", "32 位以内的数字", "a number of up to 32 digits"),
    "letter": (r"[A-Za-z]{1,32}", "32 个以内的英文字母", "up to 32 letters"),
    "symbol": (r"[^\w\s\u3400-\u9fff]{1,5}", "5 个以内的符号", "up to 5 symbols"),
    "character_string": (
        r"[\x20-\x7e]{1,32}",
        "32 个以内的数字、字母或符号",
        "up to 32 digits, letters or symbols",
    ),
    "time": (
        rf"({_DATE}\s*)?{_TIME}({_SPAN}({_DATE}\s*)?{_TIME})?|{_DATE}\s+{_TIME}",
        "时间，如 15:01 或 2026年1月1日 15:01",
        "a time such as 15:01 or 2026年1月1日 15:01",
    ),
    "date": (
        rf"{_DATE}(\s*{_TIME})?({_SPAN}{_DATE}(\s*{_TIME})?)?",
        "日期，如 2026年1月1日 或 2026-01-01 15:01",
        "a date such as 2026年1月1日 or 2026-01-01 15:01",
    ),
    "amount": (
        r"[¥¥$€£]?\d{1,10}(\.\d{1,2})?元?",
        "金额:1 个币种符号和 10 位以内的数字",
        "one sign of a currency and up to 10 digits",
    ),
    "phone_number": (r"[+\d][\d\s()-]{0,16}", "17 位以内的电话号码", "a telephone number of up to 17 signs"),
    "car_number": (r"[A-Z0-9\u4e00-\u9fff]{1,8}", "8 位以内的车牌号", "a number plate of up to 8 signs"),
    "phrase": (r"[\u3400-\u9fff\uf900-\ufaff]{1,5}", "5 个以内的汉字", "up to 5 Chinese characters"),
}
_NAME_CHINESE, _NAME_LATIN = 10, 20


def check_values(faults: Faults, values: Mapping[str, str]) -> None:
    """Faults of a message's values; keys are those of the template ("thing1", "date2")."""
    if not values:
        faults.add("data", "没有内容", "there are no values")
    for key, value in values.items():
        found = _KEY.fullmatch(key)
        kind = found[1] if found else ""
        at = f"data.{key}"
        if not value.strip():
            faults.add(at, "不能为空", "must not be empty")
        elif kind == "name":
            _check_name(faults, at, value)
        elif kind in _RULES and not re.fullmatch(_RULES[kind][0], value):
            faults.add(at, f"应为{_RULES[kind][1]}", f"must be {_RULES[kind][2]}")


def _check_name(faults: Faults, at: str, value: str) -> None:
    """Ten characters where one of them is Chinese, else twenty."""
    most = _NAME_CHINESE if _CHINESE.search(value) else _NAME_LATIN
    faults.characters(at, value, most)
    if not all(sign.isalpha() or sign in " ·.'" for sign in value):
        faults.add(at, "姓名只能用文字", "a name has letters only")


def wrapped(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {key: {"value": value} for key, value in values.items()}


class NoticeTemplate(msgspec.Struct, frozen=True):
    """A template of the account. `type`: 2 one message for one accept, 3 lasting."""

    id: str = msgspec.field(name="priTmplId", default="")
    title: str = ""
    content: str = ""
    example: str = ""
    type: int = 2


class Category(msgspec.Struct, frozen=True):
    id: int
    name: str = ""


class PublicTitle(msgspec.Struct, frozen=True):
    """A template of the vendor's library."""

    tid: int
    title: str = ""
    type: int = 2
    category_id: str = msgspec.field(name="categoryId", default="")


class Keyword(msgspec.Struct, frozen=True):
    kid: int
    name: str = ""
    example: str = ""
    rule: str = ""


class _Templates(msgspec.Struct, frozen=True):
    data: tuple[NoticeTemplate, ...] = ()


class _Categories(msgspec.Struct, frozen=True):
    data: tuple[Category, ...] = ()


class _Titles(msgspec.Struct, frozen=True):
    count: int = 0
    data: tuple[PublicTitle, ...] = ()


class _Keywords(msgspec.Struct, frozen=True):
    data: tuple[Keyword, ...] = ()


class _Added(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="priTmplId", default="")


class NoticeTemplates:
    """Templates of subscription messages; alike for both products."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def list(self) -> tuple[NoticeTemplate, ...]:
        return (await self._platform.get("/wxaapi/newtmpl/gettemplate", _Templates)).data

    async def add(self, tid: str, kids: Sequence[int], scene: str = "") -> str:
        """Take a template of the library into the account: two to five of its keywords, in this order."""
        faults = Faults()
        faults.count("kids", kids, 5, 2)
        faults.characters("scene", scene, 15)
        faults.tell()
        body = {"tid": tid, "kidList": [*kids], "sceneDesc": scene or None}
        return (await self._platform.post("/wxaapi/newtmpl/addtemplate", body, _Added, idempotent=False)).id

    async def delete(self, id: str) -> None:
        await self._platform.post("/wxaapi/newtmpl/deltemplate", {"priTmplId": id}, Nothing)

    async def categories(self) -> tuple[Category, ...]:
        return (await self._platform.get("/wxaapi/newtmpl/getcategory", _Categories)).data

    async def titles(
        self, category_ids: Sequence[int], start: int = 0, limit: int = 30
    ) -> tuple[PublicTitle, ...]:
        ids = ",".join(map(str, category_ids))
        return (
            await self._platform.get(
                "/wxaapi/newtmpl/getpubtemplatetitles", _Titles, ids=ids, start=start, limit=limit
            )
        ).data

    async def keywords(self, tid: str) -> tuple[Keyword, ...]:
        return (await self._platform.get("/wxaapi/newtmpl/getpubtemplatekeywords", _Keywords, tid=tid)).data
