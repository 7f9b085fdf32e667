"""Links to the redemption page 核销页链接: of a member of staff, sealed as those of their tasks are; told to them by the app of their account."""

from __future__ import annotations

from sqlalchemy import Connection

from siyu.acquisition import tills
from siyu.carriers import accounts
from siyu.carriers.calls import Calls
from siyu.content.links import public
from siyu.foundation.stores import Stores
from siyu.messaging import staff_links


def address(stores: Stores, tx: Connection, account_id: int, staff: str) -> str:
    """
    Raises
    ------
    NotFoundError
        When nobody of that name works there.
    """
    tills.of_staff(tx, account_id, staff)
    return f"{public(stores.settings)}/r/{staff_links.make_token(stores, account_id, staff)}"


async def tell(calls: Calls, account_id: int, staff: str, url: str) -> bool:
    """Send it as a card of the account's app; False when the carrier could not tell them.

    Raises
    ------
    CarrierError
    """
    with calls.stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
    sent = await calls.connector(account).messages.card("核销优惠券", "打开后输入或扫描顾客的券码;30 天内有效，请勿转发", url, users=[staff])
    return not sent.not_told
