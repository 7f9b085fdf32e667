"""The one HTTP client: where it may go, how long, how much; and what it never says."""

from __future__ import annotations

import asyncio
import gzip
import logging
import ssl
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from siyu.connectors import _http
from siyu.connectors._http import (
    AddressError,
    Outgoing,
    Reach,
    Reply,
    TransportError,
    Upload,
    close_clients,
    send,
)
from tests.makers.vendor import FakeVendor, Said, fake_vendor, run

LOOPBACK = Reach(allow_private=True, total_seconds=5)


async def ask(url: str, reach: Reach = LOOPBACK, **more: object) -> Reply:
    try:
        return await send(Outgoing("GET", url, **more), reach)  # type: ignore[arg-type]
    finally:
        await close_clients()


def test_the_query_joins_what_the_address_has() -> None:
    async def body() -> None:
        async with fake_vendor() as vendor:
            await send(
                Outgoing("GET", f"{vendor.url}/p?a=1", query={"b": "中 &", "c": 2, "d": None}), LOOPBACK
            )
            (asked,) = vendor.asked
            assert asked.query == {"a": "1", "b": "中 &", "c": "2"}
            assert asked.headers["host"] == vendor.url.removeprefix("http://")

    run(body())


def test_files_go_as_a_form() -> None:
    async def body() -> None:
        async with fake_vendor() as vendor:
            upload = Upload("media", "报告.txt", b"content", "text/plain")
            await send(Outgoing("POST", f"{vendor.url}/up", upload=upload), LOOPBACK)
            (asked,) = vendor.asked
            assert asked.headers["content-type"].startswith("multipart/form-data")
            assert b'name="media"' in asked.body
            assert b"content" in asked.body

    run(body())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://10.0.0.8/",
        "http://192.168.1.1/",
        "http://172.16.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:127.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
    ],
)
def test_private_networks_are_out_of_reach(url: str) -> None:
    with pytest.raises(AddressError) as caught:
        run(ask(url, Reach()))
    assert caught.value.reached is False


@pytest.mark.parametrize(
    "url", ["ftp://a.cn/", "file:///etc/passwd", "a.cn/x", "http:///x", "gopher://a.cn/"]
)
def test_only_http_has_an_address(url: str) -> None:
    with pytest.raises(AddressError):
        run(ask(url))


def test_a_name_that_answers_both_ways_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(host: str, port: int) -> tuple[str, ...]:
        return ("93.184.216.34", "127.0.0.1")

    monkeypatch.setattr(_http, "_resolve", resolve)
    with pytest.raises(AddressError):
        run(ask("http://two-faces.example/", Reach()))


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once; a second answer would not be asked for."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",)

    async def body() -> None:
        async with fake_vendor() as vendor:
            port = vendor.url.rpartition(":")[2]
            monkeypatch.setattr(_http, "_resolve", resolve)
            await send(Outgoing("GET", f"http://shop.example:{port}/x"), LOOPBACK)
            assert vendor.asked[0].headers["host"] == f"shop.example:{port}"

    run(body())
    assert asked == ["shop.example"]


def test_a_host_that_is_not_known_may_be_known_later() -> None:
    with pytest.raises(TransportError) as caught:
        run(ask("http://no-such-host.invalid/"))
    assert not isinstance(caught.value, AddressError)
    assert caught.value.reached is False


def certificate(name: str) -> tuple[bytes, bytes]:
    """A certificate for `name` that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return made.public_bytes(serialization.Encoding.PEM), pem


@pytest.mark.parametrize(("asked", "good"), [("shop.example", True), ("other.example", False)])
def test_the_certificate_must_be_that_of_the_name(
    asked: str, good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the connection goes to an address, it is the name that is proven."""
    cert, key = certificate("shop.example")
    (tmp_path / "cert.pem").write_bytes(cert + key)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(tmp_path / "cert.pem")
    trusted = ssl.create_default_context(cadata=cert.decode())

    async def resolve(host: str, port: int) -> tuple[str, ...]:
        return ("127.0.0.1",)

    async def body() -> int:
        vendor = FakeVendor({})
        server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0, ssl=server_side)
        port = server.sockets[0].getsockname()[1]
        try:
            return (await send(Outgoing("GET", f"https://{asked}:{port}/x"), LOOPBACK)).status
        finally:
            await close_clients()
            server.close()

    monkeypatch.setattr(_http, "_resolve", resolve)
    monkeypatch.setattr(_http, "_context", lambda: trusted)
    if good:
        assert run(body()) == 200
        return
    with pytest.raises(TransportError) as caught:
        run(body())
    assert caught.value.reached is False


def test_redirects_are_not_followed() -> None:
    async def body() -> None:
        async with fake_vendor({"/a": Said(b"", 302, {"location": "/b"})}) as vendor:
            reply = await send(Outgoing("GET", f"{vendor.url}/a"), LOOPBACK)
            assert (reply.status, vendor.count("/b")) == (302, 0)

    run(body())


def test_a_flood_is_cut_off() -> None:
    async def body() -> None:
        async with fake_vendor({"/big": Said(b"x" * 300_000)}) as vendor:
            with pytest.raises(TransportError) as caught:
                await send(Outgoing("GET", f"{vendor.url}/big"), Reach(allow_private=True, max_bytes=100_000))
            assert caught.value.reached is None

    run(body())


def gzipped(body: bytes, **more: str) -> Said:
    return Said(gzip.compress(body), headers={"content-encoding": "gzip", **more})


def test_compressed_answers_are_read() -> None:
    async def body() -> None:
        async with fake_vendor({"/z": gzipped(b"hello" * 1000)}) as vendor:
            assert (await send(Outgoing("GET", f"{vendor.url}/z"), LOOPBACK)).body == b"hello" * 1000
            assert vendor.asked[0].headers["accept-encoding"] == "gzip"

    run(body())


@pytest.mark.parametrize(
    "said",
    [
        Said(gzip.compress(b"x" * 1000)[:-20], headers={"content-encoding": "gzip"}),
        Said(b"no gzip", headers={"content-encoding": "gzip"}),
        Said(b"x", headers={"content-encoding": "br"}),
    ],
)
def test_what_cannot_be_unpacked(said: Said) -> None:
    async def body() -> None:
        async with fake_vendor({"/z": said}) as vendor:
            with pytest.raises(TransportError) as caught:
                await send(Outgoing("GET", f"{vendor.url}/z"), LOOPBACK)
            assert caught.value.reached is None

    run(body())


def test_a_small_answer_that_unpacks_to_a_flood_is_cut_off() -> None:
    async def body() -> None:
        async with fake_vendor({"/z": gzipped(b"0" * 50_000_000)}) as vendor:
            tracemalloc.start()
            with pytest.raises(TransportError):
                await send(Outgoing("GET", f"{vendor.url}/z"), Reach(allow_private=True, max_bytes=1_000_000))
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 5_000_000

    run(body())


def test_an_answer_that_drips_ends_too() -> None:
    async def body() -> None:
        async with fake_vendor({"/drip": Said({"a": 1}, drip=0.1)}) as vendor:
            with pytest.raises(TransportError):
                await send(
                    Outgoing("GET", f"{vendor.url}/drip"), Reach(allow_private=True, total_seconds=0.5)
                )

    run(body())


def test_silence_ends_and_nobody_knows_what_was_done() -> None:
    async def body() -> None:
        async with fake_vendor({"/slow": Said({}, hang=5)}) as vendor:
            with pytest.raises(TransportError) as caught:
                await send(
                    Outgoing("POST", f"{vendor.url}/slow"), Reach(allow_private=True, total_seconds=0.2)
                )
            assert caught.value.reached is None

    run(body())


def test_nobody_there_is_known_not_to_have_acted() -> None:
    async def free_port() -> int:
        server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        port = int(server.sockets[0].getsockname()[1])
        server.close()
        await server.wait_closed()
        return port

    async def body() -> None:
        with pytest.raises(TransportError) as caught:
            await send(Outgoing("GET", f"http://127.0.0.1:{await free_port()}/"), LOOPBACK)
        assert caught.value.reached is False
        await close_clients()

    run(body())


def test_a_cut_connection_is_unknown() -> None:
    async def body() -> None:
        async with fake_vendor({"/cut": Said(drop=True)}) as vendor:
            with pytest.raises(TransportError) as caught:
                await send(Outgoing("POST", f"{vendor.url}/cut"), LOOPBACK)
            assert caught.value.reached is None

    run(body())


def test_no_secret_is_logged_or_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def body() -> None:
        async with fake_vendor({"/cut": Said(drop=True)}) as vendor:
            outgoing = Outgoing("GET", f"{vendor.url}/ok", query={"access_token": "s3cr3t-token"})
            await send(outgoing, LOOPBACK)
            assert "s3cr3t" not in repr(outgoing)
            with pytest.raises(TransportError) as caught:
                await send(
                    Outgoing("GET", f"{vendor.url}/cut", query={"corpsecret": "s3cr3t-secret"}), LOOPBACK
                )
            assert "s3cr3t" not in str(caught.value) + repr(caught.value) + str(caught.value.message)

    run(body())
    assert "s3cr3t" not in caplog.text
