"""Bounces that come back by mail lie in the inbox like any callback, once each, and the mailbox is read on from where it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from siyu.carriers import mailboxes
from siyu.connectors.email.letters import Letter
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as shop:
        yield shop


def post_office(shop: Shop, sandbox: SandboxClient) -> dict[str, Any]:
    doors = sandbox.get("smtp")
    body = {
        "product": "email", "name": "会员邮件", "credentials": {"address": "care@brand.test", "mailbox_password": "any"},
        "settings": {
            "host": "127.0.0.1", "port": str(doors["smtp_port"]), "tls": "none", "allow_private": "true", "bounce_address": "care@brand.test", "mailbox_host": "127.0.0.1",
            "mailbox_port": str(doors["pop3_port"]), "mailbox_protocol": "pop3", "mailbox_tls": "false", "mailbox_username": "care@brand.test",
        },
    }  # fmt: skip
    account: dict[str, Any] = shop.api("POST", "/carriers/accounts", body, status=201)
    return account


def send(shop: Shop, account: dict[str, Any], *letters: Letter) -> None:
    from siyu.carriers import accounts

    with shop.stores.ledger.read() as tx:
        owner = accounts.find_account(tx, account["id"])
    calls = shop.app.state.carriers.calls

    async def sent() -> Any:
        return await calls.connector(owner).send(list(letters))

    assert [outcome.error for outcome in calls.run(sent())] == [None] * len(letters)


def test_a_bounce_becomes_a_failed_message_once(shop: Shop, sandbox: SandboxClient) -> None:
    account = post_office(shop, sandbox)
    send(shop, account, Letter("li@later.bounce.test", "新品", "你好", "r1"), Letter("wang@mail.test", "新品", "你好", "r2"))
    calls = shop.app.state.carriers.calls
    wait_for(lambda: mailboxes.read_mailboxes(calls), 10)
    assert mailboxes.read_mailboxes(calls) == 0
    found = wait_for(lambda: shop.api("GET", f"/carriers/accounts/{account['id']}/inbox")["items"], 10)
    assert [row["kind"] for row in found] == ["message_failed"]


def test_a_mailbox_that_cannot_be_read_is_told_and_holds_nothing_up(shop: Shop, sandbox: SandboxClient) -> None:
    account = post_office(shop, sandbox)
    shop.api("PATCH", f"/carriers/accounts/{account['id']}", {"settings": {"mailbox_port": "9"}})
    assert mailboxes.read_mailboxes(shop.app.state.carriers.calls) == 0


