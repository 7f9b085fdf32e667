"""Encryption of WeChat callbacks (消息加解密): AES-256-CBC, padding to 32 bytes, a SHA-1 signature over sorted parts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class CryptoFault(ValueError):
    """The text cannot be opened with this key."""


def new_aes_key() -> str:
    """A random EncodingAESKey: 43 characters of the base64 alphabet."""
    return base64.b64encode(os.urandom(32)).decode().rstrip("=")


def aes_key(encoding_aes_key: str) -> bytes:
    """The 32 bytes behind an EncodingAESKey; official keys have spare bits set, so decoding is lenient."""
    if not re.fullmatch(r"[A-Za-z0-9+/]{43}", encoding_aes_key):
        raise CryptoFault("an EncodingAESKey has 43 letters, digits, + or /")
    return base64.b64decode(encoding_aes_key + "=")


def sign(*parts: str) -> str:
    """Hex SHA-1 of the parts, sorted bytewise and joined."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324  the vendor's algorithm


def encrypt(encoding_aes_key: str, message: bytes, receiveid: str) -> str:
    """`random(16) | length | message | receiveid`, padded, encrypted, in base64."""
    key = aes_key(encoding_aes_key)
    plain = os.urandom(16) + struct.pack(">I", len(message)) + message + receiveid.encode()
    pad = BLOCK - len(plain) % BLOCK
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(cipher.update(plain + bytes([pad]) * pad) + cipher.finalize()).decode()


def decrypt(encoding_aes_key: str, encrypted: str) -> tuple[bytes, str]:
    """The message and the receiveid that stand in an encrypted block."""
    key = aes_key(encoding_aes_key)
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except binascii.Error as wrong:
        raise CryptoFault("no base64") from wrong
    if not sealed or len(sealed) % 16:
        raise CryptoFault("not whole blocks")
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = cipher.update(sealed) + cipher.finalize()
    pad = plain[-1]
    if not 1 <= pad <= BLOCK or len(plain) < 20 + pad:
        raise CryptoFault("bad padding")
    plain = plain[16:-pad]
    (length,) = struct.unpack(">I", plain[:4])
    if length > len(plain) - 4:
        raise CryptoFault("bad length")
    return plain[4 : 4 + length], plain[4 + length :].decode("utf-8", "replace")
