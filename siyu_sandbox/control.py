"""The control API (控制接口) of the core: health, reset, clock, faults, calls, callbacks, people, phones, truth."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec
import pyarrow as pa

from siyu_sandbox.page import phone_page, phones_page
from siyu_sandbox.registry import Answer, Control, ControlFault, Json
from siyu_sandbox.sandbox import Sandbox

JSON_ROWS = 10_000


def controls(box: Sandbox) -> list[Control]:
    """Every control route: the core's, then each product's."""
    return [*CORE, *(route for product in box.products for route in product.control)]


def number(params: dict[str, str], name: str, default: int | None = None) -> int:
    """A whole number among the parameters."""
    value = params.get(name, default)
    try:
        return int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as wrong:
        raise ControlFault(f"{name} must be a whole number") from wrong


def health(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """That the server is up, its time and what there is."""
    counts = {"phones": box.phones.count, "received": box.phones.received_count()}
    counts["callbacks_open"] = box.sender.open_count()
    for name, world in box.worlds.items():
        counts |= {f"{name}_{what}": count for what, count in world.counts().items()}
    return {"status": "ok", "now": box.clock.now(), "speed": box.clock.speed, "counts": counts}


async def reset(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """An empty world: {seed?, speed?}."""
    await box.reset(body.get("seed"), body.get("speed"))
    return health(box, params, body)


def clock(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """{speed?, advance_seconds?}."""
    if "speed" in body:
        box.clock.set_speed(float(body["speed"]))
    if "advance_seconds" in body:
        box.clock.advance(float(body["advance_seconds"]))
    return {"now": box.clock.now(), "speed": box.clock.speed}


def add_fault(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """See `faults.Fault`; answers its id."""
    return {"id": box.faults.add(body).id}


def list_faults(box: Sandbox, params: dict[str, str], body: Json) -> list[Json]:
    """The switches that are on."""
    return box.faults.all()


def remove_fault(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """Switch one off."""
    box.faults.remove(number(params, "id"))
    return {"removed": number(params, "id")}


def calls(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """Counts by account, api and errcode; ?since= (virtual) &account= &api= (end of the path)."""
    since = float(params["since"]) if "since" in params else None
    rows = box.calls.counts(since, params.get("account", ""), params.get("api", ""))
    return {"now": box.clock.now(), "total": sum(row["count"] for row in rows), "calls": rows}


def settings(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """{latency_ms?, <product>: {limit: value}}: the time every vendor call takes, and each product's limits."""
    box.latency_ms = float(body.pop("latency_ms", box.latency_ms))
    for product, wishes in body.items():
        limits = getattr(box.worlds.get(product), "limits", None)
        for name, value in wishes.items():
            if not hasattr(limits, name):
                raise ControlFault(f"{product} has no limit {name}")
            setattr(limits, name, value)
    shown: Json = {"latency_ms": box.latency_ms}
    for name, world in box.worlds.items():
        if hasattr(world, "limits"):
            shown[name] = asdict(world.limits)
    return shown


def change_callbacks(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """Switches of the sender; see `callbacks.Switches`."""
    return box.sender.change(body)


def callback_log(box: Sandbox, params: dict[str, str], body: Json) -> list[Json]:
    """Deliveries, oldest first; ?account= &event= &after=<id>."""
    return box.sender.log(params.get("account", ""), params.get("event", ""), number(params, "after", 0))


async def verify_callback(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """Ask an account's callback to prove that it holds the key, as the vendor does when it is saved."""
    account = params["account"]
    holder: Any = box.worlds[box.owner(account)].accounts[account]
    if holder.callback is None:
        raise ControlFault(f"{account} has no callback")
    return await box.sender.verify(holder.callback)


def make_people(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """{count} phones; their ids follow one another. With `people` instead: one phone per given record."""
    if "people" in body:
        ids = [box.phones.make(**record).id for record in body["people"]]
    else:
        ids = list(box.phones.reserve(int(body.get("count", 1))))
    shown = [_brief(box, one) for one in ids[:100]]
    return {"first": ids[0] if ids else None, "count": len(ids), "people": shown}


def list_phones(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """A page of phones; ?after= &limit=."""
    after, limit = number(params, "after", 0), min(number(params, "limit", 50), 1000)
    ids = range(after + 1, min(after + limit, box.phones.count) + 1)
    return {"count": box.phones.count, "phones": [_brief(box, one) for one in ids]}


def tally(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """How many phones received how many; ?kind= &words= (of the content)."""
    times = box.phones.tally(params.get("kind", ""), params.get("words", ""))
    return {"phones": sum(times.values()), "times": {str(count): phones for count, phones in times.items()}}


def show_phone(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """All that the phone received."""
    return box.phones.show(number(params, "id"))


def inbox(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """The phone with this e-mail address or number."""
    phone = box.phones.by_address(params["address"])
    if phone is None:
        raise ControlFault(f"nobody has {params['address']}", 404)
    return box.phones.show(phone.id)


def scan(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """{qr}: the phone scans a code; whoever made the code answers what happened."""
    phone = box.phones.get(number(params, "id"))
    for product in box.products:
        happened = product.scan(box, phone, str(body.get("qr", "")), body) if product.scan else None
        if happened is not None:
            return happened
    raise ControlFault("no product knows this code", 404)


def act(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """The person does something; `account` (corpid, appid) decides where several products know the action."""
    phone, name = box.phones.get(number(params, "id")), params["action"]
    able = [product for product in box.products if name in product.actions]
    account = body.get("account") or body.get("corpid") or body.get("appid")
    if len(able) > 1 and account:
        able = [product for product in able if account in box.worlds[product.name].accounts]
    if not able:
        raise ControlFault(f"no phone can {name}", 404)
    if len(able) > 1:
        raise ControlFault(f"say which account: {name} is known to {', '.join(p.name for p in able)}")
    return able[0].actions[name](box, phone, body)


def truth(box: Sandbox, params: dict[str, str], body: Json) -> Json | Answer:
    """The tables of the simulation; ?table= gives one as JSON lines, or with ?format=arrow as an Arrow stream."""
    tables = {name: rows for product in box.products for name, rows in product.truth.items()}
    tables["people"] = lambda box: [_brief(box, one) for one in range(1, box.phones.count + 1)]
    wanted = params.get("table")
    if wanted is None:
        return {"tables": sorted(tables)}
    if wanted not in tables:
        raise ControlFault(f"no table {wanted}", 404)
    rows = tables[wanted](box)
    if params.get("format") == "arrow":
        return arrow(rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows)))
    parts = rows.to_batches(JSON_ROWS) if isinstance(rows, pa.Table) else [rows]
    listed = (
        row for part in parts for row in (part.to_pylist() if isinstance(part, pa.RecordBatch) else part)
    )
    lines = b"".join(msgspec.json.encode(row) + b"\n" for row in listed)
    return Answer(lines, "application/x-ndjson")


def arrow(table: pa.Table) -> Answer:
    """A table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return Answer(sink.getvalue().to_pybytes(), "application/vnd.apache.arrow.stream")


def _brief(box: Sandbox, number: int) -> Json:
    phone = box.phones.get(number) if box.phones.count <= 10_000 else None
    name, gender, unionid = box.phones.about(number)
    brief = {"id": number, "name": name, "gender": gender, "unionid": unionid}
    return brief | ({"phone": phone.phone, "email": phone.email} if phone else {})


CORE = (
    Control("GET", "/sandbox/health", health),
    Control("POST", "/sandbox/reset", reset),
    Control("POST", "/sandbox/clock", clock),
    Control("GET", "/sandbox/faults", list_faults),
    Control("POST", "/sandbox/faults", add_fault),
    Control("DELETE", "/sandbox/faults/{id}", remove_fault),
    Control("GET", "/sandbox/calls", calls),
    Control("PATCH", "/sandbox/settings", settings),
    Control("PATCH", "/sandbox/callbacks", change_callbacks),
    Control("GET", "/sandbox/callbacks", callback_log),
    Control("POST", "/sandbox/accounts/{account}/verify_callback", verify_callback),
    Control("POST", "/sandbox/people", make_people),
    Control("GET", "/sandbox/phones", list_phones),
    Control("GET", "/sandbox/received", tally),
    Control("GET", "/sandbox/phones/{id:int}", show_phone),
    Control("POST", "/sandbox/phones/{id:int}/scan", scan),
    Control("POST", "/sandbox/phones/{id:int}/{action}", act),
    Control("GET", "/sandbox/inboxes/{address}", inbox),
    Control("GET", "/sandbox/truth", truth),
    Control("GET", "/sandbox/", phones_page),
    Control("GET", "/sandbox/pages/{id:int}", phone_page),
)
