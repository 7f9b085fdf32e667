"""Every vendor 厂商 that can be connected, by product."""

from __future__ import annotations

from typing import Final

from siyu.connectors.vendor import Vendor

VENDORS: Final[dict[str, Vendor]] = {}
