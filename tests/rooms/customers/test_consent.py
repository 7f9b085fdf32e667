"""Consent: the newest statement holds, the proof stays, nobody is addressed who has not agreed, minors are kept from promotion."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.customers import consent, minors
from siyu.customers.consent import STATES, Proof, Statement
from siyu.customers.consent_facts import CUSTOMERS_CONSENT
from siyu.customers.purposes import ALL_CARRIERS, reword, versions
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.identifiers import look_up_all
from siyu.river import flow

NUMBERS = count(1)
STAFF = Proof("staff", "shop counter", "form 12", "Alice")


def say(stores: Stores, *said: Statement) -> int:
    with stores.ledger.begin() as tx:
        return consent.record(stores, tx, said, STAFF)


def may(stores: Stores, *people: int, purpose: str = "promotion", carrier: str = ALL_CARRIERS) -> set[int]:
    with stores.ledger.read() as tx:
        return consent.may(stores, tx, people, purpose, carrier)


def test_unknown_is_no_for_promotion_and_yes_for_what_a_contract_needs(any_stores: Stores) -> None:
    now = any_stores.now()
    assert say(any_stores, Statement(1, "promotion", "", "granted", now), Statement(2, "service", "", "refused", now)) == 2
    assert may(any_stores, 1, 2, 3) == {1}
    assert may(any_stores, 1, 2, 3, purpose="service") == {1, 3}


def test_the_newer_of_a_general_and_a_particular_statement_holds(stores: Stores) -> None:
    now = stores.now()
    say(stores, Statement(1, "promotion", "", "withdrawn", now), Statement(1, "promotion", "sms", "granted", now + timedelta(seconds=1)))
    assert may(stores, 1, carrier="sms") == {1}
    assert may(stores, 1, carrier="email") == set()
    say(stores, Statement(1, "promotion", "", "withdrawn", now + timedelta(seconds=2)))
    assert may(stores, 1, carrier="sms") == set()


def test_a_statement_that_arrives_late_changes_nothing_but_the_history(stores: Stores) -> None:
    now = stores.now()
    say(stores, Statement(1, "promotion", "", "withdrawn", now))
    assert say(stores, Statement(1, "promotion", "", "granted", now - timedelta(days=3))) == 0
    assert may(stores, 1) == set()
    with stores.ledger.read() as tx:
        assert [one.state for one in consent.history(tx, 1)] == ["granted", "withdrawn"]


def test_a_clock_that_runs_ahead_cannot_keep_anybody_from_withdrawing(stores: Stores) -> None:
    now = stores.now()
    say(stores, Statement(1, "promotion", "", "granted", now + timedelta(days=900)))
    stores.clock.at = now + timedelta(minutes=6)  # type: ignore[attr-defined]
    say(stores, Statement(1, "promotion", "", "withdrawn", stores.now()))
    assert may(stores, 1) == set()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["", "sms"]), st.sampled_from(STATES)), min_size=1, max_size=12), st.data())
def test_any_order_of_arrival_gives_the_same(stores: Stores, said: list, data: st.DataObject) -> None:
    """Statements of different instants, one by one in any order or all at once: the same holds."""
    distinct = {second: (second, carrier, state) for second, carrier, state in said}
    shuffled = data.draw(st.permutations(list(distinct.values())))
    numbers = (next(NUMBERS), next(NUMBERS))
    now = stores.now() - timedelta(seconds=60)
    for second, carrier, state in shuffled:
        say(stores, Statement(numbers[0], "promotion", carrier, state, now + timedelta(seconds=second)))
    say(stores, *(Statement(numbers[1], "promotion", carrier, state, now + timedelta(seconds=second)) for second, carrier, state in distinct.values()))
    with stores.ledger.read() as tx:
        found = consent.states(tx, numbers, "promotion", "sms")
    assert found[numbers[0]] == found[numbers[1]] == max(distinct.values())[2]


def test_every_fault_is_named_by_its_row(stores: Stores) -> None:
    with pytest.raises(InvalidError) as raised:
        say(stores, Statement(1, "spam", "", "granted", stores.now()), Statement(1, "promotion", "pigeon", "maybe", stores.now()))  # type: ignore[arg-type]
    assert [fault.field for fault in raised.value.faults] == ["[0].purpose", "[1].carrier", "[1].state"]


def test_a_statement_keeps_the_wording_it_was_made_under(stores: Stores) -> None:
    say(stores, Statement(1, "promotion", "", "granted", stores.now()))
    with stores.ledger.begin() as tx:
        made = reword(tx, "promotion", name=Text("优惠", "Offers"), wording=Text("新的说法", "New words"), basis="consent", by="Alice", now=stores.now())
    say(stores, Statement(1, "promotion", "sms", "granted", stores.now()))
    with stores.ledger.read() as tx:
        assert [one.wording_version for one in consent.history(tx, 1)] == [2, 1]
        assert [one.version for one in versions(tx, "promotion")] == [1, made.version]
    with stores.ledger.begin() as tx, pytest.raises(InvalidError):
        reword(tx, "promotion", name=Text("优惠", "Offers"), wording=Text("合同", "Contract"), basis="contract", by="Alice", now=stores.now())


def known(stores: Stores, member: str, **traits: object) -> int:
    with stores.ledger.begin() as tx:
        who = Senders({"member": pa.array([member])})
        at = pa.array([to_ms(stores.now())], pa.int64())
        record_profiles(tx, stores.secrets, who, ids=pa.array([f"{member} {sorted(traits)}"]), at_ms=at, traits=[traits], now=stores.now(), dedup_key=f"{member} {traits}")
    flow(stores)
    with stores.ledger.read() as tx:
        return look_up_all(stores, tx, "member", [member])[member]


def test_attributes_from_outside_are_statements_and_reach_the_rules(stores: Stores) -> None:
    mine = known(stores, "m-1", consent={"promotion": True, "nonsense": True})
    assert may(stores, mine) == {mine}
    flow(stores)
    with stores.warehouse.read() as session:
        rows = session.query(CUSTOMERS_CONSENT.table).to_pylist()
    assert [(row["customer_id"], row["purpose"], row["state"]) for row in rows] == [(mine, "promotion", "granted")]


def test_minors_are_kept_from_promotion_and_children_need_their_guardian(stores: Stores) -> None:
    child, youth, adult = (known(stores, f"m-{year}", birthday=f"{year}-03-01", consent={"promotion": True, "content": True}) for year in (2014, 2010, 1990))
    assert may(stores, child, youth, adult) == {adult}
    assert may(stores, child, youth, adult, purpose="content") == {youth, adult}
    with stores.ledger.begin() as tx:
        minors.guardian_consents(stores, tx, child, evidence="signed form 3", by="Alice")
        assert minors.count_minors(stores, tx) == (2, 1, 0)
    assert may(stores, child, youth, adult, purpose="content") == {child, youth, adult}
    stores.clock.at += timedelta(days=366 * 4)  # type: ignore[attr-defined]
    assert may(stores, child, youth, adult) == {youth, adult}


def test_restricted_data_serves_the_orders_and_nothing_else(stores: Stores) -> None:
    say(stores, Statement(1, "promotion", "", "granted", stores.now()))
    with stores.ledger.begin() as tx:
        minors.restrict(stores, tx, 1, by="Alice", reason="asked")
    assert may(stores, 1) == set()
    assert may(stores, 1, purpose="service") == {1}
    with stores.ledger.begin() as tx:
        assert minors.lift(tx, 1)
    assert may(stores, 1) == {1}
