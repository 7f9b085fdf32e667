"""Definitions 接口定义: what a vendor's HTTP interface looks like, as data: named blanks, paths into JSON, and signatures.

A template holds `{name}` and nothing else: a name out of a closed set is replaced by its value. There is no expression, no
attribute and no format, so a definition cannot run anything. `{{` and `}}` stand for braces.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError

from siyu.connectors.happenings import instant
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text

Recipe = Literal["none", "hmac-sha256", "md5", "sorted-params"]
Encoding = Literal["hex", "hex-upper", "base64"]
Digest = Literal["hmac-sha256", "md5", "sha256"]
TimeForm = Literal["seconds", "milliseconds", "iso", "local", "compact"]
Method = Literal["POST", "GET"]
LARGEST_CHARACTERS = 64_000
_BLANK = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_ALONE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_COMPACT = "%Y%m%d%H%M%S"
D = TypeVar("D", bound=BaseModel)


class Part(BaseModel):
    """A table of a definition: what it does not know is a fault, and nothing is converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Signing(Part):
    """How a text is signed. `text` and `key` are templates.

    hmac-sha256: HMAC of `text` with `key`. md5: MD5 of `text` (which then holds the secret itself). sorted-params: the
    request's own top-level fields, sorted by name, written `name{joiner}value` with `separator` between, after `prefix` and
    before `suffix`; then `digest`.
    """

    recipe: Recipe = "none"
    text: str = ""
    key: str = ""
    encoding: Encoding = "hex"
    digest: Digest = "hmac-sha256"
    joiner: str = "="
    separator: str = "&"
    prefix: str = ""
    suffix: str = ""

    def templates(self) -> tuple[str, ...]:
        return (self.text, self.key, self.prefix, self.suffix)


def template_faults(field: str, template: object, names: frozenset[str]) -> Iterator[Fault]:
    """What is wrong with a template, or with each of the templates in a table or list."""
    if isinstance(template, Mapping):
        for name, inner in template.items():
            yield from template_faults(f"{field}.{name}", inner, names)
    elif isinstance(template, list | tuple):
        for number, inner in enumerate(template):
            yield from template_faults(f"{field}.{number}", inner, names)
    elif isinstance(template, str):
        for blank in _BLANK.finditer(template):
            if blank[0] not in ("{{", "}}") and (blank[1] is None or blank[1] not in names):
                known = ", ".join(sorted(names))
                yield Fault(
                    field,
                    Text(f"不认识 {blank[0]}，可用：{known}", f"{blank[0]} is not known; there are {known}"),
                )


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its blanks filled. One that is a single blank keeps the value's type; tables and lists are filled inside."""
    if isinstance(template, str):
        alone = _ALONE.fullmatch(template) if "{" in template else None
        return values[alone[1]] if alone else fill_text(template, values)
    if isinstance(template, Mapping):
        return {name: fill(inner, values) for name, inner in template.items()}
    return [fill(inner, values) for inner in template] if isinstance(template, list | tuple) else template


def fill_text(template: str, values: Mapping[str, Any]) -> str:
    return _BLANK.sub(lambda blank: blank[0][0] if blank[1] is None else str(values[blank[1]]), template)


def pick(value: Any, path: str) -> Any:
    """What lies at a dotted path ("data.0.id"); None where nothing does, the value itself where the path is empty."""
    for step in path.split(".") if path else ():
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def items_at(value: Any, path: str) -> list[Mapping[str, Any]]:
    """The objects at a path, where there is one object or a list of them."""
    found = pick(value, path)
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping)]


def signed(signing: Signing, values: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """The signature of a request whose blanks have `values` and whose fields are `fields`."""
    if signing.recipe == "none":
        return ""
    key = fill_text(signing.key, values).encode()
    if signing.recipe == "sorted-params":
        text = (
            fill_text(signing.prefix, values) + _sorted(fields, signing) + fill_text(signing.suffix, values)
        )
        return _encoded(_digest(signing.digest, key, text.encode()), signing.encoding)
    return _encoded(_digest(signing.recipe, key, fill_text(signing.text, values).encode()), signing.encoding)


def _sorted(fields: Mapping[str, Any], signing: Signing) -> str:
    """Empty values do not count, as with every gateway that signs this way."""
    pairs = sorted((name, value) for name, value in fields.items() if value not in ("", None))
    return signing.separator.join(f"{name}{signing.joiner}{value}" for name, value in pairs)


def _digest(name: str, key: bytes, text: bytes) -> bytes:
    if name == "hmac-sha256":
        return hmac.new(key, text, hashlib.sha256).digest()
    return hashlib.sha256(text).digest() if name == "sha256" else hashlib.md5(text).digest()  # noqa: S324  the gateway's rule


def _encoded(digest: bytes, encoding: str) -> str:
    if encoding == "base64":
        return base64.b64encode(digest).decode()
    return digest.hex().upper() if encoding == "hex-upper" else digest.hex()


def read_time(value: object, form: TimeForm, zone: ZoneInfo) -> datetime | None:
    """An instant as a vendor writes it: seconds, milliseconds, iso, local ("2026-01-31 09:05:00") or compact (its digits only)."""
    text = str(value or "").strip()
    if form == "milliseconds":
        return instant(text[:-3]) if text.isdigit() else None
    if form == "seconds":
        return instant(text.partition(".")[0])
    try:
        at = (
            datetime.strptime(text, _COMPACT).replace(tzinfo=zone)
            if form == "compact"
            else datetime.fromisoformat(text)
        )
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_time(at: datetime, form: TimeForm, zone: ZoneInfo) -> str:
    if form in ("seconds", "milliseconds"):
        return str(int(at.timestamp() * (1000 if form == "milliseconds" else 1)))
    if form == "iso":
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return at.astimezone(zone).strftime(_COMPACT if form == "compact" else "%Y-%m-%d %H:%M:%S")


def read_definition(text: str, model: type[D]) -> tuple[D | None, list[Fault]]:
    """A definition out of TOML or JSON, or every fault of its form; what its values mean is for the caller to check."""
    if len(text) > LARGEST_CHARACTERS:
        return None, [Fault("definition", Text("定义太长", "the definition is too long"))]
    try:
        content = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return None, [
            Fault("definition", Text(f"不是有效的 TOML 或 JSON:{error}", f"not valid TOML or JSON: {error}"))
        ]
    try:
        return model.model_validate(content), []
    except ValidationError as error:
        return None, [_fault(dict(one)) for one in error.errors(include_url=False, include_input=False)]


def _fault(one: dict[str, Any]) -> Fault:
    field = ".".join(str(part) for part in one["loc"]) or "definition"
    if one["type"] == "extra_forbidden":
        return Fault(field, Text("没有这一项", "there is no such entry"))
    if one["type"] == "missing":
        return Fault(field, Text("缺少这一项", "this entry is missing"))
    return Fault(field, Text(f"不正确：{one['msg']}", f"not valid: {one['msg']}"))
