"""Events of segments 分群."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

SEGMENT_MEMBERS_CHANGED = EventType(
    name="segment_members_changed",
    version=1,
    label=Text("分群进出", "Segment members changed"),
    description=Text("客户进入或离开分群", "customers entered or left a segment"),
    properties=(
        Property("segment_id", pa.int64(), "the segment"),
        Property("customer_id", pa.int64(), "the customer"),
        Property("entered", pa.bool_(), "true: entered; false: left"),
        Property("at_ms", pa.int64(), "when the recompute that found it was made for, epoch ms"),
    ),
)
