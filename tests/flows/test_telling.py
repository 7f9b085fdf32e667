"""What the simulated shop's mini program tells is taken in: each step once, under the person's openid and unionid."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from siyu.events import log
from tests.makers.running import running_shop
from tests.makers.sandbox import SandboxClient, wait_for

PLACE = {"name": "门店", "need": 0.3, "deal_hunters": 0}


def test_each_step_of_the_simulated_shop_arrives_once(tmp_path: Path, sandbox: SandboxClient) -> None:
    with running_shop(tmp_path) as shop:
        feed = shop.api("POST", "/feeds", {"name": "商城小程序", "kind": "mini_program"}, status=201)
        appid = sandbox.post("mini_programs", {"secret": "s" * 32})["appid"]
        sandbox.post("people/populate", {"count": 40, "mini_program": appid, "sources": [PLACE], "step_hours": 24})
        tells = {"url": f"{shop.url}/sa?project={feed['write_key']}"}
        sandbox.post("people/plan", {"mini_program": appid, "tells": tells})
        sandbox.post("people/advance", {"days": 3, "step_hours": 24})
        told = wait_for(lambda: sandbox.get("people/plan")["tells"]["told"])
        wait_for(lambda: shop.api("GET", f"/feeds/{feed['id']}")["operation_count"] == sandbox.get("people/plan")["tells"]["told"] >= told, 20)
        with shop.stores.ledger.read() as tx:
            batches = log.batches(tx, 0, None, ["activity_recorded", "people_seen"], limit=10_000)
        done = Counter(name for batch in batches if batch.event == "activity_recorded" for name in batch.rows["name"].to_pylist())
        spaces = {space for batch in batches if batch.event == "people_seen" for space in batch.rows["namespace"].to_pylist()}
    assert done.total() == sandbox.get("people/plan")["tells"]["told"]
    assert done["product_viewed"] > done["cart_added"] == done["order_submitted"] > 5
    assert {"unionid", f"openid:{appid}", "anonymous"} <= spaces
    assert sandbox.get("people/plan")["tells"]["lost"] == 0


def test_a_sandbox_that_tells_nobody_says_so(sandbox: SandboxClient) -> None:
    assert sandbox.get("people/plan")["tells"] is None
    refused = sandbox.http.post("/sandbox/people/plan", json={"tells": {"url": "ftp://x"}})
    assert refused.status_code == 422
