"""Facts of content: every opening, reading and passing on."""

from __future__ import annotations

from siyu.events.catalogue.content import CONTENT_TOUCHED
from siyu.foundation.warehouse.facts import Column, Fact

CONTENT_TOUCH = Fact(
    name="content_touch",
    grain="one opening, reading or passing on of one tracked link",
    key=("event_key",),
    columns=(
        Column("event_key", "int64", "key of the event"),
        Column("identity_key", "int64", "the identifier under which it came in; 0 for a visitor nobody knows"),
        Column("customer_id", "int64", "the customer; 0 for a visitor nobody knows"),
        Column("visitor", "int64", "the browser, a number given by lot; 0 where none was given"),
        Column("name", "string", "link_opened, content_read or content_shared"),
        Column("at_ms", "int64", "when, epoch ms"),
        Column("link_id", "int64", "the tracked link"),
        Column("send_id", "int64", "the send; 0 for none"),
        Column("variant", "string", "the variant of the send; empty for none"),
        Column("sender", "string", "the member of staff whose link it was; empty for none"),
        Column("piece_id", "int64", "the piece"),
        Column("version", "int64", "its version"),
        Column("number", "int64", "which address of the version, from 1; 0 the article itself"),
        Column("visit", "int64", "readings of one visit to a page have the same number"),
        Column("seconds", "int64", "how long the page was in sight since it was last told; null but for content_read"),
        Column("other_visitor", "int64", "link_opened: by whom it was passed on; content_shared: to whom; 0 for none"),
    ),
    sources={CONTENT_TOUCHED.name: lambda batch: batch.rows},
    on_duplicate="keep",
)
FACTS = (CONTENT_TOUCH,)
