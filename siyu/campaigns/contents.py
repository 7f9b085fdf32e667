"""Contents 活动内容: whether the pieces of a campaign can be sent at its time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from siyu.campaigns.plans import Variant
from siyu.content import pieces
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text


def faults_of(tx: Connection, variants: Sequence[Variant], purpose: str, at: datetime) -> list[Fault]:
    """What stands in the way of each variant: no such piece, not approved, out of date, or declared to be for something else."""
    found: list[Fault] = []
    for number, each in enumerate(variants):
        field = f"variants.{number}.piece_id"
        try:
            pieces.sendable(tx, {each.piece_id: each.version}, at)
        except InvalidError as error:
            found += [Fault(field, fault.message) for fault in error.faults]
            continue
        said = pieces.find(tx, each.piece_id).purpose
        # A promotion that is sent as advice would pass by the consent and the cap for promotions.
        if said == "promotion" != purpose:
            found.append(Fault(field, Text("素材是促销，活动用途也要是促销", "the piece is a promotion: so must the campaign be")))
    return found


def pinned(tx: Connection, variants: Sequence[Variant], at: datetime) -> tuple[Variant, ...]:
    """The variants with the versions that are sent: as written, or the newest approved ones."""
    return tuple(replace(each, version=pieces.sendable(tx, {each.piece_id: each.version}, at)[each.piece_id].version) for each in variants)
