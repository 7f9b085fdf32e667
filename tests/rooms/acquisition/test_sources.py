"""The tree of sources: made, moved with all below it, put away; marks that are pinned by time."""

from __future__ import annotations

import numpy as np
import pytest

from siyu.acquisition import marks, sources
from siyu.acquisition.sources import Draft
from siyu.foundation.errors import ConflictError, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from tests.makers.acquisition import open_desk, put_mark, put_source


def test_a_tree_is_four_deep_and_children_lie_below_their_level(any_stores: Stores) -> None:
    stores = any_stores
    douyin = put_source(stores, "抖音")
    spring = put_source(stores, "春促", douyin)
    opening = put_source(stores, "开屏", spring)
    spot = put_source(stores, "一号楼", opening)
    assert spot.ancestors == (douyin.id, spring.id, opening.id, spot.id)
    assert {one.platform for one in (douyin, spring, opening, spot)} == {"douyin"}
    shelf = put_source(stores, "货架", douyin, "place")
    for parent, level in ((spot, "place"), (spring, "platform"), (spring, "campaign")):
        with pytest.raises(InvalidError) as told:
            put_source(stores, "不行", parent, level)
        assert [fault.field for fault in told.value.faults] == ["parent_id"]
    with pytest.raises(InvalidError):
        put_source(stores, "没有平台", None, "campaign")
    with pytest.raises(InvalidError):
        put_source(stores, "没说哪个平台", platform=None)
    with stores.ledger.read() as tx:
        assert [one.name for one in sources.listed(tx)] == ["抖音", "春促", "开屏", "一号楼", "货架"]
        assert sources.below(tx, spring.id) == [spring.id, opening.id, spot.id]
        assert sources.missing(tx, [shelf.id, 999]) == [999]


def test_names_are_unique_among_siblings_only(any_stores: Stores) -> None:
    stores = any_stores
    douyin, jd = put_source(stores, "抖音"), put_source(stores, "京东", platform="jd")
    put_source(stores, "春促", douyin)
    put_source(stores, "春促", jd)
    for parent, name in ((douyin, "春促"), (None, "京东")):
        with pytest.raises(ConflictError) as told:
            put_source(stores, name, parent)
        assert told.value.faults[0].field == "name"
    with stores.ledger.begin() as tx, pytest.raises(ConflictError):
        sources.change(stores, tx, douyin.id, Draft("京东"), by="Bob")
    with stores.ledger.read() as tx:
        assert sources.find(tx, douyin.id) == douyin


def test_a_move_takes_all_below_along_and_their_platform_changes(any_stores: Stores) -> None:
    stores = any_stores
    douyin, jd = put_source(stores, "抖音"), put_source(stores, "京东", platform="jd")
    spring = put_source(stores, "春促", douyin)
    opening = put_source(stores, "开屏", spring)
    other = put_source(stores, "不动", douyin)
    with stores.ledger.begin() as tx:
        moved = sources.move(stores, tx, spring.id, jd.id, by="Bob")
        leaf = sources.find(tx, opening.id)
        assert (moved.path, leaf.path, leaf.platform) == (f"/{jd.id}/{spring.id}/", f"/{jd.id}/{spring.id}/{opening.id}/", "jd")
        assert sources.find(tx, other.id) == other
        with pytest.raises(InvalidError):
            sources.move(stores, tx, spring.id, opening.id, by="Bob")
        with pytest.raises(NotFoundError):
            sources.move(stores, tx, spring.id, 999, by="Bob")
        changed = sources.change(stores, tx, jd.id, Draft("京东", platform="pdd", target_cac_fen=900), edit=jd.edit, by="Bob")
        assert (changed.target_cac_fen, sources.find(tx, opening.id).platform) == (900, "pdd")
        with pytest.raises(ConflictError):
            sources.change(stores, tx, jd.id, Draft("京东"), edit=jd.edit, by="Bob")


def test_what_is_put_away_goes_with_all_below_and_comes_back_with_all_above(stores: Stores) -> None:
    douyin = put_source(stores, "抖音")
    spring, autumn = put_source(stores, "春促", douyin), put_source(stores, "秋促", douyin)
    opening = put_source(stores, "开屏", spring)
    with stores.ledger.begin() as tx:
        sources.archive(stores, tx, douyin.id, by="Bob")
        assert sources.listed(tx) == ()
        assert len(sources.listed(tx, archived=True)) == 4
        sources.archive(stores, tx, opening.id, False, by="Bob")
        assert [one.id for one in sources.listed(tx)] == [douyin.id, spring.id, opening.id]
        assert sources.find(tx, autumn.id).archived_at is not None


def test_a_mark_that_moves_counts_for_the_old_source_up_to_then(any_stores: Stores) -> None:
    stores = any_stores
    old, new, no_account = put_source(stores, "抖音"), put_source(stores, "京东", platform="jd"), put_source(stores, "快手", platform="kuaishou")
    put_mark(stores, old, "s1", account_id=7, code_id=3)
    put_mark(stores, new, "s1", account_id=7, code_id=4, from_ms=5_000)
    put_mark(stores, no_account, "s1")
    put_mark(stores, no_account, "s2", from_ms=100)
    at = np.array([0, 4_999, 5_000, 9_000, 99, 100])
    with stores.ledger.read() as tx:
        found = marks.resolve(tx, "way", 7, ["s1"] * 4 + ["s2"] * 2, at)
        assert found.source_ids.tolist() == [old.id, old.id, new.id, new.id, 0, no_account.id]
        assert found.code_ids.tolist() == [3, 3, 4, 4, 0, 0]
        assert marks.resolve(tx, "way", 8, ["s1", "s1", "nothing"]).source_ids.tolist() == [no_account.id, no_account.id, 0]
        assert marks.resolve(tx, "scene", 7, ["s1"]).source_ids.tolist() == [0]
        assert marks.resolve(tx, ("scene", "way"), 7, ["s1"]).source_ids.tolist() == [new.id]
        assert marks.resolve(tx, "way", 7, []).source_ids.tolist() == []
        assert [(one.mark, one.source_id) for one in marks.history(tx, source_id=no_account.id)] == [("s2", no_account.id), ("s1", no_account.id)]
    with stores.ledger.begin() as tx, pytest.raises(InvalidError):
        marks.put(stores, tx, [marks.Mark("way", "", 999)], by="Bob")


def test_the_tree_over_http(stores: Stores) -> None:
    desk = open_desk(stores)
    alice, ann, bob = desk.as_("alice"), desk.as_("ann"), desk.as_("bob")
    base = "/api/v1/acquisition/sources"
    assert bob.get(base).status_code == 403
    assert ann.post(base, json={"name": "抖音", "platform": "douyin"}).status_code == 403
    made = alice.post(base, json={"name": "抖音", "platform": "douyin", "target_cac_fen": 1200}).json()
    child = alice.post(base, json={"name": "春促", "level": "campaign", "parent_id": made["id"]}).json()
    assert (child["platform"], child["path"], child["level_name"]["zh"]) == ("douyin", f"/{made['id']}/{child['id']}/", "活动")
    bad = alice.post(base, json={"name": "x", "level": "campaign"})
    assert (bad.status_code, [one["field"] for one in bad.json()["errors"]]) == (422, ["parent_id", "platform"])
    jd = alice.post(base, json={"name": "京东", "platform": "jd"}).json()
    assert alice.post(f"{base}/{child['id']}/move", json={"parent_id": jd["id"]}).json()["platform"] == "jd"
    changed = alice.put(f"{base}/{jd['id']}", json={"name": "京东", "platform": "jd", "owner": "李雷", "edit": 1})
    assert changed.json()["owner"] == "李雷"
    assert alice.put(f"{base}/{jd['id']}", json={"name": "京东", "edit": 1}).status_code == 409
    assert alice.post(f"{base}/{jd['id']}/archive", json={}).json()["archived_at"] is not None
    assert [one["name"] for one in ann.get(base).json()["items"]] == ["抖音"]
    assert len(ann.get(base, params={"archived": True}).json()["items"]) == 3
    body = {"kind": "way", "mark": "s1", "source_id": made["id"], "from_at": "2025-12-01T00:00:00Z"}
    assert alice.post("/api/v1/acquisition/marks", json=body).json() == {"retraced_count": 0}
    assert [(one["mark"], one["from_at"]) for one in ann.get("/api/v1/acquisition/marks").json()["items"]] == [("s1", "2025-12-01T00:00:00Z")]
    assert [action for _, action, _ in desk.audited() if action.startswith("acquisition")] == [
        "acquisition.source_made", "acquisition.source_made", "acquisition.source_made", "acquisition.source_moved", "acquisition.source_changed",
        "acquisition.source_archived", "acquisition.mark_put",
    ]  # fmt: skip
