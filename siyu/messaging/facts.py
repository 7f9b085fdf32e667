"""Facts of messaging: what was decided about each person of each send, and how each message stands."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.events.catalogue.messaging import MESSAGES_CHANGED, MESSAGES_DECIDED
from siyu.foundation.warehouse.facts import Batch, Column, Fact

_PLANNED = "planned"


def _decided(batch: Batch) -> pa.Table:
    names = batch.rows.column_names
    return batch.rows.rename_columns(["contact_key" if name == "identity_key" else name for name in names])


def _planned(batch: Batch) -> pa.Table:
    """Whoever is told, now or later, has a message from the decision on."""
    told = batch.rows.filter(pc.and_(pc.not_equal(batch.rows["verdict"], "refuse"), pc.is_valid(batch.rows["identity_key"])))
    size = told.num_rows
    columns = ("send_id", "route", "identity_key", "account_id", "carrier", "purpose", "variant", "staff", "at_ms")
    rows = pa.table({name: told[name] for name in columns})
    zero = pa.array(np.zeros(size, np.int64))
    return rows.append_column("status", pa.repeat(pa.scalar(_PLANNED), size)).append_column("cost_fen", zero).append_column("changed_ms", told["decided_ms"])


def _changed(batch: Batch) -> pa.Table:
    rows = batch.rows.drop_columns(["customer_id"])
    return rows.append_column("changed_ms", rows["at_ms"])


MESSAGING_DECISION = Fact(
    name="messaging_decision",
    grain="one customer of the audience of one send: the last decision about them",
    key=("send_id", "customer_id"),
    columns=(
        Column("send_id", "int64", "the send"),
        Column("customer_id", "int64", "the customer, under the number of then"),
        Column("verdict", "string", "allow, wait or refuse"),
        Column("reason", "string", "why it waits or is refused; null for allow"),
        Column("variant", "string", "which variant the person was given; null for none"),
        Column("account_id", "int64", "the account chosen; null for none"),
        Column("contact_key", "int64", "the identifier by which the person is reached; null for none"),
        Column("staff", "string", "the member of staff who sends; empty for the account itself"),
        Column("carrier", "string", "the product of the account; null for none"),
        Column("purpose", "string", "promotion, value, service or feedback"),
        Column("at_ms", "int64", "when the message is due, epoch ms"),
        Column("decided_ms", "int64", "when it was decided, epoch ms"),
    ),
    sources={MESSAGES_DECIDED.name: _decided},
)
MESSAGING_MESSAGE = Fact(
    name="messaging_message",
    grain="one message to one identifier by one way, as it stands",
    key=("send_id", "identity_key", "route"),
    columns=(
        Column("send_id", "int64", "the send"),
        Column("identity_key", "int64", "the identifier by which the person is reached"),
        Column("customer_id", "int64", "the customer it belongs to now"),
        Column("route", "int32", "0 for the first way tried, 1 for the next"),
        Column("account_id", "int64", "the account"),
        Column("carrier", "string", "the product of the account"),
        Column("purpose", "string", "promotion, value, service or feedback"),
        Column("variant", "string", "the variant; null for none"),
        Column("staff", "string", "the member of staff who was asked to send, as decided; null once its status has changed"),
        Column("status", "string", "planned, attempting, sent, received, unknown, refused, failed, released, cancelled or displaced"),
        Column("reason", "string", "the carrier's or our own code; null for none"),
        Column("cost_fen", "int64", "what the carrier takes for it, fen"),
        Column("at_ms", "int64", "when it is due, or when it took this status, epoch ms"),
        Column("changed_ms", "int64", "when it took this status, epoch ms"),
    ),
    sources={MESSAGES_DECIDED.name: _planned, MESSAGES_CHANGED.name: _changed},
)
FACTS = (MESSAGING_DECISION, MESSAGING_MESSAGE)
