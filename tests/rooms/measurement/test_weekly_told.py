"""The weekly report over HTTP, and told to staff: off by default, on Monday at nine, nobody twice, nothing sent blindly again."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from siyu.connectors.errors import CarrierError, Throttled, Unavailable
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.measurement import weekly_routes, weekly_sending
from siyu.measurement.weekly_sending import TELL, Note, due_week
from siyu.measurement.weekly_tasks import tell
from siyu.river import flow
from siyu.team import staff
from siyu.team.audit import SYSTEM
from siyu.team.tokens import add_token
from siyu.web.application import build_application
from tests.conftest import SetClock
from tests.makers.acquisition import post, put_source
from tests.makers.corps import Corp, open_corp, run_job
from tests.makers.customers import TestClient
from tests.makers.sandbox import SandboxClient

MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)
"""Nine in the morning in Shanghai."""
PATH = "/api/v1/measurement/weekly"


def client(stores: Stores, role: str) -> TestClient:
    app = build_application(stores, [weekly_routes.router], title="Siyu", version="0.0.test")
    secret, _ = add_token(stores, SYSTEM, None, name=role, role=role, expires_at=None)
    return TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {secret}"})


def people(stores: Stores, corp: Corp, *names: str) -> None:
    with stores.ledger.begin() as tx:
        staff.take_in(tx, corp.account.id, [staff.Told(name, name) for name in names], stores.now())


def choose(stores: Stores, corp: Corp, *names: str, is_on: bool = True) -> None:
    with stores.ledger.begin() as tx:
        weekly_sending.set_plan(tx, is_on=is_on, account_id=corp.account.id, staff=names, by="Alice", now=stores.now())


def notes(stores: Stores) -> dict[str, str]:
    with stores.ledger.read() as tx:
        return {one.staff: one.state for one in weekly_sending.last_notes(tx)}


@pytest.fixture
def corp(stores: Stores, sandbox: SandboxClient) -> Corp:
    apps = [{"secret": "s" * 43, "agentid": 7}]
    return open_corp(stores, sandbox, settings={"agentid": "7"}, apps=apps, staff=[{"userid": name, "name": name} for name in ("amy", "ben")])


def test_it_is_told_on_monday_at_nine_and_to_nobody_twice(stores: Stores, clock: SetClock, corp: Corp) -> None:
    clock.at = MONDAY - timedelta(days=3)
    people(stores, corp, "amy", "ben", "eve")
    source = put_source(stores, "抖音投流")
    post(stores, (source, 1_200_00), day=date(2026, 11, 18))
    flow(stores)
    clock.at = MONDAY
    assert run_job(stores, TELL).result == {"told_count": 0}, "off by default"
    clock.at = MONDAY - timedelta(days=1)
    choose(stores, corp, "amy", "eve")
    assert run_job(stores, TELL).result == {"told_count": 0}, "not its time yet"
    clock.at = MONDAY + timedelta(minutes=1)
    assert run_job(stores, TELL).result == {"week": "2026-11-16", "told_count": 1, "not_told_count": 1}
    assert notes(stores) == {"amy": "told", "eve": "refused"}, "the corp does not know eve"
    (inbox,) = corp.sandbox.get(f"staff/{corp.corpid}/amy")
    card = inbox["content"]
    assert card["title"] == "获客周报 11-16 至 11-22"
    assert "花费 ¥1,200.00" in card["description"]
    assert card["url"].endswith("/weekly?week=2026-11-16")
    choose(stores, corp, "amy", "ben")
    run_job(stores, TELL)
    run_job(stores, TELL)
    assert notes(stores) == {"amy": "told", "eve": "refused", "ben": "told"}
    assert [len(corp.sandbox.get(f"staff/{corp.corpid}/{name}")) for name in ("amy", "ben")] == [1, 1]


def test_when_it_is_due(stores: Stores, clock: SetClock, corp: Corp) -> None:
    clock.at = MONDAY - timedelta(days=2)
    people(stores, corp, "amy")
    choose(stores, corp, "amy")
    with stores.ledger.read() as tx:
        held = weekly_sending.plan(tx)

    def due(**later: float) -> date | None:
        return due_week(stores.calendar, MONDAY + timedelta(**later), held)

    assert [due(seconds=-1), due(), due(hours=47.9), due(hours=48)] == [None, date(2026, 11, 16), date(2026, 11, 16), None]
    clock.at = MONDAY + timedelta(hours=1)
    choose(stores, corp, is_on=False)
    choose(stores, corp, "amy")
    with stores.ledger.read() as tx:
        held = weekly_sending.plan(tx)
    assert due(hours=2) is None, "who turns it on on Monday noon is not told of last week"


@dataclass
class Broken:
    """Calls of which every one ends with this error."""

    stores: Stores
    error: CarrierError
    asked: list[str] = field(default_factory=list)

    def run(self, work: Coroutine[Any, Any, Any], timeout: float) -> Any:
        self.asked.append(work.__name__)
        work.close()
        raise self.error


ENDS: tuple[tuple[CarrierError, str], ...] = (
    (Unavailable(Text("断了", "broken"), reached=None), "meant"),
    (Unavailable(Text("没接", "not taken"), reached=False), ""),
    (Throttled(Text("太多", "too many"), MONDAY), ""),
    (CarrierError(Text("不许", "not allowed")), "refused"),
)
"""How a call may end, and what is then written down of the message."""


def test_what_is_not_known_is_not_sent_again(stores: Stores, clock: SetClock, corp: Corp) -> None:
    clock.at = MONDAY
    people(stores, corp, "amy")
    choose(stores, corp, "amy")
    for weeks, (error, state) in enumerate(ENDS):
        week_on = date(2026, 11, 16) - timedelta(weeks=weeks)

        def meant(week_on: date = week_on) -> list[Note]:
            with stores.ledger.begin() as tx:
                return weekly_sending.mean(tx, week_on, weekly_sending.plan(tx), "…", stores.now())

        def held(week_on: date = week_on) -> list[str]:
            with stores.ledger.read() as tx:
                return [one.state for one in weekly_sending.notes(tx, week_on)]

        broken = Broken(stores, error)
        if state:
            assert tell(broken, week_on, meant(), "周报") == 0  # type: ignore[arg-type]
            assert (held(), meant()) == ([state], []), "nobody is told of a week twice"
        else:
            with pytest.raises(CarrierError):
                tell(broken, week_on, meant(), "周报")  # type: ignore[arg-type]
            assert held() == []
            assert [one.staff for one in meant()] == ["amy"], "nothing was done: the next try tells them"


def test_who_may_see_it_and_who_may_choose(stores: Stores, clock: SetClock, corp: Corp) -> None:
    clock.at = MONDAY
    people(stores, corp, "amy")
    analyst, owner = client(stores, "analyst"), client(stores, "owner")
    assert client(stores, "guide").get(PATH).status_code == 403
    report = analyst.get(PATH).json()
    assert (report["week_on"], report["is_over"], report["split_fen"], report["tasks"]) == ("2026-11-16", True, 0, [])
    assert analyst.get(f"{PATH}?week=2026-11-30").status_code == 422
    paper = analyst.get(f"{PATH}/pdf?week=2026-11-19", headers={"Accept-Language": "en"})
    assert (paper.headers["content-type"], paper.headers["content-disposition"]) == ("application/pdf", 'attachment; filename="weekly-2026-11-16.pdf"')
    assert paper.content.startswith(b"%PDF-")
    assert analyst.get(f"{PATH}/plan").json()["is_on"] is False
    body = {"is_on": True, "account_id": corp.account.id, "staff": ["amy"]}
    assert analyst.put(f"{PATH}/plan", json=body).status_code == 403
    assert owner.put(f"{PATH}/plan", json=body).json()["staff"] == ["amy"]
    faults = owner.put(f"{PATH}/plan", json={**body, "staff": ["nobody"]}).json()["errors"]
    assert [one["field"] for one in faults] == ["staff"]
    assert owner.put(f"{PATH}/plan", json={**body, "account_id": 99}).json()["errors"][0]["field"] == "account_id"
    assert owner.post(f"{PATH}/tell", json={"week": "2026-11-18"}).status_code == 202
    with pytest.raises(InvalidError):
        choose(stores, corp)
