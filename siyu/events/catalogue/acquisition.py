"""Events of acquisition 获客: somebody came, was added or claimed at a source; visitors who became known; money that was spent."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

ACQUISITION_TOUCHED = EventType(
    name="acquisition_touched",
    version=1,
    label=Text("来源触点", "Touched by a source"),
    description=Text("有人在某个来源访问、被添加或领取福利", "somebody visited, was added or claimed something at a source"),
    properties=(
        Property("event_key", pa.int64(), "key of the touch; the same key again puts right what was told before"),
        Property("identity_key", pa.int64(), "who; 0 for a visitor nobody knows"),
        Property("visitor_key", pa.int64(), "the browser, a number given by lot; 0 where there is none"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
        Property("step", pa.string(), "visit, add or claim; void: later news showed that there was no such touch"),
        Property("source_id", pa.int64(), "the source"),
        Property("source", pa.string(), "its name then"),
        Property("code_id", pa.int64(), "the live code; 0 for none"),
        Property("offer_id", pa.int64(), "the offer; 0 for none"),
        Property("account_id", pa.int64(), "the account; 0 for none"),
        Property("staff", pa.string(), "the carrier's id of the member of staff; empty for none"),
        Property("region", pa.string(), "the city, where it is known; else empty"),
    ),
)

VISITORS_KNOWN = EventType(
    name="visitors_known",
    version=1,
    label=Text("访客认出", "Visitors became known"),
    description=Text("一位访客后来知道是谁", "who a visitor is became known"),
    properties=(
        Property("visitor_key", pa.int64(), "the browser"),
        Property("identity_key", pa.int64(), "whose it is"),
        Property("at_ms", pa.int64(), "when that became known, epoch ms"),
    ),
)

SPEND_POSTED = EventType(
    name="spend_posted",
    version=1,
    label=Text("花费入账", "Spend posted"),
    description=Text("一笔花费记入台账(更正是新的一笔)", "money spent was entered in the ledger; a correction is an entry of its own"),
    properties=(
        Property("entry_id", pa.int64(), "the entry"),
        Property("line", pa.int32(), "its line, from 1"),
        Property("day", pa.int32(), "the local day that it belongs to, days since 1970-01-01"),
        Property("source_id", pa.int64(), "the source; 0 where none is known"),
        Property("offer_id", pa.int64(), "the offer; 0 for none"),
        Property("kind", pa.string(), "media, kol, gift, coupon, message_fee, commission, staff_time or other"),
        Property("amount_fen", pa.int64(), "fen of the brand's currency; below zero: taken back"),
        Property("region", pa.string(), "the city it was spent in, where that was said; else empty"),
    ),
)
