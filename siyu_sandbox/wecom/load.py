"""The load driver (加人压测): people scan at a steady rate whatever the answers do, and every welcome is timed."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass, field

import numpy as np

from siyu_sandbox.registry import Control, ControlFault, Json
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom.control import corp_of
from siyu_sandbox.wecom.ways import Ways, scanned
from siyu_sandbox.wecom.welcome import Code, Welcomes
from siyu_sandbox.wecom.world import Corp

NUMBERS = itertools.count(1)


@dataclass
class Load:
    """One run: when each phone scanned and when its welcome arrived, in seconds of a steady clock."""

    id: int
    corp: Corp
    config_id: str
    per_second: float
    seconds: float
    scanned: dict[int, float] = field(default_factory=dict)
    welcomed: dict[int, float] = field(default_factory=dict)
    twice: int = 0
    began: float = 0.0
    lag: float = 0.0
    done: bool = False
    task: asyncio.Task[None] | None = None

    def hear(self, code: Code) -> None:
        """A welcome arrived on a phone."""
        if code.phone not in self.scanned:
            return
        if code.phone in self.welcomed:
            self.twice += 1
        self.welcomed.setdefault(code.phone, time.perf_counter())

    async def run(self) -> None:
        """Scan at the times planned; a late loop is noted as `lag`, never made up for by scanning slower."""
        corp, welcomes = self.corp, self.corp.shelf(Welcomes)
        way = corp.shelf(Ways).contact[self.config_id]
        welcomes.heard.append(self.hear)
        self.began = time.perf_counter()
        for number in range(int(self.per_second * self.seconds)):
            due = self.began + number / self.per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            phone = corp.box.phones.make()
            self.scanned[phone.id] = time.perf_counter()
            self.lag = max(self.lag, self.scanned[phone.id] - due)
            scanned(corp, way, phone.id, {})
        self.done = True
        await asyncio.sleep(corp.limits.welcome_seconds + 1)
        welcomes.heard.remove(self.hear)

    def shown(self) -> Json:
        """What is known so far; `lost` are those whose code has died unused."""
        codes = [c for c in self.corp.shelf(Welcomes).codes.values() if c.phone in self.scanned]
        now = self.corp.box.clock.real()
        spans = [(self.welcomed[phone] - self.scanned[phone]) * 1000 for phone in self.welcomed]
        points = np.percentile(spans, (50, 99, 100)).round(1).tolist() if spans else [None] * 3
        return {
            "id": self.id,
            "done": self.done,
            "added": len(self.scanned),
            "welcomed": len(self.welcomed),
            "waiting": sum(not code.used and now <= code.expires for code in codes),
            "lost": sum(not code.used and now > code.expires for code in codes),
            "twice": self.twice,
            "tried_again": sum(code.refused for code in codes),
            "late": sum(code.late for code in codes),
            "latency_ms": dict(zip(("p50", "p99", "max"), points, strict=True)),
            "driver_lag_ms": round(self.lag * 1000, 1),
        }


class Loads:
    """The runs of a corp."""

    def __init__(self) -> None:
        self.runs: dict[int, Load] = {}


async def start(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """{corpid, config_id, per_second, seconds} → {id}."""
    corp = corp_of(box, str(body.get("corpid")))
    if body.get("config_id") not in corp.shelf(Ways).contact:
        raise ControlFault("no such config_id", 404)
    load = Load(next(NUMBERS), corp, body["config_id"], float(body["per_second"]), float(body["seconds"]))
    corp.shelf(Loads).runs[load.id] = load
    load.task = asyncio.get_running_loop().create_task(load.run())
    return {"id": load.id}


def show(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """How a run goes."""
    for corp in box.worlds["wecom"].accounts.values():
        found: Load | None = corp.shelf(Loads).runs.get(int(params["id"]))
        if found:
            return found.shown()
    raise ControlFault(f"no load {params['id']}", 404)


CONTROLS = (
    Control("POST", "/sandbox/load/adds", start),
    Control("GET", "/sandbox/load/adds/{id:int}", show),
)
