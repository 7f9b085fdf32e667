"""Callbacks 回调 of the WeChat family: prove the address, open what is pushed, seal a passive answer.

WeCom encrypts everything, the proof of the address too. Official accounts and mini programs prove it in plain, and push in
plain or sealed ("safe") mode, as XML or JSON.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from siyu.connectors._wechat import xml
from siyu.connectors._wechat.crypto import MessageCipher, same, signature
from siyu.connectors.errors import BadBody, BadSignature
from siyu.connectors.happenings import Happening
from siyu.connectors.vendor import Fields, Opened
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

Translate = Callable[[Fields], list[Happening]]
_MAX_JSON_DEPTH = 12


class SealedCallback:
    """WeCom: every callback is encrypted for `receiver` (the corpid)."""

    def __init__(self, token: str, encoding_aes_key: str, receiver: str, translate: Translate) -> None:
        self._token = needed(token)
        self._cipher = MessageCipher(encoding_aes_key, receiver)
        self._translate = translate

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def verify_url(self, query: Mapping[str, str]) -> bytes:
        """The plain text of `echostr`, to be answered as it is (no quotes, no new line) within a second."""
        return self._unsealed(query, query.get("echostr", ""))

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        encrypted = _envelope(body).get("Encrypt")
        if not isinstance(encrypted, str) or not encrypted:
            raise BadBody(Text("报文中没有密文", "the document holds no encrypted text"))
        return _opened(self._unsealed(query, encrypted))

    def translate(self, fields: Fields) -> list[Happening]:
        return self._translate(fields)

    def reply(self, fields: Fields) -> bytes:
        return self.seal(xml.build(fields))

    def seal(
        self,
        message: bytes,
        *,
        timestamp: str | None = None,
        nonce: str | None = None,
        random16: bytes | None = None,
        form: Literal["xml", "json"] = "xml",
    ) -> bytes:
        """The envelope of a passive answer; time, nonce and random bytes are new unless given."""
        timestamp = timestamp or str(int(time.time()))
        nonce = nonce or secrets.token_hex(8)
        encrypted = self._cipher.encrypt(message, random16)
        envelope: dict[str, Any] = {
            "Encrypt": encrypted,
            "MsgSignature": signature(self._token, timestamp, nonce, encrypted),
            "TimeStamp": int(timestamp),
            "Nonce": nonce,
        }
        return json.dumps(envelope).encode() if form == "json" else xml.build(envelope)

    def _unsealed(self, query: Mapping[str, str], encrypted: str) -> bytes:
        expected = signature(self._token, query.get("timestamp", ""), query.get("nonce", ""), encrypted)
        if not same(expected, query.get("msg_signature", "")):
            raise wrong_signature()
        return self._cipher.decrypt(encrypted)


class PlatformCallback:
    """Official account or mini program; without an EncodingAESKey pushes come in plain.

    Where there is a key, what is pushed must be sealed: somebody who knows only the plain signature's rule gains nothing.
    """

    def __init__(self, token: str, encoding_aes_key: str, receiver: str, translate: Translate) -> None:
        self._token = needed(token)
        self._sealed = (
            SealedCallback(token, encoding_aes_key, receiver, translate) if encoding_aes_key else None
        )
        self._translate = translate

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def verify_url(self, query: Mapping[str, str]) -> bytes:
        self._check_plain(query)
        return query.get("echostr", "").encode("utf-8", "surrogatepass")

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        # Sealed pushes carry both signatures; only msg_signature covers the content.
        if self._sealed is not None:
            return self._sealed.open(query, body)
        self._check_plain(query)
        return _opened(body)

    def translate(self, fields: Fields) -> list[Happening]:
        return self._translate(fields)

    def reply(self, fields: Fields) -> bytes:
        message = xml.build(fields)
        return message if self._sealed is None else self._sealed.seal(message)

    def _check_plain(self, query: Mapping[str, str]) -> None:
        expected = signature(self._token, query.get("timestamp", ""), query.get("nonce", ""))
        if not same(expected, query.get("signature", "")):
            raise wrong_signature()


def needed(token: str) -> str:
    """With an empty token anybody could sign."""
    if not token:
        raise InvalidError(
            Text("缺少回调 Token", "the callback token is missing"),
            faults=[
                Fault(
                    "callback_token",
                    Text("请填写后台设置的 Token", "enter the Token of the vendor's console"),
                )
            ],
        )
    return token


def wrong_signature() -> BadSignature:
    return BadSignature(
        Text("回调签名不符", "the callback's signature is wrong"),
        way_out=Text(
            "核对后台与这里的 Token 是否一致", "compare the Token here with the one in the vendor's console"
        ),
    )


def _envelope(body: bytes) -> Fields:
    return _json(body) if body.lstrip()[:1] == b"{" else xml.parse(body)


def _opened(plain: bytes) -> Opened:
    return Opened(_envelope(plain), plain)


def _json(body: bytes) -> Fields:
    """A JSON push with the values as XML would give them: text, fields, lists."""
    if len(body) > xml.MAX_BYTES:
        raise BadBody(Text("报文过大", "the document is too large"))
    try:
        found = json.loads(body.decode("utf-8"), strict=False)
    except (ValueError, RecursionError):
        raise BadBody(Text("报文不是合法的 JSON", "the document is not valid JSON")) from None
    plain: Fields = _as_text(found, 0)
    return plain


def _as_text(value: object, depth: int) -> Any:
    if depth > _MAX_JSON_DEPTH:
        raise BadBody(Text("报文层级过多", "the document is too deep"))
    if isinstance(value, dict):
        return {name: _as_text(one, depth + 1) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_text(one, depth + 1) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
