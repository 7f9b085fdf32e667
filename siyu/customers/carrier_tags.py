"""Carrier tags 载体标签: customers' tags follow the tags that staff put on at a carrier, and the other way round.

A customer has the tag when any relation has it there, and loses it when none has it any more. What comes from a carrier is
put on in the carrier's name and does not go back there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, select

from siyu.carriers import marks
from siyu.customers import _tables
from siyu.customers.tags import change_tags
from siyu.events.catalogue.carriers import RELATION_TAGS_CHANGED
from siyu.events.catalogue.customers import TAGS_CHANGED
from siyu.events.reactions import Reaction
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.identifiers import customers_of, keys_of

BY = "wecom"
CARRY = "customers.carry_tag"


def _from_carrier(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    """The last telling of each (contact, tag) counts; a tag taken off somewhere is kept while another relation has it."""
    last: dict[tuple[int, str], bool] = {}
    for row in (row for batch in batches for row in batch.rows.select(["identity_key", "tag", "added"]).to_pylist()):
        last[(row["identity_key"], row["tag"])] = row["added"]
    owners = customers_of(tx, sorted({key for key, _ in last}))
    on: dict[str, set[int]] = defaultdict(set)
    off: dict[str, set[int]] = defaultdict(set)
    for (key, tag), added in last.items():
        if key in owners:
            (on if added else off)[tag].add(owners[key])
    for tag, customers in on.items():
        change_tags(tx, sorted(customers), add=[tag], remove=[], by=BY, now=stores.now())
    for tag, customers in off.items():
        left = customers - on.get(tag, set())
        keys = keys_of(tx, sorted(left))
        kept = set(customers_of(tx, sorted(marks.still_held(tx, keys, tag))).values())
        if gone := sorted(left - kept):
            change_tags(tx, gone, add=[], remove=[tag], by=BY, now=stores.now())


def _to_carrier(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    last: dict[tuple[int, str], bool] = {}
    for row in (row for batch in batches for row in batch.rows.select(["customer_id", "tag", "added", "by"]).to_pylist()):
        if row["by"] != BY:
            last[(row["customer_id"], row["tag"])] = row["added"]
    by_change: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for (customer, tag), added in last.items():
        by_change[(tag, added)].append(customer)
    for (tag, added), customers in by_change.items():
        marks.want(tx, keys_of(tx, sorted(customers)), tag, added, stores.now())


FROM_CARRIER = Reaction("customers.tags_from_carriers", (RELATION_TAGS_CHANGED.name,), _from_carrier)
TO_CARRIER = Reaction("customers.tags_to_carriers", (TAGS_CHANGED.name,), _to_carrier)


def _carry(running: Running) -> dict[str, int]:
    """A tag of a carrier begins to stand for one of ours: each side gets what the other has."""
    stores, account_id, tag = running.stores, int(running.arguments["account_id"]), str(running.arguments["tag"])
    with running.begin() as tx:
        told = marks.tell_all(stores, tx, account_id, str(running.arguments["ref"]))
        customers = list(tx.scalars(select(_tables.tag.c.customer_id).where(_tables.tag.c.tag == tag)))
        wanted = marks.want(tx, keys_of(tx, customers), tag, True, stores.now(), account_id)
    return {"from_carrier_count": told, "to_carrier_count": wanted}


def job_kinds() -> tuple[JobKind, ...]:
    return (JobKind(CARRY, Text("对应标签", "Carry a tag both ways"), _carry),)
