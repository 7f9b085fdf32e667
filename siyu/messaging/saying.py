"""Saying 取内容: what the people of a dispatch are told, in the form of its carrier."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from siyu.foundation.stores import Stores
from siyu.messaging.carriers.port import Content
from siyu.messaging.outbox import Dispatch
from siyu.messaging.sends import Send

Said = tuple[Content, set[int]]
"""Content by place, and the customers for whom a variable has no value."""
Say = Callable[[Stores, Send, Dispatch, pa.Table], Said]
