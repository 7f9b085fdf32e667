"""Receipts (状态报告) and replies (上行短信), pushed as signed JSON lists; three tries until the server answers 200."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from siyu_sandbox.registry import Json
from siyu_sandbox.sms.account import Message, SmsAccount, SmsWorld

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

DELIVERED, UNDELIVERED, REJECTED = "DELIVRD", "UNDELIV", "REJECTD"
HEADER = "X-Sms-Sign"
TIMEOUT_SECONDS = 5
_tasks: set[asyncio.Task[None]] = set()


def plan(box: Sandbox, world: SmsWorld, account: SmsAccount, message: Message) -> None:
    """Decide what becomes of a message, let the phone have it, and push the receipt a little later."""
    message.status = _outcome(box, account, message)
    owner = box.phones.by_address(message.phone)
    if message.status == DELIVERED and owner is not None:
        content = {"template": message.template, "params": message.params, "id": message.id}
        box.phones.deliver(owner.id, "sms", account.app_key, account.signature, "sms", content)
    box.clock.after(world.limits.receipt_seconds, lambda: _due(world, account, message))


def _outcome(box: Sandbox, account: SmsAccount, message: Message) -> str:
    if message.phone in account.rejecting:
        return REJECTED
    if message.phone in account.undeliverable or box.phones.by_address(message.phone) is None:
        return UNDELIVERED
    return UNDELIVERED if box.random.random() < account.failure_rate else DELIVERED


def _due(world: SmsWorld, account: SmsAccount, message: Message) -> None:
    """Gather what falls due in the same moment into one push."""
    account.waiting.append(message)
    if account.receipt_url and len(account.waiting) == 1:
        _spawn(_push_receipts(world, account))


async def _push_receipts(world: SmsWorld, account: SmsAccount) -> None:
    await asyncio.sleep(0)
    batch, account.waiting = account.waiting, []
    for start in range(0, len(batch), world.limits.receipt_batch):
        part = batch[start : start + world.limits.receipt_batch]
        if await _push(world, account, account.receipt_url, [_receipt(one) for one in part]):
            for message in part:
                message.told = True


def _receipt(message: Message) -> Json:
    return {
        "message_id": message.message_id,
        "id": message.id,
        "phone": message.phone,
        "status": message.status,
        "at": int(message.at),
    }


def push_reply(world: SmsWorld, account: SmsAccount, reply: Json) -> None:
    """Push what somebody wrote back."""
    if account.reply_url:
        _spawn(_push_one(world, account, reply))


async def _push_one(world: SmsWorld, account: SmsAccount, reply: Json) -> None:
    await _push(world, account, account.reply_url, [reply])


async def _push(world: SmsWorld, account: SmsAccount, url: str, rows: Sequence[Json]) -> bool:
    body = msgspec.json.encode(rows)
    sign = hmac.new(account.secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {HEADER: sign, "Content-Type": "application/json"}
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        for attempt in range(world.limits.receipt_tries):
            if attempt:
                await asyncio.sleep(world.limits.receipt_wait_seconds)
            try:
                answer = await client.post(url, content=body, headers=headers)
            except httpx.HTTPError:
                continue
            if answer.status_code == 200:
                return True
    return False


def _spawn(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
