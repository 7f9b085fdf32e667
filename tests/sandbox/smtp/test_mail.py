"""The mail server, driven by the standard library's clients: taken, refused, returned, complained about, read by POP3."""

import json
import poplib
import smtplib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest

from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.weixin import Listener, listener

__all__ = ["listener"]
SENDER = "bounce+c1@brand.test"


@pytest.fixture
def client(sandbox: SandboxClient) -> Iterator[smtplib.SMTP]:
    """A connection to the mail server, with two phones in the world."""
    sandbox.post("people", {"count": 2})
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as opened:
        yield opened


def letter(to: str = "p1@example.test", **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Message-ID"] = (
        "澄山里 <hello@brand.test>",
        to,
        "春茶上新",
        "<c1.7@brand.test>",
    )
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content("明前龙井到店。\n.以点开头的一行\n")
    made.add_alternative("<p>明前龙井到店。</p>", subtype="html")
    return made


def send(client: smtplib.SMTP, to: str = "p1@example.test", **headers: str) -> Any:
    return client.send_message(letter(to, **headers), SENDER, [to])


def mailbox(sandbox: SandboxClient, address: str = SENDER) -> list[Any]:
    found: list[Any] = sandbox.get(f"mailboxes/{address}")
    return found


def test_a_letter_reaches_the_phone_whole(sandbox: SandboxClient, client: smtplib.SMTP) -> None:
    client.login("anybody", "anything")
    assert (
        send(
            client,
            List_Unsubscribe="<https://brand.test/u/1>",
            List_Unsubscribe_Post="List-Unsubscribe=One-Click",
        )
        == {}
    )
    (got,) = sandbox.get("inboxes/p1@example.test")["inbox"]
    assert (got["carrier"], got["kind"], got["from"]) == ("email", "email", "澄山里 <hello@brand.test>")
    content = got["content"]
    assert content["subject"] == "春茶上新"
    assert content["text"].splitlines() == ["明前龙井到店。", ".以点开头的一行"]
    assert content["html"].strip() == "<p>明前龙井到店。</p>"
    assert content["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_nobodys_mailbox_is_kept_too(sandbox: SandboxClient, client: smtplib.SMTP) -> None:
    send(client, "stranger@elsewhere.test")
    (mail,) = mailbox(sandbox, "stranger@elsewhere.test")
    assert (mail["from"], mail["to"]) == (SENDER, "stranger@elsewhere.test")
    assert sandbox.get("smtp")["mailboxes"] == {"stranger@elsewhere.test": 1}


@pytest.mark.parametrize(
    ("address", "code", "status"), [("a@bounce.test", 550, b"5.1.1"), ("a@full.bounce.test", 452, b"4.2.2")]
)
def test_an_address_refused_at_once(client: smtplib.SMTP, address: str, code: int, status: bytes) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(client, address)
    assert refused.value.recipients[address][0] == code
    assert refused.value.recipients[address][1].startswith(status)


def test_one_refused_among_several(sandbox: SandboxClient, client: smtplib.SMTP) -> None:
    refused = client.send_message(letter(), SENDER, ["p1@example.test", "a@bounce.test"])
    assert list(refused) == ["a@bounce.test"]
    assert len(sandbox.inbox(1)) == 1


def report(mail: Any) -> tuple[str, dict[str, str]]:
    """Type of a report, and the fields of its last block."""
    opened = message_from_bytes(mail["raw"].encode())
    blocks = opened.get_payload()[1].get_payload()  # type: ignore[union-attr]
    assert "Message-ID: <c1.7@brand.test>" in mail["raw"]
    return str(opened.get_param("report-type")), dict(blocks[-1].items())  # type: ignore[union-attr, index, arg-type]


def test_a_letter_returned_later_is_read_by_mailbox_and_by_webhook(
    sandbox: SandboxClient, client: smtplib.SMTP, listener: Listener
) -> None:
    sandbox.patch("settings", {"smtp": {"bounce_webhook": listener.url}})
    assert send(client, "gone@later.bounce.test") == {}
    assert mailbox(sandbox) == []
    sandbox.advance(seconds=6)
    (mail,) = wait_for(lambda: mailbox(sandbox))
    kind, fields = report(mail)
    assert (kind, fields["Action"], fields["Status"]) == ("delivery-status", "failed", "5.1.1")
    assert fields["Final-Recipient"] == "rfc822; gone@later.bounce.test"
    assert mail["from"] == ""
    told = json.loads(wait_for(lambda: listener.posts)[0].body)
    assert (told["type"], told["address"], told["message_id"]) == (
        "bounce",
        "gone@later.bounce.test",
        "<c1.7@brand.test>",
    )


def test_a_complaint_comes_back(sandbox: SandboxClient, client: smtplib.SMTP) -> None:
    send(client, "angry@complain.test")
    sandbox.advance(seconds=6)
    (mail,) = wait_for(lambda: mailbox(sandbox))
    kind, fields = report(mail)
    assert (kind, fields["Feedback-Type"], fields["Original-Rcpt-To"]) == (
        "feedback-report",
        "abuse",
        "<angry@complain.test>",
    )


def test_bounces_are_read_by_pop3(sandbox: SandboxClient, client: smtplib.SMTP) -> None:
    for name in ("a", "b"):
        send(client, f"{name}@later.bounce.test")
    sandbox.advance(seconds=6)
    wait_for(lambda: len(mailbox(sandbox)) == 2)
    post = poplib.POP3("127.0.0.1", sandbox.get("smtp")["pop3_port"], timeout=10)
    post.user(SENDER)
    post.pass_("anything")
    assert post.stat()[0] == 2
    assert [line.split()[1] for line in post.uidl()[1]] == [
        f"letter-{mail['number']}".encode() for mail in mailbox(sandbox)
    ]
    lines = post.retr(1)[1]
    assert message_from_bytes(b"\r\n".join(lines)).get_param("report-type") == "delivery-status"
    assert len(post.top(1, 0)[1]) < len(lines)
    assert len(post.list()[1]) == 2
    post.dele(1)
    with pytest.raises(poplib.error_proto):
        post.retr(1)
    post.quit()
    assert len(mailbox(sandbox)) == 1


def test_where_log_in_is_asked_a_wrong_word_is_refused(sandbox: SandboxClient, client: smtplib.SMTP) -> None:
    sandbox.patch("settings", {"smtp": {"username": "brand", "password": "secret"}})
    with pytest.raises(smtplib.SMTPSenderRefused):
        send(client)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        client.login("brand", "wrong")
    client.login("brand", "secret")
    assert send(client) == {}
    post = poplib.POP3("127.0.0.1", sandbox.get("smtp")["pop3_port"], timeout=10)
    post.user(SENDER)
    with pytest.raises(poplib.error_proto):
        post.pass_("wrong")
    post.quit()


def test_faults_meet_the_verbs(sandbox: SandboxClient, client: smtplib.SMTP) -> None:
    sandbox.post("faults", {"api": "/smtp/RCPT", "kind": "errcode", "code": 451, "times": 1})
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(client)
    assert send(client) == {}
    sandbox.post("faults", {"api": "/smtp/ACCEPTED", "kind": "drop", "times": 1})
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(client)
    # The letter had been taken; the sender cannot know.
    assert len(sandbox.inbox(1)) == 2
    codes = {
        row["api"]: row["errcode"]
        for row in sandbox.get("calls", account="smtp")["calls"]
        if row["errcode"] in ("451", "drop")
    }
    assert codes == {"/smtp/RCPT": "451", "/smtp/ACCEPTED": "drop"}


def test_unsubscribe_by_one_click_by_letter_or_not_at_all(
    sandbox: SandboxClient, client: smtplib.SMTP, listener: Listener
) -> None:
    send(client)
    assert sandbox.http.post("/sandbox/phones/1/unsubscribe_email", json={}).status_code == 409
    send(client, List_Unsubscribe="<mailto:stop+7@brand.test?subject=unsubscribe-7>")
    assert sandbox.post("phones/1/unsubscribe_email")["mailed"] == "stop+7@brand.test"
    assert mailbox(sandbox, "stop+7@brand.test")[0]["subject"] == "unsubscribe-7"
    send(
        client,
        List_Unsubscribe=f"<mailto:stop@brand.test>, <{listener.url}?u=7>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    )
    assert sandbox.post("phones/1/unsubscribe_email")["posted"] == f"{listener.url}?u=7"
    posted = wait_for(lambda: listener.posts)[0]
    assert (posted.query, posted.body) == ({"u": "7"}, "List-Unsubscribe=One-Click")
    assert sandbox.post("phones/1/reply_email", {"text": "还有吗"})["mailed"] == "hello@brand.test"
    assert sandbox.http.post("/sandbox/phones/2/reply_email", json={}).status_code == 404


def test_wrong_verbs_orders_and_sizes(sandbox: SandboxClient, client: smtplib.SMTP) -> None:
    assert client.docmd("DATA")[0] == 503
    assert client.docmd("MAIL", "FROM:<a@b.test>")[0] == 503
    client.ehlo()
    assert client.docmd("RCPT", "TO:<a@b.test>")[0] == 503
    assert client.docmd("MAIL", "FROM:nobody")[0] == 501
    assert client.docmd("MAIL", "FROM:<a@b.test> SIZE=99999999999")[0] == 552
    assert client.docmd("MAIL", "FROM:<>")[0] == 250
    assert client.docmd("RCPT", "TO:<no address>")[0] == 501
    assert client.docmd("DANCE")[0] == 500
    assert client.rset()[0] == client.noop()[0] == 250
    sandbox.patch("settings", {"smtp": {"size_bytes": 100, "recipients": 1}})
    assert client.docmd("MAIL", "FROM:<a@b.test>")[0] == 250
    assert [client.docmd("RCPT", f"TO:<p{phone}@example.test>")[0] for phone in (1, 2)] == [250, 452]
    assert client.data(b"x" * 500)[0] == 552
    assert sandbox.inbox(1) == []


def test_letters_that_are_no_letters(sandbox: SandboxClient, client: smtplib.SMTP) -> None:
    for raw in (
        b"\xff\xfe\x00",
        b"Content-Type: text/plain; charset=none\r\n\r\nwords",
        b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--",
    ):
        assert client.sendmail(SENDER, ["p1@example.test"], raw) == {}
    assert len(sandbox.inbox(1)) == 4
