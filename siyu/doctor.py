"""Doctor 体检: whether settings, stores, disk and versions are in order, and how to mend what is not; the sample brand's switch."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from pydantic import BaseModel
from sqlalchemy import text

from siyu import __version__
from siyu.carriers.callback_routes import carriers_of
from siyu.carriers.checkup import check_accounts
from siyu.carriers.running import Carriers
from siyu.collect.collector import Collector
from siyu.demo import CLEAR, LOAD
from siyu.foundation import jobs
from siyu.foundation.http import Items, Label, Router
from siyu.foundation.migrate import schema_version
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import audit
from siyu.team.access import Access, require
from siyu.web.console import built_console

router = Router(tags=["system"])
Status = Literal["ok", "warn", "fail"]
BACKLOG_SECONDS = 120.0


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `way_out` says how to mend it when it is not ok."""

    key: str
    name: Text
    status: Status
    detail: Text
    way_out: Text | None = None


def check_up(stores: Stores) -> list[Check]:
    """Every check, in order; one that breaks is itself a finding."""
    looks: tuple[tuple[str, Text, Callable[[Stores], Check]], ...] = (
        ("settings", Text("设置", "Settings"), _settings),
        ("ledger", Text("账本", "Ledger"), _ledger),
        ("warehouse", Text("数仓", "Warehouse"), _warehouse),
        ("disk", Text("磁盘", "Disk"), _disk),
        ("permissions", Text("文件权限", "File permissions"), _permissions),
        ("versions", Text("版本", "Versions"), _versions),
        ("console", Text("控制台", "Console"), _console),
    )
    found = []
    for key, name, look in looks:
        try:
            found.append(look(stores))
        except Exception as error:
            found.append(Check(key, name, "fail", Text(f"检查出错：{type(error).__name__}", f"the check broke: {type(error).__name__}"), Text("查看日志", "see the log")))
    return found


def _settings(stores: Stores) -> Check:
    s = stores.settings
    return Check("settings", Text("设置", "Settings"), "ok", Text(f"{s.home}，{s.time_zone}，{s.currency}", f"{s.home}, {s.time_zone}, {s.currency}"))


def _ledger(stores: Stores) -> Check:
    name = Text("账本", "Ledger")
    current, wanted = schema_version(stores.ledger)
    if current != wanted:
        return Check("ledger", name, "fail", Text(f"结构版本 {current}，程序要 {wanted}", f"schema {current}, the program wants {wanted}"), Text("重启 siyu 会自动升级", "start siyu again; it upgrades by itself"))
    if stores.ledger.is_sqlite:
        with stores.ledger.read() as tx:
            said = tx.execute(text("PRAGMA quick_check(1)")).scalar()
        if said != "ok":
            return Check("ledger", name, "fail", Text("账本文件已损坏", "the ledger file is damaged"), Text("停下 siyu,从备份恢复 ledger.sqlite", "stop siyu and restore ledger.sqlite from a backup"))
    kind = "SQLite " + sqlite3.sqlite_version if stores.ledger.is_sqlite else "PostgreSQL"
    return Check("ledger", name, "ok", Text(f"{kind}，结构 {current}", f"{kind}, schema {current}"))


def _warehouse(stores: Stores) -> Check:
    tables = stores.warehouse.tables
    with stores.warehouse.read() as session:
        people, orders = (int(session.scalar(tables[name].count())) for name in ("customers_profile", "orders_order"))
    said = Text(f"{stores.warehouse.engine.name}，{people:,} 位客户，{orders:,} 张有效订单", f"{stores.warehouse.engine.name}, {people:,} customers, {orders:,} valid orders")
    return Check("warehouse", Text("数仓", "Warehouse"), "ok", said)


def _disk(stores: Stores) -> Check:
    usage = shutil.disk_usage(stores.settings.home)
    free = usage.free / 1024**3
    status: Status = "fail" if free < 0.5 else "warn" if free < 5 else "ok"
    way = None if status == "ok" else Text("清理磁盘，或把 SIYU_HOME 移到更大的盘", "make room, or move SIYU_HOME to a larger disk")
    return Check("disk", Text("磁盘", "Disk"), status, Text(f"剩余 {free:,.1f} GB", f"{free:,.1f} GB free"), way)


def _permissions(stores: Stores) -> Check:
    name = Text("文件权限", "File permissions")
    open_to_others = [p.name for p in (stores.settings.home, stores.settings.home / "secrets") if p.exists() and p.stat().st_mode & 0o077]
    if open_to_others:
        way = Text(f"chmod 700 {stores.settings.home}", f"chmod 700 {stores.settings.home}")
        return Check("permissions", name, "warn", Text("其他用户能读到数据目录", "other users can read the data folder"), way)
    return Check("permissions", name, "ok", Text("只有本用户可读", "readable by this user only"))


def _versions(_stores: Stores) -> Check:
    python = ".".join(map(str, sys.version_info[:3]))
    said = f"siyu {__version__}, Python {python}, DuckDB {version('duckdb')}, Ibis {version('ibis-framework')}"
    return Check("versions", Text("版本", "Versions"), "ok", Text(said, said))


def _console(_stores: Stores) -> Check:
    name = Text("控制台", "Console")
    if built_console():
        return Check("console", name, "ok", Text("已构建", "built"))
    return Check("console", name, "warn", Text("还没有构建", "not built"), Text("运行 python -m siyu.web.build", "run python -m siyu.web.build"))


def _accounts(carriers: Carriers, base_url: str) -> list[Check]:
    """Accounts that are connected, and what they told us that is not worked off yet."""
    try:
        found = check_accounts(carriers, base_url)
    except Exception as error:
        said = Text(f"检查出错：{type(error).__name__}", f"the check broke: {type(error).__name__}")
        return [Check("accounts", Text("账号", "Accounts"), "fail", said, Text("查看日志", "see the log"))]
    return [
        Check("inbox", Text("收件箱", "Inbox"), one.status, one.detail, one.way_out)
        if one.account is None
        else Check(f"account:{one.account.id}", Text(f"账号 {one.account.name}", f"Account {one.account.name}"), one.status, one.detail, one.way_out)
        for one in found
    ]


def _collected(collector: Collector) -> Check:
    """What SDKs sent and is not in the log yet. It is worked off within seconds; what waits for minutes says that something stands still."""
    name, found = Text("接收日志", "Journal of SDKs"), collector.backlog()
    said = Text(f"{found.waiting_bytes / 1e6:,.1f} MB 等待处理", f"{found.waiting_bytes / 1e6:,.1f} MB wait to be worked off")
    waited = 0.0 if found.oldest_ms is None else collector.stores.now().timestamp() - found.oldest_ms / 1000
    if waited <= BACKLOG_SECONDS:
        return Check("journal", name, "ok", said)
    late = Text(f"{said.zh}，最久已等 {waited:,.0f} 秒", f"{said.en}, the oldest for {waited:,.0f} s")
    return Check("journal", name, "warn", late, Text("查看日志；重启 siyu 会接着处理", "see the log; siyu goes on with it when it is started again"))


class DoctorCheck(BaseModel):
    key: str
    name: Label
    status: Status
    detail: Label
    way_out: Label | None


class JobStarted(BaseModel):
    job_id: str


@router.get("/system/doctor", summary="Check settings, stores, disk, versions, and every account end to end")
def read_doctor(request: Request, access: Annotated[Access, Depends(require("settings.read"))]) -> Items[DoctorCheck]:
    base_url = access.stores.settings.public_url or str(request.base_url)
    checks = [*check_up(access.stores), *_accounts(carriers_of(request), base_url), _collected(request.app.state.collector)]
    items = [
        DoctorCheck(key=c.key, name=Label.of(c.name), status=c.status, detail=Label.of(c.detail), way_out=Label.of(c.way_out) if c.way_out else None)
        for c in checks
    ]
    return Items(items=items)


@router.post("/system/sample", summary="Load the sample brand into an empty data folder", status_code=202)
def load_sample(request: Request, access: Annotated[Access, Depends(require("imports.write"))], customers: Annotated[int | None, Query(ge=100, le=1_000_000)] = None) -> JobStarted:
    arguments = {} if customers is None else {"customers": customers}
    return _start(access, LOAD, arguments)


@router.delete("/system/sample", summary="Take the sample brand away", status_code=202)
def clear_sample(access: Annotated[Access, Depends(require("imports.write"))]) -> JobStarted:
    return _start(access, CLEAR, {})


def _start(access: Access, kind: str, arguments: dict[str, int]) -> JobStarted:
    now = access.stores.now()
    with access.stores.ledger.begin() as tx:
        audit.record(tx, access.actor, kind, "brand", arguments, now)
        return JobStarted(job_id=jobs.submit(tx, kind, arguments, now=now, key="sample", created_by=access.actor.name))
