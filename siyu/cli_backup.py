"""Backup and restore on the command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from siyu import backup, backup_seal
from siyu.client import Client
from siyu.foundation.errors import ConflictError, InvalidError
from siyu.foundation.settings import Settings
from siyu.foundation.text import Text


def target_of(path: Path, settings: Settings, now: str) -> Path:
    """The file that a backup goes to: `path`, or in a folder a name that says when."""
    target = path / f"siyu-{now}.tar" if path.is_dir() else path
    if target.exists():
        raise ConflictError(
            Text(f"{target} 已存在，不会覆盖", f"{target} exists and is not overwritten"), way_out=Text("换一个文件名", "give another name")
        )
    if not target.parent.is_dir():
        raise InvalidError(Text(f"没有目录 {target.parent}", f"there is no folder {target.parent}"))
    return target


def fetch(client: Client, job: dict[str, Any], target: Path, settings: Settings, seen: Callable[[int], None], *, with_key: bool) -> None:
    """Fetch into a file beside the target, and give it its name once it is whole and on the disk."""
    part = target.with_name(target.name + ".part")
    try:
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            client.download(f"/system/backups/{job['id']}", file, seen)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
        if with_key:
            backup.add_key(target, str(job["id"]), settings)
    except OSError as error:
        raise InvalidError(Text(f"写不了 {target}：{error.strerror}", f"{target} cannot be written: {error.strerror}")) from error
    finally:
        part.unlink(missing_ok=True)
        client.delete(f"/system/backups/{job['id']}")


def notes(job: dict[str, Any], settings: Settings, *, with_key: bool) -> list[Text]:
    """What a backup does not hold, and what to do about it."""
    said = []
    if job["result"]["ledger"] == "postgresql":
        said.append(Text(
            "账本在 PostgreSQL,不在这个文件里：现在接着运行 pg_dump --format=custom --file=ledger.dump 数据库名",
            "the ledger is on PostgreSQL and not in this file: now run pg_dump --format=custom --file=ledger.dump DATABASE",
        ))  # fmt: skip
    key = "SIYU_SECRET_KEY" if settings.secret_key else str(settings.home / backup.KEY)
    said.append(
        Text("钥匙在旁边的 .key 文件里：像保管密码一样保管它，不要和备份放在一起", "its keys are in the file .key beside it: keep that as you keep a password, and apart from the backup")
        if with_key
        else Text(
            f"主密钥不在里面，请另外保管好 {key}：没有它，这份备份里的手机号、邮箱永远读不出来",
            f"the master key is not in it, keep {key} in another place: without it the phones and e-mails of this backup can never be read",
        )
    )
    said.append(Text(
        f"备份已用它自己的钥匙加密，钥匙在 {settings.home / backup_seal.KEYS}；没有钥匙就恢复不了。有人被删除后，旧钥匙会按期销毁",
        f"it is sealed with a key of its own in {settings.home / backup_seal.KEYS} and cannot be restored without; after an erasure older keys are destroyed in time",
    ))  # fmt: skip
    return said
