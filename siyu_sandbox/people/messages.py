"""What the crowd received (收到的消息): one entry a delivery, and beside it who was reached and what they did with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siyu_sandbox.people.chance import Column
from siyu_sandbox.people.reading import KINDS, PROMOTION, Said
from siyu_sandbox.people.response import HALF_LIFE_DAYS
from siyu_sandbox.phones import Received
from siyu_sandbox.registry import Json


@dataclass(frozen=True)
class Heard:
    """One delivery: to these rows; `read`, `clicked` and `asked` stand beside them."""

    received: Received
    said: Said
    rows: Column
    read: Column
    clicked: Column
    asked: Column

    def shown(self, number: int) -> Json:
        """One row of the truth, without what came of it."""
        one, said = self.received, self.said
        return {
            "message": number,
            "at": one.at,
            "carrier": one.carrier,
            "account": one.account,
            "sender": one.sender,
            "form": one.kind,
            "kind": KINDS[said.kind],
            "depth": round(said.depth, 4),
            "received_count": len(self.rows),
            "read_count": int(self.read.sum()),
            "clicked_count": int(self.clicked.sum()),
            "asked_count": int(self.asked.sum()),
        }


class Messages:
    """All deliveries, numbered from 0; `half` and `depth` are looked up by number on every step."""

    def __init__(self) -> None:
        self.all: list[Heard] = []
        self.half = np.ones(256, np.float32)
        self.depth = np.zeros(256, np.float32)

    def number(self, said: Said) -> int:
        """Take the next number for what was said."""
        number = len(self.all)
        # The last place is where -1 (no message) looks.
        if number + 1 >= len(self.half):
            self.half = np.concatenate([self.half, np.ones_like(self.half)])
            self.depth = np.concatenate([self.depth, np.zeros_like(self.depth)])
        self.half[number] = HALF_LIFE_DAYS[said.kind]
        self.depth[number] = said.depth if said.kind == PROMOTION else 0
        return number
