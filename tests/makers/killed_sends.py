"""WeCom tasks are made while the server is killed and started again: what phones received in the end, by the sandbox's own record."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from siyu.app import open_stores
from siyu.carriers import _tables as carrier_tables
from siyu.carriers import tasks
from siyu.foundation.settings import Settings
from siyu.identity import identifiers
from siyu.messaging import policies
from siyu.river import flow
from tests.faults.commands import Command
from tests.faults.home import Home
from tests.makers.content import put_piece
from tests.makers.corps import Corp, open_corp
from tests.makers.sandbox import SandboxClient, free_port, wait_for
from tests.makers.sending import planned

POINTS = ("dispatch.claimed", "send.intended", "send.answered", "dispatch.called", "dispatch.settling", "dispatch.settled")
STAFF = 4
ACCOUNT = {"answer_seconds": "1", "calls_per_minute": "100000000", "calls_per_hour": "100000000"}
"""Each process takes a twentieth of a window's calls for itself: what the killed ones had taken would use an hour up."""
ADD = "externalcontact/add_msg_template"


@dataclass
class Killed:
    """By send, times → phones; how its dispatches ended; how many kills there were, and how many of them
    at a named point."""

    people: int
    phones: list[dict[str, int]] = field(default_factory=list)
    dispatches: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    at_points: int = 0
    unknown_seen: int = 0

    @property
    def lost(self) -> int:
        return sum(self.people - sum(times.values()) for times in self.phones)

    @property
    def twice(self) -> int:
        return sum(phones for times in self.phones for count, phones in times.items() if int(count) > 1)


def kill_while_dispatching(folder: Path, sandbox: SandboxClient, kills: int, *, sends: int, people: int, together: int, seed: int = 1) -> Killed:
    """Kill the server at named points and at random moments, in turn; then let it come to its end."""
    home, draw, found = Home(folder), random.Random(seed), Killed(people)
    home.environment["SIYU_PORT"] = str(free_port())
    words = _prepared(home, sandbox, sends, people, together)
    server = home.start("serve")
    try:
        for number in range(kills):
            before = _settled(home)
            if _open(home) == 0:
                break
            if number % 2:
                found.at_points += _died(server)
                home.environment.pop("SIYU_FAULT")
            else:
                wait_for(lambda before=before: _settled(home) > before or _open(home) == 0, 90)
                time.sleep(draw.uniform(0, 0.4))
                server.signal(signal.SIGKILL)
                server.communicate()
                home.environment["SIYU_FAULT"] = f"{draw.choice(POINTS)}=kill:{draw.randint(1, 3)}"
            found.kills += 1
            found.unknown_seen += _count(home, "unknown") + _count(home, "claimed")
            server = home.start("serve")
        home.environment.pop("SIYU_FAULT", None)
        while (left := _open(home)) > 0:
            wait_for(lambda left=left: _open(home) < left, 240)
    finally:
        server.signal(signal.SIGKILL)
        server.communicate()
    found.phones = [sandbox.get("received", kind="group_send", words=said)["times"] for said in words]
    found.dispatches = _by_status(home)
    return found


def _died(server: Command) -> bool:
    """Whether the server died by itself at its fault point; one that does not reach it any more is killed."""
    try:
        server.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        server.signal(signal.SIGKILL)
        server.communicate()
        return False
    assert server.returncode == -signal.SIGKILL, server.communicate()
    return True


def _prepared(home: Home, sandbox: SandboxClient, sends: int, people: int, together: int) -> list[str]:
    """A corp whose staff send at once, with sends of different words in small dispatches."""
    stores = open_stores(Settings(home=home.path, secret_key="ab" * 32))
    with stores.ledger.begin() as tx:  # else each member of staff has one send a day for each customer
        policies.activate(tx, {"quotas": []}, over=0, note="several sends a day", by="test", now=stores.now())
    corp = open_corp(stores, sandbox, settings=ACCOUNT, staff_count=STAFF, habits={"confirm": 1, "delay_seconds": 0})
    corp.fill(people, STAFF, overlap=0)
    corp.run(tasks.RECONCILE)
    flow(stores)
    words = [f"第 {number} 次上新" for number in range(1, sends + 1)]
    for said in words:
        piece = put_piece(stores, {"text": said, "tracked": False}, purpose="service", name=said)
        send_id: int | None = None
        for staff, reached in _reached(corp).items():
            for start in range(0, len(reached), together):
                some = reached[start : start + together]
                send_id = planned(stores, corp.account, [c for c, _ in some], keys=[k for _, k in some], staff=staff, content=(piece.id, 1), send_id=send_id)
    stores.close()
    sandbox.patch("settings", {"latency_ms": 5})
    return words


def _reached(corp: Corp) -> dict[str, list[tuple[int, int]]]:
    """Staff → (customer, identity key)."""
    contact, relation = carrier_tables.contact, carrier_tables.relation
    query = select(relation.c.staff, contact.c.identity_key).join(contact, contact.c.id == relation.c.contact_id).where(relation.c.ended_at.is_(None))
    with corp.stores.ledger.read() as tx:
        rows = tx.execute(query).all()
        owner = identifiers.customers_of(tx, [row.identity_key for row in rows])
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        found[row.staff].append((owner[row.identity_key], row.identity_key))
    return {staff: sorted(people) for staff, people in sorted(found.items())}


def _rows(home: Home, query: str) -> list[Any]:
    ledger = sqlite3.connect(f"file:{home.path / 'ledger.sqlite'}?mode=ro", uri=True, timeout=60)
    try:
        return ledger.execute(query).fetchall()
    finally:
        ledger.close()


def _by_status(home: Home) -> dict[str, int]:
    return dict(_rows(home, "SELECT status, count(*) FROM messaging_dispatch GROUP BY status"))


def _count(home: Home, status: str) -> int:
    return _by_status(home).get(status, 0)


def _settled(home: Home) -> int:
    return _count(home, "sent")


def _open(home: Home) -> int:
    found = _by_status(home)
    return sum(count for status, count in found.items() if status in ("planned", "claimed", "unknown")) + int(
        _rows(home, "SELECT count(*) FROM messaging_dispatch WHERE status = 'failed' AND next_at IS NOT NULL")[0][0]
    )
