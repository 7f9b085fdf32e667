"""Folding 属性折叠: what was done to an attribute, in order, becomes its value: set, once, increment, append, unset, delete.

The order is that of `set_ms`, then of arrival. An increment on what is no number, and an append to what is no list, begin
anew. Sums are of whole millionths, so that every order of adding gives the same digits. Attributes that were only ever
set, nearly all, take the short way.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

KEY = ("customer_id", "path")
MILLION = 1_000_000
LARGEST = 9_000_000_000_000
"""Numbers from here on do not fit as millionths into 64 bits; they are not added."""
_ITEMS = 1 << 12


def folded(history: ir.Table, items: ir.Table) -> ir.Table:
    """One row an attribute that has a value now: customer_id, path, text, number, time_ms, set_ms, held_since_ms.

    One row in of `history` is one operation on one attribute; of `items`, one element of a list that was given. The
    value is held since it last became another one: setting it again does not reset the clock.
    """
    history = history.mutate(op=history["op"].fill_null("set"))
    moved = history.filter(history["op"] != "set")
    people = moved.filter(moved["op"].isin(["unset", "delete"])).select("customer_id").distinct()
    keys = moved.select(*KEY).union(history.semi_join(people, "customer_id").select(*KEY)).distinct()
    return _set_only(history.anti_join(keys, KEY)).union(_worked(history.semi_join(keys, KEY), items))


def _set_only(history: ir.Table) -> ir.Table:
    in_order = ibis.window(group_by=KEY, order_by=[history.set_ms, history.sequence])
    changes = history.mutate(before=history.text.lag().over(in_order))
    changed = changes.filter(changes.before.isnull() | (changes.before != changes.text))
    since = changed.group_by(*KEY).agg(held_since_ms=changed.set_ms.max())
    last = ibis.window(group_by=KEY, order_by=[history.set_ms.desc(), history.sequence.desc()])
    current = history.mutate(place=ibis.row_number().over(last))
    return _stated(current.filter(current.place == 0).inner_join(since, KEY))


def _worked(history: ir.Table, items: ir.Table) -> ir.Table:
    """Attributes that anything else was done to: runs of additions become one row, each with its value at its end."""
    rows = _runs(_effective(history))
    first = ibis.window(group_by=[*KEY, "run"], order_by="place")
    rows = rows.mutate(leads=ibis.row_number().over(first) == 0)
    grows, leads = rows["op"].isin(["increment", "append"]), rows.leads
    runs = rows.group_by(*KEY, "run").agg(
        kind=rows.kind.max(),
        first_op=rows["op"].max(where=leads),
        first_ms=rows.set_ms.min(),
        set_ms=rows.set_ms.max(),
        grown=grows.sum(),
        given_text=rows.text.max(where=leads),
        given_number=rows.number.max(where=leads),
        given_time_ms=rows.time_ms.max(where=leads),
        millionths=_millionths(rows.number).sum().cast("int64"),
        moved_ms=rows.set_ms.max(where=(rows["op"] == "increment") & ~leads & (_millionths(rows.number) != 0)),
    )
    runs = runs.left_join(_lists(rows, items), [*KEY, "run"]).drop("customer_id_right", "path_right", "run_right")
    return _last(_valued(runs))


def _effective(history: ir.Table) -> ir.Table:
    """Operations that do something, removals on each attribute they reach: of a whole, its parts (a, then a.b) go too."""
    usable = (history["op"] != "increment") | (history.number.abs() < LARGEST).fill_null(False)
    done = history.filter(history["op"].notin(["unset", "delete"]) & usable)
    done = done.select(*KEY, "event_key", "op", "text", "number", "time_ms", "set_ms", "sequence")
    removals = history.filter(history["op"].isin(["unset", "delete"]))
    gone = removals.select("customer_id", "event_key", "set_ms", "sequence", removed="path", everything=removals["op"] == "delete")
    met = gone.inner_join(done.select(*KEY).distinct(), "customer_id")
    met = met.filter(met.everything | (met.path == met.removed) | met.path.startswith(met.removed + "."))
    nothing = {"op": ibis.literal("unset"), "text": ibis.null("string"), "number": ibis.null("float64"), "time_ms": ibis.null("int64")}
    rows = done.union(met.mutate(**nothing).select(done.columns))
    before = rows["op"].lag().over(ibis.window(group_by=KEY, order_by=[rows.set_ms, rows.sequence]))
    rows = rows.mutate(before=before)
    return rows.filter((rows["op"] != "once") | rows.before.isnull() | (rows.before == "unset")).drop("before")


def _runs(rows: ir.Table) -> ir.Table:
    """Each row with its place among those of its attribute, the kind of value it leaves, and the number of its run."""
    kind = ibis.cases(
        (rows["op"] == "unset", "none"), (rows["op"] == "increment", "number"), ((rows["op"] == "append") | rows.text.startswith("["), "list"),
        (rows.number.notnull(), "number"), else_="text",
    )  # fmt: skip
    rows = rows.mutate(kind=kind)
    in_order = ibis.window(group_by=KEY, order_by=[rows.set_ms, rows.sequence])
    rows = rows.mutate(place=ibis.row_number().over(in_order), before=rows.kind.lag().over(in_order).fill_null("none"))
    goes_on = ((rows["op"] == "increment") & (rows.before == "number")) | ((rows["op"] == "append") & (rows.before == "list"))
    until = ibis.window(group_by=KEY, order_by="place", preceding=None, following=0)
    rows = rows.mutate(begins=(~goes_on).cast("int64"))
    return rows.mutate(run=rows.begins.sum().over(until).cast("int64"))


def _lists(rows: ir.Table, items: ir.Table) -> ir.Table:
    """One row a run that is a list: its distinct elements in the order in which they came, and when one was last added."""
    listed = rows.filter(rows.kind == "list").select(*KEY, "run", "event_key", "place", "leads", "set_ms")
    found = listed.inner_join(items.select("event_key", "path", "item", item_place="place"), ["event_key", "path"])
    found = found.mutate(rank=found.place * _ITEMS + found.item_place)
    once = found.group_by(*KEY, "run", "item").agg(rank=found["rank"].min(), set_ms=found.set_ms.min(), new=(~found.leads).cast("int64").min())
    ranked = once["rank"].cast("string").lpad(19, "0") + once["item"]
    grouped = once.mutate(ranked=ranked).group_by(*KEY, "run")
    return grouped.agg(
        listed=lambda t: ibis.literal("[") + t.ranked.collect().sort().map(lambda each: each.substr(19)).join(",") + ibis.literal("]"),
        added_ms=lambda t: t.set_ms.max(where=t.new == 1),
    )


def _valued(runs: ir.Table) -> ir.Table:
    """Each run with the value at its end, and since when it has been that, if it became another one in this run."""
    counted, appended = (runs.kind == "number") & (runs.grown > 0), (runs.kind == "list") & (runs.grown > 0)
    whole, exact = runs.millionths // MILLION, runs.millionths / MILLION
    digits = (whole * MILLION == runs.millionths).ifelse(whole.cast("int64").cast("string"), exact.cast("string"))
    runs = runs.mutate(
        text=ibis.cases((counted, digits), (appended, runs.listed.fill_null("[]")), else_=runs.given_text),
        number=ibis.cases((counted, exact), (appended, ibis.null("float64")), else_=runs.given_number),
        time_ms=(counted | appended).ifelse(ibis.null("int64"), runs.given_time_ms),
    )
    runs = runs.mutate(before=runs.text.lag().over(ibis.window(group_by=KEY, order_by="run")))
    other = runs.before.isnull() | (runs.first_op == "append") | (runs.before != runs.given_text)
    changed_ms = runs.moved_ms.coalesce(runs.added_ms, other.ifelse(runs.first_ms, ibis.null("int64")))
    return runs.mutate(changed_ms=changed_ms)


def _last(runs: ir.Table) -> ir.Table:
    since = runs.group_by(*KEY).agg(held_since_ms=runs.changed_ms.max(), last_run=runs.run.max())
    last = runs.inner_join(since, KEY)
    return _stated(last.filter((last.run == last.last_run) & (last.kind != "none")))


def _millionths(number: ir.FloatingValue) -> ir.IntegerValue:
    return (number.abs() < LARGEST).ifelse((number * MILLION).round().cast("int64"), ibis.null("int64"))


def _stated(rows: ir.Table) -> ir.Table:
    return rows.select(*KEY, "text", "number", "time_ms", "set_ms", "held_since_ms")
