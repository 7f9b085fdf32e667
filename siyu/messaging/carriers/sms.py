"""SMS 短信: a message a number through the account's gateway, with the words to opt out where the purpose asks for them."""

from __future__ import annotations

from typing import Any

from siyu.carriers.calls import Calls
from siyu.connectors.sms.connector import Sms
from siyu.connectors.sms.messages import WAY_OUT, Message
from siyu.messaging.carriers.port import Chunk, Content, Outcome
from siyu.messaging.carriers.singles import CHUNK, STEP, names_of, told

KNOWN_WAYS_OUT = ("退订", "拒收", "回T", "回复T", "回TD", "回复TD", "回R", "回复R", "unsubscribe", "opt out")
_NEEDS_WAY_OUT = ("promotion", "value", "feedback")

_PARAM = "params."


class SmsSender:
    """Bodies: `template` and `params.<name>`, or `text`, as the gateway takes it."""

    chunk = CHUNK
    idempotent = False

    def step(self, content: Content) -> int:
        return STEP

    async def send(self, calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        connector: Sms = calls.connector(chunk.account)
        words = str(chunk.account.all_settings.get("optout_words") or WAY_OUT) if chunk.purpose in _NEEDS_WAY_OUT else ""
        messages = [_message(content.of(row), phone, name, words) for row, (phone, name) in enumerate(zip(chunk.addresses, names_of(calls.stores, chunk), strict=True))]
        return told([one.error for one in await connector.send(messages)])

    async def reconcile(self, calls: Calls, chunk: Chunk) -> Outcome | None:
        """The gateway is not asked: its receipts, which name our id, settle what is unknown."""
        return None


def _message(body: dict[str, Any], phone: str, name: str, words: str) -> Message:
    text, template = str(body.get("text") or ""), str(body.get("template") or "")
    if words and text and not template and not any(known.lower() in text.lower() for known in KNOWN_WAYS_OUT):
        text = f"{text} {words}"
    params = {key.removeprefix(_PARAM): str(value) for key, value in body.items() if key.startswith(_PARAM)}
    return Message(phone, name, template, "" if template else text, params)
