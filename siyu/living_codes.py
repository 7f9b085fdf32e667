"""Live codes of the living sample brand 活的示例品牌的活码: one for each place, of the source that the place stands for, so that whoever comes counts there.

Each is led to the same staff all day: the sandbox forgets its codes when it ends, and a code that never changes is never asked about again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from siyu.client import Client, RefusedError

SOURCES = {"store-s01": "杭州湖滨店·收银台活码", "store-s03": "上海静安店·收银台活码", "parcel-card": "淘宝包裹卡", "friend": "老带新", "fission-draw": "抽奖裂变"}
"""Place → the source of the sample brand that it stands for."""
LOOK_SECONDS = 1.0
_log = logging.getLogger("siyu.living")


def wait_until_loaded(client: Client, stopping: threading.Event) -> None:
    """Until no load of the sample brand is under way: before, its sources are not there."""
    while any(_loads(client, status) for status in ("queued", "running")):
        if stopping.wait(LOOK_SECONDS):
            return


def _loads(client: Client, status: str) -> bool:
    return any(one["kind"] == "sample.load" for one in client.get("/jobs", status=status)["items"])


def make(client: Client, account_id: int, places: Sequence[tuple[str, str]], behind: Callable[[int], list[str]]) -> dict[str, str]:
    """A live code for each place (name, mark) whose source is there; returns mark → the state of its code. One that is there stays."""
    sources = {one["name"]: one["id"] for one in client.get("/acquisition/sources")["items"]}
    known = {one["name"]: one["state"] for one in client.get("/acquisition/codes", account_id=account_id, status="open")["items"]}
    found: dict[str, str] = {}
    for number, (name, mark) in enumerate(places):
        source_id = sources.get(SOURCES.get(mark, ""))
        if name in known:
            found[mark] = known[name]
        elif source_id is not None:
            plan = {"receivers": [{"staff": one} for one in behind(number)]}
            try:
                made = client.post("/acquisition/codes", {"account_id": account_id, "name": name, "source_id": source_id, "plan": plan})
            except RefusedError as error:
                _log.warning("the live code %s of the sample brand is not there: %s", name, error)
                continue
            found[mark] = made["state"]
    return found
