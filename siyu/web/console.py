"""Console 控制台: serves the built pages. Hashed assets never change; the page is asked for each time."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from fastapi import HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.types import Receive, Scope, Send

from siyu.foundation.http import API_PREFIX

FOLDER = Path(__file__).parent / "static" / "console"
BUILD_COMMAND = "python -m siyu.web.build"
_INDEX = "/index.html"
_ASSETS = "/assets/"
_FOREVER = "public, max-age=31536000, immutable"
_TWINS = (("br", ".br"), ("gzip", ".gz"))
_REFUSED = re.compile(r"q\s*=\s*0(\.0*)?")
_NOT_BUILT = f"""<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Siyu 私域</title></head>
<body style="font:16px/1.6 system-ui,sans-serif;max-width:40em;margin:15vh auto;padding:0 1em">
<h1>Siyu 私域</h1>
<p>服务已启动，但控制台网页还没有构建。请运行:</p>
<p lang="en">The server is running, but the console's pages are not built yet. Please run:</p>
<pre><code>{BUILD_COMMAND}</code></pre>
</body></html>"""


@dataclass(frozen=True)
class _File:
    path: Path
    media_type: str
    twins: dict[str, Path]


def built_console() -> bool:
    """Whether the console's pages are there to be served."""
    return (FOLDER / "index.html").exists()


class Console:
    """The ASGI application for all that is no API route. Knows its files by name and serves no other."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._files: dict[str, _File] = {}
        self._built_ns = -1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await self.answer(Request(scope, receive))(scope, receive, send)

    def answer(self, request: Request) -> Response:
        path, files = request.url.path, self._current()
        if path.startswith(API_PREFIX + "/") or path == API_PREFIX or request.method not in ("GET", "HEAD"):
            raise HTTPException(404)
        if path in files and path != _INDEX:
            return _serve(request, files[path], _FOREVER if path.startswith(_ASSETS) else "no-cache")
        if path.startswith(_ASSETS) or not _wants_page(request, path):
            raise HTTPException(404)
        if _INDEX not in files:
            return HTMLResponse(_NOT_BUILT, headers={"Cache-Control": "no-store"})
        return _serve(request, files[_INDEX], "no-cache")

    def _current(self) -> dict[str, _File]:
        """The files of the newest build: a rebuild replaces index.html, and is seen without a restart."""
        try:
            built_ns = (self.folder / "index.html").stat().st_mtime_ns
        except FileNotFoundError:
            self._files, self._built_ns = {}, -1
            return self._files
        if built_ns != self._built_ns:
            self._files, self._built_ns = _scan(self.folder), built_ns
        return self._files


def _scan(folder: Path) -> dict[str, _File]:
    found = {f"/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()}
    suffixes = tuple(suffix for _, suffix in _TWINS)
    return {
        name: _File(
            path,
            mimetypes.guess_type(name)[0] or "application/octet-stream",
            {coding: found[name + suffix] for coding, suffix in _TWINS if name + suffix in found},
        )
        for name, path in found.items()
        if not (name.endswith(suffixes) and name.rpartition(".")[0] in found)
    }


def _wants_page(request: Request, path: str) -> bool:
    """A page's address has no dot in its last part; a caller that takes only JSON or images gets 404."""
    accept = request.headers.get("accept", "*/*")
    return ("text/html" in accept or "*/*" in accept) and "." not in path.rpartition("/")[2]


def _serve(request: Request, file: _File, caching: str) -> Response:
    accepted = _codings(request.headers.get("accept-encoding", ""))
    headers = {"Cache-Control": caching}
    if file.twins:
        headers["Vary"] = "Accept-Encoding"
    chosen = next(((coding, twin) for coding, twin in file.twins.items() if coding in accepted), None)
    if chosen:
        headers["Content-Encoding"] = chosen[0]
    path = chosen[1] if chosen else file.path
    answer = FileResponse(path, headers=headers, media_type=file.media_type, stat_result=path.stat())
    if answer.headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={**headers, "ETag": answer.headers["etag"]})
    return answer


def _codings(header: str) -> set[str]:
    """Codings that the caller takes (those with q=0 it refuses)."""
    accepted = set()
    for part in header.split(","):
        name, _, weight = part.strip().partition(";")
        if not _REFUSED.fullmatch(weight.strip()):
            accepted.add(name.strip().lower())
    return accepted - {""}
