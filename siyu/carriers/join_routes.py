"""Join ways over HTTP: codes of group chats are made, listed and closed; and the page of one, which is what a message leads to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.carriers import accounts, join_ways
from siyu.carriers.accounts import Account
from siyu.carriers.callback_routes import carriers_of
from siyu.carriers.join_ways import GroupWay
from siyu.foundation.errors import InvalidError, NotFoundError
from siyu.foundation.http import Body, Items, Line, Router, RowId, language_of
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import audit
from siyu.team.access import Access, anyone, require

router = Router(prefix="/carriers/accounts/{id}/join-ways", tags=["carriers"])
pages = APIRouter(prefix="/g", include_in_schema=False)
Anyone = Annotated[Stores, Depends(anyone())]
Reader = Annotated[Access, Depends(require("carriers.read"))]
Writer = Annotated[Access, Depends(require("carriers.write"))]
WAIT_SECONDS = 60
SCAN = Text("长按识别二维码，加入客户群", "Press and hold the code to join the group")
CLOSED = Text("这个入群码已停用", "This code is not in use any more")
_PAGE = Markup(
    '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    '<meta name="robots" content="noindex,nofollow"><title>{title}</title><style>body{{margin:0;background:#f5f6f4;color:#1f2421;font:16px/1.65 system-ui,sans-serif}}'
    "main{{max-width:420px;margin:0 auto;padding:32px 16px;text-align:center}}img{{width:100%;max-width:320px;background:#fff;border-radius:12px;padding:16px}}</style></head>"
    "<body><main><h1>{title}</h1>{picture}<p>{words}</p></main></body></html>"
)


class NewJoinWay(Body):
    """`chats`: ids of one to five group chats, in order; when one is full the next is joined, at last a new one."""

    name: Line
    chats: Annotated[list[Line], Field(min_length=1, max_length=5)]


class JoinWayInfo(BaseModel):
    """`address`: the page that shows the code; a piece that invites to the group leads there. `status`: attempting, open, unknown, refused, closed."""

    id: int
    status: str
    status_code: str | None
    name: str
    chats: list[str]
    qr_code: str | None
    address: str
    created_at: datetime
    created_by: str
    closed_at: datetime | None

    @classmethod
    def of(cls, settings: Settings, way: GroupWay) -> JoinWayInfo:
        names = cls.model_fields.keys() - {"address"}
        return cls(**{name: getattr(way, name) for name in names}, address=join_ways.address(settings, way))


@router.get("", summary="Join codes of an account's group chats, the newest first")
def list_join_ways(id: RowId, access: Reader) -> Items[JoinWayInfo]:
    with access.stores.ledger.read() as tx:
        accounts.find_account(tx, id)
        return Items(items=[JoinWayInfo.of(access.stores.settings, way) for way in join_ways.listed(tx, id)])


@router.post("", status_code=201, summary="Make a join code for group chats")
def add_join_way(id: RowId, body: NewJoinWay, access: Writer, request: Request) -> JoinWayInfo:
    """Without an answer of the carrier it stays `unknown`: the carrier keeps no list in which it could be looked for."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        account = _account(tx, id)
        way = join_ways.intend(tx, account, name=body.name, chats=body.chats, now=stores.now(), by=access.actor.name)
        audit.record(tx, access.actor, "carriers.join_way_added", f"account:{id}", {"name": way.name, "chats": way.chats}, stores.now())
    calls = carriers_of(request).calls
    return JoinWayInfo.of(stores.settings, calls.run(join_ways.make(calls, account, way), WAIT_SECONDS))


@router.post("/{way_id}/close", summary="Take a join code out of use")
def close_join_way(id: RowId, way_id: RowId, access: Writer, request: Request) -> JoinWayInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        account, way = _account(tx, id), join_ways.find(tx, way_id)
        if way.account_id != id:
            raise NotFoundError(Text("没有这个入群码", "there is no such join code"))
        audit.record(tx, access.actor, "carriers.join_way_closed", f"account:{id}", {"way": way_id}, stores.now())
    calls = carriers_of(request).calls
    return JoinWayInfo.of(stores.settings, calls.run(join_ways.close(calls, account, way), WAIT_SECONDS))


@pages.get("/{token}")
def show_code(token: str, request: Request, stores: Anyone) -> HTMLResponse:
    """The picture of the code as the carrier gave it, to be pressed and held in WeChat."""
    asked = request.query_params.get("lang")
    lang = asked if asked in ("zh", "en") else language_of(request)
    with stores.ledger.read() as tx:
        way = join_ways.find_by_token(tx, token)
    brand = request.app.state.sample_name(stores) or stores.settings.brand_name
    shown = way is not None and way.status == "open" and way.qr_code
    picture = Markup('<img src="{}" alt="{}">').format(way.qr_code, SCAN.to(lang)) if way is not None and shown else Markup()
    html = _PAGE.format(lang="zh-CN" if lang == "zh" else "en", title=brand, picture=picture, words=(SCAN if shown else CLOSED).to(lang))
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
    if way is not None and shown:
        parts = urlsplit(str(way.qr_code))
        headers["Content-Security-Policy"] = f"default-src 'none'; style-src 'unsafe-inline'; img-src {parts.scheme}://{parts.netloc}; frame-ancestors 'none'"
    return HTMLResponse(html, 200 if shown else 404, headers)


def _account(tx: Connection, account_id: int) -> Account:
    account = accounts.find_account(tx, account_id)
    if account.product != "wecom":
        raise InvalidError(Text("只有企业微信有客户群", "only WeCom has group chats"))
    return account
