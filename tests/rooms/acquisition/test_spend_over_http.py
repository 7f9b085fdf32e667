"""Spend, budgets, rates and figures over HTTP, for those who may."""

from __future__ import annotations

from siyu.carriers.spells import Change
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.river import flow
from tests.makers.acquisition import Book, open_desk, post, put_mark, put_source, work, yesterday
from tests.makers.carriers import wecom_account

BASE = "/api/v1/acquisition"


def test_who_may_and_what_they_see(stores: Stores) -> None:
    desk = open_desk(stores)
    alice, ann, bob = desk.as_("alice"), desk.as_("ann"), desk.as_("bob")
    source = put_source(stores, "抖音")
    day = yesterday(stores).isoformat()
    entry = {"day": day, "kind": "media", "shares": [{"source_id": source.id, "amount_fen": 500, "region": "杭州"}], "ref": "i1", "evidence": "发票"}
    for address in ("spend", "spend/totals", "spend/export", "spend/imports", "rates", f"figures?from_on={day}&to_on={day}", "budgets?first=2026-01"):
        assert bob.get(f"{BASE}/{address}").status_code == 403
        assert ann.get(f"{BASE}/{address}").status_code == 200
    assert ann.post(f"{BASE}/spend", json={"entries": [entry]}).status_code == 403
    posted = alice.post(f"{BASE}/spend", json={"entries": [entry]})
    assert (posted.status_code, posted.json()["again"]) == (201, 0)
    assert alice.post(f"{BASE}/spend", json={"entries": [entry]}).json() == {"entry_ids": [], "again": 1}
    bad = alice.post(f"{BASE}/spend", json={"entries": [{**entry, "ref": "", "day": "2027-01-01"}]})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "0.day")
    (shown,) = ann.get(f"{BASE}/spend", params={"source_id": source.id}).json()["items"]
    assert (shown["amount_fen"], shown["lines"][0]["source_name"], shown["kind_name"]["zh"]) == (500, "抖音", "媒体投放")
    fixed = alice.post(f"{BASE}/spend/{shown['id']}/correct", json={"reason": "看错", "instead": {**entry, "shares": [{"source_id": source.id, "amount_fen": 450}]}})
    assert [one["amount_fen"] for one in fixed.json()["items"]] == [-500, 450]
    assert alice.post(f"{BASE}/spend/{shown['id']}/correct", json={"reason": "看错"}).status_code == 409
    totals = ann.get(f"{BASE}/spend/totals").json()
    assert (totals["amount_fen"], totals["entry_count"], totals["balance_fen"]) == (450, 3, 0)
    assert len(ann.get(f"{BASE}/spend/export").text.splitlines()) == 4
    assert [one["id"] for one in ann.get(f"{BASE}/spend", params={"standing": True}).json()["items"]] == [fixed.json()["items"][1]["id"]]
    first = ann.get(f"{BASE}/spend", params={"limit": 2}).json()
    assert [one["id"] for one in ann.get(f"{BASE}/spend", params={"limit": 2, "cursor": first["next_cursor"]}).json()["items"]] == [shown["id"]]


def test_a_file_with_mapping_and_report(stores: Stores) -> None:
    desk = open_desk(stores)
    alice, source = desk.as_("alice"), put_source(stores, "抖音")
    text = "日期,来源,金额\n2025-12-01,抖音,5\n2025-12-01,快手,5\n"
    sent = alice.put("/api/v1/imports/files", params={"name": "花费.csv"}, content=text.encode()).json()
    found = alice.get(f"{BASE}/spend/files/{sent['file_id']}").json()
    assert (found["mapping"]["amount"], found["columns"][1]["samples"]) == ("金额", ["抖音", "快手"])
    mapping = {field: column for field, column in found["mapping"].items() if column}
    asked = alice.post(f"{BASE}/spend/imports", json={"file_id": sent["file_id"], "mapping": mapping})
    assert (asked.status_code, asked.json()["row_count"]) == (202, None)
    work(stores)
    done = alice.get(f"{BASE}/spend/imports/{asked.json()['id']}").json()
    assert (done["row_count"], done["posted_count"], done["rejected_count"], done["reasons"][0]["name"]["zh"]) == (2, 1, 1, "没有这个来源")
    assert "快手" in alice.get(f"{BASE}/spend/imports/{done['id']}/rejects.csv").text
    assert alice.get(f"{BASE}/spend/totals", params={"source_id": source.id}).json()["amount_fen"] == 500
    tree = alice.put("/api/v1/imports/files", params={"name": "来源.csv"}, content="平台,活动\n快手,春促\n".encode()).json()
    for dry_run in (True, False):
        assert alice.post(f"{BASE}/sources/import", json={"file_id": tree["file_id"], "dry_run": dry_run}).json()["made_count"] == 2
    assert [one["name"] for one in alice.get(f"{BASE}/sources").json()["items"]] == ["抖音", "快手", "春促"]


def test_budgets_figures_and_rates(stores: Stores) -> None:
    desk = open_desk(stores)
    alice, ann = desk.as_("alice"), desk.as_("ann")
    douyin = put_source(stores, "抖音")
    spring = put_source(stores, "春促", douyin)
    book = Book(stores, wecom_account(stores))
    put_mark(stores, spring, "d1")
    book.tell("wmA", "zhang", Change(to_ms(stores.now()), True, None, "d1"))
    flow(stores)
    post(stores, (spring, 700), day=stores.calendar.on(stores.now()))
    today = stores.calendar.on(stores.now()).isoformat()
    figures = {one["source_id"]: one for one in ann.get(f"{BASE}/figures", params={"from_on": today, "to_on": today}).json()["items"]}
    assert (figures[douyin.id]["own_people"], figures[douyin.id]["people"], figures[douyin.id]["spend_fen"], figures[spring.id]["own_spend_fen"]) == (0, 1, 700, 700)
    cells = [{"source_id": douyin.id, "month": "2026-01", "amount_fen": 1_000}]
    assert ann.put(f"{BASE}/budgets", json={"cells": cells}).status_code == 403
    assert alice.put(f"{BASE}/budgets", json={"cells": cells, "origin": "sheet"}).json() == {"changed_count": 1}
    assert alice.put(f"{BASE}/budgets", json={"cells": [{**cells[0], "month": "2026-13"}]}).status_code == 422
    grid = ann.get(f"{BASE}/budgets", params={"first": "2025-12", "count": 2}).json()
    assert grid["months"] == ["2025-12", "2026-01"]
    assert [(one["source_id"], one["month"], one["amount_fen"], one["actual_fen"]) for one in grid["cells"]] == [(douyin.id, "2026-01", 1_000, 700), (spring.id, "2026-01", None, 700)]
    assert [one["origin"] for one in ann.get(f"{BASE}/budgets/history", params={"source_id": douyin.id, "month": "2026-01"}).json()["items"]] == ["sheet"]
    rates = [{"name": "seconds_per_add", "from_on": "2026-01-01", "value": 90}]
    assert alice.put(f"{BASE}/rates", json={"rates": rates}).json()["items"][0]["value"] == 90
    assert ann.post(f"{BASE}/accruals").status_code == 403
    assert alice.post(f"{BASE}/accruals").status_code == 202
    work(stores)
