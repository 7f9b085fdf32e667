"""A file is uploaded once a content, and again before the carrier forgets it; messages go on naming it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from siyu.carriers import media, sends, tasks
from siyu.carriers.media import Media
from siyu.connectors.errors import ContentError
from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.corps import Corp, open_corp, run_job
from tests.makers.running import running_shop
from tests.makers.sandbox import SandboxClient

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200)
UPLOAD = "media/upload"


@pytest.fixture
def corp(any_stores: Stores, sandbox: SandboxClient, clock: SetClock) -> Corp:
    clock.at = datetime.fromtimestamp(sandbox.now(), UTC)
    return open_corp(any_stores, sandbox, staff_count=2)


def put(corp: Corp, content: bytes = PICTURE, name: str = "海报.png") -> Media:
    with tasks.calling(corp.stores) as calls:
        return calls.run(media.put(calls, corp.account, "image", name, content))


def filled(corp: Corp, value: str) -> str:
    with tasks.calling(corp.stores) as calls:
        (found,) = calls.run(media.filled(calls, corp.account, [{"msgtype": "image", "image": {"media_id": value}}]))
        return str(found["image"]["media_id"])


def test_equal_content_is_uploaded_once(corp: Corp) -> None:
    first, second = put(corp), put(corp, name="同一张.png")
    assert first.media_id == second.media_id
    assert corp.calls(UPLOAD) == 1
    assert put(corp, PICTURE + b"1").media_id != first.media_id
    assert corp.calls(UPLOAD) == 2


def test_a_message_names_the_file_and_gets_the_id_of_the_day(corp: Corp, clock: SetClock) -> None:
    made = put(corp)
    name = f"media:{made.content_hash}"
    assert filled(corp, name) == made.media_id
    assert filled(corp, "given-by-hand") == "given-by-hand"
    clock.at += timedelta(days=4)
    later = filled(corp, name)
    assert later != made.media_id
    assert filled(corp, name) == later
    assert corp.calls(UPLOAD) == 2


def test_what_is_used_is_uploaded_again_before_it_ends(corp: Corp, clock: SetClock) -> None:
    made = put(corp)
    assert run_job(corp.stores, tasks.MEDIA).result == {"media_count": 0}
    clock.at += timedelta(days=2, hours=13)
    assert run_job(corp.stores, tasks.MEDIA).result == {"media_count": 1}
    assert run_job(corp.stores, tasks.MEDIA).result == {"media_count": 0}
    assert filled(corp, f"media:{made.content_hash}") != made.media_id
    clock.at += timedelta(days=40)
    assert run_job(corp.stores, tasks.MEDIA).result == {"media_count": 0}, "nobody has named it for a month"


def test_a_send_goes_out_with_the_carriers_id(corp: Corp) -> None:
    corp.fill(4, 2)
    corp.run(tasks.RECONCILE)
    name = f"media:{put(corp).content_hash}"
    content = {"text": "上新", "attachments": [{"msgtype": "image", "image": {"media_id": name}}]}
    with corp.stores.ledger.begin() as tx:
        send = sends.intend(tx, corp.account, kind="customers", name="上新", content=content, audience={"sender": "staff0001"}, now=corp.stores.now(), by="test")
    with tasks.calling(corp.stores) as calls:
        assert calls.run(sends.make(calls, corp.account, send)).status == "accepted"


def test_what_breaks_a_limit_is_not_kept(corp: Corp) -> None:
    with pytest.raises(ContentError):
        put(corp, b"tiny")
    assert corp.calls(UPLOAD) == 0
    assert not list((corp.stores.settings.files / "media").rglob("*"))


def test_over_http(tmp_path: Path, sandbox: SandboxClient) -> None:
    with running_shop(tmp_path) as shop:
        account = shop.connect_wecom(sandbox)
        path = f"/api/v1/carriers/accounts/{account['id']}/media"
        answer = shop.http.put(path, content=PICTURE, params={"name": "海报.png"})
        assert answer.status_code == 201
        assert answer.json()["media"].startswith("media:")
        assert shop.http.put(path, content=b"x" * (21 << 20), params={"name": "大.bin", "kind": "file"}).status_code == 413
        bob = shop.log_in("bob", "guide")
        assert bob.put(path, content=PICTURE, params={"name": "a.png"}).status_code == 403
        bob.close()
