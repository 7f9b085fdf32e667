"""Facts of identity: whom each identifier belongs to."""

from __future__ import annotations

import pyarrow as pa

from siyu.events.catalogue.identity import IDENTIFIERS_LINKED
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
