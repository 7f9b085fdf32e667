"""Quality of customers over HTTP: the report and its file, one customer's card, marks by hand and who may set them."""

from __future__ import annotations

import pytest

from siyu.foundation.stores import Stores
from siyu.segments import quality_routes
from siyu.segments.quality import refresh_quality
from siyu.segments.quality_report import publish_quality
from tests.makers.customers import Desk, open_desk
from tests.makers.quality import ENDS_ON
from tests.rooms.segments.test_quality import Person, settle, usual

SILENT, SHY = 1, 2


@pytest.fixture
def desk(stores: Stores) -> Desk:
    return open_desk(stores, quality_routes.router)


def judge(stores: Stores) -> None:
    settle(stores, [Person(SILENT).did("message_sent", *range(1, 41)), Person(SHY).did("message_sent", 1, 2), *usual(1000)])
    refresh_quality(stores, ENDS_ON)
    publish_quality(stores, ENDS_ON)


def test_before_the_first_recompute_the_report_says_that_nothing_is_known(desk: Desk) -> None:
    told = desk.as_("ann").get("/api/v1/segments/quality").json()
    assert (told["as_of_on"], told["total"]["customers"], told["days"]) == (None, 0, [])


def test_the_report_counts_and_gives_its_sources_as_a_file(desk: Desk) -> None:
    judge(desk.stores)
    told = desk.as_("ann").get("/api/v1/segments/quality").json()
    assert told["as_of_on"] == ENDS_ON.isoformat()
    assert (told["total"]["customers"], told["total"]["zombies"]) == (42, 1)
    assert told["sources"] == [{"source": "shop", **told["total"]}]
    assert {one["reason"]: one["customers"] for one in told["zombie_reasons"]}["never_reads"] == 1
    assert [(day["on"], day["zombies"]) for day in told["days"]] == [(ENDS_ON.isoformat(), 1)]
    file = desk.as_("ann").get("/api/v1/segments/quality", params={"format": "csv"}, headers={"Accept-Language": "zh"})
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.splitlines()[1].split(",")[:3] == ["shop", "42", "1"]


def test_a_customers_card_says_what_and_why_and_a_mark_is_stronger_than_a_score(desk: Desk) -> None:
    judge(desk.stores)
    desk_of, path = desk.as_("olga"), f"/api/v1/customers/{SILENT}/quality"
    zombie = desk_of.get(path).json()["judgements"][0]
    assert (zombie["what"], zombie["verdict"], zombie["mark"]) == ("zombie", "yes", None)
    assert zombie["score"] >= zombie["threshold"]
    assert len(zombie["reasons"]) == 4
    marked = desk_of.put(f"{path}/marks/zombie", json={"reason": "  到店多次,只是不回消息 "}).json()["judgements"][0]
    assert (marked["verdict"], marked["mark"]["reason"], marked["mark"]["by"]) == ("no", "到店多次,只是不回消息", "olga")
    assert desk_of.delete(f"{path}/marks/zombie").json()["judgements"][0]["verdict"] == "yes"
    assert [action for _, action, _ in desk.audited()] == ["customers.quality_marked", "customers.quality_unmarked"]


def test_of_whom_little_is_known_the_card_says_so(desk: Desk) -> None:
    judge(desk.stores)
    zombie = desk.as_("olga").get(f"/api/v1/customers/{SHY}/quality").json()["judgements"][0]
    assert (zombie["verdict"], zombie["score"], zombie["reasons"]) == ("not_known", None, [])


def test_marks_need_a_reason_a_customer_and_the_right(desk: Desk) -> None:
    judge(desk.stores)
    path = f"/api/v1/customers/{SILENT}/quality/marks"
    assert desk.as_("ann").put(f"{path}/zombie", json={"reason": "x"}).status_code == 403
    assert desk.as_("olga").put(f"{path}/zombie", json={"reason": " "}).json()["errors"][0]["field"] == "reason"
    assert desk.as_("olga").put(f"{path}/angel", json={"reason": "x"}).status_code == 422
    assert desk.as_("olga").put("/api/v1/customers/999999/quality/marks/zombie", json={"reason": "x"}).status_code == 404
