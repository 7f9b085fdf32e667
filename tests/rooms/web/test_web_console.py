"""The built console: hashed assets for ever, pages asked for each time, twins, nothing else of the disk."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.rooms.web.shop import client, open_shop

SCRIPT = b"console.log('siyu');" * 90
PACKED = gzip.compress(SCRIPT, mtime=0)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "console"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>console</title>")
    (folder / "index.html.gz").write_bytes(gzip.compress(b"<!doctype html><title>console</title>"))
    (folder / "boot.js").write_text("boot()")
    (folder / "assets" / "main-1a2b.js").write_bytes(SCRIPT)
    (folder / "assets" / "main-1a2b.js.gz").write_bytes(PACKED)
    (folder / "assets" / "main-1a2b.js.br").write_bytes(b"brotli bytes")
    (folder / "assets" / "logo-3c4d.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("not to be seen")
    return folder


@pytest.fixture
def app(built: Path, tmp_path: Path) -> FastAPI:
    return open_shop(tmp_path / "home", built)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=0.0, gzip;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
def test_assets_are_immutable_and_packed_as_the_browser_likes(
    app: FastAPI, accepts: str, coding: str | None
) -> None:
    with client(app).stream("GET", "/assets/main-1a2b.js", headers={"Accept-Encoding": accepts}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "Accept-Encoding" in answer.headers["vary"]
    assert raw == {"br": b"brotli bytes", "gzip": PACKED, None: SCRIPT}[coding]


@pytest.mark.parametrize("path", ["/", "/customers", "/segments/7/edit", "/index.html"])
def test_every_page_is_the_console_and_is_asked_for_each_time(app: FastAPI, path: str) -> None:
    answer = client(app).get(path, headers={"Accept": "text/html"})
    if path == "/index.html":
        assert answer.status_code == 404, "a page has one address"
        return
    assert answer.status_code == 200
    assert "<title>console</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"]
    again = client(app).get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


def test_head_is_answered_without_a_body(app: FastAPI) -> None:
    answer = client(app).head("/assets/main-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(SCRIPT))


def test_files_beside_the_page_are_asked_for_each_time(app: FastAPI) -> None:
    answer = client(app).get("/boot.js")
    assert (answer.text, answer.headers["cache-control"]) == ("boot()", "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone-5e6f.js",
        "/assets/",
        "/assets/customers",
        "/robots.txt",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/main-1a2b.js.br",
        "//etc/passwd.txt",
    ],
)
def test_nothing_else_is_served(app: FastAPI, path: str) -> None:
    answer = client(app).get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_a_caller_that_takes_no_page_gets_none(app: FastAPI) -> None:
    assert client(app).get("/customers", headers={"Accept": "application/json"}).status_code == 404


def test_a_rebuild_is_seen_without_a_restart(app: FastAPI, built: Path) -> None:
    web = client(app)
    assert web.get("/assets/new-9z.js").status_code == 404
    (built / "assets" / "new-9z.js").write_text("new()")
    os.utime(built / "index.html", (1, 1))
    assert web.get("/assets/new-9z.js").text == "new()"


def test_without_a_build_the_page_says_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    app = open_shop(tmp_path / "empty")
    answer = client(app).get("/customers")
    assert answer.status_code == 200
    assert "python -m siyu.web.build" in answer.text
    assert "请运行" in answer.text
    assert "Please run" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert client(app).get("/assets/x.js").status_code == 404
