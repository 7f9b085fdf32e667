"""Facts of acquisition: every touch of a source, who visitors turned out to be, and every line of spend."""

from __future__ import annotations

from siyu.events.catalogue.acquisition import ACQUISITION_TOUCHED, SPEND_POSTED, VISITORS_KNOWN
from siyu.foundation.warehouse.facts import Column, Fact

ACQUISITION_TOUCH = Fact(
    name="acquisition_touch",
    grain="one step of one person or visitor at one source",
    key=("event_key",),
    columns=(
        Column("event_key", "int64", "key of the touch"),
        Column("identity_key", "int64", "the identifier under which it came in; 0 for a visitor nobody knows"),
        Column("customer_id", "int64", "the customer; 0 for a visitor nobody knows"),
        Column("visitor_key", "int64", "the browser, a number given by lot; 0 where there is none"),
        Column("at_ms", "int64", "when, epoch ms"),
        Column("step", "string", "visit, add or claim; void: later news showed that there was no such touch; not counted"),
        Column("source_id", "int64", "the source"),
        Column("code_id", "int64", "the live code; 0 for none"),
        Column("offer_id", "int64", "the offer; 0 for none"),
        Column("account_id", "int64", "the account; 0 for none"),
        Column("staff", "string", "the carrier's id of the member of staff; empty for none"),
        Column("region", "string", "the city, where it is known; else empty"),
    ),
    sources={ACQUISITION_TOUCHED.name: lambda batch: batch.rows},
)
ACQUISITION_VISITOR = Fact(
    name="acquisition_visitor",
    grain="one visitor who became known",
    key=("visitor_key",),
    columns=(
        Column("visitor_key", "int64", "the browser"),
        Column("identity_key", "int64", "whose it is"),
        Column("customer_id", "int64", "the customer whose it is"),
        Column("at_ms", "int64", "when that became known, epoch ms"),
    ),
    sources={VISITORS_KNOWN.name: lambda batch: batch.rows},
)
ACQUISITION_SPEND = Fact(
    name="acquisition_spend",
    grain="one line of one entry of spend",
    key=("entry_id", "line"),
    columns=(
        Column("entry_id", "int64", "the entry"),
        Column("line", "int32", "its line, from 1"),
        Column("day", "int32", "local day number"),
        Column("source_id", "int64", "the source; 0 where none is known"),
        Column("offer_id", "int64", "the offer; 0 for none"),
        Column("kind", "string", "media, kol, gift, coupon, message_fee, commission, staff_time or other"),
        Column("amount_fen", "int64", "fen of the brand's currency; below zero: taken back"),
        Column("region", "string", "the city it was spent in, where that was said; else empty"),
    ),
    sources={SPEND_POSTED.name: lambda batch: batch.rows},
    on_duplicate="keep",
)
FACTS = (ACQUISITION_TOUCH, ACQUISITION_VISITOR, ACQUISITION_SPEND)
