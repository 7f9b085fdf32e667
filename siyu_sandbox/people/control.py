"""Control routes of the people: where they come from, how fast they live, many at once, and the shop's export."""

from __future__ import annotations

import asyncio
import resource
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from siyu_sandbox.people.chance import stream
from siyu_sandbox.people.shop import export
from siyu_sandbox.people.sources import Source, mixed, of_brand
from siyu_sandbox.people.telling import Telling
from siyu_sandbox.people.truth import of
from siyu_sandbox.registry import Answer, Control, ControlFault, Json
from siyu_sandbox.wecom import population

if TYPE_CHECKING:
    from siyu_sandbox.people.world import PeopleWorld
    from siyu_sandbox.sandbox import Sandbox

MOST_PEOPLE, MOST_DAYS, MOST_PACE = 5_000_000, 3650, 10_000
CARRIERS = {"corpid": "wecom", "official_account": "official_account", "mini_program": "mini_program"}


def _number(body: Json, name: str, default: float, most: float) -> float:
    try:
        value = float(body.get(name, default))
    except (TypeError, ValueError) as wrong:
        raise ControlFault(f"{name} must be a number") from wrong
    if not 0 <= value <= most:
        raise ControlFault(f"{name} must lie between 0 and {most}")
    return value


def _carriers(box: Sandbox, body: Json) -> Json:
    """The accounts that a call names, or the only one there is; each must exist."""
    found: Json = {}
    for name, product in CARRIERS.items():
        accounts = box.worlds[product].accounts
        ref = body.get(name) or (next(iter(accounts)) if len(accounts) == 1 else "")
        if ref and ref not in accounts:
            raise ControlFault(f"no account {ref}", 404)
        found[name] = ref
    return found


def _source(world: PeopleWorld, wish: Json, carriers: Json) -> int:
    """Make or change the source with this name; answers its place."""
    name = str(wish.get("name") or "") if isinstance(wish, dict) else ""
    if not name:
        raise ControlFault("a source needs a name")
    place = next((place for place, one in enumerate(world.sources) if one.name == name), None)
    if place is None:
        source = Source(name, **carriers)
        source.change(wish)
        world.sources.append(source)
        return len(world.sources) - 1
    world.sources[place].change(wish)
    return place


def _pace(world: PeopleWorld, body: Json) -> None:
    if "pace" in body:
        pace = _number(body, "pace", 1, MOST_PACE)
        if not pace:
            raise ControlFault("pace must be above 0")
        world.pace.set(pace)
    if "step_hours" in body:
        world.pace.step_hours = _number(body, "step_hours", 1, 24) or 1.0
    if "pace" in body or "step_hours" in body:
        world.start()


def _telling(box: Sandbox, wish: Any, mini_program: str) -> Telling | None:
    """Where the shop's mini program tells of people's steps; null ends it."""
    if wish is None:
        return None
    url = wish.get("url") if isinstance(wish, dict) else None
    if not isinstance(url, str) or not url.startswith(("http://", "https://")) or not mini_program:
        raise ControlFault("tells needs a url, and a mini_program beside it")
    return Telling(box, url, mini_program)


def plan(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {sources: [{name, config_id | qr | staff, per_day, cost_fen, …}], corpid?, official_account?, mini_program?, pace?, tells?: {url}}."""
    world, carriers = of(box), _carriers(box, body)
    for wish in body.get("sources", []):
        source = world.sources[_source(world, wish, carriers)]
        if source.per_day and not (source.qr or source.staff or source.official_account):
            source.per_day = 0
            raise ControlFault(f"{source.name}: give a config_id, a qr, staff or an official_account")
    if "tells" in body:
        world.telling = _telling(box, body["tells"], carriers["mini_program"])
    _pace(world, {"pace": world.pace.pace} | body)
    return show(box, params, body)


def change(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """PATCH {sources?: [{name, …what changes}], paused?, pace?}."""
    world = of(box)
    for wish in body.get("sources", []):
        if wish.get("name") not in {one.name for one in world.sources}:
            raise ControlFault(f"no source {wish.get('name')}", 404)
        _source(world, wish, {})
    if "paused" in body:
        for source in world.sources:
            source.paused = bool(body["paused"])
    _pace(world, body)
    return show(box, params, body)


def show(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """GET the sources with how many came, and how people live."""
    world = of(box)
    came = np.bincount(world.crowd.source[: world.crowd.count], minlength=len(world.sources)).tolist()
    return {
        "pace": world.pace.pace,
        "step_hours": world.pace.step_hours,
        "day": round(world.pace.day, 6),
        "next_step_at": world.next_at,
        "people": world.counts(),
        "failed": world.acts.failed,
        "last_fault": world.acts.last_fault,
        "tells": world.telling and world.telling.shown(),
        "sources": [one.shown() | {"came": came[place]} for place, one in enumerate(world.sources)],
    }


def _settle(world: PeopleWorld, phones: Any, body: Json, carriers: Json) -> None:
    """Let these phones belong to simulated people, who have been there for a while."""
    wishes = body.get("sources") or [one.shown() | carriers | {"share": share} for one, share in of_brand()]
    shares = [_number(wish, "share", 1, 1e9) for wish in wishes]
    places = np.array([_source(world, wish, carriers) for wish in wishes])
    random = stream(int(body.get("seed", world.seed)), "population", world.crowd.count)
    chosen, columns = mixed([world.sources[place] for place in places], shares, len(phones), random)
    source = places[chosen]
    costs = np.array([one.cost_fen for one in world.sources])
    now = world.box.clock.now()
    rows = world.crowd.add(phones, source=source, cost_fen=costs[source], arrived=now, **columns)
    world.crowd.touched[rows] = world.pace.day


def populate(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {corpid, count, staff?, sources?, official_account?, step_hours?}: many people who are there already, nobody is told."""
    world, carriers = of(box), _carriers(box, body)
    count = int(_number(body, "count", 1000, MOST_PEOPLE))
    first = box.phones.count + 1
    if carriers["corpid"]:
        wish = {"corpid": carriers["corpid"], "contacts": count, "staff": body.get("staff", 10)}
        population.populate(
            box, {}, wish | {"seed": body.get("seed", world.seed), "overlap": body.get("overlap", 0)}
        )
    else:
        box.phones.reserve(count)
    _settle(world, np.arange(first, first + count), body, carriers)
    _pace(world, {"step_hours": world.pace.step_hours} | body)
    return {"first": first, "count": count}


def adopt(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {phones: [id], sources?}: phones that exist begin to belong to simulated people."""
    world = of(box)
    phones = np.array(sorted({int(one) for one in body.get("phones", [])}), np.int64)
    if len(phones) and not 1 <= phones[0] <= phones[-1] <= box.phones.count:
        raise ControlFault("there are fewer phones")
    fresh = np.setdiff1d(phones, world.crowd.phone[: world.crowd.count])
    _settle(world, fresh, body, _carriers(box, body))
    _pace(world, {"step_hours": world.pace.step_hours} | body)
    return {"adopted": len(fresh)}


async def advance(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {days, quietly?, step_hours?}: people live so many of their days now; quietly: the accounts are not called back."""
    world = of(box)
    days, quietly = _number(body, "days", 1, MOST_DAYS), bool(body.get("quietly", False))
    before = world.pace.step_hours
    if "step_hours" in body:
        _pace(world, {"step_hours": body["step_hours"]})
    world.quiet = box.sender.muted = quietly
    began, worked = time.perf_counter(), time.process_time()
    lived, left = 0.0, days * world.pace.day_seconds
    try:
        while left > 1e-6:
            span = min(left, world.pace.step_seconds)
            box.clock.advance(span)
            lived += world.crowd.count * span / world.pace.day_seconds
            left -= span
            await asyncio.sleep(0)
    finally:
        world.quiet = box.sender.muted = False
        if world.pace.step_hours != before:
            _pace(world, {"step_hours": before})
    return {
        "days": days,
        "person_days": lived,
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - worked,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "people": world.counts(),
    }


def acts(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """GET what people did over the carriers, oldest first; ?after=<number> &limit=."""
    try:
        after, limit = int(params.get("after", 0)), int(params.get("limit", 1000))
    except ValueError as wrong:
        raise ControlFault("after and limit must be whole numbers") from wrong
    return {"acts": [one for one in of(box).acts.feed if one["number"] > after][:limit]}


def orders(box: Sandbox, params: dict[str, str], body: Json) -> Answer:
    """GET the shop's export; ?since=<virtual second>: orders made, completed or refunded since."""
    world = of(box)
    try:
        since = float(params.get("since", 0))
    except ValueError as wrong:
        raise ControlFault("since must be a number of seconds") from wrong
    day = world.pace.day_seconds
    rows = export(world.shop, world.crowd, box.phones, box.clock.now(), since, day)
    return Answer(rows, "text/csv; charset=utf-8")


CONTROLS = (
    Control("POST", "/sandbox/people/plan", plan),
    Control("PATCH", "/sandbox/people/plan", change),
    Control("GET", "/sandbox/people/plan", show),
    Control("POST", "/sandbox/people/populate", populate),
    Control("POST", "/sandbox/people/adopt", adopt),
    Control("POST", "/sandbox/people/advance", advance),
    Control("GET", "/sandbox/people/acts", acts),
    Control("GET", "/sandbox/shop/orders.csv", orders),
)
