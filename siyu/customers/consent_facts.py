"""Facts of consent: what each person allows now, and the rules of `consent.may` for a whole base."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from siyu.customers.purposes import ALL_CARRIERS
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
STRICTEST = ("withdrawn", "refused", "granted", "unknown")
"""Of two people who turn out to be one, the statement that comes first here holds; none at all is no statement."""


def consenting(purpose: str, basis: str, carriers: Sequence[str]) -> ir.Table:
    """One row for each customer who has said something of a purpose: customer_id and, by the name of each carrier, whether what they
    said allows it, by the rules of `consent.may` (which also looks at restrictions and minors: see `consent.kept_from`). Who is not
    in it has said nothing: they are allowed where the purpose does not rest on consent."""
    table = CUSTOMERS_CONSENT.table
    mine = table.filter(table.purpose == purpose)
    # The newer statement holds; at the same instant the stricter.
    strictness = ibis.cases(*((mine.state == state, len(STRICTEST) - place) for place, state in enumerate(STRICTEST)), else_=0)
    newest = mine.at_ms * 8 + strictness
    open_ = basis != "consent"

    def allows(carrier: str) -> ir.BooleanValue:
        state = mine.state.argmax(newest, where=mine.carrier.isin([ALL_CARRIERS, carrier])).fill_null("unknown")
        return (state == "granted") | (ibis.literal(open_) & (state == "unknown"))

    return mine.group_by("customer_id").agg(**{carrier: allows(carrier) for carrier in carriers})
