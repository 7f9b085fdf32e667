"""Simulated people in the running sandbox, for tests: a population with one staff member, sends, and the truth as rows."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_wecom import SandboxCorp, make_corp

PLAIN: dict[str, Any] = {"name": "门店", "need": 0.03, "deal_hunters": 0, "price_sensitivity": 0.6}
DEAL = "会员专享:满200减80,全场可用"


@dataclass
class Population:
    """People who know one staff member; everybody lives in whole days unless a test says otherwise."""

    sandbox: SandboxClient
    corp: SandboxCorp
    phones: range
    ids: dict[int, str]

    def send(self, text: str, phones: Sequence[int] | None = None, **more: Any) -> None:
        """A group send that the staff member confirms at once."""
        self.corp.token = self.corp.get_token()
        ids = [self.ids[phone] for phone in phones or self.phones]
        for start in range(0, len(ids), 10_000):
            self.corp.contact(
                "add_msg_template",
                sender="amy",
                text={"content": text},
                external_userid=ids[start : start + 10_000],
                **more,
            )
        self.sandbox.advance(seconds=1)

    def live(self, days: float, **how: Any) -> Any:
        return self.sandbox.post("people/advance", {"days": days, "quietly": True, **how})

    def truth(self, table: str) -> list[dict[str, Any]]:
        return truth(self.sandbox, table)

    def bought(self, cause: str | None = None) -> Counter[int]:
        """Orders by person, of one cause or of any, of those who were there from the first."""
        rows = [row for row in self.truth("purchases") if cause in (None, row["cause"])]
        return Counter(row["person"] for row in rows if row["person"] in self.phones)


def truth(sandbox: SandboxClient, table: str) -> list[dict[str, Any]]:
    answer = sandbox.http.get("/sandbox/truth", params={"table": table})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def orders_of(sandbox: SandboxClient, **query: Any) -> list[dict[str, str]]:
    """The shop's export as rows."""
    answer = sandbox.http.get("/sandbox/shop/orders.csv", params=query)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def make_population(
    sandbox: SandboxClient, count: int, *sources: dict[str, Any], seed: int = 1, **more: Any
) -> Population:
    """A fresh sandbox with so many people."""
    sandbox.reset(seed=seed)
    corp = make_corp(sandbox, "amy", habits={"confirm": 1, "delay_seconds": 0})
    sandbox.patch("settings", {"wecom": {"sends_per_month": 1000, "sends_per_day": 0}})
    wish = {"count": count, "staff": 1, "step_hours": 24, "sources": list(sources) or [PLAIN]}
    made = sandbox.post("people/populate", {"corpid": corp.id, **wish, **more})
    answer = sandbox.http.get(f"/sandbox/population/{corp.id}/relations", params={"format": "jsonl"})
    rows = [json.loads(line) for line in answer.text.splitlines()]
    ids = {row["phone"]: row["external_userid"] for row in rows}
    return Population(sandbox, corp, range(made["first"], made["first"] + count), ids)
