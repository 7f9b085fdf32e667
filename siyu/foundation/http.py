"""HTTP 接口: what every routes module uses: stores, language, pages and cursors, ETags, problem+json."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from siyu.foundation.errors import Fault, InvalidError, SiyuError
from siyu.foundation.ids import content_hash
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

API_PREFIX = "/api/v1"
PROBLEM_TYPE = "application/problem+json"
SCHEMAS = "#/components/schemas/"
T = TypeVar("T")
_MAC_BYTES = 12
_BIGGEST_ID = 2**63 - 1


def _storable(text: str) -> str:
    # PostgreSQL cannot hold U+0000 in a text; SQLite cuts it off in some functions.
    if "\0" in text:
        raise ValueError(Text("不能含有空字符(U+0000)", "must not hold the character U+0000"))
    return text


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0]}_{route.name}" if route.tags else route.name


class Router(APIRouter):
    """Routes of a room under /api/v1; `prefix` is what follows that.

    They are whole when they are written: a router that an application includes has each of its routes worked out a second time.
    """

    def __init__(self, prefix: str = "", *, tags: list[str | Enum]) -> None:
        problem = {"description": "Any error (RFC 9457)", "content": {PROBLEM_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}}}
        super().__init__(prefix=API_PREFIX + prefix, tags=tags, responses={"default": problem}, generate_unique_id_function=_operation_id)


Line = Annotated[str, AfterValidator(_storable)]
"""A text that both ledgers can hold. Use it for every string of a body or a query."""
RowId = Annotated[int, Path(ge=1, le=_BIGGEST_ID)]
Id = Annotated[int, Field(ge=1, le=_BIGGEST_ID)]
"""A number of a row in a body or a query: no ledger holds a greater one."""
Limit = Annotated[int, Query(ge=1, le=200, description="Rows in one page.")]
Cursor = Annotated[str | None, Query(max_length=2000, description="`next_cursor` of the page before.")]


class Body(BaseModel):
    """Base of every request body: an unknown field is a fault."""

    model_config = ConfigDict(extra="forbid")


class Label(BaseModel):
    """A text in both languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, text: Text) -> Label:
        return cls(zh=text.zh, en=text.en)


class Items(BaseModel, Generic[T]):
    """A whole list."""

    items: list[T]


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last, `total` where counting is not worth its cost."""

    items: list[T]
    next_cursor: str | None
    total: int | None


class ProblemFault(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457. `detail` and `way_out` are in the language of Accept-Language (zh when absent)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemFault] | None = None
    way_out: str | None = None
    error_id: str | None = None


def stores_of(request: Request) -> Stores:
    stores: Stores = request.app.state.stores
    return stores


def language_of(request: Request) -> str:
    """ "zh" or "en": the one of the two that Accept-Language likes more; zh when it names neither."""
    best, best_weight = "zh", 0.0
    for part in request.headers.get("accept-language", "").split(","):
        name, _, parameter = part.strip().partition(";")
        language = name.strip().lower()[:2]
        weight = _weight(parameter)
        if language in ("zh", "en") and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    value = parameter.strip().removeprefix("q=")
    try:
        return min(1.0, float(value)) if value else 1.0
    except ValueError:
        return 0.0


def address_of(request: Request) -> str:
    """The caller's address, as the ASGI server tells it (it knows which proxies may speak for a client)."""
    return request.client.host if request.client else "unknown"


def problem_response(request: Request, error: SiyuError, *, error_id: str | None = None) -> JSONResponse:
    """The error as problem+json in the caller's language."""
    language = language_of(request)
    body: dict[str, Any] = {
        "type": f"urn:siyu:problem:{error.code}",
        "title": error.title.to(language),
        "status": error.http_status,
        "detail": error.message.to(language),
        "code": error.code,
    }
    if error.faults:
        body["errors"] = [
            {"field": fault.field, "message": fault.message.to(language)} for fault in error.faults
        ]
    if error.way_out:
        body["way_out"] = error.way_out.to(language)
    if error_id:
        body["error_id"] = error_id
    headers = {"Content-Language": "zh-CN" if language == "zh" else "en", "Vary": "Accept-Language"}
    wait = getattr(error, "retry_after_seconds", None)
    if wait is not None:
        headers["Retry-After"] = str(wait)
    return JSONResponse(body, error.http_status, headers, media_type=PROBLEM_TYPE)


def conditional(request: Request, payload_key: str) -> None:
    """Call it first in a report's route: answers 304 (by raising) when the caller holds this payload.

    `payload_key` names all that the payload depends on (position of the data, versions, who may see what);
    address, query, language and product version are added here. The answer carries the weak ETag and
    `Cache-Control: private, no-cache`.
    """
    parts = (payload_key, request.url.path, request.url.query, request.app.version, language_of(request))
    tag = content_hash(f"{len(part)}:{part}".encode() for part in parts)
    request.state.etag = f'W/"{tag}"'
    held = {
        part.strip().removeprefix("W/").strip('"')
        for part in request.headers.get("if-none-match", "").split(",")
    }
    if tag in held or "*" in held:
        raise HTTPException(304)


def allow_body(request: Request, limit_bytes: int) -> None:
    """Call it before reading an upload's stream: this body may be larger than the bound for JSON."""
    request.state.body_limit = limit_bytes


def encode_cursor(stores: Stores, scope: str, *position: Any) -> str:
    """An opaque cursor: plain JSON values, signed with `scope` (the list, its filters and its order)."""
    payload = msgspec.json.encode(position)
    return urlsafe_b64encode(_mac(stores, scope, payload) + payload).rstrip(b"=").decode()


def decode_cursor(stores: Stores, scope: str, cursor: str | None) -> list[Any] | None:
    """The position in a cursor; None when there is none.

    Raises
    ------
    InvalidError
        On field `cursor` when it was altered or belongs to another list, filter or order.
    """
    if not cursor:
        return None
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        raw = b""
    payload = raw[_MAC_BYTES:]
    if not hmac.compare_digest(raw[:_MAC_BYTES], _mac(stores, scope, payload)):
        fault = Fault(
            "cursor",
            Text("翻页标记无效，或不属于这个列表", "the cursor is damaged or belongs to another list"),
        )
        raise InvalidError(
            Text("翻页标记无效", "The cursor is not valid"),
            faults=[fault],
            way_out=Text("从第一页重新打开列表", "open the list again from its first page"),
        )
    position: list[Any] = msgspec.json.decode(payload)
    return position


def _mac(stores: Stores, scope: str, payload: bytes) -> bytes:
    return stores.secrets.sign(b"cursor\0" + scope.encode() + b"\0" + payload)[:_MAC_BYTES]
