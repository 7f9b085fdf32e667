"""Receipt 回执: what was done for a request, counted and signed, so that nobody can change it afterwards unseen."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec

from siyu.foundation.secrets import Secrets

SIGNATURE = "signature"


def signed(secrets: Secrets, content: dict[str, Any]) -> dict[str, Any]:
    """The content with its signature: HMAC-SHA256 over its JSON with sorted keys."""
    return {**content, SIGNATURE: _signature(secrets, content)}


def is_genuine(secrets: Secrets, receipt: dict[str, Any]) -> bool:
    content = {name: value for name, value in receipt.items() if name != SIGNATURE}
    return hmac.compare_digest(str(receipt.get(SIGNATURE, "")), _signature(secrets, content))


def _signature(secrets: Secrets, content: dict[str, Any]) -> str:
    return secrets.sign(b"rights receipt\0" + msgspec.json.encode(content, order="sorted")).hex()
