"""Sources 来源渠道: where people come from, as a tree: platform → campaign → creative → place, four deep at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from siyu.acquisition import _tables
from siyu.carriers import accounts
from siyu.foundation.database import select_in
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

Level = Literal["platform", "campaign", "creative", "place"]
Platform = Literal[
    "taobao", "jd", "pdd", "douyin", "kuaishou", "xiaohongshu", "weibo", "baidu", "zhihu", "toutiao", "meituan", "alipay",
    "wechat_search", "lift", "metro", "shop", "staff", "referral", "other",
]  # fmt: skip
LEVELS: dict[str, Text] = {
    "platform": Text("平台", "Platform"),
    "campaign": Text("活动", "Campaign"),
    "creative": Text("创意", "Creative"),
    "place": Text("点位", "Place"),
}
PLATFORMS: dict[str, Text] = {
    "taobao": Text("淘宝", "Taobao"),
    "jd": Text("京东", "JD"),
    "pdd": Text("拼多多", "Pinduoduo"),
    "douyin": Text("抖音", "Douyin"),
    "kuaishou": Text("快手", "Kuaishou"),
    "xiaohongshu": Text("小红书", "Xiaohongshu"),
    "weibo": Text("微博", "Weibo"),
    "baidu": Text("百度", "Baidu"),
    "zhihu": Text("知乎", "Zhihu"),
    "toutiao": Text("头条", "Toutiao"),
    "meituan": Text("美团", "Meituan"),
    "alipay": Text("支付宝", "Alipay"),
    "wechat_search": Text("微信搜一搜", "Search in WeChat"),
    "lift": Text("电梯", "Lifts"),
    "metro": Text("地铁", "Metro"),
    "shop": Text("门店", "Shops"),
    "staff": Text("员工", "Staff"),
    "referral": Text("老带新", "Referral"),
    "other": Text("其他", "Other"),
}
_RANK = {level: rank for rank, level in enumerate(LEVELS)}
MOST_CAC_FEN = 100_000_000
_t = _tables.source


@dataclass(frozen=True)
class Draft:
    """What may be written of a source. Of a platform `platform` says which; what lies below inherits it."""

    name: str
    owner: str = ""
    begins_on: date | None = None
    ends_on: date | None = None
    hypothesis: str = ""
    target_cac_fen: int | None = None
    platform: Platform | None = None


@dataclass(frozen=True)
class Source:
    """`path` is '/1/5/9/', its own number last. `untraced_account_id`: it stands for people of that account without a known mark."""

    id: int
    parent_id: int | None
    level: Level
    platform: Platform
    name: str
    path: str
    owner: str
    begins_on: date | None
    ends_on: date | None
    hypothesis: str
    target_cac_fen: int | None
    archived_at: datetime | None
    untraced_account_id: int | None
    edit: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    @property
    def ancestors(self) -> tuple[int, ...]:
        """The numbers from its platform down to itself."""
        return tuple(int(part) for part in self.path.strip("/").split("/"))


def create(stores: Stores, tx: Connection, draft: Draft, *, level: Level = "platform", parent_id: int | None = None, by: str) -> Source:
    """
    Raises
    ------
    InvalidError
        Also when it would not lie below the level of its parent.
    NotFoundError, ConflictError
        No such parent; a sibling of this name.
    """
    parent = find(tx, parent_id) if parent_id is not None else None
    faults = [*_faults(draft), *_misplaced(level, parent)]
    if parent is None and draft.platform is None:
        faults.append(Fault("platform", Text("请选平台", "choose the platform")))
    _raise(faults)
    return _made(stores, tx, draft, level, parent, by)


def change(stores: Stores, tx: Connection, source_id: int, draft: Draft, *, edit: int | None = None, by: str) -> Source:
    """Write a source anew, all but where it hangs. Another platform is given to all that lies below.

    Raises
    ------
    NotFoundError, InvalidError
    ConflictError
        When it was changed since `edit`, or a sibling has this name.
    """
    held = find(tx, source_id, hold=True)
    _raise(_faults(draft))
    if edit is not None and held.edit != edit:
        raise ConflictError(Text("别人刚改过这个来源", "somebody else has changed this source"), way_out=Text("重新打开再改", "open it again"))
    platform = draft.platform if held.parent_id is None and draft.platform else held.platform
    values = _clean(draft) | {"platform": platform, "edit": held.edit + 1, "updated_at": stores.now(), "updated_by": by[:80]}
    with _unique(), tx.begin_nested():
        tx.execute(update(_t).where(_t.c.id == source_id).values(values))
    if platform != held.platform:
        tx.execute(update(_t).where(_below(held)).values(platform=platform))
    return find(tx, source_id)


def move(stores: Stores, tx: Connection, source_id: int, parent_id: int, *, by: str) -> Source:
    """Hang a source, with all that lies below it, under another parent; it takes that one's platform.

    What was posted to it and who came by it stays with it: totals of the parents change accordingly, also for the past.

    Raises
    ------
    NotFoundError, InvalidError, ConflictError
    """
    held, parent = find(tx, source_id, hold=True), find(tx, parent_id)
    _raise(_misplaced(held.level, parent))
    path = f"{parent.path}{held.id}/"
    with _unique(), tx.begin_nested():
        tx.execute(update(_t).where(_t.c.id == source_id).values(parent_id=parent_id, edit=held.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    moved = {"path": path + func.substr(_t.c.path, len(held.path) + 1), "platform": parent.platform}
    tx.execute(update(_t).where(_below(held)).values(moved))
    return find(tx, source_id)


def archive(stores: Stores, tx: Connection, source_id: int, archived: bool = True, *, by: str) -> Source:
    """Put a source away with all that lies below it; or bring it back with those it hangs under. What it cost and brought stays counted."""
    held = find(tx, source_id, hold=True)
    mine = _below(held) if archived else _t.c.id.in_(held.ancestors)
    touched = mine & (_t.c.archived_at.is_(None) if archived else _t.c.archived_at.is_not(None))
    tx.execute(update(_t).where(touched).values(archived_at=stores.now() if archived else None, edit=_t.c.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    return find(tx, source_id)


def find(tx: Connection, source_id: int, *, hold: bool = False) -> Source:
    """
    Raises
    ------
    NotFoundError
    """
    query = select(_t).where(_t.c.id == source_id)
    row = tx.execute(query.with_for_update() if hold else query).first()
    if row is None:
        raise NotFoundError(Text(f"没有来源 {source_id}", f"there is no source {source_id}"), way_out=Text("回到来源列表", "go back to the list of sources"))
    return _read(row)


def listed(tx: Connection, *, archived: bool = False) -> tuple[Source, ...]:
    """All sources, each after what it hangs under; with `archived` those that were put away too."""
    query = select(_t) if archived else select(_t).where(_t.c.archived_at.is_(None))
    return tuple(sorted((_read(row) for row in tx.execute(query)), key=lambda one: one.ancestors))


def below(tx: Connection, source_id: int) -> list[int]:
    """The numbers of a source and of all that lies below it."""
    return list(tx.scalars(select(_t.c.id).where(_below(find(tx, source_id))).order_by(_t.c.id)))


def names(tx: Connection, source_ids: Sequence[int]) -> dict[int, str]:
    """Name of each; what there is not is absent."""
    return {int(row.id): str(row.name) for row in select_in(tx, [_t.c.id, _t.c.name], _t.c.id, sorted(set(source_ids)))}


def missing(tx: Connection, source_ids: Sequence[int]) -> list[int]:
    """Which of these numbers no source has."""
    return sorted(set(source_ids) - names(tx, source_ids).keys())


def untraced(stores: Stores, tx: Connection, account_ids: Sequence[int]) -> dict[int, int]:
    """Account → the source of its people without a known mark; made where there is none yet."""
    wanted = sorted(set(account_ids))
    found = {int(row[0]): int(row[1]) for row in select_in(tx, [_t.c.untraced_account_id, _t.c.id], _t.c.untraced_account_id, wanted)}
    for account_id in wanted:
        if account_id not in found:
            found[account_id] = _untraced(stores, tx, account_id)
    return found


def _untraced(stores: Stores, tx: Connection, account_id: int) -> int:
    named = {account.id: account.name for account in accounts.list_accounts(tx)}
    base = f"未追踪：{named.get(account_id, f'账号 {account_id}')}"[:80]
    taken = set(tx.scalars(select(_t.c.name).where(_t.c.parent_id.is_(None), _t.c.name.startswith(base[:70], autoescape=True))))
    name = base if base not in taken else f"{base[:70]} #{account_id}"
    made = _made(stores, tx, Draft(name, platform="other"), "platform", None, "siyu")
    tx.execute(update(_t).where(_t.c.id == made.id).values(untraced_account_id=account_id))
    return made.id


def _made(stores: Stores, tx: Connection, draft: Draft, level: str, parent: Source | None, by: str) -> Source:
    now = stores.now()
    row = _clean(draft) | {
        "parent_id": parent.id if parent else None, "level": level, "platform": parent.platform if parent else draft.platform, "path": "", "edit": 1,
        "created_at": now, "created_by": by[:80], "updated_at": now, "updated_by": by[:80],
    }  # fmt: skip
    with _unique(), tx.begin_nested():
        number = int(tx.execute(insert(_t).values(row).returning(_t.c.id)).scalar_one())
    tx.execute(update(_t).where(_t.c.id == number).values(path=f"{parent.path if parent else '/'}{number}/"))
    return find(tx, number)


def _below(one: Source) -> Any:
    return _t.c.path.startswith(one.path, autoescape=True)


def _misplaced(level: str, parent: Source | None) -> list[Fault]:
    if parent is None and level != "platform":
        return [Fault("parent_id", Text("只有平台可以在最上层", "only a platform stands at the top"))]
    if parent is not None and _RANK[level] <= _RANK[parent.level]:
        above, below_it = LEVELS[parent.level], LEVELS[level]
        return [Fault("parent_id", Text(f"{below_it.zh}不能放在{above.zh}之下", f"a {level} cannot hang under a {parent.level}"))]
    return []


def _faults(draft: Draft) -> list[Fault]:
    found = []
    if not draft.name.strip():
        found.append(Fault("name", Text("请写名称", "it needs a name")))
    for name, longest in (("name", 80), ("owner", 80), ("hypothesis", 2000)):
        if len(getattr(draft, name)) > longest:
            found.append(Fault(name, Text(f"最多 {longest} 字", f"at most {longest} characters")))
    if draft.begins_on and draft.ends_on and draft.ends_on < draft.begins_on:
        found.append(Fault("ends_on", Text("早于开始日", "before the first day")))
    if draft.target_cac_fen is not None and not 0 < draft.target_cac_fen <= MOST_CAC_FEN:
        found.append(Fault("target_cac_fen", Text(f"0 到 {MOST_CAC_FEN // 100:,} 元", f"up to {MOST_CAC_FEN // 100:,} yuan")))
    if draft.platform is not None and draft.platform not in PLATFORMS:
        found.append(Fault("platform", Text("没有这个平台", "there is no such platform")))
    return found


def _raise(faults: list[Fault]) -> None:
    if faults:
        raise InvalidError(Text("来源有误", "the source is not valid"), faults=faults)


def _clean(draft: Draft) -> dict[str, Any]:
    kept = asdict(draft)
    del kept["platform"]
    return kept | {name: kept[name].strip() for name in ("name", "owner", "hypothesis")}


@contextmanager
def _unique() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        fault = Fault("name", Text("同一层已有这个名称", "there is one of this name beside it"))
        raise ConflictError(Text("同一层已有这个名称的来源", "there is a source of this name beside it"), faults=[fault]) from None


def _read(row: Row[Any]) -> Source:
    return Source(**row._mapping)
