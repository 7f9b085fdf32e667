"""Webhook 网络钩子: tells another system what to say to whom, one signed call a person with an id that stays the same."""

from __future__ import annotations

from siyu.carriers.calls import Calls
from siyu.connectors.errors import CarrierError
from siyu.connectors.webhook.connector import Delivery, Webhook
from siyu.messaging.carriers.port import Chunk, Content, Outcome
from siyu.messaging.carriers.singles import CHUNK, STEP, names_of, told

EVENT = "message"


class WebhookSender:
    """Bodies: any JSON object; it goes out as `content`, beside who is meant (`customer_id`, `address`) and for what purpose.

    The receiver leaves out an id that it has had (`X-Siyu-Id`), so what nobody knows the outcome of is handed in again.
    """

    chunk = CHUNK
    idempotent = True

    def step(self, content: Content) -> int:
        return STEP

    async def send(self, calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        connector: Webhook = calls.connector(chunk.account)
        people = zip(names_of(calls.stores, chunk), chunk.people["customer_id"].to_pylist(), chunk.addresses, strict=True)
        about = {"send_id": chunk.send_id, "variant": chunk.variant, "purpose": chunk.purpose}
        deliveries = [
            Delivery(name, EVENT, {"id": name, "customer_id": customer, "address": address, **about, "content": content.of(row)})
            for row, (name, customer, address) in enumerate(people)
        ]
        done = await connector.deliver_all(deliveries)
        return told([one if isinstance(one, CarrierError) else one.error for one in done])

    async def reconcile(self, calls: Calls, chunk: Chunk) -> Outcome | None:
        return None
