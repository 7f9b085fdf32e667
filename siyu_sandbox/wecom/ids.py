"""external_userid: the name of a phone inside one corp, computed both ways and never stored.

The phone's number is encrypted as one AES block under a key of the corp, so ids are opaque, differ between corps and
lead back to the phone without a table of a million strings.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MAGIC = b"siyu.wm\0"
LENGTH = 32


class ContactIds:
    """The ids of one corp."""

    def __init__(self, corpid: str) -> None:
        digest = hashlib.sha256(corpid.encode()).digest()
        self._prefix = "wm" + base64.urlsafe_b64encode(digest[:6]).decode()
        self._cipher = Cipher(algorithms.AES(digest[16:]), modes.ECB())  # noqa: S305  one block, no secret

    def many(self, phones: list[int]) -> list[str]:
        """The ids of these phones, in their order."""
        blocks = b"".join(MAGIC + struct.pack(">Q", phone) for phone in phones)
        sealed = self._cipher.encryptor().update(blocks)
        prefix = self._prefix
        return [
            prefix + base64.urlsafe_b64encode(sealed[at : at + 16])[:22].decode()
            for at in range(0, len(sealed), 16)
        ]

    def one(self, phone: int) -> str:
        """The id of one phone."""
        return self.many([phone])[0]

    def phone(self, external_userid: object) -> int | None:
        """The phone behind an id, or None for what was never an id of this corp."""
        text = external_userid if isinstance(external_userid, str) else ""
        if len(text) != LENGTH or not text.startswith(self._prefix):
            return None
        try:
            sealed = base64.b64decode(text[10:] + "==", altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        plain = self._cipher.decryptor().update(sealed)
        number: int = struct.unpack(">Q", plain[8:])[0]
        return number if plain[:8] == MAGIC else None


def new_id(prefix: str, length: int = 32) -> str:
    """A random id in the vendor's manner."""
    return prefix + secrets.token_urlsafe(length)[: length - len(prefix)].replace("-", "A").replace("_", "B")
