"""What a product of the sandbox hands to the server: endpoints, control routes, actions of phones, a world.

An *endpoint* is an address of the vendor (接口); a *control route* is ours, below `/sandbox/`. A handler is a plain
function; it refuses with `Refusal`, and the server writes the vendor's JSON.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from siyu_sandbox.phones import Phone
    from siyu_sandbox.sandbox import Sandbox
    from siyu_sandbox.tokens import Token
    from siyu_sandbox.windows import Window

Json = dict[str, Any]


class Refusal(Exception):
    """The vendor says no; answered as HTTP 200 with `errcode` and `errmsg`. Further fields go beside them."""

    def __init__(self, errcode: int, errmsg: str = "", **fields: Any) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg
        self.fields = fields


class ControlFault(Exception):
    """A control call that makes no sense; answered with its HTTP status and a sentence."""

    def __init__(self, sentence: str, status: int = 422) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


def whole(body: Json, name: str, default: int) -> int:
    """A whole number of a body; what is none is refused as bad data."""
    value = body.get(name, default)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 18:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**53:
        raise Refusal(47001, f"{name} is not a number")
    return value


@dataclass(frozen=True)
class Answer:
    """An answer that is no JSON: an image, a page, a redirect."""

    body: bytes
    media_type: str = "application/octet-stream"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Upload:
    """A file of a multipart body; it lies in the handler's `body` under its field name."""

    filename: str
    media_type: str
    content: bytes


# handler(box, account, query, body): `account` is what the product's world answers for the token (`World.caller`),
# None where the endpoint takes no token.
Handler = Callable[["Sandbox", Any, dict[str, str], Json], "Json | Answer"]


@dataclass(frozen=True)
class Endpoint:
    """One address of the vendor. `token`: the caller must show an access_token of this product."""

    method: str
    path: str
    handler: Handler
    product: str
    token: bool = True


# control handler(box, params, body): `params` holds the values of the path and the query together.
ControlHandler = Callable[["Sandbox", dict[str, str], Json], "Json | list[Json] | Answer | Awaitable[Json]"]


@dataclass(frozen=True)
class Control:
    """One route below `/sandbox/`, in Starlette's path syntax."""

    method: str
    path: str
    handler: ControlHandler


Action = Callable[["Sandbox", "Phone", Json], Json]


class World(Protocol):
    """The state of one product."""

    # by corpid, appid or app_key
    accounts: Any

    def caller(self, token: Token) -> Any:
        """What handlers get for a token."""

    def windows(self, api: str) -> Sequence[Window]:
        """Rate windows of an endpoint per account."""

    def concurrency(self, api: str) -> int | None:
        """How many calls of an endpoint one account may have open at once."""

    def errmsg(self, refusal: Refusal, ip: str) -> str:
        """The vendor's wording with its suffix."""

    def counts(self) -> dict[str, int]:
        """What there is, for `/sandbox/health`."""


@dataclass(frozen=True)
class Product:
    """One vendor product, as `products.py` lists it."""

    name: str
    world: Callable[[Sandbox], World]
    endpoints: Sequence[Endpoint] = ()
    control: Sequence[Control] = ()
    # Answers None when the code is not of this product.
    scan: Callable[[Sandbox, Phone, str, Json], Json | None] | None = None
    # POST /sandbox/phones/{id}/{name}; where two products have one, `account` in the body decides.
    actions: Mapping[str, Action] = field(default_factory=dict)
    # Started with the server (SMTP sink); answers what closes it.
    listen: Callable[[Sandbox, str, int], Awaitable[Callable[[], Awaitable[None]]]] | None = None
    # Further deliveries of `/sandbox/truth`: table name → rows, or an Arrow table.
    truth: Mapping[str, Callable[[Sandbox], Any]] = field(default_factory=dict)
