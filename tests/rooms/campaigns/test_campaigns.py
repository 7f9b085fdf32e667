"""A campaign from the first word to its end: who may do what when, and what is wrong is told with its field."""

from __future__ import annotations

from typing import Any

import pytest

from siyu.campaigns.states import MOVES
from siyu.content import pieces
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from tests.makers.campaigns import Office, open_office, plan, put_segment, written


@pytest.fixture
def office(stores: Stores) -> Office:
    return open_office(stores)


@pytest.fixture
def segment(stores: Stores) -> int:
    return put_segment(stores, range(1, 101))


def _made(office: Office, segment: int, who: str = "olga", **changed: Any) -> dict[str, Any]:
    made: dict[str, Any] = office.ask(who, "POST", "", written(segment, **changed), 201)
    return made


def _scheduled(office: Office, segment: int, **changed: Any) -> int:
    made = _made(office, segment, **changed)["id"]
    office.ask("olga", "POST", f"/{made}/submit")
    office.ask("alice", "POST", f"/{made}/approve")
    office.ask("olga", "POST", f"/{made}/schedule")
    return int(made)


def test_a_campaign_goes_from_draft_to_scheduled_and_is_written_down(office: Office, segment: int) -> None:
    made = _made(office, segment)
    assert (made["status"], made["version"], made["faults"], made["actions"]) == ("draft", 1, [], ["submit", "cancel"])
    assert made["starts_at"] == "2026-02-01T02:00:00Z"
    assert office.ask("olga", "POST", f"/{made['id']}/submit")["status"] == "in_review"
    approved = office.ask("alice", "POST", f"/{made['id']}/approve")
    assert (approved["status"], approved["approved_by"]) == ("approved", "alice")
    done = office.ask("olga", "POST", f"/{made['id']}/schedule")
    assert done["status"] == "scheduled"
    assert [(wave["from_rate"], wave["to_rate"], wave["status"]) for wave in done["waves"]] == [(0.0, 1.0, "waiting")]
    assert [each["what"] for each in done["happenings"]] == ["scheduled", "approved", "submitted", "created"]
    audit = metadata.tables["team_audit"]
    with office.stores.ledger.read() as tx:
        told = [row.action for row in tx.execute(audit.select().order_by(audit.c.id)) if row.action.startswith("campaign")]
    assert told == ["campaign.created", "campaign.submitted", "campaign.approved", "campaign.scheduled"]


def test_what_is_scheduled_is_pinned_and_the_piece_knows_who_uses_it(office: Office, segment: int) -> None:
    made = _scheduled(office, segment, variants=[{"name": "A", "piece_id": 1, "share": 1}])
    assert office.ask("ann", "GET", f"/{made}")["plan"]["variants"] == [{"name": "A", "piece_id": 1, "share": 1, "version": 1}]
    with office.stores.ledger.read() as tx:
        assert [(use.ref, use.name, use.version) for use in pieces.uses(tx, 1)] == [(f"campaign:{made}", "新春问候", 1)]


def test_nobody_approves_their_own_while_somebody_else_may(office: Office, segment: int) -> None:
    made = _made(office, segment)["id"]
    office.ask("olga", "POST", f"/{made}/submit")
    refused = office.ask("olga", "POST", f"/{made}/approve", status=409)
    assert refused["code"] == "own_approval"
    assert refused["way_out"]


def test_the_only_one_who_may_approve_approves_their_own(stores: Stores, segment: int) -> None:
    from siyu.team import members, tokens
    from siyu.team.audit import SYSTEM

    office = open_office(stores)
    for member in members.list_members(stores):
        if member.login == "olga":
            members.change_member(stores, SYSTEM, member.id, members.MemberChange(active=False))
    made = _made(office, segment, "alice")["id"]
    office.ask("alice", "POST", f"/{made}/submit")
    assert office.ask("alice", "POST", f"/{made}/approve")["status"] == "approved"
    assert tokens


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"audience": {"include": []}}, "audience.include"),
    ({"audience": {"include": [999]}}, "audience.include.0"),
    ({"variants": []}, "variants"),
    ({"variants": [{"name": "A", "piece_id": 1, "version": 1, "share": 0.4}]}, "variants"),
    ({"variants": [{"name": "A", "piece_id": 1, "version": 1, "share": 0.5}] * 2}, "variants"),
    ({"variants": [{"name": "A", "piece_id": 77, "share": 1}]}, "variants.0.piece_id"),
    ({"carriers": []}, "carriers"),
    ({"carriers": ["pigeon"]}, "carriers.0"),
    ({"starts": "tomorrow"}, "starts"),
    ({"starts": "2026-02-30 08:00"}, "starts"),
    ({"waves": [{"share": 0.1}]}, "waves"),
    ({"waves": [{"share": 0.5, "stop_if": None}, {"share": 0.4}]}, "waves"),
    ({"winner": {"metric": "buy"}}, "winner"),
    ({"control_rate": 0.9}, "control_rate"),
    ({"valid_hours": 0}, "valid_hours"),
]


def test_every_fault_is_told_with_its_field_and_holds_the_campaign_back(office: Office, segment: int) -> None:
    for changed, field in FAULTS:
        made = _made(office, segment, **changed)
        assert field in [fault["field"] for fault in made["faults"]], (changed, field)
        refused = office.ask("olga", "POST", f"/{made['id']}/submit", status=422)
        assert field in [fault["field"] for fault in refused["errors"]], (changed, field)
        assert refused["way_out"]
        assert field in [fault["field"] for fault in office.ask("ann", "POST", "/check", written(segment, **changed))["faults"]]


def test_only_a_draft_can_be_changed_and_an_old_version_is_told(office: Office, segment: int) -> None:
    made = _made(office, segment)["id"]
    headers = {"If-Match": "1"}
    changed = office.as_("olga").put(f"/api/v1/campaigns/{made}", json=written(segment, name="元宵"), headers=headers)
    assert (changed.status_code, changed.json()["version"], changed.json()["name"]) == (200, 2, "元宵")
    assert office.as_("olga").put(f"/api/v1/campaigns/{made}", json=written(segment), headers=headers).status_code == 409
    office.ask("olga", "POST", f"/{made}/submit")
    assert office.ask("olga", "PUT", f"/{made}", written(segment), 409)["code"] == "campaign_state"
    assert office.ask("olga", "POST", f"/{made}/withdraw", {"note": "改文案"})["status"] == "draft"
    office.ask("olga", "PUT", f"/{made}", written(segment))


def test_what_does_not_fit_the_state_is_refused_with_what_can_be_done(office: Office, segment: int) -> None:
    made = _made(office, segment)["id"]
    for action in MOVES:
        if action not in ("submit", "cancel"):
            refused = office.ask("alice", "POST", f"/{made}/{action}", {} if action in ("withdraw", "reject", "cancel") else None, 409)
            assert refused["code"] == "campaign_state", action
            assert "提交审批" in refused["way_out"]


def test_a_start_in_the_past_is_refused(office: Office, segment: int) -> None:
    made = _made(office, segment, starts="2025-12-31 08:00")["id"]
    office.ask("olga", "POST", f"/{made}/submit")
    office.ask("alice", "POST", f"/{made}/approve")
    assert office.ask("olga", "POST", f"/{made}/schedule", status=422)["errors"][0]["field"] == "starts"


def test_pause_resume_and_cancel(office: Office, segment: int) -> None:
    made = _scheduled(office, segment)
    paused = office.ask("olga", "POST", f"/{made}/pause")
    assert (paused["status"], paused["status_code"]) == ("paused", "by_hand")
    assert office.ask("olga", "POST", f"/{made}/resume")["status"] == "scheduled"
    cancelled = office.ask("olga", "POST", f"/{made}/cancel", {"note": "缺货"})
    assert (cancelled["status"], cancelled["actions"]) == ("cancelled", [])
    assert [wave["status"] for wave in cancelled["waves"]] == ["cancelled"]
    assert cancelled["happenings"][0]["detail"] == {"note": "缺货"}


def test_a_copy_is_a_draft_without_a_time_whose_control_is_drawn_anew(office: Office, segment: int) -> None:
    made = _scheduled(office, segment)
    copy = office.ask("olga", "POST", f"/{made}/copy", status=201)
    assert (copy["status"], copy["starts_at"], copy["plan"]["audience"]) == ("draft", None, {"include": [segment], "exclude": []})
    table = metadata.tables["campaigns_campaign"]
    with office.stores.ledger.read() as tx:
        salts = [row.salt for row in tx.execute(table.select())]
    assert len(set(salts)) == 2


def test_the_list_is_paged_and_filtered(office: Office, segment: int) -> None:
    for number in range(5):
        _made(office, segment, name=f"活动 {number}", purpose="value" if number % 2 else "promotion")
    seen, cursor = [], None
    while True:
        page = office.ask("ann", "GET", "", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [row["id"] for row in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(seen) == sorted(set(seen))
    assert len(seen) == 5
    assert page["counts"]["draft"] == 5
    assert {row["purpose"] for row in office.ask("ann", "GET", "", purpose="value")["items"]} == {"value"}
    assert len(office.ask("ann", "GET", "", q="活动 3")["items"]) == 1
    assert office.as_("ann").get("/api/v1/campaigns", params={"status": "running"}).json()["items"] == []


def test_a_draft_is_deleted_anything_else_is_not(office: Office, segment: int) -> None:
    made = _made(office, segment)["id"]
    office.ask("olga", "DELETE", f"/{made}", status=204)
    office.ask("olga", "GET", f"/{made}", status=404)
    office.ask("olga", "DELETE", f"/{_scheduled(office, segment)}", status=409)


def test_who_may_do_what(office: Office, segment: int) -> None:
    made = _made(office, segment)["id"]
    for who, reading, writing in (("ann", 200, 403), ("bob", 403, 403), ("charlie", 401, 401), ("", 401, 401)):
        office.ask(who, "GET", f"/{made}", status=reading)
        office.ask(who, "PUT", f"/{made}", {"name": "x", "purpose": "value", "plan": plan(segment)}, writing)
        for action in ("submit", "approve", "schedule", "pause", "resume", "copy"):
            office.ask(who, "POST", f"/{made}/{action}", status=writing)
