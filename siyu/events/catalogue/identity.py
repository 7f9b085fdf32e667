"""Events of identity 身份: identifiers that were seen, and whom they belong to."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

PEOPLE_SEEN = EventType(
    name="people_seen",
    version=1,
    label=Text("见到标识", "People seen"),
    description=Text("某个来源中出现了一个人的标识", "an identifier of a person appeared in some source"),
    properties=(
        Property("identity_key", pa.int64(), "keyed blind index of (namespace, normalised value)"),
        Property("namespace", pa.string(), "kind of identifier, such as phone or account:taobao"),
        Property("value_sealed", pa.binary(), "normalised value, encrypted"),
        Property("anchor_key", pa.int64(), "identity_key of the strongest identifier seen beside it; itself if alone"),
        Property("seen_ms", pa.int64(), "when it was seen, epoch ms"),
    ),
)

IDENTIFIERS_LINKED = EventType(
    name="identifiers_linked",
    version=2,
    label=Text("标识归属", "Identifiers linked"),
    description=Text("标识归到一位客户名下", "identifiers were found to belong to a customer"),
    properties=(
        Property("identity_key", pa.int64(), "keyed blind index of the identifier"),
        Property("customer_id", pa.int64(), "the customer"),
        Property("seen_ms", pa.int64(), "when the identifier was first seen, epoch ms"),
        Property("was_customer_id", pa.int64(), "the customer it belonged to until now; null when it is new"),
    ),
)

IDENTIFIERS_CUT = EventType(
    name="identifiers_cut",
    version=1,
    label=Text("解除绑定", "Identifiers cut"),
    description=Text("两个标识不再是同一个人", "two identifiers are one person no longer"),
    properties=(
        Property("identity_key", pa.int64(), "keyed blind index of the identifier that was unbound"),
        Property("anchor_key", pa.int64(), "identity_key of what it was bound to; 0: of everything it was bound to"),
        Property("cut_ms", pa.int64(), "when it was unbound, epoch ms"),
    ),
)
