"""Backup 备份: a copy of the data folder that belongs together, made while the server runs, and put back into a new folder.

The warehouse is copied before the ledger: events are written to the log first, so the copy of the ledger knows everything
that the copy of the warehouse holds, and what it knows more is published again. The master key is not in the copy.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from siyu import __version__, backup_seal
from siyu.events import log
from siyu.foundation.database import open_ledger
from siyu.foundation.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.migrate import schema_version
from siyu.foundation.secrets import KEY_FILE, Secrets, load_secrets
from siyu.foundation.settings import SETTINGS_FILE, Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

MAKE, FORMAT, MANIFEST = "backup.make", 1, "manifest.json"
RESTORED = "restored.json"
"""Left in the data folder after a restore: who was erased since is erased again."""
LEDGER, WAREHOUSE, KEY = "ledger.sqlite", "warehouse.duckdb", f"secrets/{KEY_FILE}"
PART, PAGES = 1 << 20, 4096
SECRET_LINES = ("secret_key", "database_url")
Told = Callable[[float], None]


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself: `head` is the last position of the event log in it, `key` names the master key it needs."""

    format: int
    version: str
    made_at: str
    ledger: str
    schema: str | None
    head: int
    key: str
    files: dict[str, str]


def job_kind() -> JobKind:
    return JobKind(MAKE, Text("备份", "Back up"), _make, link=lambda _: "/system")


def _make(running: Running) -> dict[str, Any]:
    """Copy into a folder of this job's own, from which it is fetched; what an earlier backup left there goes."""
    stores = running.stores
    folder = _folder(stores.settings, running.id)
    backup_seal.make_key(stores.settings, running.id, stores.now())
    shutil.rmtree(folder.parent, ignore_errors=True)
    _must_have_room(stores)
    folder.mkdir(parents=True, mode=0o700)

    def told(share: float) -> None:
        running.progress(round(share * 100), 100, Text("正在复制", "copying"))

    told(0)
    _copy_warehouse(stores, folder)
    told(0.4)
    _copy_files(stores.settings, folder)
    told(0.5)
    head = _copy_ledger(stores, folder, running.id, lambda share: told(0.5 + share * 0.4))
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    kind = "sqlite" if stores.ledger.is_sqlite else "postgresql"
    sums = {name: _sum(folder / name) for name in names}
    told(1)
    made = Manifest(FORMAT, __version__, stores.now().isoformat(), kind, schema_version(stores.ledger)[0], head, key_name(stores.secrets), sums)
    (folder / MANIFEST).write_text(json.dumps(asdict(made), indent=1))
    return {"bytes": sum((folder / name).stat().st_size for name in names), "ledger": kind, "head": head}


def key_name(secrets: Secrets) -> str:
    """A name of the master key that tells nothing about it."""
    return secrets.sign(b"name of the master key").hex()[:16]


def _folder(settings: Settings, job_id: str) -> Path:
    return settings.files / "backups" / job_id


def _must_have_room(stores: Stores) -> None:
    settings = stores.settings
    copied = [settings.warehouse_file, settings.home / LEDGER, *(settings.files / "uploads").glob("*")]
    needed, free = sum(path.stat().st_size for path in copied if path.exists()), shutil.disk_usage(settings.home).free
    if free < needed * 1.1:
        gb = (f"{needed / 1e9:,.1f} GB", f"{free / 1e9:,.1f} GB")
        raise UnavailableError(
            Text("备份要 {}，磁盘只剩 {}".format(*gb), "the backup takes {}, the disk has {} left".format(*gb)),
            way_out=Text("清理磁盘后再备份", "make room on the disk, then back up again"),
        )


def _copy_warehouse(stores: Stores, folder: Path) -> None:
    """File and journal as they stand while nobody writes: together they are one state, as after a loss of power."""
    file = stores.settings.warehouse_file
    with stores.warehouse.engine.write():
        for path in (file, file.with_name(file.name + ".wal")):
            if path.exists():
                shutil.copyfile(path, folder / path.name)


def _copy_files(settings: Settings, folder: Path) -> None:
    """Uploads that an unfinished import still reads, and the settings but for secrets."""
    for path in sorted((settings.files / "uploads").glob("*")):
        (folder / "files" / "uploads").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / "files" / "uploads" / path.name)
    written = settings.home / SETTINGS_FILE
    if written.exists():
        lines = written.read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / SETTINGS_FILE).write_text("".join(line for line in lines if not line.lstrip().startswith(SECRET_LINES)), encoding="utf-8")


def _copy_ledger(stores: Stores, folder: Path, job_id: str, told: Told) -> int:
    """One moment of the ledger, while others write; returns the head of its log. A PostgreSQL is dumped with its own tool."""
    with stores.ledger.read() as tx:
        head = log.head(tx)
        if not stores.ledger.is_sqlite:
            return head
        source = tx.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        with closing(sqlite3.connect(folder / LEDGER)) as target:
            source.backup(target, pages=PAGES, progress=lambda _status, left, total: told(1 - left / max(1, total)))
            # The copy was taken in the middle of this very job, which must not run again where it is restored.
            target.execute("DELETE FROM jobs_job WHERE id = ?", [job_id])
            target.commit()
            target.execute("PRAGMA journal_mode=DELETE")
    return head


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def archive(settings: Settings, job_id: str) -> tuple[int, Iterator[bytes]]:
    """The size and the parts of a finished backup, a tar file sealed with the key of its own; no second copy of it is made on the disk."""
    folder = _folder(settings, job_id)
    if not job_id.isidentifier() or not (folder / MANIFEST).is_file():
        raise NotFoundError(Text("没有这份备份", "there is no such backup"), way_out=Text("再备份一次", "back up once more"))
    # The manifest first: who reads the file knows at once what it should hold.
    paths = [folder / MANIFEST, *sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)]
    size = sum(_padded(path.stat().st_size) + tarfile.BLOCKSIZE for path in paths) + 2 * tarfile.BLOCKSIZE
    key = backup_seal.make_key(settings, job_id, datetime.now(UTC))
    return backup_seal.sealed_size(key, size), backup_seal.sealed(key, _parts(folder, paths))


def _parts(folder: Path, paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        entry = tarfile.TarInfo(str(path.relative_to(folder)))
        entry.size, entry.mode, entry.mtime = path.stat().st_size, 0o600, int(path.stat().st_mtime)
        yield entry.tobuf(tarfile.GNU_FORMAT)
        with path.open("rb") as file:
            while part := file.read(PART):
                yield part
        yield b"\0" * (_padded(entry.size) - entry.size)
    yield b"\0" * (2 * tarfile.BLOCKSIZE)


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def discard(settings: Settings, job_id: str) -> None:
    if job_id.isidentifier():
        shutil.rmtree(_folder(settings, job_id), ignore_errors=True)


def add_key(file: Path, job_id: str, settings: Settings) -> None:
    """Put the keys that a fetched backup needs beside it; they never travel over HTTP."""
    key = backup_seal.make_key(settings, job_id, datetime.now(UTC))
    master = settings.secret_key or (settings.home / KEY).read_text().strip()
    held = backup_seal.beside(file)
    held.touch(mode=0o600)
    held.write_text(json.dumps({"key": key.secret.hex(), "made_at": key.made_at.isoformat(), "master": master}))


def restore(settings: Settings, file: Path, told: Told = lambda share: None) -> Manifest:
    """Put a backup into an empty data folder, whole or not at all. The caller owns the folder.

    Raises
    ------
    ConflictError
        When the folder holds data.
    InvalidError
        When the file is no backup, is damaged, or needs another master key.
    """
    home = settings.home
    taken = [name for name in (LEDGER, WAREHOUSE) if (home / name).exists()]
    if taken:
        raise ConflictError(
            Text(f"{home} 里已有数据({'、'.join(taken)})", f"{home} holds data already ({', '.join(taken)})"),
            way_out=Text("恢复到一个新的数据目录:SIYU_HOME=新目录 siyu restore 文件", "restore into a new data folder: SIYU_HOME=folder siyu restore FILE"),
        )
    staged = home / "restored"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(mode=0o700)
    try:
        manifest = _unpack(settings, file, staged, told)
        _bring_master(file, staged)
        _check_key(settings, manifest, staged)
        _check_database(settings, manifest, staged)
        _move(staged, home)
        (home / RESTORED).write_text(json.dumps({"made_at": manifest.made_at}))
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return manifest


def _unpack(settings: Settings, file: Path, staged: Path, told: Told) -> Manifest:
    damaged = Text(f"{file} 不是完整的 Siyu 备份", f"{file} is not a whole backup of Siyu")
    try:
        with file.open("rb") as raw, tarfile.open(fileobj=backup_seal.open_sealed(settings, file, raw) or raw, mode="r|") as tar:
            done, size = 0, max(1, file.stat().st_size)
            for entry in tar:
                tar.extract(entry, staged, set_attrs=False, filter="data")
                done += entry.size
                told(done / size)
        manifest = Manifest(**json.loads((staged / MANIFEST).read_text()))
        whole = all((staged / name).is_file() and _sum(staged / name) == expected for name, expected in manifest.files.items())
    except (OSError, tarfile.TarError, ValueError, TypeError, EOFError) as error:
        raise InvalidError(damaged, way_out=Text("换一份备份文件", "take another file")) from error
    if manifest.format != FORMAT or not whole:
        raise InvalidError(damaged, way_out=Text("文件可能没有传完；换一份备份文件", "it may be cut off; take another file"))
    return manifest


def _bring_master(file: Path, staged: Path) -> None:
    """The master key, where it was put beside the backup."""
    held = backup_seal.beside(file)
    if held.exists() and (master := json.loads(held.read_text()).get("master")):
        (staged / KEY).parent.mkdir(exist_ok=True, mode=0o700)
        (staged / KEY).write_text(master + "\n")


def _check_key(settings: Settings, manifest: Manifest, staged: Path) -> None:
    """The key of the settings, of the folder, or of the backup itself must be the one that the data was encrypted with."""
    has_own = settings.secret_key or (settings.home / KEY).exists()
    if has_own or (staged / KEY).exists():
        own = load_secrets(settings if has_own else settings.model_copy(update={"home": staged}))
        if key_name(own) == manifest.key:
            if has_own:
                shutil.rmtree(staged / "secrets", ignore_errors=True)
            return
    where = settings.home / KEY
    raise InvalidError(
        Text("没有这份备份的主密钥，已加密的资料读不出来", "the master key of this backup is not here, and what is encrypted cannot be read without it"),
        way_out=Text(f"把当时的 {KEY_FILE} 放到 {where}，再恢复一次", f"put its {KEY_FILE} at {where}, then restore again"),
    )


def _check_database(settings: Settings, manifest: Manifest, staged: Path) -> None:
    """A ledger on PostgreSQL is restored first; a warehouse that is ahead of it is left out, and made anew from the log."""
    if manifest.ledger == "sqlite":
        return
    first = Text("先用 pg_restore 恢复 PostgreSQL,再用 SIYU_DATABASE_URL 指向它", "restore PostgreSQL with pg_restore first, and name it in SIYU_DATABASE_URL")
    ledger = open_ledger(settings.ledger_url)
    try:
        if ledger.is_sqlite:
            raise InvalidError(Text("这份备份的账本在 PostgreSQL", "the ledger of this backup is on PostgreSQL"), way_out=first)
        with ledger.read() as tx:
            head = log.head(tx)
    except SQLAlchemyError as error:
        raise InvalidError(Text("数据库里没有 Siyu 的账本", "the database holds no ledger of Siyu"), way_out=first) from error
    finally:
        ledger.close()
    if head < manifest.head:
        for path in staged.glob(WAREHOUSE + "*"):
            path.unlink()


def _move(staged: Path, home: Path) -> None:
    """The ledger last: until it is there, the folder is still empty to the next attempt."""
    paths = [path for path in staged.rglob("*") if path.is_file() and path.name != MANIFEST]
    for path in sorted(paths, key=lambda path: path.name == LEDGER):
        target = home / path.relative_to(staged)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.chmod(0o600)
        path.replace(target)
