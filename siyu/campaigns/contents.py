"""Contents 活动内容: which version of each piece a campaign sends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from siyu.campaigns.plans import Variant
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text


def faults_of(tx: Connection, variants: Sequence[Variant], purpose: str, at: datetime) -> list[Fault]:
    """A variant whose version nobody named cannot be sent."""
    missing = Text("请指定素材版本", "name the version of the piece")
    return [Fault(f"variants.{number}.version", missing) for number, each in enumerate(variants) if each.version is None]


def pinned(tx: Connection, variants: Sequence[Variant], at: datetime) -> tuple[Variant, ...]:
    """The variants with the versions that are sent."""
    return tuple(variants)
