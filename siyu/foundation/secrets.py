"""Secrets 密钥: one master key; personal identifiers encrypted at rest, found again by a keyed blind index 盲索引."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from tempfile import mkstemp

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from siyu.foundation.errors import UnavailableError
from siyu.foundation.settings import Settings
from siyu.foundation.text import Text

KEY_FILE = "master.key"
_NONCE = 12


@dataclass(frozen=True)
class Secrets:
    """Keys derived from the master key, one a purpose (HKDF-SHA256); none is ever printed."""

    _encryption: bytes
    _index: bytes
    _signing: bytes

    def __repr__(self) -> str:
        return "Secrets(…)"

    def seal(self, plain: Iterable[str | None], context: str) -> list[bytes | None]:
        """AES-256-GCM of each value with its own nonce; `context` (the column) is authenticated, so values cannot be swapped."""
        cipher, tag = AESGCM(self._encryption), context.encode()
        return [None if text is None else _sealed(cipher, text.encode(), tag) for text in plain]

    def open(self, sealed: Iterable[bytes | None], context: str) -> list[str | None]:
        """The values again; one that cannot be opened (another key) is None, never an exception for the whole set."""
        cipher, tag = AESGCM(self._encryption), context.encode()
        return [None if blob is None else _opened(cipher, blob, tag) for blob in sealed]

    def seal_bytes(self, plain: bytes, context: str) -> bytes:
        return _sealed(AESGCM(self._encryption), plain, context.encode())

    def open_bytes(self, sealed: bytes, context: str) -> bytes | None:
        """The bytes again; None if they were sealed under another key or for another context."""
        try:
            return AESGCM(self._encryption).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except (InvalidTag, ValueError):
            return None

    def index(self, values: Iterable[str], context: str) -> list[int]:
        """A 63-bit keyed blind index of each value (HMAC-SHA256): equal values have equal keys, and only the key holder can look up."""
        base = hmac.new(self._index, context.encode() + b"\0", hashlib.sha256)
        return [_indexed(base, value) for value in values]

    def sign(self, message: bytes) -> bytes:
        return hmac.new(self._signing, message, hashlib.sha256).digest()


def _sealed(cipher: AESGCM, plain: bytes, tag: bytes) -> bytes:
    nonce = token_bytes(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, tag)


def _opened(cipher: AESGCM, blob: bytes, tag: bytes) -> str | None:
    try:
        return cipher.decrypt(blob[:_NONCE], blob[_NONCE:], tag).decode()
    except (InvalidTag, ValueError):
        return None


def _indexed(base: hmac.HMAC, value: str) -> int:
    keyed = base.copy()
    keyed.update(value.encode())
    return int.from_bytes(keyed.digest()[:8], "big") >> 1


def load_secrets(settings: Settings) -> Secrets:
    """The keys of this installation. The key file (0600) is made once, at the first start."""
    master = bytes.fromhex(settings.secret_key) if settings.secret_key else _key_file(settings.home / "secrets" / KEY_FILE)
    return Secrets(*(_derived(master, purpose) for purpose in (b"encryption", b"blind index", b"signing")))


def _derived(master: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"siyu " + purpose).derive(master)


def _key_file(path: Path) -> bytes:
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _make_key(path)
    return _read_key(path)


def _make_key(path: Path) -> None:
    """Written whole under another name and then linked: nobody ever sees half a key, and the first of two makers wins."""
    handle, name = mkstemp(dir=path.parent, prefix="new-")
    with os.fdopen(handle, "w") as file:
        file.write(token_bytes(32).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()


def _read_key(path: Path) -> bytes:
    text = path.read_text().strip()
    if len(text) != 64:
        raise UnavailableError(
            Text(f"密钥文件 {path} 已损坏", f"the key file {path} is damaged"),
            way_out=Text("从备份恢复它；没有它就读不出已加密的资料", "restore it from a backup; encrypted data cannot be read without it"),
        )
    return bytes.fromhex(text)
