"""Facts of consent: what each person allows now."""

from __future__ import annotations

from siyu.events.catalogue.customers import CONSENTS_CHANGED
from siyu.foundation.warehouse.facts import Column, Fact

CUSTOMERS_CONSENT = Fact(
    name="customers_consent",
    grain="one purpose on one carrier of one customer who has said something about it",
    key=("customer_id", "purpose", "carrier"),
    columns=(
        Column("customer_id", "int64", "the customer"),
        Column("purpose", "string", "promotion, content, service, profiling or sharing"),
        Column("carrier", "string", "where; empty for every carrier"),
        Column("state", "string", "granted, refused, withdrawn or unknown"),
        Column("at_ms", "int64", "when the person said so, epoch ms"),
    ),
    sources={CONSENTS_CHANGED.name: lambda batch: batch.rows.drop_columns(["source"])},
)
