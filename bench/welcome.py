"""From the scan of a live code to the welcome on the phone: how long, and that none is lost or sent twice.

Run: python bench/welcome.py [--seconds 300] [--per-second 50] [--only calm|copies|kills]

Work: the sandbox (a process of its own, on the same cores) lets people add staff by scanning a live code at a steady rate,
whatever the answers do (open loop), and times each welcome on the simulated phone. Siyu runs as installed, `siyu serve`
with SQLite, and does everything else meanwhile: relations, details of contacts, identities, facts. Three runs: calm; every
callback delivered three times and in random order; the same with `kill -9` of Siyu every 20 seconds and a restart at once.
Limits: p99 ≤ 1 s (calm and copies; of the copies the first to arrive counts, the sandbox holds each back by up to half a second), none later than 20 s, none lost, none twice; afterwards as many relations as people.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from siyu.app import open_stores
from siyu.carriers import accounts
from siyu.carriers.welcome import save_welcome
from siyu.foundation.settings import load_settings

PROJECT = Path(__file__).parents[1]
P99_LIMIT_MS, LATEST_MS, KILL_EVERY = 1000, 20_000, 20
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
RUNS = {
    "calm": {"duplicate": 1, "shuffle_window_ms": 0},
    "copies": {"duplicate": 3, "shuffle_window_ms": 500},
    "kills": {"duplicate": 3, "shuffle_window_ms": 3000},
}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=int, default=300)
    options.add_argument("--per-second", type=float, default=50)
    options.add_argument("--only", choices=list(RUNS))
    wanted = options.parse_args()
    for name, switches in RUNS.items():
        if wanted.only in (None, name):
            run(name, switches, wanted.per_second, wanted.seconds)


def run(name: str, switches: dict[str, int], per_second: float, seconds: int) -> None:
    """One world, one run, one line of figures."""
    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        ports = [free_port() for _ in range(3)]
        sandbox = subprocess.Popen([sys.executable, "-m", "siyu_sandbox", "serve", "--port", str(ports[0]), "--smtp-port", str(ports[1])], cwd=PROJECT)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{ports[0]}", timeout=30, trust_env=False) as box:
                wait_for(lambda: box.get("/sandbox/health").status_code == 200)
                corp, config = make_corp(box, ports[2], Path(folder))
                box.patch("/sandbox/callbacks", json=switches).raise_for_status()
                measure(name, box, corp, config, per_second, seconds, Siyu(Path(folder), ports[2]))
        finally:
            sandbox.terminate()
            sandbox.wait(10)


def make_corp(box: httpx.Client, port: int, home: Path) -> tuple[str, str]:
    """A corp with 20 staff and a live code, connected to a new data folder with one welcome for everybody."""
    corp = box.post("/sandbox/corps", json={"name": "Bench", "staff_count": 20, "apps": [{"agentid": 1000002, "secret": "s" * 43}]}).json()
    corpid = corp["corpid"]
    token = box.get("/cgi-bin/gettoken", params={"corpid": corpid, "corpsecret": "s" * 43}).json()["access_token"]
    staff = box.get("/cgi-bin/externalcontact/get_follow_user_list", params={"access_token": token}).json()["follow_user"]
    way = {"type": 2, "scene": 2, "state": "bench", "user": staff[:20]}
    config = box.post("/cgi-bin/externalcontact/add_contact_way", params={"access_token": token}, json=way).json()["config_id"]
    os.environ["SIYU_HOME"] = str(home)
    stores = open_stores(load_settings(home))
    with stores.ledger.begin() as tx:
        credentials = {"corpid": corpid, "secret": "s" * 43, "callback_token": "callbacktoken", "encoding_aes_key": AES_KEY}
        settings = {"base_url": str(box.base_url).rstrip("/"), "allow_private": "true", "agentid": "1000002"}
        account = accounts.connect(stores, tx, product="wecom", name="Bench", credentials=credentials, settings=settings, by="bench")
        content = {"text": "欢迎来到澄山里!回复 1 领取新人礼。", "attachments": []}
        save_welcome(
            tx, account, number=None, name="默认", states=[], staff=[], content=content, active=True, check=lambda _: None, now=stores.now(), by="bench"
        )
    stores.close()
    callback = {"url": f"http://127.0.0.1:{port}/api/v1/callbacks/{account.callback_key}", "token": "callbacktoken", "encoding_aes_key": AES_KEY}
    box.patch(f"/sandbox/corps/{corpid}", json={"callback": callback}).raise_for_status()
    return corpid, config


class Siyu:
    """The server as a process that can be killed and started again."""

    def __init__(self, home: Path, port: int) -> None:
        self.environment = {**os.environ, "SIYU_HOME": str(home), "SIYU_PORT": str(port)}
        self.url = f"http://127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.away: list[float] = []

    def start(self) -> None:
        began = time.monotonic()
        self.process = subprocess.Popen([sys.executable, "-m", "siyu", "serve"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_for(lambda: httpx.get(f"{self.url}/health", trust_env=False).status_code == 200)
        self.away.append(time.monotonic() - began)

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def peak_mb(self) -> float:
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def cpu_seconds(self) -> float:
        """Of the process that runs now."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(name: str, box: httpx.Client, corp: str, config: str, per_second: float, seconds: int, siyu: Siyu) -> None:
    siyu.start()
    started = siyu.cpu_seconds()
    load = box.post("/sandbox/load/adds", json={"corpid": corp, "config_id": config, "per_second": per_second, "seconds": seconds}).json()["id"]
    began, kills = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        time.sleep(min(KILL_EVERY, max(0.1, began + seconds - time.monotonic())))
        if name == "kills" and time.monotonic() - began < seconds:
            siyu.kill()
            siyu.start()
            kills += 1
    time.sleep(LATEST_MS / 1000 + 3)
    found = box.get(f"/sandbox/load/adds/{load}").json()
    cpu_rate = (siyu.cpu_seconds() - started) / (time.monotonic() - began)
    people, open_relations, statuses, peak_mb = settled(siyu, found["added"])
    latency = found["latency_ms"]
    print(
        f"{name}: {found['added']:,} adds at {per_second:g}/s for {seconds} s, {kills} kills (away {max(siyu.away):.1f} s at most), load {os.getloadavg()[0]:.1f}\n"
        f"  scan → welcome p50 {latency['p50']} ms, p99 {latency['p99']} ms ({latency['p99'] / P99_LIMIT_MS:.2f} of the limit), latest {latency['max']} ms"
        f" ({latency['max'] / LATEST_MS:.2f} of the limit); lost {found['lost']}, twice {found['twice']}, late {found['late']}, codes tried again {found['tried_again']}\n"
        f"  afterwards {people:,} contacts, {open_relations:,} relations, greetings {statuses}; the driver was late by {found['driver_lag_ms']} ms at most; Siyu {peak_mb:,.0f} MB"
        + (f", {cpu_rate:.2f} cores" if name != "kills" else ""),
        flush=True,
    )


def settled(siyu: Siyu, expected: int) -> tuple[int, int, dict[str, int], float]:
    """What Siyu's own ledger says, when it has worked everything off (or after a minute)."""
    import sqlite3

    ledger = sqlite3.connect(f"file:{siyu.environment['SIYU_HOME']}/ledger.sqlite?mode=ro", uri=True, timeout=30)
    until = time.monotonic() + 60
    while True:
        waiting = ledger.execute("SELECT count(*) FROM carriers_inbox WHERE done_at IS NULL").fetchone()[0]
        people, relations = (ledger.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("carriers_contact", "carriers_relation"))
        if time.monotonic() > until or (waiting == 0 and relations >= expected):
            statuses = dict(ledger.execute("SELECT status, count(*) FROM carriers_welcome_dispatch GROUP BY status").fetchall())
            peak_mb = siyu.peak_mb()
            siyu.kill()
            return people, relations, statuses, peak_mb
        time.sleep(0.5)


def wait_for(what: Any, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            if what():
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > until:
            raise TimeoutError("it did not start")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
