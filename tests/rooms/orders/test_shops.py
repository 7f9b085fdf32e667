"""What shops tell is written down as it stands now, on both ledgers: newest wins, files and shops never count one order twice."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.connectors.selling import Order, OrderLine, State
from siyu.foundation.stores import Stores
from siyu.orders import shops
from siyu.river import flow
from tests.makers.door import Door, orders_only
from tests.makers.shops import SECRET, lines_of

AT = datetime(2025, 12, 1, 2, tzinfo=UTC)
HEADER = "下单时间,订单编号,买家账号,手机号,实付金额\n"


def shop_of(stores: Stores) -> Account:
    credentials = {"kdt_id": "42", "client_id": "abcdef123456", "client_secret": SECRET}
    with stores.ledger.begin() as tx:
        return accounts.connect(stores, tx, product="youzan", name="有赞", credentials=credentials, settings={}, by="test")


def order(number: str = "E1", *, state: State = "paid", changed: int = 0, fen: tuple[int, ...] = (1000, 500), phone: str = "13900000001") -> Order:
    lines = tuple(OrderLine(f"{place}", f"S{place}", "茶", 1, amount, amount, amount if state == "refunded" else 0) for place, amount in enumerate(fen))
    buyer = {"account": f"yz{phone}", "phone": phone}
    return Order(number, state, state, AT, "2025-12-01 10:00:00", lines, buyer, {"city": "杭州市"}, changed + 1, AT + timedelta(minutes=changed))


def tell(stores: Stores, shop: Account, *orders: Order) -> shops.Written:
    with stores.ledger.begin() as tx:
        return shops.write(stores, tx, shop, orders)


def test_the_newest_telling_stands(any_stores: Stores) -> None:
    shop = shop_of(any_stores)
    assert tell(any_stores, shop, order(changed=2, state="shipped"), order(changed=1)) == shops.Written(new_count=1)
    assert tell(any_stores, shop, order(changed=1, state="unpaid")) == shops.Written(stale_count=1)
    assert tell(any_stores, shop, order(changed=2, state="shipped")) == shops.Written(unchanged_count=1)
    assert tell(any_stores, shop, order(changed=3, state="refunded", fen=(1500,))) == shops.Written(changed_count=1)
    flow(any_stores)
    assert lines_of(any_stores, "youzan") == {"E1": ("refunded", 1500, 1)}, "the second line is gone with its amount"


def test_what_is_wanted_again_while_it_is_read_stays_wanted(any_stores: Stores) -> None:
    shop, now = shop_of(any_stores), any_stores.now()
    with any_stores.ledger.begin() as tx:
        assert shops.want(tx, shop, ["E1", "E2"], now) == 2
        assert shops.want(tx, shop, ["E1"], now + timedelta(seconds=1)) == 0
        shops.write(any_stores, tx, shop, [order("E1"), order("E2")])
        for number in ("E1", "E2"):
            shops.answered(tx, shop.id, number, now)
        assert [number for number, _ in shops.wanted(tx, shop.id, 10)] == ["E1"]


@pytest.mark.parametrize("published", [True, False])
def test_a_file_and_a_shop_count_an_order_once(monkeypatch: pytest.MonkeyPatch, stores: Stores, published: bool) -> None:
    """The file first, its lines published or still on their way; then the shop; then the file again, which has nothing to add."""
    door = orders_only(monkeypatch, stores)
    file = (HEADER + "2025-12-01 10:00:00,E1,yz13900000001,13900000001,15.00\n2025-12-01 10:00:00,F9,b,13900000009,9.00\n").encode()
    shop = shop_of(stores)
    if published:
        door.bring(file, source="youzan")
    else:
        before = order("E1", fen=(1, 2, 3))
        tell(stores, shop_like_a_file(stores), before)
    assert tell(stores, shop, order("E1")).new_count == 1
    flow(stores)
    assert amounts(door)["E1"] == (1500, 2)
    again = door.bring(file, source="youzan")
    assert again["told_count"] == 1
    assert amounts(door)["E1"] == (1500, 2)
    assert amounts(door)["F9"] == (900, 1)


def shop_like_a_file(stores: Stores) -> Account:
    """Another account under the same source: its lines stand for those of somebody else, not yet published."""
    credentials = {"kdt_id": "43", "client_id": "abcdef123456", "client_secret": SECRET}
    with stores.ledger.begin() as tx:
        return accounts.connect(stores, tx, product="youzan", name="另一家", credentials=credentials, settings={}, by="test")


def amounts(door: Door) -> dict[str, tuple[int, int]]:
    return {row[0]: (row[2], row[4]) for row in door.orders()}


@given(st.lists(st.tuples(st.sampled_from(["E1", "E2"]), st.integers(0, 5)), min_size=1, max_size=8), st.integers(0, 99))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_arrival_ends_the_same(stores: Stores, told: list[tuple[str, int]], seed: int) -> None:
    """However tellings are shuffled, repeated and cut into batches, the newest of each order stands."""
    kinds: list[State] = ["unpaid", "paid", "part_shipped", "shipped", "done", "refunded"]
    name = f"s{seed}x{abs(hash(tuple(told)))}"
    credentials = {"kdt_id": str(abs(hash(name)) % 10**12 + 100), "client_id": "abcdef123456", "client_secret": SECRET}
    with stores.ledger.begin() as tx:
        shop = accounts.connect(stores, tx, product="youzan", name="x", credentials=credentials, settings={"source": name[:40]}, by="test")
    tellings = [order(number, changed=at, state=kinds[at], fen=tuple([100] * (at + 1))) for number, at in told] * 2
    random.Random(seed).shuffle(tellings)
    for start in range(0, len(tellings), 3):
        tell(stores, shop, *tellings[start : start + 3])
    flow(stores)
    newest = {number: max(at for other, at in told if other == number) for number, _ in told}
    expected = {number: (kinds[at], 0 if at == 0 else 100 * (at + 1), at + 1) for number, at in newest.items()}
    assert lines_of(stores, name[:40]) == expected
