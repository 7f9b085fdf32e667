"""Events of content 内容: links that were opened, articles that were read, and passed on."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

CONTENT_TOUCHED = EventType(
    name="content_touched",
    version=1,
    label=Text("内容触点", "Content touched"),
    description=Text("有人打开链接、阅读文章或转给别人", "somebody opened a link, read an article, or passed it on"),
    properties=(
        Property("event_key", pa.int64(), "key of the event; the same event twice counts once"),
        Property("identity_key", pa.int64(), "who; 0 for a visitor nobody knows"),
        Property("visitor", pa.int64(), "the browser, a number given by lot; 0 where none was given"),
        Property("name", pa.string(), "link_opened, content_read or content_shared"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
        Property("link_id", pa.int64(), "the tracked link"),
        Property("send_id", pa.int64(), "the send; 0 for none"),
        Property("variant", pa.string(), "the variant of the send; empty for none"),
        Property("sender", pa.string(), "the member of staff whose link it was; empty for none"),
        Property("piece_id", pa.int64(), "the piece"),
        Property("version", pa.int64(), "its version"),
        Property("number", pa.int64(), "which address of the version, from 1; 0 the article itself"),
        Property("visit", pa.int64(), "readings of one visit to a page have the same number; 0 for an opening"),
        Property("seconds", pa.int64(), "how long the page was in sight since it was last told, seconds; null but for content_read"),
        Property("other_visitor", pa.int64(), "link_opened: by whom it was passed on; content_shared: to whom; 0 for none"),
    ),
)
