"""Journal 接收日志: what was answered 200 lies here first: sealed blocks at the end of a file, each on disk before its answer.

A file, and not the ledger: an SDK's answer must not wait for whoever writes the ledger just now. The translator takes it from here
into the log, and moves its place in the transaction of what it wrote, so what lies here arrives once, whatever is killed.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from weakref import WeakValueDictionary

import msgspec
import pyarrow as pa

from siyu.foundation.errors import UnavailableError
from siyu.foundation.ids import new_id
from siyu.foundation.secrets import Secrets
from siyu.foundation.text import Text

SEGMENT_BYTES = 64 * 1024 * 1024
_HEAD = struct.Struct("<4sIIIQ")
_MAGIC = b"SYJ1"
_CONTEXT = "collect journal"
_CODEC = pa.Codec("zstd", compression_level=1)


class Arrival(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One request: whose it is (0: of no feed that is known; then `key` is what it named), in what format, and its plain body.

    `hint` is the operation that its address named, if it did.
    """

    feed_id: int
    format: str
    hint: str
    received_ms: int
    body: bytes
    key: str = ""


class Place(NamedTuple):
    """A place in the journal: everything before it has been translated."""

    segment: int
    offset: int


class Block(NamedTuple):
    """Requests that were written together. `after` is the place behind them."""

    arrivals: list[Arrival]
    after: Place
    written_ms: int


@dataclass(frozen=True)
class Backlog:
    """What waits to be translated; `oldest_ms` is when the first of it was written, epoch ms."""

    waiting_bytes: int
    oldest_ms: int | None


_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(list[Arrival])


def pack(secrets: Secrets, arrivals: Sequence[Arrival]) -> tuple[bytes, int]:
    """Arrivals compressed and sealed, and their size before."""
    plain = _ENCODER.encode(arrivals)
    return secrets.seal_bytes(_CODEC.compress(plain, asbytes=True), _CONTEXT), len(plain)


def unpack(secrets: Secrets, sealed: bytes, size: int) -> list[Arrival] | None:
    """The arrivals again; None under another master key."""
    packed = secrets.open_bytes(sealed, _CONTEXT)
    return None if packed is None else _DECODER.decode(_CODEC.decompress(packed, size, asbytes=True))


class Writer:
    """The end of the journal. One process writes it; every start begins a new segment."""

    def __init__(self, folder: Path, secrets: Secrets, first_segment: int = 1) -> None:
        self.folder = folder
        self._secrets = secrets
        self._number = max([first_segment - 1, *segments(folder)])
        self._file: int | None = None
        self._size = 0
        self._lock = threading.Lock()
        _WRITING[folder] = self

    def append(self, arrivals: Sequence[Arrival], now_ms: int) -> None:
        """Returns when they are on disk.

        Raises
        ------
        OSError
            When the disk cannot take them (what was half written is cut off again).
        """
        with self._lock:
            self._append(arrivals, now_ms)

    def roll(self) -> None:
        """What comes next goes into a segment of its own."""
        with self._lock:
            self.close()

    def _append(self, arrivals: Sequence[Arrival], now_ms: int) -> None:
        if self._file is None or self._size > SEGMENT_BYTES:
            self._open_next()
        assert self._file is not None
        sealed, size = pack(self._secrets, arrivals)
        block = _HEAD.pack(_MAGIC, len(sealed), zlib.crc32(sealed), size, now_ms) + sealed
        try:
            _write_whole(self._file, block)
            os.fdatasync(self._file)
        except OSError:
            # A segment that failed once is not trusted again: what is on disk of it is not known.
            try:
                os.ftruncate(self._file, self._size)
            finally:
                self.close()
            raise
        self._size += len(block)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open_next(self) -> None:
        self.close()
        self._number += 1
        self._file = os.open(path_of(self.folder, self._number), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._size = 0
        _sync_folder(self.folder)


def blocks(folder: Path, secrets: Secrets, place: Place) -> Iterator[Block]:
    """Whole blocks from a place on, over the ends of segments. A torn end (it was never answered) is left behind.

    Raises
    ------
    UnavailableError
        When a block was sealed under another master key: it is left where it is.
    """
    for number in segments(folder):
        if number < place.segment:
            continue
        offset = place.offset if number == place.segment else 0
        with path_of(folder, number).open("rb") as file:
            file.seek(offset)
            while (head := file.read(_HEAD.size)) and len(head) == _HEAD.size:
                magic, length, crc, size, written_ms = _HEAD.unpack(head)
                sealed = file.read(length) if magic == _MAGIC else b""
                if len(sealed) < length or zlib.crc32(sealed) != crc or magic != _MAGIC:
                    break
                arrivals = unpack(secrets, sealed, size)
                if arrivals is None:
                    raise UnavailableError(
                        Text("接收日志用另一把主密钥加密", "the journal of what was received is sealed under another master key"),
                        way_out=Text("换回原来的主密钥，积压会接着处理", "bring the former master key back; what waits is then worked off"),
                    )
                offset += _HEAD.size + length
                yield Block(arrivals, Place(number, offset), written_ms)


_WRITING: WeakValueDictionary[Path, Writer] = WeakValueDictionary()


def segments(folder: Path) -> list[int]:
    """Numbers of the segments that are there, in order."""
    return sorted(int(path.stem) for path in folder.glob("*.journal"))


def path_of(folder: Path, number: int) -> Path:
    return folder / f"{number:012d}.journal"


def backlog(folder: Path, place: Place) -> Backlog:
    """What waits behind a place."""
    waiting, oldest = 0, None
    for number in segments(folder):
        if number < place.segment:
            continue
        path, offset = path_of(folder, number), place.offset if number == place.segment else 0
        size = path.stat().st_size - offset
        if size >= _HEAD.size:
            waiting += size
            if oldest is None:
                with path.open("rb") as file:
                    file.seek(offset)
                    head = file.read(_HEAD.size)
                oldest = _HEAD.unpack(head)[4] if head[:4] == _MAGIC else None
    return Backlog(waiting, oldest)


def drop(folder: Path, place: Place, written_before_ms: int) -> int:
    """Delete segments that are translated to their end and were last written before an instant; returns how many."""
    done = [number for number in segments(folder) if number < place.segment and path_of(folder, number).stat().st_mtime * 1000 < written_before_ms]
    for number in done:
        path_of(folder, number).unlink(missing_ok=True)
    return len(done)


def take_out(folder: Path, secrets: Secrets, place: Place, wanted: Callable[[Arrival], bool]) -> int:
    """Write the segments that are translated to their end anew without some requests; returns how many those were.

    The segment that is being written is ended first. A segment of another process that writes here still is left to the next time.
    """
    if (writer := _WRITING.get(folder)) is not None:
        writer.roll()
    gone = 0
    for number in segments(folder):
        path = path_of(folder, number)
        if number > place.segment or (number == place.segment and place.offset < path.stat().st_size):
            break
        new, found = path.with_suffix(".new"), 0
        with new.open("wb") as file:
            new.chmod(0o600)
            for block in blocks(folder, secrets, Place(number, 0)):
                if block.after.segment != number:
                    break
                stay = [one for one in block.arrivals if not wanted(one)]
                found += len(block.arrivals) - len(stay)
                sealed, size = pack(secrets, stay)
                file.write(_HEAD.pack(_MAGIC, len(sealed), zlib.crc32(sealed), size, block.written_ms) + sealed if stay else b"")
            file.flush()
            os.fsync(file.fileno())
        if found:
            stamp = path.stat()
            new.replace(path)
            os.utime(path, (stamp.st_atime, stamp.st_mtime))
        new.unlink(missing_ok=True)
        gone += found
    return gone


def open_folder(home: Path) -> tuple[str, Path]:
    """The journal of a data folder: its name (made once), and where it lies."""
    folder = home / "collect"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = folder / "name"
    if not name.exists():
        new = name.with_suffix(".new")
        new.write_text(new_id("journal"))
        new.replace(name)
    return name.read_text().strip(), folder


def _write_whole(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
