"""Sealed backups 备份加密: a backup leaves the data folder encrypted with a key of its own, which stays behind in `keys/`.

A backup that lies elsewhere cannot be changed when somebody is erased. It can be made unreadable: its key is destroyed. It is
read as a stream, frame by frame; each frame is authenticated with its number and with whether it is the last.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_bytes
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from siyu.foundation.errors import InvalidError
from siyu.foundation.settings import Settings
from siyu.foundation.text import Text

KEYS, BESIDE = "keys", ".key"
MAGIC = b"SIYU-BACKUP-2\n"
FRAME, NONCE, TAG = 1 << 20, 12, 16
_WHOLE = FRAME + NONCE + TAG


@dataclass(frozen=True)
class Key:
    """`id` is that of the job that made the backup."""

    id: str
    secret: bytes
    made_at: datetime


def make_key(settings: Settings, id: str, now: datetime) -> Key:
    """A new key, on disk when it returns; a job that runs again gets the one it made."""
    path = _path(settings, id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        new = path.with_suffix(".new")
        with open(new, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(json.dumps({"key": token_bytes(32).hex(), "made_at": now.isoformat()}))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    return _read(path)


def keys(settings: Settings) -> list[Key]:
    """Keys of the backups that can still be read, oldest first."""
    return sorted((_read(path) for path in (settings.home / KEYS).glob("backup-*.json")), key=lambda key: key.made_at)


def destroy_keys(settings: Settings, made_before: datetime) -> int:
    """Backups from before an instant can never be read again; returns how many. The bytes are overwritten before the file goes."""
    old = [key for key in keys(settings) if key.made_at < made_before]
    for key in old:
        path = _path(settings, key.id)
        with path.open("r+b") as file:
            file.write(token_bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    return len(old)


def sealed(key: Key, parts: Iterable[bytes]) -> Iterator[bytes]:
    """The stream in frames, its key's name first."""
    yield MAGIC + key.id.encode() + b"\n"
    cipher, held, number = AESGCM(key.secret), bytearray(), 0
    for part in parts:
        held += part
        # The last frame is told from the others, so one is always held back.
        while len(held) > FRAME:
            yield _frame(cipher, bytes(held[:FRAME]), number, last=False)
            del held[:FRAME]
            number += 1
    yield _frame(cipher, bytes(held), number, last=True)


def sealed_size(key: Key, size: int) -> int:
    return len(MAGIC) + len(key.id) + 1 + size + max(1, -(-size // FRAME)) * (NONCE + TAG)


class Damaged(ValueError):
    """A frame is not what was sealed."""


class Opened(io.RawIOBase):
    """A sealed stream in the clear.

    Raises
    ------
    Damaged
        While it is read: when it was altered or is cut off.
    """

    def __init__(self, file: IO[bytes], key: Key) -> None:
        self._file, self._cipher = file, AESGCM(key.secret)
        self._next, self._number, self._held = file.read(_WHOLE), 0, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._held and self._next:
            self._held = memoryview(self._opened())
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def _opened(self) -> bytes:
        frame, self._next = self._next, self._file.read(_WHOLE)
        try:
            plain = self._cipher.decrypt(frame[:NONCE], frame[NONCE:], _about(self._number, last=not self._next))
        except InvalidTag:
            raise Damaged from None
        self._number += 1
        return plain


def open_sealed(settings: Settings, path: Path, file: IO[bytes]) -> Opened | None:
    """The stream in the clear; None where the file is not sealed (an older backup).

    Raises
    ------
    InvalidError
        When its key is neither in the data folder nor beside it, or was destroyed.
    """
    if file.read(len(MAGIC)) != MAGIC:
        file.seek(0)
        return None
    name = file.readline(100).decode("ascii", "replace").strip()
    for held in (_path(settings, name) if name.isidentifier() else None, beside(path)):
        if held is not None and held.exists():
            return Opened(file, _read(held, name))
    raise InvalidError(
        Text("没有这份备份的钥匙；若有人行使了删除权，它可能已按期销毁", "the key of this backup is not here; after somebody was erased it may have been destroyed"),
        way_out=Text(f"把原来的 {KEYS}/backup-{name}.json 放到 {settings.home / KEYS}，再恢复一次", f"put its {KEYS}/backup-{name}.json into {settings.home / KEYS}, then restore again"),
    )


def beside(path: Path) -> Path:
    """Where the keys lie that were asked for with a backup."""
    return path.with_name(path.name + BESIDE)


def _frame(cipher: AESGCM, plain: bytes, number: int, *, last: bool) -> bytes:
    nonce = token_bytes(NONCE)
    return nonce + cipher.encrypt(nonce, plain, _about(number, last=last))


def _about(number: int, *, last: bool) -> bytes:
    return f"backup {number}{' last' if last else ''}".encode()


def _path(settings: Settings, id: str) -> Path:
    return settings.home / KEYS / f"backup-{id}.json"


def _read(path: Path, id: str = "") -> Key:
    raw = json.loads(path.read_text())
    return Key(id or path.stem.removeprefix("backup-"), bytes.fromhex(raw["key"]), datetime.fromisoformat(raw["made_at"]))
