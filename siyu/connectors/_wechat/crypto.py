"""Cryptography 加解密 of the WeChat family, by the rules of the vendor's message encryption (protocol documents 90968, 96238).

A message is `random(16) | length (4, big-endian) | message | receiver id`, padded PKCS#7 to 32 bytes, AES-256-CBC with the
key's first 16 bytes as IV, base64. The signature is the SHA-1 of the sorted parts; it is compared in constant time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from siyu.connectors.errors import BadBody, BadSignature
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

BLOCK = 32
_KEY = re.compile(r"[A-Za-z0-9+/]{43}")


def decode_key(encoding_aes_key: str) -> bytes:
    """The 32 bytes of an EncodingAESKey: 43 characters of base64; spare bits in the last one are as they are (official keys have some)."""
    if not _KEY.fullmatch(encoding_aes_key):
        raise InvalidError(
            Text("EncodingAESKey 不正确", "the EncodingAESKey is not valid"),
            faults=[
                Fault(
                    "encoding_aes_key",
                    Text(
                        "应为 43 位字母、数字、+ 或 /,不含 =", "it has 43 letters, digits, + or /, and no ="
                    ),
                )
            ],
        )
    return base64.b64decode(encoding_aes_key + "=")


def signature(*parts: str) -> str:
    """SHA-1 over the parts, sorted byte-wise, in lower-case hex (token, timestamp, nonce[, encrypted text])."""
    joined = b"".join(sorted(part.encode("utf-8", "surrogatepass") for part in parts))
    return hashlib.sha1(joined).hexdigest()  # noqa: S324  the vendor's rule


def same(ours: str, theirs: str) -> bool:
    """Compare signatures in constant time."""
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogatepass"))


def pad(data: bytes) -> bytes:
    """PKCS#7 to 32 bytes; a whole number of blocks gets one more."""
    count = BLOCK - len(data) % BLOCK
    return data + bytes([count]) * count


def unpad(data: bytes) -> bytes:
    count = data[-1] if data else 0
    if not 1 <= count <= BLOCK or data[-count:] != bytes([count]) * count:
        raise _broken()
    return data[:-count]


class MessageCipher:
    """Encrypts and decrypts the messages of one account; `receiver` is its corpid or appid."""

    def __init__(self, encoding_aes_key: str, receiver: str) -> None:
        self._key = decode_key(encoding_aes_key)
        self._receiver = receiver.encode()

    def __repr__(self) -> str:
        return "MessageCipher(…)"

    def encrypt(self, message: bytes, random16: bytes | None = None) -> str:
        head = secrets.token_bytes(16) if random16 is None else random16
        block = pad(head + len(message).to_bytes(4, "big") + message + self._receiver)
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(block) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """The message. BadBody where it cannot be read, BadSignature where it is meant for another account."""
        block = _decoded(encrypted)
        if not block or len(block) % 16:
            raise _broken()
        decryptor = self._cipher().decryptor()
        plain = unpad(decryptor.update(block) + decryptor.finalize())
        length = int.from_bytes(plain[16:20], "big")
        if len(plain) < 20 + length:
            raise _broken()
        if not hmac.compare_digest(plain[20 + length :], self._receiver):
            raise BadSignature(Text("回调属于另一个账号", "the callback is meant for another account"))
        return plain[20 : 20 + length]

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _broken() from None


def _broken() -> BadBody:
    return BadBody(Text("加密内容已损坏或密钥不符", "the encrypted content is broken, or the key is another"))


def jsapi_signature(ticket: str, noncestr: str, timestamp: int, url: str) -> str:
    """The JS-SDK's signature of a page; what follows # in its address does not count."""
    page = url.partition("#")[0]
    text = f"jsapi_ticket={ticket}&noncestr={noncestr}&timestamp={timestamp}&url={page}"
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324  the vendor's rule


def raw_data_signature(raw_data: str, session_key: str) -> str:
    """What a mini program sends beside `rawData`: SHA-1 of both together."""
    return hashlib.sha1((raw_data + session_key).encode()).hexdigest()  # noqa: S324  the vendor's rule


def decrypt_user_data(session_key: str, iv: str, encrypted_data: str, appid: str) -> dict[str, Any]:
    """A mini program's `encryptedData` (AES-128-CBC, PKCS#7 to 16). BadSignature where its watermark names another app."""
    key, start, block = _decoded(session_key), _decoded(iv), _decoded(encrypted_data)
    if len(key) != 16 or len(start) != 16 or not block or len(block) % 16:
        raise _broken()
    decryptor = Cipher(algorithms.AES(key), modes.CBC(start)).decryptor()
    plain = decryptor.update(block) + decryptor.finalize()
    if not 1 <= plain[-1] <= 16:
        raise _broken()
    try:
        data = json.loads(plain[: -plain[-1]].decode())
        owner = data["watermark"]["appid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _broken() from None
    if owner != appid:
        raise BadSignature(Text("数据属于另一个小程序", "the data belongs to another mini program"))
    found: dict[str, Any] = data
    return found
