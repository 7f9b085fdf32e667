"""Live codes at a real carrier: who scans becomes an addition of the right source at the right staff; limits roll over; groups roll on; nothing is lost by a kill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import update

from siyu.acquisition import code_figures, code_groups, code_plans, code_routing, code_tasks, codes, sources
from siyu.acquisition.code_plans import Plan, Receiver, Shift
from siyu.acquisition.codes import Code, Draft
from siyu.carriers import contact_ways, relations, tasks
from siyu.carriers.contacts import known
from siyu.carriers.relations import News, Pair
from siyu.carriers.spells import Change
from siyu.connectors.errors import CarrierError, Unavailable
from siyu.events import log
from siyu.events.catalogue.identity import PEOPLE_SEEN
from siyu.events.identifiers import identify, people_seen, sighting
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.errors import ConflictError, InvalidError
from siyu.foundation.stores import Stores
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.corps import Corp, open_corp, run_job
from tests.makers.sandbox import SandboxClient

UPDATE = "update_contact_way"


@pytest.fixture
def corp(stores: Stores, sandbox: SandboxClient, clock: SetClock) -> Corp:
    return open_corp(stores, sandbox, staff_count=4)


def source_of(stores: Stores, name: str = "抖音") -> int:
    with stores.ledger.begin() as tx:
        return sources.create(stores, tx, sources.Draft(name, platform="douyin"), by="test").id


def made(corp: Corp, plan: Plan, source_id: int | None = None, **wish: Any) -> Code:
    stores, kind = corp.stores, wish.pop("kind", "staff")
    draft = Draft("活动码", source_id or source_of(stores), plan=plan, **wish)
    with stores.ledger.begin() as tx:
        code = codes.intend(stores, tx, corp.account, kind, draft, "test")
    with tasks.calling(stores) as calls:
        calls.run(codes.make(calls, corp.account, code))
    return again(stores, code)


def again(stores: Stores, code: Code) -> Code:
    with stores.ledger.read() as tx:
        return codes.find(tx, code.id)


def standing(stores: Stores, code: Code) -> codes.Standing:
    with stores.ledger.read() as tx:
        return codes.standing(tx, [codes.find(tx, code.id)])[code.id]


def at_carrier(corp: Corp, code: Code) -> list[str]:
    """The staff whom the carrier itself has on the code."""
    config_id = standing(corp.stores, code).config_id
    with tasks.calling(corp.stores) as calls:
        async def ask() -> Any:
            return await calls.connector(corp.account).contact_ways.get(config_id)

        return sorted(calls.run(ask()).user)


def came(corp: Corp, code: Code, staff: str, *people: str) -> None:
    """As callbacks tell it: these were added by the code."""
    stores, now = corp.stores, corp.stores.now()
    with stores.ledger.begin() as tx:
        held = known(stores, tx, corp.account, people, now)
        column = identify(stores.secrets, corp.account.namespace, pa.array(people, pa.string()))
        log.append(tx, PEOPLE_SEEN, people_seen(stores.secrets, sighting(column, column.keys, pa.array([to_ms(now)] * len(people)))), now=now)
        news = [News(corp.account.id, one.identity_key, Pair(one.id, staff), (Change(to_ms(now), True, None, code.state, 1),)) for one in held.values()]
        relations.take_in(stores, tx, news, found_by="callback")


def route(corp: Corp) -> dict[str, int]:
    result = run_job(corp.stores, code_tasks.ROUTE).result
    assert result is not None
    return result


def updates(corp: Corp) -> int:
    return corp.calls(UPDATE)


def test_limits_roll_over_and_everybody_returns_the_next_day(corp: Corp, clock: SetClock) -> None:
    clock.at = datetime(2026, 1, 7, 2, tzinfo=UTC)
    code = made(corp, Plan((Receiver("staff0001", 2), Receiver("staff0002", 3)), fallback=("staff0003",)))
    assert at_carrier(corp, code) == ["staff0001", "staff0002"]
    assert (route(corp)["changed_count"], updates(corp)) == (0, 0), "nothing to change, nobody is called"
    came(corp, code, "staff0001", "wm1", "wm2")
    assert route(corp)["changed_count"] == 1
    assert at_carrier(corp, code) == ["staff0002"]
    came(corp, code, "staff0002", "wm3", "wm4", "wm5")
    route(corp)
    assert at_carrier(corp, code) == ["staff0003"]
    assert (route(corp)["changed_count"], updates(corp)) == (0, 2)
    # 16:00 UTC is midnight in Shanghai, the brand's zone.
    clock.at = datetime(2026, 1, 7, 15, 59, 59, tzinfo=UTC)
    assert route(corp)["changed_count"] == 0
    clock.at = datetime(2026, 1, 7, 16, tzinfo=UTC)
    assert route(corp)["changed_count"] == 1
    assert at_carrier(corp, code) == ["staff0001", "staff0002"]


def test_shifts_change_who_receives(corp: Corp, clock: SetClock) -> None:
    clock.at = datetime(2026, 1, 7, 2, tzinfo=UTC)
    day = Shift((1, 2, 3, 4, 5, 6, 7), "09:00", "21:00", ("staff0001",))
    code = made(corp, Plan((Receiver("staff0001"), Receiver("staff0002")), shifts=(day,), fallback=("staff0004",)))
    assert at_carrier(corp, code) == ["staff0001"]
    clock.at = datetime(2026, 1, 7, 13, tzinfo=UTC)
    route(corp)
    assert at_carrier(corp, code) == ["staff0004"]


def test_the_least_loaded_receive_whatever_way_the_others_were_given_theirs(corp: Corp) -> None:
    other = made(corp, Plan((Receiver("staff0001"),)))
    code = made(corp, Plan((Receiver("staff0001", 20), Receiver("staff0002", 20)), fallback=("staff0003",), balance="least_loaded"), source_of(corp.stores, "快手"))
    came(corp, other, "staff0001", *(f"wm{number}" for number in range(5)))
    assert route(corp)["changed_count"] == 1
    assert at_carrier(corp, code) == ["staff0002"]
    assert at_carrier(corp, other) == ["staff0001"]


def test_whoever_left_is_taken_off_the_code(corp: Corp) -> None:
    code = made(corp, Plan((Receiver("staff0001"), Receiver("staff0002"))))
    corp.run(tasks.STAFF)
    corp.sandbox.post(f"staff/{corp.corpid}/staff0001/resign")
    corp.run(tasks.STAFF)
    route(corp)
    assert at_carrier(corp, code) == ["staff0002"]


def test_an_addition_is_a_touch_of_the_codes_source_and_gets_its_tags_and_wakes_the_routing(corp: Corp, clock: SetClock) -> None:
    source_id = source_of(corp.stores)
    code = made(corp, Plan((Receiver("staff0001", 1),), fallback=("staff0002",)), source_id, tags=("抖音来的",))
    corp.sandbox.post("people", {"count": 1})
    (phone,) = corp.sandbox.post("people", {"count": 1})["people"]
    corp.sandbox.post(f"phones/{phone['id']}/scan", {"qr": standing(corp.stores, code).config_id})
    corp.run(tasks.STAFF)
    corp.run(tasks.RECONCILE)
    flow(corp.stores)
    flow(corp.stores)
    with corp.stores.ledger.read() as tx:
        waiting = [job.kind for job in code_tasks.jobs.list_jobs(tx, (), status="queued").items]
    assert code_tasks.ROUTE in waiting
    fact, tag = corp.stores.warehouse.tables["acquisition_touch"], metadata.tables["customers_tag"]
    with corp.stores.warehouse.read() as session:
        (row,) = session.query(fact).to_pylist()
    assert (row["step"], row["source_id"], row["code_id"], row["staff"]) == ("add", source_id, code.id, "staff0001")
    with corp.stores.ledger.read() as tx:
        assert [(one.customer_id, one.tag) for one in tx.execute(tag.select())] == [(row["customer_id"], "抖音来的")]


def test_a_code_that_moves_counts_for_the_old_source_up_to_then(corp: Corp, clock: SetClock) -> None:
    old, new = source_of(corp.stores, "旧"), source_of(corp.stores, "新")
    code = made(corp, Plan((Receiver("staff0001"),)), old)
    clock.at += timedelta(hours=1)
    came(corp, code, "staff0001", "wm1")
    clock.at += timedelta(hours=1)
    with corp.stores.ledger.begin() as tx:
        codes.change(corp.stores, tx, corp.account, code, Draft("活动码", new, plan=code.plan), code.edit, "test")
    clock.at += timedelta(hours=1)
    came(corp, code, "staff0001", "wm2")
    flow(corp.stores)
    flow(corp.stores)
    fact = corp.stores.warehouse.tables["acquisition_touch"]
    with corp.stores.warehouse.read() as session:
        found = session.query(fact.order_by("at_ms")).to_pylist()
    assert [row["source_id"] for row in found] == [old, new]


def test_killed_between_the_question_and_the_answer_the_code_is_told_again_and_keeps_its_config_id(corp: Corp, clock: SetClock) -> None:
    """The carrier did it, we never heard: what is wanted by then is back to what we believe it has. It must be told all the same."""
    code = made(corp, Plan((Receiver("staff0001", 1), Receiver("staff0002")), fallback=("staff0003",)))
    config_id = standing(corp.stores, code).config_id
    came(corp, code, "staff0001", "wm1")
    fault = corp.sandbox.post("faults", {"api": UPDATE, "kind": "drop", "acted": True, "times": 20})
    assert route(corp)["later_count"] == 1
    corp.sandbox.control("DELETE", f"faults/{fault['id']}")
    assert (at_carrier(corp, code), standing(corp.stores, code).on) == (["staff0002"], ["staff0001", "staff0002"])
    clock.at += timedelta(days=1)
    with corp.stores.ledger.read() as tx:
        assert code_routing.unanswered(tx) == [code.id]
    assert route(corp)["changed_count"] == 1
    after = standing(corp.stores, code)
    assert (at_carrier(corp, code), sorted(after.on), after.config_id) == (["staff0001", "staff0002"], ["staff0001", "staff0002"], config_id)
    assert again(corp.stores, code).asked is None


def test_two_rounds_at_once_speak_once(corp: Corp) -> None:
    code = made(corp, Plan((Receiver("staff0001", 1), Receiver("staff0002"))))
    came(corp, code, "staff0001", "wm1")
    with corp.stores.ledger.begin() as tx:
        tx.execute(update(metadata.tables["acquisition_code"]).values(asked=["staff0002"], asked_at=corp.stores.now()))
    assert (route(corp)["changed_count"], updates(corp)) == (0, 0)


def test_what_the_carrier_refuses_is_not_asked_for_every_minute(corp: Corp, clock: SetClock) -> None:
    code = made(corp, Plan((Receiver("staff0001", 1), Receiver("staff0002"))))
    came(corp, code, "staff0001", "wm1")
    corp.sandbox.post("faults", {"api": UPDATE, "kind": "errcode", "code": 40098, "times": 1})
    assert route(corp)["refused_count"] == 1
    assert (route(corp)["refused_count"], updates(corp)) == (0, 1)
    with corp.stores.ledger.read() as tx:
        (shown,) = code_figures.shown(corp.stores, tx, codes.listed(tx))
    assert (shown.health, shown.added_today, shown.limit_today) == ("route_refused", 1, None)
    clock.at += timedelta(minutes=11)
    assert route(corp)["changed_count"] == 1
    assert at_carrier(corp, code) == ["staff0002"]


def test_a_code_whose_making_was_not_answered_is_found_by_its_mark(corp: Corp, clock: SetClock) -> None:
    corp.sandbox.post("faults", {"api": "add_contact_way", "kind": "drop", "acted": True, "times": 1})
    with pytest.raises(Unavailable):
        made(corp, Plan((Receiver("staff0001"),)))
    with corp.stores.ledger.read() as tx:
        (code,) = codes.listed(tx)
        assert codes.standing(tx, [code])[code.id].status == "making"
    clock.at += timedelta(minutes=6)
    run_job(corp.stores, tasks.SETTLE)
    assert standing(corp.stores, code).status == "open"
    assert sum(row["count"] for row in corp.sandbox.get("calls", api="add_contact_way")["calls"]) == 1


def test_a_refused_code_is_made_when_it_is_put_right(corp: Corp) -> None:
    stores = corp.stores
    with pytest.raises(InvalidError):
        made(corp, Plan(()))
    with stores.ledger.begin() as tx:
        code = codes.intend(stores, tx, corp.account, "staff", Draft("新码", _source(stores, tx), plan=Plan((Receiver("nobody"),))), "test")
    with tasks.calling(stores) as calls:
        with pytest.raises(CarrierError):
            calls.run(codes.make(calls, corp.account, code))
        assert standing(stores, code).status == "refused"
        with stores.ledger.begin() as tx:
            code = codes.change(stores, tx, corp.account, code, Draft("新码", code.source_id, plan=Plan((Receiver("staff0001"),))), code.edit, "test")
        calls.run(codes.make(calls, corp.account, code))
    assert (standing(stores, code).status, at_carrier(corp, code)) == ("open", ["staff0001"])
    with stores.ledger.begin() as tx, pytest.raises(ConflictError):
        codes.change(stores, tx, corp.account, code, Draft("新码", code.source_id, plan=code.plan), 1, "test")


def _source(stores: Stores, tx: Any) -> int:
    return sources.create(stores, tx, sources.Draft("小红书", platform="xiaohongshu"), by="test").id


def chat_of(corp: Corp, name: str) -> str:
    return str(corp.sandbox.post(f"staff/{corp.corpid}/staff0001/create_chat", {"name": name})["chat_id"])


def joins(corp: Corp, code: Code, count: int) -> list[str]:
    """So many people scan the group code; the groups they came into."""
    config_id = standing(corp.stores, code).config_id
    people = corp.sandbox.post("people", {"count": count})["people"]
    return [str(corp.sandbox.post(f"phones/{one['id']}/scan", {"qr": config_id})["chat_id"]) for one in people]


def test_full_groups_make_room_for_the_next_and_whoever_joined_is_a_touch(corp: Corp, clock: SetClock) -> None:
    stores, source_id = corp.stores, source_of(corp.stores)
    clock.at = datetime.now(UTC)
    chats = tuple(chat_of(corp, f"福利群{number}") for number in range(1, 8))
    code = made(corp, Plan(), source_id, kind="group", groups=chats, group_limit=3)
    assert standing(stores, code).on == list(chats[:5])
    # The owner is in each group: two more fill it.
    assert set(joins(corp, code, 2)) == {chats[0]}
    assert run_job(stores, code_tasks.GROUPS).result == {"code_count": 1, "changed_count": 1, "opened_count": 0, "joined_count": 2}
    assert standing(stores, code).on == list(chats[1:6])
    assert set(joins(corp, code, 2)) == {chats[1]}
    run_job(stores, code_tasks.GROUPS)
    assert standing(stores, code).on == list(chats[2:7])
    assert run_job(stores, code_tasks.GROUPS).result == {"code_count": 1, "changed_count": 0, "opened_count": 0, "joined_count": 0}
    flow(stores)
    flow(stores)
    fact = stores.warehouse.tables["acquisition_touch"]
    with stores.warehouse.read() as session:
        rows = session.query(fact).to_pylist()
    assert [(row["step"], row["source_id"], row["code_id"]) for row in rows] == [("add", source_id, code.id)] * 4
    assert len({row["customer_id"] for row in rows}) == 4


def test_when_all_groups_are_full_the_carrier_opens_another_and_it_is_taken_up(corp: Corp, clock: SetClock) -> None:
    stores = corp.stores
    clock.at = datetime.now(UTC)
    chats = tuple(chat_of(corp, f"群{number}") for number in range(1, 6))
    corp.sandbox.control("PATCH", "settings", {"wecom": {"group_scan_members": 3}})
    code = made(corp, Plan(), kind="group", groups=chats, group_limit=3)
    for _ in range(5):
        joins(corp, code, 2)
        run_job(stores, code_tasks.GROUPS)
    assert standing(stores, code).on == [chats[4]], "with the last alone there is room for one that the carrier opens"
    opened = joins(corp, code, 1)[0]
    assert opened not in chats
    assert run_job(stores, code_tasks.GROUPS).result["opened_count"] == 1
    assert standing(stores, code).on == [opened]
    with stores.ledger.read() as tx:
        groups = codes.groups_of(tx, [code.id])[code.id]
    assert [(row.chat_id == opened, row.by_carrier, row.joined) for row in groups][-1] == (True, True, 1)


def test_groups_behind_a_code_are_the_first_that_take_people() -> None:
    class Row:
        def __init__(self, chat_id: str, members: int, gone: bool = False) -> None:
            self.chat_id, self.members, self.gone_at = chat_id, members, 1 if gone else None

    rows = [Row("a", 200), Row("b", 10, gone=True), *(Row(name, 0) for name in "cdefgh")]
    assert code_groups.behind(rows, 200, True) == list("cdefg")
    assert code_groups.behind([Row("a", 200), Row("b", 200)], 200, True) == ["b"]
    assert code_groups.behind([Row("a", 200), Row("b", 200)], 200, False) == ["a", "b"]
    assert code_groups.behind([], 200, True) == []


def test_closed_for_good(corp: Corp) -> None:
    code = made(corp, Plan((Receiver("staff0001"),)), welcome={"text": "欢迎抖音来的朋友", "attachments": []})
    with corp.stores.ledger.read() as tx:
        assert codes.welcome_of(tx, code) == {"text": "欢迎抖音来的朋友", "attachments": []}
    with tasks.calling(corp.stores) as calls:
        closed = calls.run(codes.close(calls, corp.account, code, "test"))
    assert (closed.status, closed.welcome_id, standing(corp.stores, closed).status) == ("closed", None, "closed")
    assert route(corp) == {"code_count": 0}
    with corp.stores.ledger.read() as tx:
        assert [way.status for way in contact_ways.list_ways(tx, corp.account.id)] == ["closed"]
    assert code_plans.plain(closed.plan)["receivers"] == ({"staff": "staff0001", "daily_limit": None},)
