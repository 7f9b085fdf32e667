"""Folders and buckets: what comes there is imported once, when it is whole; what fails says why and what to do."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyarrow import fs

from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.door import Door, orders_only
from tests.makers.sandbox import free_port
from tests.sandbox.clients.environments import environment

HEADER = "下单时间,订单编号,买家账号,实付金额\n"
FIRST, SECOND = HEADER + "2025-12-01 10:00:00,A1,b1,10.00\n", HEADER + "2025-12-02 10:00:00,A2,b1,20.00\n"
KEYS = {"access_key": "testkey", "secret_key": "testsecret"}


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, stores: Stores) -> Door:
    return orders_only(monkeypatch, stores)


def folder(door: Door, **settings: str) -> tuple[int, Path]:
    path = door.stores.settings.home / "inbox" / "shop"
    path.mkdir(parents=True)
    return added(door, {"name": "ERP", "kind": "folder", "source": "erp", "settings": {"path": str(path), **settings}})["id"], path


def added(door: Door, body: dict[str, Any]) -> dict[str, Any]:
    answer = door.client.post("/api/v1/places", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def look(door: Door, place: int) -> dict[str, Any]:
    """Look twice, so that what the first look started is settled; files by name."""
    for _ in range(2):
        assert door.client.post(f"/api/v1/places/{place}/look").status_code == 202
        door.app.state.runner.run_pending()
    return {row["path"]: row for row in door.client.get(f"/api/v1/places/{place}/files").json()["items"]}


def put(path: Path, text: str, clock: SetClock, *, age: timedelta = timedelta(hours=1)) -> None:
    path.write_text(text, encoding="utf-8")
    at = (clock.at - age).timestamp()
    os.utime(path, (at, at))


def test_a_file_is_imported_once_by_what_it_holds(door: Door, clock: SetClock) -> None:
    place, path = folder(door)
    put(path / "one.csv", FIRST, clock)
    put(path / "copy.csv", FIRST, clock)
    put(path / "picture.png", "x", clock)
    files = look(door, place)
    assert {name: file["status"] for name, file in files.items()} == {"one.csv": "done", "copy.csv": "done"}
    assert files["one.csv"]["import_id"] == files["copy.csv"]["import_id"]
    assert len(door.client.get("/api/v1/imports", params={"source": "erp"}).json()["items"]) == 1
    put(path / "one.csv", SECOND, clock, age=timedelta(minutes=30))
    assert look(door, place)["one.csv"]["import_id"] != files["copy.csv"]["import_id"]
    assert sorted(row[2] for row in door.orders()) == [1000, 2000]
    assert look(door, place)["one.csv"]["status"] == "done"
    assert len(door.client.get("/api/v1/imports").json()["items"]) == 2


def test_a_file_that_is_being_written_is_left_until_it_is_whole(door: Door, clock: SetClock) -> None:
    place, path = folder(door)
    put(path / "big.csv", HEADER, clock, age=timedelta(seconds=3))
    assert door.client.post(f"/api/v1/places/{place}/look").status_code == 202
    door.app.state.runner.run_pending()
    put(path / "big.csv", FIRST, clock, age=timedelta(seconds=1))
    door.client.post(f"/api/v1/places/{place}/look")
    door.app.state.runner.run_pending()
    found = door.client.get(f"/api/v1/places/{place}/files").json()["items"]
    assert [(file["path"], file["status"]) for file in found] == [("big.csv", "waiting")]
    assert look(door, place)["big.csv"]["status"] == "done"
    assert len(door.orders()) == 1


def test_a_file_that_fails_says_why_and_the_others_go_on(door: Door, clock: SetClock) -> None:
    place, path = folder(door, after="move")
    put(path / "bad.csv", "甲,乙\n1,2\n", clock)
    put(path / "good.csv", FIRST, clock)
    files = look(door, place)
    assert files["bad.csv"]["status"] == "failed"
    assert "name the column of 'Order time'" in files["bad.csv"]["fault"]["message"]["en"]
    assert files["bad.csv"]["fault"]["way_out"]
    assert files["good.csv"]["status"] == "done"
    assert not (path / "good.csv").exists()
    assert (path / "imported" / "good.csv").exists()
    put(path / "bad.csv", SECOND, clock)
    assert door.client.post(f"/api/v1/places/{place}/files/again", json={"path": "bad.csv"}).status_code == 204
    assert look(door, place)["bad.csv"]["status"] == "done"


def test_only_open_folders_are_read_and_no_link_leads_out(door: Door, clock: SetClock, tmp_path: Path) -> None:
    draft = {"name": "x", "kind": "folder", "source": "x", "settings": {"path": "/etc"}}
    refused = door.client.post("/api/v1/places", json=draft)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "settings.path"
    place, path = folder(door)
    put(tmp_path / "secret.csv", FIRST, clock)
    (path / "link.csv").symlink_to(tmp_path / "secret.csv")
    assert look(door, place)["link.csv"]["status"] == "failed"
    assert door.orders() == []
    for wrong in ({"endpoint": "ftp://x", "bucket": "b"}, {"endpoint": "http://x.test", "bucket": "b", "path": "/x"}):
        assert door.client.post("/api/v1/places", json={**draft, "kind": "bucket", "settings": wrong}).status_code == 422


def test_a_private_endpoint_is_not_called_without_leave(door: Door) -> None:
    body = {"name": "b", "kind": "bucket", "source": "b", "settings": {"endpoint": "http://127.0.0.1:1", "bucket": "orders"}, "credentials": KEYS}
    place = added(door, body)["id"]
    refused = door.client.post(f"/api/v1/places/{place}/check")
    assert (refused.status_code, refused.json()["code"]) == (422, "carrier_address")
    assert "testsecret" not in door.client.get("/api/v1/places").text


@pytest.fixture(scope="module")
def bucket_url() -> Iterator[str]:
    """An S3-compatible server, from a package of others."""
    python, port = environment("s3-server"), free_port()
    server = subprocess.Popen([str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{url}/moto-api/", trust_env=False)
                break
            except httpx.HTTPError:
                assert time.monotonic() < until, "the S3 server did not start"
                time.sleep(0.1)
        yield url
    finally:
        server.kill()
        server.wait()


def test_a_bucket_is_read_and_its_files_moved(door: Door, bucket_url: str) -> None:
    made = fs.S3FileSystem(**KEYS, endpoint_override=bucket_url.removeprefix("http://"), scheme="http", region="us-east-1", allow_bucket_creation=True)
    made.create_dir("shop-exports")
    for name, text in (("day/one.csv", FIRST), ("day/two.csv", SECOND), ("other/three.csv", FIRST)):
        with made.open_output_stream(f"shop-exports/{name}") as stream:
            stream.write(text.encode())
    where = {"endpoint": bucket_url, "bucket": "shop-exports", "prefix": "day/", "allow_private": "true", "after": "move"}
    place = added(door, {"name": "桶", "kind": "bucket", "source": "erp", "settings": where, "credentials": KEYS})["id"]
    assert [file["path"] for file in door.client.post(f"/api/v1/places/{place}/check").json()["items"]] == ["one.csv", "two.csv"]
    assert {file["status"] for file in look(door, place).values()} == {"done"}
    assert sorted(row[2] for row in door.orders()) == [1000, 2000]
    left = made.get_file_info(fs.FileSelector("shop-exports/day", recursive=True))
    assert sorted(one.path for one in left if one.is_file) == ["shop-exports/day/imported/one.csv", "shop-exports/day/imported/two.csv"]
    gone = added(door, {"name": "无", "kind": "bucket", "source": "x", "settings": {**where, "bucket": "nobody-has-this"}, "credentials": KEYS})["id"]
    assert door.client.post(f"/api/v1/places/{gone}/check").status_code == 503


def test_a_signed_test_call_keeps_nothing(door: Door) -> None:
    """By the saved secret and mapping; the preview needs neither."""
    mapping = 'order_no = "id"\nstatus = "s"\nordered_at = "at"\npaid = "paid"\n[states]\nok = "done"\n'
    sample = '{"id": "D1", "s": "ok", "at": "2025-12-01 10:00:00", "paid": "25.00"}'
    body = {"product": "order_webhook", "name": "抖店", "credentials": {"source": "douyin", "secret": "0123456789abcdef"}, "settings": {"mapping": mapping}}
    shop = door.client.post("/api/v1/carriers/accounts", json=body).json()["id"]
    tested = door.client.post(f"/api/v1/shops/{shop}/test", json={"sample": sample})
    assert [(one["order_no"], one["amount_fen"], one["state"]) for one in tested.json()["items"]] == [("D1", 2500, "done")]
    wrong = door.client.post(f"/api/v1/shops/{shop}/test", json={"sample": sample.replace("ok", "new")})
    assert wrong.json()["errors"][0]["field"] == "orders.0.s"
    seen = door.client.post("/api/v1/shops/preview", json={"mapping": mapping, "sample": sample})
    assert seen.json() == tested.json()
    assert door.client.post(f"/api/v1/shops/{shop}/pull", json={}).status_code == 409
    assert door.client.get(f"/api/v1/shops/{shop}").json()["order_count"] == 0
