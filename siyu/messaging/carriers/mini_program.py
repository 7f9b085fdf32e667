"""Mini Program 小程序: subscription messages 订阅消息. One accept of a person lets one message out."""

from __future__ import annotations

from siyu.carriers.calls import Calls
from siyu.messaging.carriers.official_account import values_of, with_permits
from siyu.messaging.carriers.port import Chunk, Content, Outcome

PEOPLE, TOGETHER = 1_000, 200


class MiniProgram:
    """See `port.Sender`."""

    chunk = PEOPLE
    idempotent = False

    def step(self, content: Content) -> int:
        return TOGETHER

    async def send(self, calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        template = str(content.of(0).get("template_id") or "")
        if not template:
            return Outcome("refused", "no_template")
        notices = calls.connector(chunk.account).notices

        async def tell(row: int) -> None:
            body = content.of(row)
            await notices.send(chunk.addresses[row], template, values_of(body), page=str(body.get("page") or ""))

        return await with_permits(calls.stores, chunk, template, tell)

    async def reconcile(self, calls: Calls, chunk: Chunk) -> Outcome | None:
        return None
