"""Reconcile of a corp: exactness, duration, calls and memory, with a kill in the middle. Run `python bench/reconcile.py`.

A sandbox process holds the corp (1,000,000 contacts over 200 staff unless told) and its limits run by a clock `--speed` times
as fast. A second process does the job alone and is killed with SIGKILL at a share of the way; a third one goes on. Then the
corp changes silently, and another reconcile finds what changed, killed as well. Each outcome is compared with what is true at
the sandbox, relation by relation.
"""

from __future__ import annotations

import argparse
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
from sqlalchemy import text

from siyu.app import FACTS, job_kinds, open_stores
from siyu.carriers import accounts, tasks
from siyu.foundation import jobs
from siyu.foundation.database import open_ledger
from siyu.foundation.jobs import Runner
from siyu.foundation.migrate import migrate
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine

SECRET = "s" * 43


@dataclass
class Figures:
    """Of one reconcile, kills included."""

    seconds: float = 0.0
    peak_mb: float = 0.0
    kills: int = 0


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--contacts", type=int, default=1_000_000)
    asked.add_argument("--staff", type=int, default=200)
    asked.add_argument("--lost", type=int, default=30_000)
    asked.add_argument("--gained", type=int, default=20_000)
    asked.add_argument("--speed", type=float, default=60)
    asked.add_argument("--database-url")
    asked.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.job:
        work(given.job, given.database_url)
        return
    with tempfile.TemporaryDirectory(prefix="siyu-reconcile-") as home:
        bench(Path(home), given)


def settings_of(home: Path, url: str | None) -> Settings:
    return Settings(home=home, secret_key="ab" * 32, database_url=url, warehouse_memory="256MB")


def watching(home: Path, url: str | None) -> Stores:
    """The ledger only: the warehouse's file belongs to the process that works."""
    settings = settings_of(home, url)
    ledger = open_ledger(settings.ledger_url)
    migrate(ledger)
    return Stores(settings, ledger, attach(DuckDBEngine(None, "64MB", 1), FACTS), load_secrets(settings))


def work(home: Path, url: str | None) -> None:
    """The process that does the job: run what waits, then end."""
    stores = open_stores(settings_of(home, url))
    Runner(stores, job_kinds(), lease_seconds=5).run_pending()
    stores.close()


def bench(home: Path, given: argparse.Namespace) -> None:
    port = free_port()
    command = [sys.executable, "-m", "siyu_sandbox", "serve", "--port", str(port), "--smtp-port", "0", "--speed", str(given.speed)]
    sandbox = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False)
    try:
        wait_for(http)
        corp = http.post("/sandbox/corps", json={"name": "bench", "apps": [{"secret": SECRET}], "staff_count": 0}).json()["corpid"]
        wish = {"corpid": corp, "contacts": given.contacts, "staff": given.staff, "seed": 11}
        made = http.post("/sandbox/population", json=wish).json()
        print(f"corp: {made['contacts']:,} contacts, {made['relations']:,} relations, {made['staff']} staff; limits by a clock {given.speed:g} times as fast")
        stores = watching(home, given.database_url)
        with stores.ledger.begin() as tx:
            # As many calls as the corp's own windows hold in a real minute and hour.
            reach = {"base_url": str(http.base_url), "allow_private": "true"}
            credentials = {"corpid": corp, "secret": SECRET}
            account = accounts.connect(stores, tx, product="wecom", name="bench", credentials=credentials, settings=reach, by="bench")
        report("first", reconcile(stores, home, given, account.id, made["relations"]), stores, http, corp)
        http.post("/sandbox/population/drift", json={"corpid": corp, "lost": given.lost, "gained": given.gained, "seed": 12})
        print(f"silently: {given.lost:,} relations lost, {given.gained:,} gained")
        report("second", reconcile(stores, home, given, account.id, made["relations"]), stores, http, corp)
        stores.close()
    finally:
        sandbox.terminate()
        sandbox.wait(10)


def reconcile(stores: Stores, home: Path, given: argparse.Namespace, account_id: int, relations: int) -> Figures:
    with stores.ledger.begin() as tx:
        job_id = jobs.submit(tx, tasks.RECONCILE, {"account_id": account_id}, now=stores.now())
    figures, began = Figures(), time.monotonic()
    command = [sys.executable, __file__, "--job", str(home), *(["--database-url", given.database_url] if given.database_url else [])]
    while True:
        worker = subprocess.Popen(command)
        while worker.poll() is None:
            figures.peak_mb = max(figures.peak_mb, peak_mb(worker.pid))
            time.sleep(0.2)
            if not figures.kills and seen(stores, job_id) > relations * 0.4:
                worker.send_signal(signal.SIGKILL)
                worker.wait()
                figures.kills += 1
                at = seen(stores, job_id)
                print(f"  killed with SIGKILL after {time.monotonic() - began:.0f} s at {at:,} relations; another process goes on")
        if worker.returncode not in (0, -signal.SIGKILL):
            raise SystemExit("the worker failed")
        with stores.ledger.read() as tx:
            job = jobs.find_job(tx, job_id, job_kinds())
        if job.status not in ("queued", "running"):
            break
        time.sleep(0.5)
    figures.seconds = time.monotonic() - began
    assert job.status == "done", job.error
    print(f"  {job.result}")
    return figures


def report(name: str, figures: Figures, stores: Stores, http: httpx.Client, corp: str) -> None:
    theirs, ours = truth(http, corp), held(stores)
    missing, extra = len(theirs - ours), len(ours - theirs)
    calls = http.get("/sandbox/calls").json()
    refused: dict[str, int] = {}
    for row in calls["calls"]:
        if str(row["errcode"]) != "0":
            refused[str(row["errcode"])] = refused.get(str(row["errcode"]), 0) + row["count"]
    rate = len(theirs) / figures.seconds
    print(f"{name} reconcile: {'EXACT' if not missing and not extra else 'WRONG'}: {len(ours):,} relations open here, {missing} missing, {extra} too many")
    print(f"  {figures.seconds:.0f} s ({rate:,.0f} relations/s, {figures.kills} kill), {calls['total']:,} calls so far (refused by code: {refused or 'none'}), peak memory {figures.peak_mb:.0f} MB")


def truth(http: httpx.Client, corp: str) -> set[tuple[str, str]]:
    raw = http.get(f"/sandbox/population/{corp}/relations", params={"format": "arrow"}).content
    rows = pa.ipc.open_stream(raw).read_all()
    columns = (rows["external_userid"].to_pylist(), rows["userid"].to_pylist(), rows["status"].to_pylist())
    return {(contact, staff) for contact, staff, status in zip(*columns, strict=True) if status == "live"}


def held(stores: Stores) -> set[tuple[str, str]]:
    query = "SELECT c.external_id, r.staff FROM carriers_relation r JOIN carriers_contact c ON c.id = r.contact_id WHERE r.ended_at IS NULL"
    with stores.ledger.read() as tx:
        return {(row[0], row[1]) for row in tx.execute(text(query))}


def seen(stores: Stores, job_id: str) -> int:
    query = "SELECT coalesce(sum(p.seen_count), 0) FROM carriers_reconcile_part p JOIN carriers_reconcile r ON r.id = p.reconcile_id WHERE r.job_id = :job"
    with stores.ledger.read() as tx:
        return int(tx.scalar(text(query), {"job": job_id}) or 0)


def peak_mb(pid: int) -> float:
    """The most memory that the process has held (VmHWM)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    line: Any = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(line.split()[1]) / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(http: httpx.Client) -> None:
    for _ in range(300):
        try:
            http.get("/sandbox/health")
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the sandbox did not start")


if __name__ == "__main__":
    main()
