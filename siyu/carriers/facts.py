"""Facts of carriers: every spell of every relation."""

from __future__ import annotations

from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.foundation.warehouse.facts import Column, Fact

CARRIERS_RELATION = Fact(
    name="carriers_relation",
    grain="one spell of one relation (contact × staff of an account)",
    key=("identity_key", "account_id", "staff", "began_ms"),
    columns=(
        Column("identity_key", "int64", "the contact"),
        Column("customer_id", "int64", "the customer who the contact is"),
        Column("account_id", "int64", "the account"),
        Column("staff", "string", "the carrier's id of the member of staff; empty for the account itself"),
        Column("began_ms", "int64", "when it began, epoch ms"),
        Column("began_known", "boolean", "false: only its end was told"),
        Column("state", "string", "the mark of the live code or scene by which it began"),
        Column("add_way", "int32", "how it began, in the carrier's own number"),
        Column("ended_ms", "int64", "when it ended, epoch ms; null while it lasts"),
        Column("by", "string", "who ended it: customer, staff, transfer, unknown"),
        Column("void", "boolean", "true: later news showed that there was no such spell; not counted"),
        Column("found_by", "string", "callback, reconcile or send"),
    ),
    sources={RELATIONS_CHANGED.name: lambda batch: batch.rows},
)
FACTS = (CARRIERS_RELATION,)
