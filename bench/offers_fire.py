"""Offers under fire over HTTP: one code redeemed by 200 tills at once; 5,000 people for 100 prizes while the server is killed; on SQLite and PostgreSQL.

Run: python bench/offers_fire.py [people] [kills] [sqlite|postgresql|both]

Work: `siyu serve` as a process of its own. Redemption: 200 requests on 200 connections, each with a key of its own, for one code. Draw: everybody opens their own link on 200 connections and asks again
until they are answered; meanwhile the server gets kill -9 at random moments and is started again. Afterwards the ledger is read: claims, persons, tickets, prizes, codes; every ticket is worked out anew from
the seed; the drawn numbers are held against the published odds (χ²).
Limits: the code is redeemed exactly once; each person has exactly one claim and one ticket, no prize is given more often than there is, a code for each prize and none beside, χ² p ≥ .001.
Peer: the same server answering GET /health to the same client on as many connections.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
TILLS = 200


def main(size: int, kills: int, which: str) -> None:
    from tests.makers.fired_offers import ask_all, redeem_at_once

    failed = False
    for kind in ("sqlite", "postgresql") if which == "both" else (which,):
        with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder, _database(kind) as made:
            one = redeem_at_once(Path(folder) / "till", TILLS, url=made())
            print(f"{kind}: {one.asked} tills redeem one code at once in {one.seconds:.2f} s: {one.first} redeemed it, {one.refused} were told that it was used, {one.other} something else; {one.rows} row in the ledger")
            calm = ask_all(Path(folder) / "calm", size, 0, url=made())
            fired = ask_all(Path(folder) / "fired", size, kills, url=made())
            for name, found in (("undisturbed", calm), (f"{fired.kills} × kill -9", fired)):
                prizes = ", ".join(f"{prize} {found.given[prize]}/{found.stock[prize]}" for prize in found.stock)
                print(f"{kind}, {name}: {found.people:,} people in {found.seconds:.1f} s ({found.people / found.seconds:,.0f} a second): {found.claims:,} claims of {found.persons:,} persons on {found.tickets:,} tickets; "
                      f"{prizes}; {found.codes} codes for {found.winners} prizes; every ticket as its seed says: {'yes' if found.as_drawn else 'NO'}; χ² p = {found.chi2_p:.3f}; answers {dict(found.answers)}")  # fmt: skip
            failed |= one.first != 1 or one.rows != 1 or not calm.exact or not fired.exact or min(calm.chi2_p, fired.chi2_p) < 0.001
    print(f"peer: {_health():,.0f} answers of /health a second by the same kind of server and client; load {os.getloadavg()[0]:.1f}")
    if failed:
        sys.exit("something was given twice, or not at all, or not as published")


def _health() -> float:
    import httpx

    from tests.faults.home import Home
    from tests.makers.sandbox import free_port, wait_for

    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        home, port = Home(Path(folder) / "peer"), free_port()
        home.environment["SIYU_PORT"] = str(port)
        server, base = home.start("serve"), f"http://127.0.0.1:{port}"
        try:
            def is_up() -> bool:
                try:
                    return httpx.get(f"{base}/health", trust_env=False).status_code == 200
                except httpx.TransportError:
                    return False

            wait_for(is_up, 60)

            async def ask() -> float:
                async with httpx.AsyncClient(base_url=base, trust_env=False, limits=httpx.Limits(max_connections=200), timeout=60) as client:
                    began = time.perf_counter()
                    await asyncio.gather(*(client.get("/health") for _ in range(3000)))
                    return 3000 / (time.perf_counter() - began)

            return asyncio.run(ask())
        finally:
            server.signal(signal.SIGKILL)
            server.communicate()


@contextmanager
def _database(kind: str) -> Iterator[object]:
    """Makes databases: None (SQLite in the folder), or the URL of a new one of a PostgreSQL of its own."""
    if kind == "sqlite":
        yield lambda: None
        return
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1].parent
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="siyu-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run([str(programs / "initdb"), "-D", f"{folder}/data", "-U", "siyu", "-A", "trust", "-E", "UTF8", "--locale=C"], user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
    server = subprocess.Popen([str(programs / "postgres"), "-D", f"{folder}/data", "-p", str(port), *options], user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    names = iter(range(100))

    def made() -> str:
        name = f"bench{next(names)}"
        for _ in range(150):
            if subprocess.run([str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "siyu", name], check=False, stderr=subprocess.DEVNULL).returncode == 0:
                return f"postgresql+psycopg://siyu@127.0.0.1:{port}/{name}"
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL did not start")

    try:
        yield made
    finally:
        server.send_signal(2)
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000, int(sys.argv[2]) if len(sys.argv) > 2 else 8, sys.argv[3] if len(sys.argv) > 3 else "both")
