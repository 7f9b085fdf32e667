"""Bodies that speak of a person, wherever they lie; copies, corrections, retention; erasing again after a restore."""

from __future__ import annotations

import base64
import gzip
import json
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from siyu import backup_seal
from siyu.backup import RESTORED
from siyu.collect import journal
from siyu.collect.journal import Arrival, Place, Writer
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.errors import ConflictError, InvalidError, NotFoundError
from siyu.foundation.jobs import Runner
from siyu.foundation.stores import Stores
from siyu.identity import merge
from siyu.identity.identifiers import look_up_all
from siyu.rights import carry, export, requests, restored, retention
from siyu.rights.collected import drain
from siyu.rights.people import People
from siyu.rights.requests import due_on
from siyu.rights.tasks import TEND, job_kinds
from siyu.rights.traces import patterns
from siyu.river import flow
from siyu.team.audit import SYSTEM
from tests.conftest import SetClock
from tests.makers.corps import run_job
from tests.rooms.rights.conftest import of_its_own
from tests.rooms.rights.people import ALICE, ERIN, FRED, ask, carry_out, customers, meet


@pytest.fixture
def house(met: Path, tmp_path: Path, clock: SetClock) -> Iterator[Stores]:
    with of_its_own(met, tmp_path / "home", clock) as stores:
        yield stores


def number_of(stores: Stores, who: dict[str, str] = ERIN) -> int:
    return customers(stores, who)[who["name"]]


def arrival(text: str, wrapped: bool = False) -> Arrival:
    body = b"data=" + base64.b64encode(gzip.compress(text.encode())) if wrapped else text.encode()
    return Arrival(0, "segment", "", 1_760_000_000_000, body, "nobody-knows-this-key")


def test_requests_of_clients_are_taken_out_of_journal_and_quarantine(house: Stores) -> None:
    _, folder = journal.open_folder(house.settings.home)
    writer = Writer(folder, house.secrets)
    writer.append([arrival(f'{{"phone":"{ERIN["phone"]}"}}', wrapped=True), arrival(f'{{"phone":"{FRED["phone"]}"}}')], to_ms(house.now()))
    drain(house)
    quarantine = metadata.tables["collect_quarantine"]
    with house.ledger.read() as tx:
        assert tx.scalar(select(func.count()).select_from(quarantine)) == 2
    done = carry_out(house, ask(house, number_of(house), "erase"))
    assert (done.receipt or {})["removed"]["collected"] == {"journal": 1}
    assert (done.receipt or {})["removed"]["bodies"]["collect_quarantine"] == 1
    left = [one for block in journal.blocks(folder, house.secrets, Place(0, 0)) for one in block.arrivals]
    assert [FRED["phone"].encode() in one.body for one in left] == [True]
    writer.append([arrival("{}")], to_ms(house.now()))
    drain(house)
    with house.ledger.read() as tx:
        assert tx.scalar(select(func.count()).select_from(quarantine)) == 2


def test_a_copy_holds_everything_of_the_person_and_nothing_of_others(house: Stores) -> None:
    with house.ledger.begin() as tx:
        consent.record(house, tx, [Statement(number_of(house), "promotion", "sms", "granted", house.now())], Proof("staff", "counter"))
    done = carry_out(house, ask(house, number_of(house), "access"))
    with house.ledger.begin() as tx:
        path = export.find_file(house, tx, done.id, reader=ALICE)
        with pytest.raises(NotFoundError):
            export.find_file(house, tx, done.id, reader=SYSTEM, of=set())
    with zipfile.ZipFile(path) as file:
        text, page = file.read("data.json").decode(), file.read("index.html").decode()
    assert not [value for value in ERIN.values() if value not in text]
    assert not [value for value in FRED.values() if value in text + page]
    assert {name for name, part in json.loads(text).items() if part} == {"ledger", "warehouse", "log"}
    assert ERIN["phone"] in page
    house.clock.at += export.KEPT + timedelta(seconds=1)  # type: ignore[attr-defined]
    assert export.remove_old(house) == 1
    assert not path.exists()


def test_a_correction_puts_right_attributes_and_identifiers(house: Stores) -> None:
    mine = number_of(house)
    done = carry_out(house, ask(house, mine, "correct", wanted={"city": "宁波", "phone": "13700006666"}))
    assert (done.receipt or {})["corrected"] == {"attributes": 1, "identifiers": 1}
    flow(house)
    with house.ledger.read() as tx:
        found = look_up_all(house, tx, "phone", ["13700006666", ERIN["phone"]])
    assert found["13700006666"] == mine
    assert found.get(ERIN["phone"]) != mine
    with house.warehouse.read() as session:
        profile = next(fact for fact in house.warehouse.facts if fact.name == "customers_profile").table
        assert session.query(profile.filter(profile.customer_id == mine))["city"].to_pylist() == ["宁波"]
    with pytest.raises(InvalidError):
        carry_out(house, ask(house, mine, "correct", wanted={"email": "no address"}))


def test_nothing_is_done_before_the_identity_was_checked(house: Stores) -> None:
    request = ask(house, number_of(house), "erase")
    with house.ledger.begin() as tx, pytest.raises(ConflictError):
        carry.carry_out(house, tx, request.id, ALICE)
    with house.ledger.begin() as tx:
        refused = requests.refuse(house, tx, request.id, ALICE, reason="法院要求保存")
    assert (refused.state, refused.said) == ("refused", "")


def test_fifteen_working_days_skip_the_weekends() -> None:
    assert due_on(date(2026, 11, 23)) == date(2026, 12, 14)
    assert due_on(date(2026, 11, 21)) == date(2026, 12, 11)


def test_who_was_merged_is_erased_with_both_numbers_and_the_stricter_consent_holds(house: Stores) -> None:
    one, two = number_of(house), number_of(house, FRED)
    with house.ledger.begin() as tx:
        consent.record(house, tx, [Statement(one, "promotion", "", "granted", house.now()), Statement(two, "promotion", "", "withdrawn", house.now() - timedelta(days=9))], Proof("staff", "counter"))
        merge.merge(house, tx, [(one, two)], by=ALICE.name, beyond_limits=True)
    flow(house)
    with house.ledger.read() as tx:
        stays = number_of(house)
        assert consent.states(tx, [stays], "promotion") == {stays: "withdrawn"}
        assert len(consent.history(tx, stays)) == 2
    carry_out(house, ask(house, stays, "erase"))
    assert customers(house, ERIN, FRED) == {}
    with house.ledger.read() as tx:
        assert not tx.execute(select(metadata.tables["identity_journal"])).all()


def test_a_backup_from_before_brings_nobody_back_for_long(house: Stores) -> None:
    carry_out(house, ask(house, number_of(house), "erase"))
    meet(house, ERIN, key="restored")
    assert number_of(house)
    (house.settings.home / RESTORED).write_text("{}")
    assert restored.erase_again(house) == 0, "the ledger knows that it was done: who is there has come back since"
    with house.ledger.begin() as tx:
        tx.execute(metadata.tables["rights_request"].delete())
    (house.settings.home / RESTORED).write_text("{}")
    assert restored.erase_again(house) == 1
    Runner(house, job_kinds()).run_pending()
    assert customers(house, ERIN) == {}
    assert restored.erase_again(house) == 0


def test_what_is_kept_too_long_goes_at_night_from_log_and_warehouse(house: Stores) -> None:
    house.clock.at += timedelta(days=100)  # type: ignore[attr-defined]
    meet(house, FRED, key="later")
    with house.ledger.begin() as tx:
        retention.set_rule(house, tx, "activities", 90, ALICE)
        with pytest.raises(InvalidError):
            retention.set_rule(house, tx, "activities", 1, ALICE)
    assert retention.count_old(house)["activities"] == 2
    job = run_job(house, TEND)
    assert (job.result or {})["removed"]["activities"] == 2
    with house.warehouse.read() as session:
        assert session.scalar(CUSTOMERS_ACTIVITY.table.count()) == 1
        assert session.query(CUSTOMERS_PROPERTY.table)["path"].to_pylist().count("note") == 1
    assert retention.count_old(house)["activities"] == 0
    with house.ledger.read() as tx:
        assert retention.last_runs(tx)[0].counts["activities"] == 2


def test_names_in_statements_of_payments_go_with_the_payer() -> None:
    people = People((1,), (2,), (("name", "王琳"), ("phone", "13800771234"), ("member", "77")))
    by_name, by_identifier = patterns(people, names=True), patterns(people)
    assert by_name is not None
    assert by_identifier is not None
    assert by_name.search("转账 王琳")
    assert not by_identifier.search("转账 王琳 77")


def test_backups_that_hold_somebody_who_was_erased_become_unreadable_in_time(house: Stores) -> None:
    backup_seal.make_key(house.settings, "job_before", house.now())
    house.clock.at += timedelta(hours=1)  # type: ignore[attr-defined]
    done = carry_out(house, ask(house, number_of(house), "erase"))
    assert (done.receipt or {})["backups"]["count"] == 1
    house.clock.at += timedelta(hours=1)  # type: ignore[attr-defined]
    backup_seal.make_key(house.settings, "job_after", house.now())
    assert run_job(house, TEND).result["backup_keys"] == 0  # type: ignore[index]
    house.clock.at += timedelta(days=house.settings.backup_key_days)  # type: ignore[attr-defined]
    assert run_job(house, TEND).result["backup_keys"] == 1  # type: ignore[index]
    assert [key.id for key in backup_seal.keys(house.settings)] == ["job_after"]
