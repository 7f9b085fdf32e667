"""Sending to many people as WeCom tasks: how long, and that only the carrier's own limits bound the number of calls.

Run: python bench/send_wecom.py [people]

Work: the sandbox has so many customers of 100 members of staff, who send at once. The messages lie planned in dispatches of at most 10,000 people (planning is bench/plan_send.py). Measured: claiming
with the last look at each person, asking for the tasks, writing down what came of it; then reading the results of every task and taking them into the messages. Calls are counted by the sandbox.
Limits of the carrier: 10,000 customers a task, 1,000 results a page, 10,000 calls a minute and API.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).parents[1]))
STAFF, SECRET, CHUNK, PAGE = 100, "s" * 43, 10_000, 1_000


def main(people: int) -> None:
    from tests.makers.sandbox import SandboxClient, free_port, wait_for

    port, smtp = free_port(), free_port()
    sandbox = subprocess.Popen([sys.executable, "-m", "siyu_sandbox", "serve", "--port", str(port), "--smtp-port", str(smtp)])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False) as client, tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
            wait_for(lambda: _is_up(client), 30)
            run(SandboxClient(f"http://127.0.0.1:{port}", smtp, client), Path(folder), people)
    finally:
        sandbox.terminate()
        sandbox.wait(30)


def run(box: Any, folder: Path, people: int) -> None:
    """One world, one send."""
    from siyu.app import open_stores
    from siyu.carriers import sends_polling
    from siyu.carriers.tasks import calling
    from siyu.events import reactions
    from siyu.foundation.settings import Settings
    from siyu.messaging import _tables, outbox, policies
    from siyu.messaging.carriers.wecom import WeCom
    from siyu.messaging.dispatching import Dispatcher
    from siyu.messaging.results import RESULTS
    from tests.makers.corps import open_corp
    from tests.makers.sending import say

    stores = open_stores(Settings(home=folder, secret_key="ab" * 32))
    corp = open_corp(stores, box, staff_count=STAFF, habits={"confirm": 1, "delay_seconds": 0})
    corp.fill(people, STAFF, overlap=0)
    with stores.ledger.begin() as tx:  # at night, too
        policies.activate(tx, {"quiet": None}, over=0, note="a measurement", by="bench", now=stores.now())
    send_id, chunks = planned(stores, corp)
    began, cpu = time.perf_counter(), time.process_time()
    with calling(stores) as calls:
        dispatcher = Dispatcher(calls, say, {"wecom": WeCom()})
        while dispatcher.look() or dispatcher.is_busy:
            pass
        made = time.perf_counter() - began
        print(f"{people:,} people in {chunks} dispatches: tasks made in {made:.1f} s ({people / made:,.0f} people/s), {time.process_time() - cpu:.1f} s CPU; "
              f"{corp.calls('add_msg_template')} calls, the carrier's least is {chunks}; all {corp.calls()} calls of the corp")  # fmt: skip
        began, cpu = time.perf_counter(), time.process_time()
        sends_polling.look_after(calls)
    read = time.perf_counter() - began
    reactions.advance(stores, RESULTS)
    with stores.ledger.read() as tx:
        counted = dict(tx.execute(select(_tables.message.c.status, func.count()).where(_tables.message.c.send_id == send_id).group_by(_tables.message.c.status)).all())
    pages = corp.calls("get_groupmsg_send_result")
    print(f"results read in {read:.1f} s and taken in in {time.perf_counter() - began - read:.1f} s, {time.process_time() - cpu:.1f} s CPU; {pages} pages of results, the carrier's least is {least(stores, send_id)}")
    print(f"messages: { {outbox.STATUSES[number]: count for number, count in counted.items()} }; phones by the sandbox's own record: {box.get('received', kind='group_send')}")
    stores.close()
    if counted != {outbox.RECEIVED: people}:
        sys.exit("somebody was not reached, or nobody knows of it")


def planned(stores: Any, corp: Any) -> tuple[int, int]:
    """Contacts, relations and messages written in bulk, as a reconcile and planning leave them; the send and how many dispatches it has."""
    from siyu.carriers import _tables as carrier_tables
    from siyu.foundation.clock import to_ms
    from siyu.foundation.database import insert_table
    from siyu.messaging import _tables, outbox

    raw = corp.sandbox.http.get(f"/sandbox/population/{corp.corpid}/relations", params={"format": "arrow"}).content
    rows = pa.ipc.open_stream(raw).read_all().select(["external_userid", "userid"]).sort_by([("userid", "ascending"), ("external_userid", "ascending")])
    size, now = rows.num_rows, stores.now()
    ids = pa.array(np.arange(1, size + 1))
    keys = pa.array(stores.secrets.index(rows["external_userid"].to_pylist(), f"identifier {corp.account.namespace}"), pa.int64())
    account, at = pa.array(np.full(size, corp.account.id)), pa.array([now] * size, pa.timestamp("us", "UTC"))
    contacts = pa.table({"id": ids, "account_id": account, "external_id": rows["external_userid"], "identity_key": keys, "first_seen_at": at})
    relations = pa.table({"contact_id": ids, "staff": rows["userid"], "account_id": account, "began_at": at, "seen_run": pa.array(np.zeros(size, np.int64))})
    send = {
        "ref": "bench", "name": "bench", "purpose": "service", "exempt": False, "priority_fen": 0, "due_at": now, "until_at": now + timedelta(days=7), "status": "ready", "counts": {},
        "spec": {"audience": {"include": [], "exclude": [], "customer_ids": []}, "content": {"a": [1, 1]}, "split": {"a": 1.0}, "salt": "s", "carriers": ["wecom"]},
        "created_at": now, "created_by": "bench",
    }  # fmt: skip
    same = {"send_id": 1, "account_id": corp.account.id, "carrier": "wecom", "variant": "a", "due_at": now, "status": "planned", "fence": 0, "attempt_count": 0, "created_at": now}
    number = 0
    with stores.ledger.begin() as tx:
        insert_table(tx, carrier_tables.contact, contacts)
        insert_table(tx, carrier_tables.relation, relations)
        tx.execute(_tables.send.insert().values(send))
        for staff in pc.unique(rows["userid"]).to_pylist():
            mine = np.flatnonzero(pc.equal(rows["userid"], staff).to_numpy(zero_copy_only=False))
            for start in range(0, len(mine), CHUNK):
                some, number = pa.array(mine[start : start + CHUNK]), number + 1
                count = len(some)
                who = pa.table({"customer_id": ids.take(some), "identity_key": keys.take(some), "route": pa.array(np.zeros(count, np.int16))})
                tx.execute(_tables.dispatch.insert().values({**same, "id": number, "staff": staff, "people_count": count, "people": outbox.packed(who), "counts": {"planned": count}}))
                constants = {"send_id": 1, "dispatch_id": number, "account_id": corp.account.id, "purpose": 2, "exempt": False, "priority_fen": 0, "at_ms": to_ms(now), "floating": False, "status": 0}
                insert_table(tx, _tables.message, pa.table({**{name: who[name] for name in who.column_names}, **{name: pa.array([value] * count) for name, value in constants.items()}}))
    return 1, number


def least(stores: Any, send_id: int) -> int:
    """Pages that hold all results."""
    from siyu.messaging import _tables

    with stores.ledger.read() as tx:
        return sum(-(-count // PAGE) for count in tx.scalars(select(_tables.dispatch.c.people_count).where(_tables.dispatch.c.send_id == send_id)))


def _is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/sandbox/health").status_code == 200
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
