"""How fast simulated people live: people-days a second, against a plain numpy draw of as many uniforms in the same run.

Run: python bench/people.py [--people 1000000] [--days 30]

Work: a sandbox of its own process; as many people with relations to 200 staff (no callbacks). They live so many days in steps
of a day, first without any message, then after a group send to everybody (every mind is made up about it), with purchases,
departures, friends and orders. The limit: one single-precision uniform a person and day from the same generator, nothing else.
Beside it: the time to settle them, to hear one message, to give out the truth, and the sandbox's peak memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))
STAFF = 200


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--people", type=int, default=1_000_000)
    options.add_argument("--days", type=int, default=30)
    wanted = options.parse_args()
    from tests.makers.sandbox import free_port

    port = free_port()
    command = [
        sys.executable,
        "-m",
        "siyu_sandbox",
        "serve",
        "--port",
        str(port),
        "--smtp-port",
        "0",
        "--seed",
        "1",
    ]
    sandbox = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False) as box:
            run(box, wanted.people, wanted.days)
    finally:
        sandbox.terminate()
        sandbox.wait(10)


def run(box: httpx.Client, people: int, days: int) -> None:
    """One population, both lives, one line a figure."""
    _wait(box)
    _ask(box, "corps", {"corpid": "wwbench", "name": "bench", "apps": [{"agentid": 1, "secret": "s" * 43}],
                        "habits": {"confirm": 1, "delay_seconds": 0}})  # fmt: skip
    spent, _ = _timed(
        lambda: _ask(
            box, "people/populate", {"corpid": "wwbench", "count": people, "staff": STAFF, "step_hours": 24}
        )
    )
    print(f"settled {people:,} people with relations to {STAFF} staff in {spent:.2f} s")
    limit = draw_rate(people, days)
    print(f"limit: plain draw of {people * days:,} uniforms: {limit / 1e6:,.0f} M/CPU s")
    report("without messages", _live(box, days), limit)
    spent, _ = _timed(lambda: _send(box))
    print(f"one message to everybody: task, delivery and everybody's mind about it in {spent:.2f} s")
    report("after a message to all", _live(box, days), limit)
    for table in ("lives", "touches", "purchases"):
        spent, size = _timed(
            lambda table=table: len(
                box.get("/sandbox/truth", params={"table": table, "format": "arrow"}).content
            )
        )
        print(f"truth {table}: {size / 1e6:.1f} MB of Arrow in {spent:.2f} s")


def draw_rate(people: int, days: int) -> float:
    """Uniforms a CPU second that numpy draws in arrays of the same length, best of three."""
    random, rates = np.random.Generator(np.random.SFC64(1)), []
    for _ in range(3):
        began = time.process_time()
        for _ in range(days):
            random.random(people, np.float32)
        rates.append(people * days / (time.process_time() - began))
    return max(rates)


def report(what: str, lived: dict[str, Any], limit: float) -> None:
    rate, wall = lived["person_days"] / lived["cpu_seconds"], lived["person_days"] / lived["seconds"]
    print(
        f"{what}: {rate / 1e6:,.1f} M people-days/CPU s ({wall / 1e6:,.1f} M by the wall), {limit / rate:.1f} times as long as the plain draw; "
        f"{lived['people']['orders']:,} orders so far; peak memory {lived['peak_memory_mb']:,} MB"
    )


def _live(box: httpx.Client, days: int) -> dict[str, Any]:
    return _ask(box, "people/advance", {"days": days, "quietly": True})


def _send(box: httpx.Client) -> None:
    """Through the vendor's door, to all customers of all staff."""
    token = box.get("/cgi-bin/gettoken", params={"corpid": "wwbench", "corpsecret": "s" * 43}).json()[
        "access_token"
    ]
    staff = [f"seller{n + 1:04d}" for n in range(STAFF)]
    for userid in staff:
        body = {"chat_type": "single", "sender": userid, "text": {"content": "会员专享:满200减80"}}
        answer = box.post(
            "/cgi-bin/externalcontact/add_msg_template", params={"access_token": token}, json=body
        ).json()
        assert answer["errcode"] == 0, answer
    _ask(box, "clock", {"advance_seconds": 1})


def _ask(box: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    answer = box.post(f"/sandbox/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


def _wait(box: httpx.Client) -> None:
    for _ in range(200):
        try:
            box.get("/sandbox/health")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the sandbox did not start")


if __name__ == "__main__":
    main()
