"""Callbacks over HTTP: the address that a carrier calls. 200 is answered when what it told is on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.carriers.health import VERIFIED
from siyu.carriers.inbox import Arrival
from siyu.carriers.running import Carriers
from siyu.connectors.errors import BadSignature
from siyu.connectors.vendor import Callback
from siyu.foundation.errors import InvalidError, NotFoundError
from siyu.foundation.http import Router
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team.access import anyone

HELD = timedelta(seconds=5)
"""So long an account's codec is used before the account is looked up again."""
router = Router(tags=["callbacks"])


@dataclass(frozen=True)
class _Held:
    account: Account
    codec: Callback
    until: datetime


def carriers_of(request: Request) -> Carriers:
    carriers: Carriers = request.app.state.carriers
    return carriers


@router.get("/callbacks/{callback_key}", summary="Prove to a carrier that this address is ours")
async def verify(callback_key: str, request: Request, stores: Annotated[Stores, Depends(anyone())]) -> Response:
    held = await _held(stores, request, callback_key)
    carriers = carriers_of(request)
    try:
        proof = held.codec.verify_url(_said(request))
    except BadSignature:
        carriers.refused_at[held.account.id] = stores.now()
        raise
    carriers.calls.watch.heard(held.account.id, VERIFIED)
    return Response(proof, media_type="text/plain; charset=utf-8")


@router.post("/callbacks/{callback_key}", summary="What a carrier tells of its own accord")
async def receive(callback_key: str, request: Request, stores: Annotated[Stores, Depends(anyone())]) -> Response:
    held = await _held(stores, request, callback_key)
    try:
        opened = held.codec.open(_said(request), await request.body())
    except BadSignature:
        carriers_of(request).refused_at[held.account.id] = stores.now()
        raise
    happenings = held.codec.translate(opened.fields)
    await carriers_of(request).inbox.put(Arrival.of(held.account, happenings, opened.raw_xml, stores.now()))
    return Response(held.codec.reply({}) if held.account.vendor.answers_callbacks else b"")


async def _held(stores: Stores, request: Request, callback_key: str) -> _Held:
    kept: dict[str, _Held] = request.app.state.__dict__.setdefault("callback_codecs", {})
    held = kept.get(callback_key)
    if held is None or held.until < stores.now():
        held = await run_in_threadpool(_look_up, stores, callback_key)
        kept[callback_key] = held
    return held


def _look_up(stores: Stores, callback_key: str) -> _Held:
    with stores.ledger.read() as tx:
        account = accounts.find_by_callback(tx, callback_key)
        credentials = accounts.credentials_of(stores, tx, account)
    if account.vendor.callback is None:
        raise NotFoundError(Text("这种载体没有回调", "this carrier has no callbacks"))
    try:
        codec = account.vendor.callback(credentials)
    except (KeyError, InvalidError):
        raise NotFoundError(Text("这个账号还没有填写回调的密钥", "the keys of this account's callbacks are not entered yet")) from None
    return _Held(account, codec, stores.now() + HELD)


def _said(request: Request) -> Mapping[str, str]:
    """The query; beside it the headers, for carriers that sign there, as `header:name`."""
    return {**{f"header:{name}": value for name, value in request.headers.items()}, **request.query_params}
