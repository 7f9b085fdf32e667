"""What the gate would say at another time is what it says then: asked ahead with supposed messages, and asked at the time with real ones."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.stores import Stores
from siyu.messaging import planning, supposing
from siyu.messaging.restraint import HISTORY
from siyu.messaging.sends import SendSpec
from siyu.segments.audience import AudienceRule
from tests.conftest import SetClock
from tests.makers.messaging import draft
from tests.makers.rehearsing import Brand


def test_asked_ahead_is_asked_then(stores: Stores, clock: SetClock) -> None:
    clock.at = clock.at.replace(hour=2)
    brand = Brand(stores, clock, 30, seed=3)
    brand.publish()
    spec = SendSpec(AudienceRule(customer_ids=tuple(brand.ids.tolist())), {"a": (brand.pieces["value"], 1)}, ("sms",), "s", control_rate=0.2, use_global_holdout=False)
    ids, now_ms = np.sort(brand.ids), to_ms(stores.now())
    ground = supposing.ground(stores, supposing.Kind(spec, "value"), ids, since_ms=now_ms, until_ms=now_ms + 20 * DAY_MS)
    told: list[int] = []
    keys, more = np.arange(30) + 1_000, HISTORY.empty_table()
    for days in (0, 1, 2, 3, 12):
        case = supposing.Case(keys, np.arange(30), more)
        due_ms = now_ms + days * DAY_MS
        ahead = supposing.decide(ground, case, due_ms=due_ms, until_ms=due_ms + DAY_MS)
        clock.at += timedelta(milliseconds=due_ms - to_ms(clock.at))
        asked = draft(stores, f"then:{days}", customers=ids.tolist(), purpose="value", content={"a": (brand.pieces["value"], 1)}, salt="s", control_rate=0.2, until_at=clock.at + timedelta(days=1))
        then = planning.dry_run(stores, asked)
        counted = ahead.group_by("verdict").aggregate([([], "count_all")]).to_pylist()
        assert {row["verdict"]: row["count_all"] for row in counted} == {name: then[name] for name in ("allow", "wait", "refuse") if then.get(name)}
        reasons = ahead.filter(pc.equal(ahead["verdict"], "refuse")).group_by("reason").aggregate([([], "count_all")]).to_pylist()
        assert {row["reason"]: row["count_all"] for row in reasons} == then.get("reasons", {})
        more = pa.concat_tables([more, supposing.messages(ground, ahead)])
        brand.tell_as(asked)
        told.append(then.get("allow", 0))
    assert told[3] == 0 < min(told[:3]) == told[4]


def test_one_customer_may_stand_in_several_futures(stores: Stores, clock: SetClock) -> None:
    clock.at = clock.at.replace(hour=2)
    brand = Brand(stores, clock, 3, seed=3)
    brand.publish()
    spec = SendSpec(AudienceRule(customer_ids=(1,)), {"a": (brand.pieces["promotion"], 1)}, ("sms",), "s", control_rate=0.0)
    now_ms = to_ms(stores.now())
    ground = supposing.ground(stores, supposing.Kind(spec, "promotion"), np.sort(brand.ids), since_ms=now_ms, until_ms=now_ms + 20 * DAY_MS)
    first = supposing.decide(ground, supposing.Case(np.array([5]), np.array([1]), HISTORY.empty_table()), due_ms=now_ms, until_ms=now_ms + DAY_MS)
    later = now_ms + 2 * DAY_MS
    both = supposing.decide(ground, supposing.Case(np.array([5, 9]), np.array([1, 1]), supposing.messages(ground, first)), due_ms=later, until_ms=later + DAY_MS)
    assert both["verdict"].to_pylist() == ["refuse", "allow"]
    assert both["reason"].to_pylist()[1] is None
