"""Definition 接口定义: one SMS gateway as data; every fault of it is told at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import available_timezones

from pydantic import Field

from siyu.connectors._definitions import Method, Part, Signing, TimeForm, read_definition, template_faults
from siyu.connectors.errors import Kind
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

SHIPPED: Final = Path(__file__).with_name("definitions")
ACCOUNT_BLANKS: Final = frozenset({"app_key", "secret", "basic", "base_url"})
CALL_BLANKS: Final = frozenset({"timestamp", "nonce", "id", "sign"})
MESSAGE_BLANKS: Final = frozenset({"phone", "template", "text", "params", "params_json", "params_list"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,60}")
_FORBIDDEN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade"})


class Title(Part):
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Request(Part):
    """The call for one message. `body` says where the fields go; `phone` how a number is written."""

    method: Method = "POST"
    url: str
    body: Literal["json", "form", "query"] = "json"
    timestamp: TimeForm = "seconds"
    phone: Literal["plain", "e164", "digits"] = "plain"
    headers: dict[str, str] = {}
    fields: dict[str, Any]


class Kinds(Part):
    """Which of the gateway's codes mean what; a code that is nowhere is Unavailable, and logged."""

    throttled: list[str] = []
    unavailable: list[str] = []
    refused: list[str] = []
    account_restricted: list[str] = []
    bad_credentials: list[str] = []

    def of(self, code: str) -> Kind | None:
        kinds: tuple[Kind, ...] = (
            "throttled",
            "unavailable",
            "refused",
            "account_restricted",
            "bad_credentials",
        )
        return next((kind for kind in kinds if code in getattr(self, kind)), None)


class Answer(Part):
    """Paths into the gateway's JSON answer, and which values of `code` are success."""

    code: str
    success: list[str] = Field(min_length=1)
    message: str = ""
    message_id: str = ""
    retry_seconds: int = Field(60, ge=1, le=86_400)
    kinds: Kinds = Kinds()


class ReceiptSign(Signing):
    """Where the signature of a pushed body stands: in a header, or at a path in the body."""

    header: str = ""
    field: str = ""


class Pushed(Part):
    """What the gateway pushes: where its items lie, and paths in each."""

    items: str = ""
    message_id: str = ""
    id: str = ""
    phone: str = ""
    at: str = ""
    at_form: TimeForm = "seconds"


class Receipts(Pushed):
    status: str
    delivered: list[str] = Field(min_length=1)
    failed: list[str] = []
    refused: list[str] = []
    words: str = ""
    body: Literal["json", "form"] = "json"
    answer: str = "OK"
    sign: ReceiptSign = ReceiptSign()


class Replies(Pushed):
    """Messages that people send back (上行)."""

    text: str


class Definition(Part):
    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")
    title: Title
    constants: dict[str, str] = {}
    zone: str = "Asia/Shanghai"
    request: Request
    sign: Signing = Signing()
    answer: Answer
    receipts: Receipts | None = None
    replies: Replies | None = None


def load_definition(text: str) -> Definition:
    """A definition that can be used: the name of a shipped one, or its TOML or JSON.

    Raises
    ------
    InvalidError
        With every fault: of form, of blanks that are not known, of signatures and names.
    """
    definition, faults = read_definition(_shipped(text), Definition)
    if definition is not None:
        faults += _meaning(definition)
    if faults or definition is None:
        raise InvalidError(
            Text(f"短信接口定义有 {len(faults)} 处不对", f"{len(faults)} fault(s) in the SMS definition"),
            faults=faults,
            way_out=Text("按 docs/how-to/connect-sms.md 修改", "see docs/how-to/connect-sms.md"),
        )
    return definition


def shipped_names() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def _shipped(text: str) -> str:
    name = text.strip()
    return (SHIPPED / f"{name}.toml").read_text(encoding="utf-8") if name in shipped_names() else text


def _meaning(definition: Definition) -> list[Fault]:
    return [
        *_blanks(definition),
        *_headers(definition),
        *_signing(definition),
        *_receipts(definition),
        *_zone(definition),
    ]


def _blanks(definition: Definition) -> Iterator[Fault]:
    known = ACCOUNT_BLANKS | CALL_BLANKS | MESSAGE_BLANKS
    for name in definition.constants:
        if not _NAME.fullmatch(name) or name in known | {"body"}:
            yield Fault(
                f"constants.{name}", Text("名字不可用或已占用", "this name is not possible, or taken")
            )
    constants = frozenset(definition.constants)
    request = definition.request
    # What a person's data could steer (host, header lines) is made of the account's own values only.
    yield from template_faults("request.url", request.url, ACCOUNT_BLANKS - {"secret", "basic"} | constants)
    yield from template_faults("request.headers", request.headers, ACCOUNT_BLANKS | CALL_BLANKS | constants)
    yield from template_faults("request.fields", request.fields, known | constants)
    signable = (known | constants) - {"sign", "basic"}
    for field in ("text", "key", "prefix", "suffix"):
        yield from template_faults(f"sign.{field}", getattr(definition.sign, field), signable)
    if definition.receipts is not None:
        for field in ("text", "key", "prefix", "suffix"):
            names = frozenset({"body", "app_key", "secret"}) | constants
            yield from template_faults(
                f"receipts.sign.{field}", getattr(definition.receipts.sign, field), names
            )


def _headers(definition: Definition) -> Iterator[Fault]:
    for name, value in definition.request.headers.items():
        if not _HEADER.fullmatch(name) or name.lower() in _FORBIDDEN_HEADERS:
            yield Fault(f"request.headers.{name}", Text("不可用的请求头", "this header is not possible"))
        if not value.isascii() or not value.isprintable():
            yield Fault(f"request.headers.{name}", Text("只能用可见的 ASCII 字符", "printable ASCII only"))
    for name, value in definition.constants.items():
        if not value.isprintable():
            yield Fault(f"constants.{name}", Text("含有控制字符", "it holds control characters"))
    if not definition.request.url.startswith(("https://", "http://", "{base_url}")):
        yield Fault(
            "request.url",
            Text("以 https://、http:// 或 {base_url} 开头", "it begins with https://, http:// or {base_url}"),
        )
    if definition.request.method == "GET" and definition.request.body != "query":
        yield Fault("request.body", Text("GET 只能用 query", "GET can only use query"))
    nested = [name for name, value in definition.request.fields.items() if isinstance(value, dict | list)]
    if definition.request.body != "json" and nested:
        yield Fault(
            "request.fields",
            Text(f"{nested} 有内层，只有 json 可以", f"{nested} are nested, which only json can be"),
        )


def _signing(definition: Definition) -> Iterator[Fault]:
    used = str(definition.request.fields) + str(definition.request.headers)
    if (definition.sign.recipe == "none") == ("{sign}" in used):
        yield Fault(
            "sign.recipe",
            Text("签名方式与 {sign} 的使用不一致", "the recipe and the use of {sign} do not agree"),
        )
    yield from _recipe("sign", definition.sign)
    if definition.receipts is not None:
        yield from _recipe("receipts.sign", definition.receipts.sign)


def _recipe(field: str, signing: Signing) -> Iterator[Fault]:
    if signing.recipe in ("hmac-sha256", "md5") and not signing.text:
        yield Fault(f"{field}.text", Text("缺少要签名的文字", "the text to sign is missing"))
    keyed = signing.recipe == "hmac-sha256" or (
        signing.recipe == "sorted-params" and signing.digest == "hmac-sha256"
    )
    if keyed and "{secret}" not in signing.key:
        yield Fault(f"{field}.key", Text("HMAC 的 key 里要有 {secret}", "the key of an HMAC holds {secret}"))
    if (
        not keyed
        and signing.recipe != "none"
        and "{secret}" not in signing.text + signing.prefix + signing.suffix
    ):
        yield Fault(
            f"{field}.text",
            Text(
                "签名文字里没有 {secret}，谁都能伪造",
                "the signed text has no {secret}: anybody could forge it",
            ),
        )


def _receipts(definition: Definition) -> Iterator[Fault]:
    receipts = definition.receipts
    if receipts is None:
        if definition.replies is not None:
            yield Fault(
                "replies",
                Text("要先有 receipts(签名在那里)", "receipts are needed too (the signature is there)"),
            )
        return
    if not receipts.message_id and not receipts.id:
        yield Fault("receipts.id", Text("message_id 与 id 至少一个", "message_id or id is needed"))
    sign = receipts.sign
    if sign.recipe != "none" and bool(sign.header) == bool(sign.field):
        yield Fault(
            "receipts.sign.header", Text("header 与 field 填且只填一个", "exactly one of header and field")
        )
    if sign.recipe != "none" and sign.recipe != "sorted-params" and "{body}" not in sign.text:
        yield Fault("receipts.sign.text", Text("签名文字里没有 {body}", "the signed text has no {body}"))
    if sign.recipe == "sorted-params" and not sign.field:
        yield Fault(
            "receipts.sign.field",
            Text("sorted-params 的签名在 field 里", "with sorted-params the signature stands in a field"),
        )
    several = [*receipts.delivered, *receipts.failed, *receipts.refused]
    for twice in sorted({status for status in several if several.count(status) > 1}):
        yield Fault(
            "receipts", Text(f"状态 {twice} 出现了多次", f"the status {twice} stands there more than once")
        )


def _zone(definition: Definition) -> Iterator[Fault]:
    if definition.zone not in available_timezones():
        yield Fault("zone", Text("不认识的时区", "the time zone is not known"))
