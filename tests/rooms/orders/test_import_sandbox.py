"""What the simulated shop exports is taken in whole, refunds too, and taken in again when more has happened."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.conftest import SetClock
from tests.makers.door import Door
from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_people import make_population


def test_the_simulated_shops_export_is_taken_in_whole_and_again(door: Door, clock: SetClock, sandbox: SandboxClient) -> None:
    sandbox.reset(seed=3)
    people = make_population(sandbox, 800, seed=3)
    people.live(20)
    seen = sandbox.now()
    clock.at = datetime.fromtimestamp(seen, UTC)
    first = sandbox.http.get("/sandbox/shop/orders.csv").content
    done = door.bring(first)
    count = len(people.truth("purchases"))
    assert (done["row_count"], done["accepted_count"], done["rejected_count"]) == (count, count, 0)
    people.live(5)
    clock.at = datetime.fromtimestamp(sandbox.now(), UTC)
    later = sandbox.http.get("/sandbox/shop/orders.csv", params={"since": seen}).content
    assert door.bring(later)["rejected_count"] == 0
    true = people.truth("purchases")
    assert len(door.orders()) == len({row["order_no"] for row in true})
    assert sum(row["refunded_at"] is not None for row in true) > 3
