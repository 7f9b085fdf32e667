"""Writers of the embedded ledger take turns: a busy one does not keep the others out."""

from __future__ import annotations

import threading
import time

from sqlalchemy import text

from siyu.foundation.stores import Stores


def test_a_writer_that_never_rests_lets_the_others_in(stores: Stores) -> None:
    stopping, waits = threading.Event(), []

    def busy() -> None:
        while not stopping.is_set():
            with stores.ledger.begin() as tx:
                tx.execute(text("SELECT 1"))
                time.sleep(0.02)

    hogs = [threading.Thread(target=busy) for _ in range(3)]
    for hog in hogs:
        hog.start()
    for _ in range(30):
        began = time.monotonic()
        with stores.ledger.begin() as tx:
            tx.execute(text("SELECT 1"))
        waits.append(time.monotonic() - began)
    stopping.set()
    for hog in hogs:
        hog.join()
    # Three before it, of 20 ms each; without turns a writer waits for seconds now and then.
    assert sorted(waits)[-3] < 1.0


def test_a_turn_that_is_never_given_back_is_not_waited_for_forever(stores: Stores, monkeypatch: object) -> None:
    from siyu.foundation import database

    monkeypatch.setattr(database, "TURN_SECONDS", 0.1)  # type: ignore[attr-defined]
    turns = database.Turns()
    turns.__enter__()
    began = time.monotonic()
    with turns:
        assert time.monotonic() - began < 5
