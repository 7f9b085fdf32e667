"""The watch over every call: nothing that was counted is lost, and no account's trouble is another's."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from siyu.carriers import health
from siyu.carriers.health import LedgerWatch, health_of
from siyu.connectors.ports import AccountKey
from siyu.foundation.stores import Stores
from tests.makers.carriers import wecom_account

API = "/cgi-bin/externalcontact/get"


def counted(stores: Stores, account_id: int) -> int:
    with stores.ledger.read() as tx:
        return health_of(tx, account_id, stores.now()).call_count


def test_what_could_not_be_written_is_counted_with_the_next(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    key, watch = wecom_account(stores).key, LedgerWatch(stores)
    watch.called(key, API, "0", None, 0.1)
    with monkeypatch.context() as broken:
        broken.setattr(health, "_kept", _failing)
        with pytest.raises(OperationalError):
            watch.flush()
    watch.called(key, API, "0", None, 0.1)
    watch.called(key, API, "301007", "account_restricted", 0.1)
    assert watch.flush() == [key.id]
    assert counted(stores, key.id) == 3


def test_calls_of_an_account_that_was_put_away_do_not_keep_others_from_being_counted(stores: Stores) -> None:
    key, watch = wecom_account(stores).key, LedgerWatch(stores)
    watch.called(AccountKey(999, "wecom", "gone"), API, "0", None, 0.1)
    watch.called(key, API, "0", None, 0.1)
    watch.flush()
    assert counted(stores, key.id) == 1


def _failing(_: object) -> dict[str, set[int]]:
    raise OperationalError("select", {}, Exception("locked"))
