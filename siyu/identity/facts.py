"""Facts of identity: whom each identifier belongs to, and by which identifiers people can be reached."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from siyu.events.catalogue.identity import IDENTIFIERS_LINKED, PEOPLE_SEEN
from siyu.foundation.warehouse.facts import Batch, Column, Fact


def _linked(batch: Batch) -> pa.Table:
    return batch.rows.select(["identity_key", "customer_id", "seen_ms"]).rename_columns(["identity_key", "customer_id", "first_seen_ms"])


IDENTITY_LINK = Fact(
    name="identity_link",
    grain="one identifier",
    key=("identity_key",),
    columns=(
        Column("identity_key", "int64", "keyed blind index of the identifier"),
        Column("customer_id", "int64", "the customer it belongs to now"),
        Column("first_seen_ms", "int64", "when it was first seen, epoch ms"),
    ),
    sources={IDENTIFIERS_LINKED.name: _linked},
    links_identity=True,
)


def _reachable(batch: Batch) -> pa.Table:
    space = batch.rows["namespace"]
    named = pc.is_in(space, pa.array(["phone", "email"]))
    mine = pc.or_(named, pc.starts_with(space, "openid:"))
    return batch.rows.select(["identity_key", "namespace", "seen_ms"]).filter(mine)


IDENTITY_IDENTIFIER = Fact(
    name="identity_identifier",
    grain="one identifier by which a person can be written to",
    key=("identity_key",),
    columns=(
        Column("identity_key", "int64", "keyed blind index of the identifier; the value itself stays in the ledger, encrypted"),
        Column("customer_id", "int64", "the customer it belongs to now"),
        Column("namespace", "string", "phone, email or openid:<app>"),
        Column("seen_ms", "int64", "when it was first seen, epoch ms"),
    ),
    sources={PEOPLE_SEEN.name: _reachable},
    on_duplicate="keep",
)
FACTS = (IDENTITY_LINK, IDENTITY_IDENTIFIER)
