"""People 买家: the first pass over a file: who is named in it, and what it says of them.

Identifiers are written sorted by their own value (numbers as numbers), so customers get their numbers in the order in
which the shop counts them, whatever the order of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.events.catalogue.customers import PROFILE_RECORDED
from siyu.events.identifiers import distinct_sightings, sighting
from siyu.foundation.ids import key64_rows
from siyu.foundation.secrets import Secrets
from siyu.orders import cells
from siyu.orders.lines import People, Plan, order_lines, people_of
from siyu.orders.reading import Chunk

ATTRIBUTES = {"customer_name": "name", "province": "province", "city": "city", "country": "country"}
PART_ROWS = 100_000


@dataclass
class Named:
    """What the rows so far say: distinct (identifier, anchor) pairs and, per anchor and attribute, the newest value."""

    pairs: list[pa.Table] = field(default_factory=list)
    attributes: list[pa.Table] = field(default_factory=list)

    def add(self, chunk: Chunk, plan: Plan, secrets: Secrets) -> None:
        people = people_of(chunk, plan, secrets)
        # Somebody whose every row is refused is nobody's customer: they would be new at each import.
        accepted, _ = order_lines(chunk, plan, people)
        taken = pc.is_in(chunk.lines, value_set=accepted["line_key"].combine_chunks())
        at = cells.times(chunk.columns[plan.mapping["ordered_at"]], plan.zone, plan.day_first).values
        seen = pc.if_else(taken, at, None)
        self.pairs += [sighting(column, people.anchors, seen) for column in people.columns]
        self.attributes += [
            _attribute(path, cells.unmasked(cells.texts(chunk.columns[plan.mapping[name]])), people, seen)
            for name, path in ATTRIBUTES.items()
            if name in plan.mapping
        ]
        if len(self.pairs) > 60:
            self._shrink()

    def identifiers(self) -> pa.Table:
        """identity_key, anchor_key, namespace, value, seen_ms: one row a pair, anchors in the order of their own values."""
        self._shrink()
        rows = self.pairs[0]
        anchors = rows.filter(pc.equal(rows["identity_key"], rows["anchor_key"]))
        number = pc.if_else(pc.match_substring_regex(anchors["value"], r"^\d{1,17}$"), anchors["value"], None).cast(pa.int64())
        ranked = anchors.append_column("number", number).sort_by([("namespace", "ascending"), ("number", "ascending"), ("value", "ascending")])
        keys = ranked["anchor_key"].to_numpy()
        order = np.argsort(keys, kind="stable")
        place = order[np.searchsorted(keys[order], rows["anchor_key"].to_numpy())]
        return rows.append_column("place", pa.array(place)).sort_by([("place", "ascending"), ("namespace", "ascending"), ("identity_key", "ascending")])

    def profiles(self) -> pa.Table:
        """Rows of `profile_recorded`."""
        self._shrink()
        if not self.attributes:
            return PROFILE_RECORDED.schema.empty_table()
        rows = self.attributes[0].combine_chunks()
        if not rows.num_rows:
            return PROFILE_RECORDED.schema.empty_table()
        columns = {name: rows[name].chunk(0) for name in ("identity_key", "path", "text", "set_ms")}
        return PROFILE_RECORDED.table({**columns, "event_key": key64_rows(*columns.values()).astype(np.int64)})

    def _shrink(self) -> None:
        self.pairs = [distinct_sightings(pa.concat_tables(self.pairs))]
        if self.attributes:
            rows = pa.concat_tables(self.attributes)
            newest = rows.group_by(["identity_key", "path"]).aggregate([("set_ms", "max")])
            kept = rows.join(newest, ["identity_key", "path"]).filter(pc.field("set_ms") == pc.field("set_ms_max"))
            one = kept.group_by(["identity_key", "path", "set_ms"]).aggregate([("text", "min")]).rename_columns(["identity_key", "path", "set_ms", "text"])
            self.attributes = [one.sort_by([("identity_key", "ascending"), ("path", "ascending")])]


def read_people(chunks: Iterator[Chunk], plan: Plan, secrets: Secrets, seen: Callable[[int], None]) -> Named:
    """One pass over the file's identity columns; `seen` is told how many rows have gone by."""
    named, count = Named(), 0
    for chunk in chunks:
        named.add(chunk, plan, secrets)
        count += len(chunk.lines)
        seen(count)
    return named


def _attribute(path: str, values: pa.Array, people: People, seen: pa.Array) -> pa.Table:
    rows = pa.table({"identity_key": people.anchors, "path": pa.array([path] * len(values), pa.string()), "text": values, "set_ms": seen})
    return rows.filter(pc.and_(pc.not_equal(rows["identity_key"], 0), pc.and_(pc.is_valid(rows["text"]), pc.is_valid(rows["set_ms"]))))
