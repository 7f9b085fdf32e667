"""Programmes over HTTP: written, begun and stopped; who came; results, the tree, links of people, who brings the most."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection, select

from siyu.foundation.clock import from_ms
from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
    Items,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.foundation.stores import Stores
from siyu.identity.current import current_one
from siyu.referral import (
    _tables,
    friends,
    invitations,
    programmes,
    results,
    showing,
    tracing,
    tree,
)
from siyu.referral.giving import REASONS as REWARD_REASONS
from siyu.referral.growth import Growth
from siyu.referral.programmes import Draft, Programme
from siyu.referral.terms import MODES, Mode, plain
from siyu.referral.terms import read as read_terms
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/referral", tags=["referral"])
Reader = Annotated[Access, Depends(require("referral.read"))]
Writer = Annotated[Access, Depends(require("referral.write"))]
Fen = Annotated[int, Field(ge=0, le=10_000_000_000)]
Whole = Annotated[int, Field(ge=0, le=100_000_000)]
State = Literal["waiting", "real", "final", "lapsed", "lost", "held", "refused", "void"]


class ReferralReward(Body):
    """`days`: how long points last, 0 for ever. `cost_fen`: what one is expected to cost."""

    kind: Literal["none", "points", "coupon"] = "none"
    points: Whole = 0
    days: Whole = 0
    coupon_id: Annotated[int, Field(ge=0, le=2**62)] = 0
    cost_fen: Fen = 0


class ReferralStep(Body):
    friends: Annotated[int, Field(ge=1, le=10_000)]
    reward: ReferralReward


class ReferralWords(Body):
    zh: Annotated[Line, Field(max_length=800)] = ""
    en: Annotated[Line, Field(max_length=800)] = ""


class ReferralTerms(Body):
    """See the documentation of the room: rewards, when a friend is real, bounds, the page."""

    friend: ReferralReward = ReferralReward()
    inviter: ReferralReward = ReferralReward()
    steps: Annotated[list[ReferralStep], Field(max_length=20)] = []
    size: Annotated[int, Field(ge=2, le=100)] = 3
    hours: Annotated[int, Field(ge=1, le=720)] = 24
    after_refund: Literal["own", "group"] = "own"
    stay_days: Annotated[int, Field(ge=0, le=90)] = 7
    buys_fen: Fen = 0
    needs: Literal["any", "all"] = "all"
    wait_days: Annotated[int, Field(ge=1, le=180)] = 30
    watch_days: Annotated[int, Field(ge=0, le=180)] = 15
    only_new: bool = True
    most_friends: Whole = 0
    budget_fen: Fen = 0
    stock: Whole = 0
    account_id: Annotated[int, Field(ge=0, le=2**62)] = 0
    staff: Annotated[list[Annotated[Line, Field(max_length=80)]], Field(max_length=100)] = []
    add_url: Annotated[Line, Field(max_length=500)] = ""
    title: ReferralWords = ReferralWords()
    words: ReferralWords = ReferralWords()


class ProgrammeBody(Body):
    name: Annotated[Line, Field(max_length=80)]
    mode: Mode
    terms: ReferralTerms
    begins_on: date | None = None
    ends_on: date | None = None

    def draft(self) -> Draft:
        return Draft(self.name, self.mode, read_terms(self.terms.model_dump()), self.begins_on, self.ends_on)


class ProgrammeChange(ProgrammeBody):
    """`edit` as it was read: who saves over somebody else's change is told."""

    edit: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class ProgrammeFault(BaseModel):
    field: str
    message: Label


class ProgrammeInfo(BaseModel):
    """`committed_fen`: promised or given; `friends`: by state, or why they do not count."""

    id: int
    name: str
    mode: Mode
    mode_name: Label
    status: Literal["draft", "live", "stopped"]
    source_id: int
    committed_fen: int
    budget_fen: int
    friend_count: int
    stock: int
    is_full: bool
    begins_on: date | None
    ends_on: date | None
    friends: dict[str, int]
    edit: int
    updated_at: datetime
    updated_by: str


class ProgrammeDetail(ProgrammeInfo):
    """`faults` must be mended before it can begin; `rules`: what people read below the page."""

    terms: dict[str, Any]
    faults: list[ProgrammeFault]
    has_friends: bool
    rules: Label


class ReferralFriend(BaseModel):
    """`state`: waiting, real, final, lapsed or lost; `void`: why they do not count, '' where they do; `review`: held, approved or refused."""

    id: int
    inviter_id: int
    inviter: CustomerRow | None
    customer_id: int
    customer: CustomerRow | None
    came_at: datetime
    how: str
    staff: str
    state: str
    reason: str
    void: str
    review: str
    words: Label
    real_at: datetime | None


class ReferralGrowth(BaseModel):
    """K and its interval at 95 % (resampled; `delta_…` by the delta method); totals null where K, or the upper end, reaches 1 (`may_not_end`)."""

    customers: int
    invitations: int
    friends: int
    per_customer: float | None
    acceptance: float | None
    k: float | None
    low: float | None
    high: float | None
    delta_low: float | None
    delta_high: float | None
    cycle_days: float | None
    total_per_customer: float | None
    total_low: float | None
    total_high: float | None
    cac_factor: float | None
    may_not_end: bool

    @classmethod
    def of(cls, one: Growth) -> ReferralGrowth:
        return cls(**vars(one), may_not_end=one.may_not_end)


class RewardRefused(BaseModel):
    reason: str
    name: Label
    count: int


class ReferralResults(BaseModel):
    """People, fen, and how it spreads. `void`: by why they do not count."""

    inviters: int
    visits: int
    friends: int
    waiting: int
    real: int
    lapsed: int
    lost: int
    held: int
    refused: int
    buyers: int
    revenue_fen: int
    void: dict[str, int]
    given_fen: int
    kept_fen: int
    promised_fen: int
    cost_per_real_fen: int | None
    cac_effective_fen: int | None
    growth: ReferralGrowth
    rewards_refused: list[RewardRefused]
    groups: dict[str, int]


class TreeNode(BaseModel):
    """`state`: top for who was not brought by anybody; `paid`: whether the inviter was paid for them."""

    customer_id: int
    parent_id: int | None
    depth: int
    friends: int
    below: int
    state: str
    review: str
    paid: bool


class ReferralTree(BaseModel):
    """`people`: all there are; `nodes`: those that are shown, each after its parent; `rows`: names of those with somebody below them."""

    people: int
    tops: int
    depth: int
    nodes: list[TreeNode]
    names: dict[int, str]


class BringerInfo(BaseModel):
    customer_id: int
    customer: CustomerRow | None
    friends: int
    real: int
    degree: float
    direct_fen: int
    downstream_fen: int
    score: float


class ReferralLinksBody(Body):
    customer_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]


class ReferralLink(BaseModel):
    customer_id: int
    url: str


@router.get("/programmes", summary="Programmes, the newest first")
def list_programmes(access: Reader, status: Literal["draft", "live", "stopped"] | None = None, limit: Limit = 50, cursor: Cursor = None) -> Page[ProgrammeInfo]:
    stores, scope = access.stores, f"referral programmes {status}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = programmes.listed(tx, status=status, before_id=place[0] if place else None, limit=limit)
        items = [_info(stores, tx, one) for one in found]
    after = encode_cursor(stores, scope, found[-1].id) if len(found) == limit else None
    return Page(items=items, next_cursor=after, total=None)


@router.post("/programmes", summary="Write a new programme", status_code=201)
def add_programme(body: ProgrammeBody, access: Writer) -> ProgrammeDetail:
    with access.stores.ledger.begin() as tx:
        made = programmes.add(access.stores, tx, body.draft(), by=access.actor.name)
        _audit(tx, access, "added", made.id, {"name": made.name, "mode": made.mode})
        return _detail(access.stores, tx, made)


@router.get("/programmes/{programme_id}", summary="A programme with its terms")
def get_programme(programme_id: RowId, access: Reader) -> ProgrammeDetail:
    with access.stores.ledger.read() as tx:
        return _detail(access.stores, tx, programmes.find(tx, programme_id))


@router.put("/programmes/{programme_id}", summary="Change it; what was promised to people who came stays")
def change_programme(programme_id: RowId, body: ProgrammeChange, access: Writer) -> ProgrammeDetail:
    with access.stores.ledger.begin() as tx:
        made = programmes.change(access.stores, tx, programme_id, body.draft(), edit=body.edit, by=access.actor.name)
        _audit(tx, access, "changed", programme_id, {"name": made.name})
        return _detail(access.stores, tx, made)


@router.post("/programmes/{programme_id}/start", summary="Open it to people")
def start_programme(programme_id: RowId, access: Writer) -> ProgrammeDetail:
    stores = access.stores
    with stores.ledger.begin() as tx:
        source_id = tracing.source_for(stores, tx, programmes.find(tx, programme_id, hold=True), by=access.actor.name)
        made = programmes.start(stores, tx, programme_id, source_id=source_id, by=access.actor.name)
        _audit(tx, access, "started", programme_id, {"name": made.name})
        return _detail(stores, tx, made)


@router.post("/programmes/{programme_id}/stop", summary="Nobody comes any more; what was promised is kept")
def stop_programme(programme_id: RowId, access: Writer) -> ProgrammeDetail:
    with access.stores.ledger.begin() as tx:
        made = programmes.stop(access.stores, tx, programme_id, by=access.actor.name)
        _audit(tx, access, "stopped", programme_id, {"name": made.name})
        return _detail(access.stores, tx, made)


@router.delete("/programmes/{programme_id}", summary="Remove one that never began", status_code=204)
def remove_programme(programme_id: RowId, access: Writer) -> None:
    with access.stores.ledger.begin() as tx:
        gone = programmes.remove(tx, programme_id)
        _audit(tx, access, "removed", programme_id, {"name": gone.name})


@router.get("/programmes/{programme_id}/results", summary="What it brought and cost, and how it spreads")
def get_results(programme_id: RowId, access: Reader) -> ReferralResults:
    stores, reward, group = access.stores, _tables.reward, _tables.group
    with stores.ledger.read() as tx:
        found = results.results(stores, tx, programmes.find(tx, programme_id))
        refused = tx.execute(select(reward.c.reason).where(reward.c.programme_id == programme_id, reward.c.state == "refused")).scalars().all()
        states = tx.execute(select(group.c.state).where(group.c.programme_id == programme_id)).scalars().all()
    why = [RewardRefused(reason=one, name=Label.of(REWARD_REASONS.get(one, REWARD_REASONS["unknown"])), count=refused.count(one)) for one in sorted(set(refused))]
    counted = {one: states.count(one) for one in sorted(set(states))}
    return ReferralResults(**{**vars(found), "growth": ReferralGrowth.of(found.growth)}, rewards_refused=why, groups=counted)


@router.get("/programmes/{programme_id}/friends", summary="Who came, the latest first")
def list_friends(programme_id: RowId, access: Reader, state: State | None = None, limit: Limit = 50, cursor: Cursor = None) -> Page[ReferralFriend]:
    stores, scope, table = access.stores, f"referral friends {programme_id} {state}", _tables.friend
    place = decode_cursor(stores, scope, cursor)
    query = select(table).where(table.c.programme_id == programme_id).order_by(table.c.id.desc()).limit(limit)
    if place:
        query = query.where(table.c.id < place[0])
    if state == "void":
        query = query.where((table.c.void != "") | (table.c.barred != ""))
    elif state in ("held", "refused"):
        query = query.where(table.c.review == state)
    elif state:
        query = query.where(table.c.state == state, table.c.void == "", table.c.barred == "")
    with stores.ledger.read() as tx:
        programmes.find(tx, programme_id)
        rows = tx.execute(query).all()
        people = _rows(stores, tx, [one for row in rows for one in (row.inviter_id, row.customer_id)])
    after = encode_cursor(stores, scope, rows[-1].id) if len(rows) == limit else None
    return Page(items=[_friend(row, people) for row in rows], next_cursor=after, total=None)


@router.get("/programmes/{programme_id}/tree", summary="Who brought whom; around one customer, or all of it")
def get_tree(programme_id: RowId, access: Reader, around: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None, most: Annotated[int, Query(ge=1, le=tree.MOST)] = tree.MOST) -> ReferralTree:
    stores = access.stores
    with stores.ledger.read() as tx:
        programmes.find(tx, programme_id)
        found = tree.tree(tx, programme_id, around=None if around is None else current_one(tx, around), most=most)
        named = _rows(stores, tx, [one.customer_id for one in found.nodes][:2000])
    names = {one: row.name or row.phone_masked or f"#{one}" for one, row in named.items()}
    nodes = [TreeNode(**{name: value for name, value in vars(one).items() if name != "at_ms"}) for one in found.nodes]
    return ReferralTree(people=found.people, tops=found.tops, depth=found.depth, nodes=nodes, names=names)


@router.post("/programmes/{programme_id}/links", summary="The page of their own of each of these customers, to be sent to them alone")
def make_links(programme_id: RowId, body: ReferralLinksBody, access: Writer) -> Items[ReferralLink]:
    stores = access.stores
    with stores.ledger.begin() as tx:
        programmes.find(tx, programme_id)
        made = invitations.progress_addresses(stores, programme_id, body.customer_ids)
        _audit(tx, access, "links_made", programme_id, {"people": len(body.customer_ids)})
    return Items(items=[ReferralLink(customer_id=one, url=url) for one, url in zip(body.customer_ids, made, strict=True)])


@router.get("/bringers", summary="Who brings the most value: friends, what they bought, and what lies below them")
def list_bringers(access: Reader, limit: Limit = 50) -> Items[BringerInfo]:
    stores = access.stores
    with stores.ledger.read() as tx:
        found = results.bringers(stores, tx, limit=limit)
        rows = _rows(stores, tx, [one.customer_id for one in found])
    return Items(items=[BringerInfo(**vars(one), customer=rows.get(one.customer_id)) for one in found])


def _friend(row: Any, people: dict[int, CustomerRow]) -> ReferralFriend:
    shown = row.void or row.barred or (row.review if row.review in ("held", "refused") else row.state)
    return ReferralFriend(
        id=row.id, inviter_id=row.inviter_id, inviter=people.get(row.inviter_id), customer_id=row.customer_id, customer=people.get(row.customer_id), came_at=from_ms(row.at_ms), how=row.how,
        staff=row.staff, state=row.state, reason=row.reason, void=row.void or row.barred, review=row.review, words=Label.of(showing.STATES[shown]), real_at=from_ms(row.real_ms) if row.real_ms else None,
    )  # fmt: skip


def _info(stores: Stores, tx: Connection, one: Programme) -> ProgrammeInfo:
    return ProgrammeInfo(**_shown(stores, tx, one))


def _shown(stores: Stores, tx: Connection, one: Programme) -> dict[str, Any]:
    same = {name: getattr(one, name) for name in ("id", "name", "mode", "status", "source_id", "committed_fen", "friend_count", "is_full", "edit", "updated_at", "updated_by")}
    return {
        **same, "mode_name": Label.of(MODES[one.mode]), "budget_fen": one.terms.budget_fen, "stock": one.terms.stock, "begins_on": one.begins_on(stores), "ends_on": one.ends_on(stores),
        "friends": friends.counts(tx, one.id),
    }  # fmt: skip


def _detail(stores: Stores, tx: Connection, one: Programme) -> ProgrammeDetail:
    faults = [ProgrammeFault(field=each.field, message=Label.of(each.message)) for each in programmes.faults(tx, one)]
    return ProgrammeDetail(**_shown(stores, tx, one), terms=plain(one.terms), faults=faults, has_friends=programmes.has_friends(tx, one.id), rules=Label.of(showing.rules(one)))


def _rows(stores: Stores, tx: Connection, customer_ids: list[int]) -> dict[int, CustomerRow]:
    if not customer_ids:
        return {}
    with stores.warehouse.read() as session:
        return {row.id: row for row in load_rows(stores, session, tx, sorted(set(customer_ids)))}


def _audit(tx: Connection, access: Access, action: str, programme_id: int, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"referral.{action}", f"programme:{programme_id}", detail, access.stores.now())
