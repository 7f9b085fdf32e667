"""The sandbox itself (沙盒): one world a product, around one clock."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from siyu_sandbox.callbacks import Sender
from siyu_sandbox.calls import Calls
from siyu_sandbox.clock import Clock
from siyu_sandbox.faults import Faults
from siyu_sandbox.phones import Phones
from siyu_sandbox.registry import ControlFault, Product, World
from siyu_sandbox.tokens import Tokens
from siyu_sandbox.windows import Windows


class Sandbox:
    """Everything the handlers share; `reset` begins anew with all of it."""

    clock: Clock
    faults: Faults
    calls: Calls
    tokens: Tokens
    windows: Windows
    sender: Sender
    phones: Phones
    random: random.Random
    worlds: dict[str, Any]

    def __init__(self, products: Sequence[Product], seed: int = 0, speed: float = 1.0) -> None:
        self.products = tuple(products)
        self.base_url = ""
        self.latency_ms = 0.0
        self.journal: Path | None = None
        self._begin(seed, speed)

    def _begin(self, seed: int, speed: float) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.clock = Clock(speed)
        self.faults = Faults(self.clock, seed)
        self.calls = Calls()
        self.tokens = Tokens(self.clock)
        self.windows = Windows(self.clock)
        self.sender = Sender(self.clock, seed)
        self.phones = Phones(self.clock, seed)
        self.latency_ms = 0.0
        self.worlds = {product.name: product.world(self) for product in self.products}

    async def reset(self, seed: int | None = None, speed: float | None = None) -> None:
        """An empty world; callbacks under way are dropped."""
        await self.sender.close()
        self._begin(self.seed if seed is None else seed, self.clock.speed if speed is None else speed)

    def owner(self, account: str) -> str:
        """The product that has this account."""
        for name, world in self.worlds.items():
            if account in world.accounts:
                return name
        raise ControlFault(f"no account {account}", 404)

    def world(self, product: str) -> World:
        """A product's world."""
        found: World = self.worlds[product]
        return found
