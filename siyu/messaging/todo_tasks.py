"""Task of todos: every minute staff are told what they are asked to do, or reminded, and what is late is closed."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from siyu.carriers import accounts
from siyu.carriers.calls import Calls
from siyu.connectors.errors import CarrierError
from siyu.foundation.errors import SiyuError
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import staff_links, todos
from siyu.messaging.todos import TELL

_log = logging.getLogger("siyu.messaging")


def job_kinds() -> tuple[JobKind, ...]:
    return (JobKind(TELL, Text("告诉员工导购任务", "Tell staff their tasks"), _tend, max_attempts=5, retry_wait=timedelta(seconds=20)),)


def _tend(running: Running) -> dict[str, Any]:
    stores = running.stores
    with running.begin() as tx:
        closed = todos.close_late(tx, stores.now())
        waiting = todos.to_tell(tx, stores.now())
    if not waiting:
        return {"closed_count": closed, "told_count": 0}
    calls, told = Calls(stores), 0
    calls.start()
    try:
        for (account_id, staff), ids in waiting.items():
            running.check()
            if calls.run(tell(calls, account_id, staff, len(ids)), 60):
                with running.begin() as tx:
                    todos.note_told(tx, ids, stores.now())
                told += 1
    finally:
        calls.stop()
    return {"closed_count": closed, "told_count": told}


async def tell(calls: Calls, account_id: int, staff: str, count: int) -> bool:
    """Send a member of staff the link of their page as a message of the app; False where that was not possible: the next minute tries again.

    A kill between the message and the note of it tells them once more.
    """
    stores: Stores = calls.stores
    try:
        with stores.ledger.read() as tx:
            account = accounts.find_account(tx, account_id)
        url = staff_links.address(stores.settings, staff_links.make_token(stores, account_id, staff))
        sent = await calls.connector(account).messages.card(f"{count} 项客户任务", "点开查看要联系谁、说什么、什么时候截止；做完后在页面上反馈", url, users=[staff])
    except (CarrierError, SiyuError) as error:
        _log.warning("account %s: a member of staff could not be told of their tasks: %s", account_id, error)
        return False
    return not sent.not_told
