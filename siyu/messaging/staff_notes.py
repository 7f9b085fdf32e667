"""Notes to staff 员工通知: one message of the app with a link, to members of staff by the carrier's ids. Never to customers: those go through sends."""

from __future__ import annotations

from collections.abc import Sequence

from siyu.carriers import accounts
from siyu.carriers.calls import Calls

TITLE_MOST, WORDS_MOST = 128, 512


async def tell(calls: Calls, account_id: int, staff: Sequence[str], title: str, words: str, url: str) -> tuple[str, ...]:
    """Send it; returns who could not be told (not within the app's range, or without a licence).

    Raises
    ------
    CarrierError
        When the carrier took none of it, or did not answer.
    """
    with calls.stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
    sent = await calls.connector(account).messages.card(title[:TITLE_MOST], words[:WORDS_MOST], url, users=list(staff))
    return tuple(sent.not_told)
