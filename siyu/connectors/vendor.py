"""What a vendor 厂商 offers: its fields, how an account is connected, its callbacks, and the checks of the connect wizard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from siyu.connectors.errors import Codes
from siyu.connectors.happenings import Happening
from siyu.connectors.ports import AccountKey, Ports
from siyu.connectors.selling import Selling
from siyu.foundation.text import Text

Fields = dict[str, Any]
"""Names and values of a callback: text, further fields, or a list of either."""


@dataclass(frozen=True)
class Field:
    """One thing to fill in. `pattern` is matched against the whole value; a secret is sealed and never shown again."""

    name: str
    label: Text
    help: Text = field(default_factory=lambda: Text("", ""))
    secret: bool = False
    pattern: str = ""
    required: bool = True
    default: str = ""


@dataclass(frozen=True)
class Found:
    """What a check found; where it is not ok, `fix` says what to put right and where."""

    ok: bool
    says: Text
    fix: Text | None = None
    code: str = ""


@dataclass(frozen=True)
class Check:
    """One step of connecting an account; also run by the doctor. `run` is given what `Vendor.connect` gave."""

    key: str
    label: Text
    run: Callable[[Any], Awaitable[Found]]


@dataclass(frozen=True)
class Opened:
    """A callback whose signature was right. `raw_xml` is the plain document (JSON for accounts set so)."""

    fields: Fields
    raw_xml: bytes


class Callback(Protocol):
    """How a vendor's callbacks of one account are read and answered."""

    def verify_url(self, query: Mapping[str, str]) -> bytes:
        """The answer that proves the address is ours; BadSignature otherwise."""
        ...

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        """The fields of a callback; BadSignature or BadBody, never another error, whatever came."""
        ...

    def translate(self, fields: Fields) -> list[Happening]: ...

    def reply(self, fields: Fields) -> bytes:
        """A passive answer, as the vendor wants it (encrypted where callbacks are)."""
        ...


@dataclass(frozen=True)
class Vendor:
    """One product that can be connected. `ref_field` is the credential that names the account at the vendor."""

    product: str
    name: Text
    ref_field: str
    credentials: tuple[Field, ...]
    settings: tuple[Field, ...]
    connect: Callable[[AccountKey, Mapping[str, str], Mapping[str, Any], Ports], Any]
    callback: Callable[[Mapping[str, str]], Callback] | None
    checks: tuple[Check, ...]
    codes: Codes = field(default_factory=dict)
    """The vendor's codes in our words, for what is shown of them afterwards."""
    selling: Selling | None = None
    """What it tells of orders, where it is a shop."""
    answers_callbacks: bool = False
    """It wants a word of its own in the answer to a callback; others take an empty 200."""
    callback_help: Text | None = None
    """Where the callback's address is to be entered, if that is not "server that receives messages"."""

    @property
    def has_callbacks(self) -> bool:
        return self.callback is not None


def source_field(default: str) -> Field:
    """Under which source a shop's orders are kept."""
    return Field(
        "source",
        Text("来源名称", "Source"),
        Text(
            "订单记在这个来源下；导入文件用同一个名字时，同一张订单只算一次",
            "Orders are kept under this name; files imported under the same name count the same order once",
        ),
        pattern=r"[a-z0-9_-]{1,40}",
        required=False,
        default=default,
    )
