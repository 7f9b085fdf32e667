"""Where files lie: a folder or a bucket, both as Arrow's file systems, with what goes wrong there in words."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from siyu.connectors.addresses import check_url
from siyu.foundation.errors import InvalidError, UnavailableError
from siyu.foundation.settings import Settings
from siyu.foundation.text import Text
from siyu.orders.places import Place, folder_of

DONE = "imported"
MOST_FILES = 10_000
CONNECT_SECONDS = 5
REQUEST_SECONDS = 30
_WRONG = (pa.ArrowException, OSError)


@dataclass(frozen=True)
class Seen:
    """One file as it lies there. `path` is relative to the place."""

    path: str
    bytes: int
    modified_ms: int


@dataclass(frozen=True)
class Files:
    """The files of one place."""

    system: fs.FileSystem
    root: str
    is_local: bool
    patterns: list[str]

    def list(self) -> list[Seen]:
        """Files that fit the patterns, hidden ones and folders left out.

        Raises
        ------
        UnavailableError, InvalidError
        """
        with _told():
            found = self.system.get_file_info(fs.FileSelector(self.root, recursive=False))
        files = [one for one in found if one.type == fs.FileType.File and not one.base_name.startswith((".", "~"))]
        fitting = [one for one in files if any(fnmatch.fnmatch(one.base_name.lower(), pattern.lower()) for pattern in self.patterns)]
        if len(fitting) > MOST_FILES:
            raise InvalidError(
                Text(f"这里有超过 {MOST_FILES} 个文件", f"there are more than {MOST_FILES} files here"),
                way_out=Text("移走旧文件，或改用更小的前缀", "move old files away, or choose a narrower prefix"),
            )
        return [Seen(one.base_name, one.size, one.mtime_ns // 1_000_000) for one in sorted(fitting, key=lambda one: one.base_name)]

    def look(self, path: str) -> Seen | None:
        """The file as it lies there now; None where it is gone."""
        with _told():
            info = self.system.get_file_info(self._at(path))
        return Seen(path, info.size, info.mtime_ns // 1_000_000) if info.type == fs.FileType.File else None

    @contextmanager
    def read(self, path: str) -> Iterator[Any]:
        with _told(), self.system.open_input_stream(self._at(path)) as stream:
            yield stream

    def move(self, path: str) -> None:
        """Into the folder `imported`, under a name that is free there."""
        name = PurePosixPath(path)
        with _told():
            folder = str(PurePosixPath(self.root) / DONE)
            if self.is_local:
                self.system.create_dir(folder, recursive=True)
            for number in range(1, 1000):
                goal = str(PurePosixPath(folder) / (name.name if number == 1 else f"{name.stem}.{number}{name.suffix}"))
                if self.system.get_file_info(goal).type == fs.FileType.NotFound:
                    self.system.move(self._at(path), goal)
                    return

    def _at(self, path: str) -> str:
        if "/" in path or path in ("", ".", ".."):
            raise InvalidError(Text("文件名不对", "the file's name is not valid"))
        at = str(PurePosixPath(self.root) / path)
        if self.is_local and Path(at).is_symlink():
            raise InvalidError(Text("不读取链接", "links are not read"), way_out=Text("放真正的文件", "put the file itself there"))
        return at


def open_files(settings: Settings, place: Place, credentials: dict[str, str]) -> Files:
    """
    Raises
    ------
    InvalidError
        When the folder is not open for imports.
    CarrierError
        When the endpoint may not be called, or its host is not known.
    """
    given = place.settings
    if place.kind == "folder":
        return Files(fs.LocalFileSystem(), str(folder_of(settings, given["path"])), True, place.patterns)
    allow, virtual = given.get("allow_private") == "true", given.get("virtual_hosts") == "true"
    check_url(given["endpoint"], allow_private=allow, prefix=f"{given['bucket']}." if virtual else "")
    parts = urlsplit(given["endpoint"])
    with _told():
        system = fs.S3FileSystem(
            access_key=credentials["access_key"], secret_key=credentials["secret_key"], region=given.get("region") or "us-east-1", scheme=parts.scheme,
            endpoint_override=parts.netloc, force_virtual_addressing=virtual, connect_timeout=CONNECT_SECONDS, request_timeout=REQUEST_SECONDS,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=2),
        )  # fmt: skip
    return Files(system, "/".join(filter(None, (given["bucket"], given.get("prefix", "").strip("/")))), False, place.patterns)


@contextmanager
def _told() -> Iterator[None]:
    """What the file system says in words of ours; the vendor's own follow, without signatures."""
    try:
        yield
    except FileNotFoundError as error:
        raise UnavailableError(
            Text("文件夹或存储桶不在", "the folder or bucket is not there"), way_out=Text("核对路径、桶名和前缀", "compare path, bucket and prefix")
        ) from error
    except PermissionError as error:
        raise UnavailableError(
            Text("没有读取的权限", "there is no right to read there"), way_out=Text("给运行 Siyu 的用户，或给这个密钥，读取的权限", "give the user that runs Siyu, or this key, the right to read")
        ) from error
    except _WRONG as error:
        said = str(error)
        denied = any(mark in said for mark in ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "HTTP status 403"))
        says = Text("对象存储不接受密钥", "the bucket does not accept the key") if denied else Text("读不了这里", "it cannot be read")
        fix = Text("核对密钥和它的权限", "compare the key and its rights") if denied else Text(f"稍后会再看。原话：{said[:200]}", f"it is looked at again later. In its own words: {said[:200]}")
        raise UnavailableError(says, way_out=fix) from error
