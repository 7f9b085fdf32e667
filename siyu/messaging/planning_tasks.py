"""Tasks of planning: plan a send, plan again those whom a carrier did not take, give back what a cancelled send held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import finished, outbox
from siyu.messaging.failover import FAIL_OVER
from siyu.messaging.planning import again, plan
from siyu.messaging.sends import PLAN, RELEASE

Flow = Callable[[Stores], int]


def job_kinds(flow: Flow) -> tuple[JobKind, ...]:
    """`flow` publishes what the log holds, so that a send is planned on what is known now."""

    def run_plan(running: Running) -> dict[str, Any]:
        stores = running.stores
        flow(stores)
        words = Text("正在规划", "planning")
        send = plan(stores, running.arguments["send_id"], begin=running.begin, told=lambda done, total: running.progress(done, total, words))
        return {"status": send.status, "counts": send.counts}

    def run_release(running: Running) -> dict[str, Any]:
        stores, count, goes_on = running.stores, 0, True
        while goes_on:
            running.check()
            with stores.ledger.begin() as tx:
                goes_on = outbox.release_cancelled(tx, running.arguments["send_id"], stores.now())
            count += goes_on
        return {"dispatch_count": count}

    def run_again(running: Running) -> dict[str, Any]:
        flow(running.stores)
        asked = running.arguments
        return {"planned_count": again(running.stores, asked["send_id"], asked["customer_ids"], asked["after"], begin=running.begin)}

    def run_finished(running: Running) -> dict[str, Any]:
        with running.begin() as tx:
            return {"changed_count": finished.take_mass(running.stores, tx, running.arguments["account_id"], running.arguments["detail"])}

    return (
        JobKind(finished.LOOK_AGAIN, Text("群发结果", "Result of a mass send"), run_finished, max_attempts=8, retry_wait=timedelta(seconds=5)),
        JobKind(FAIL_OVER, Text("换一个载体触达", "Reach people by the next carrier"), run_again, max_attempts=20, retry_wait=timedelta(seconds=5), link=_link),
        JobKind(PLAN, Text("规划发送", "Plan a send"), run_plan, max_attempts=20, retry_wait=timedelta(seconds=1), link=_link),
        JobKind(RELEASE, Text("退回已取消发送的名额", "Give back what a cancelled send held"), run_release, max_attempts=20, link=_link),
    )


def _link(arguments: dict[str, Any]) -> str:
    return f"/messaging/sends/{arguments['send_id']}"
