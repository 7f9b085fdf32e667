"""Saying 会说什么: what one person would be told at a step: the gate's verdict at that moment, and the words as they would read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

import numpy as np
import pyarrow as pa

from siyu.content import pieces
from siyu.content.kinds import Carrier
from siyu.content.preview import preview
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text
from siyu.journeys import local
from siyu.journeys.people import People
from siyu.journeys.steps.registry import Placed
from siyu.journeys.steps.step import Context
from siyu.messaging import reasons, supposing
from siyu.messaging.quiet import MINUTE_MS
from siyu.messaging.restraint import HISTORY
from siyu.messaging.sends import SendSpec
from siyu.segments.audience import AudienceRule


@dataclass(frozen=True)
class Said:
    """`verdict` allow, wait (until `at_ms`) or refuse, with the `reason` in words; by which carrier, account and member of staff; `parts` as
    rendered for the person, and the variables that they lack. `messages`: what would count with later ones (`restraint.HISTORY`)."""

    verdict: str
    reason: str | None
    words: Text | None
    at_ms: int
    at: datetime
    carrier: str | None
    account_id: int | None
    staff: str | None
    variant: str | None
    piece_id: int | None
    parts: dict[str, Any]
    missing: tuple[str, ...]
    messages: pa.Table = field(repr=False, compare=False, default_factory=HISTORY.empty_table)


def say(ctx: Context, one: Placed, people: People, told: pa.Table) -> Said | None:
    """What a step would say to this one person now; None of a step that sends nothing.

    Parameters
    ----------
    told
        What the same walk has said before, `restraint.HISTORY`.
    """
    if not hasattr(one.settings, "wanted"):
        return None
    wanted = one.settings.wanted(ctx.definition.priority_fen)
    due, until = np.array([ctx.now_ms]), np.array([ctx.now_ms + wanted.valid_ms])
    if wanted.window is not None:
        zones = ctx.zones(people.customer_id)
        due = local.within(zones, due, wanted.window)
        until = np.minimum(due + wanted.valid_ms, local.ends(zones, due, wanted.window))
    content = {name: (said.piece, said.version or 1) for name, said in wanted.content.items()}
    spec = SendSpec(
        AudienceRule(customer_ids=(int(people.customer_id[0]),)), content, wanted.carriers, salt=f"{ctx.salt} {ctx.node}", split=wanted.shares, control_rate=0.0,
        use_global_holdout=ctx.definition.use_global_holdout, accounts=wanted.accounts, order=wanted.order,
    )  # fmt: skip
    kind = supposing.Kind(spec, wanted.purpose, wanted.exempt, wanted.priority_fen)
    try:
        known = supposing.ground(ctx.stores, kind, people.customer_id, since_ms=ctx.now_ms, until_ms=int(until[0]))
    except InvalidError as error:
        return Said("refuse", "piece_not_sendable", error.message, ctx.now_ms, from_ms(ctx.now_ms), None, None, None, None, None, {}, ())
    case = supposing.Case(people.customer_id, np.zeros(1, np.int64), told)
    table = supposing.decide(known, case, due_ms=int(due[0]), until_ms=max(int(until[0]), int(due[0]) + MINUTE_MS))
    [row] = table.to_pylist()
    variant = supposing.variant_of(spec, people.customer_id)[0]
    parts, missing = _words(ctx, wanted.content[variant], row["carrier"] or wanted.carriers[0], people, row["staff"] or "")
    return Said(
        row["verdict"], row["reason"], None if row["reason"] is None else reasons.name(row["reason"]), row["at_ms"], from_ms(row["at_ms"]), row["carrier"], row["account_id"], row["staff"] or None,
        variant, wanted.content[variant].piece, parts, missing, supposing.messages(known, table),
    )  # fmt: skip


def _words(ctx: Context, said: Any, product: str, people: People, staff: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The piece as this person would read it on this carrier."""
    carrier = next((name for name in get_args(Carrier) if name == product), None)
    if carrier is None:
        return {}, ()
    piece = pieces.find(ctx.tx, said.piece)
    number = said.version or piece.approved_version or piece.version
    body = pieces.version_of(ctx.tx, said.piece, number).body
    [example] = preview(ctx.stores, piece.kind, body, carrier, customer_ids=people.customer_id.tolist(), staff=staff).examples
    return example.parts, example.missing
