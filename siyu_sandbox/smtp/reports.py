"""Letters about letters: a bounce by RFC 3464 and a complaint by RFC 5965, and the same as a webhook tells it."""

from __future__ import annotations

from email import message_from_string
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formatdate, make_msgid

from siyu_sandbox.registry import Json

HOST = "mx.sandbox.test"
DAEMON = f"Mail Delivery System <mailer-daemon@{HOST}>"
DIAGNOSTIC = "smtp; 550 5.1.1 The email account that you tried to reach does not exist"


def _fields(**values: str) -> Message:
    lines = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in values.items())
    return message_from_string(lines)


def _report(kind: str, subject: str, words: str, sender: str, at: float) -> MIMEMultipart:
    report = MIMEMultipart("report")
    report.set_param("report-type", kind)
    report["From"], report["To"], report["Subject"] = DAEMON, sender, subject
    report["Date"], report["Message-ID"] = formatdate(at), make_msgid(domain=HOST)
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(words, "plain", "utf-8"))
    return report


def _head(letter: EmailMessage) -> Message:
    """Return the headers of the letter, which is what most servers send back."""
    kept = Message()
    for name, value in letter.raw_items():
        kept[name] = str(value).replace("\r", "").replace("\n", "")
    kept.set_payload("")
    return kept


def bounce(letter: EmailMessage, sender: str, address: str, at: float) -> tuple[bytes, Json]:
    """Return a delivery report that says the address does not exist."""
    words = f"{address} 不存在,邮件没有送达。\nYour message to {address} could not be delivered.\n"
    report = _report("delivery-status", "Undelivered Mail Returned to Sender", words, sender, at)
    status = MIMEMultipart()
    status.replace_header("Content-Type", "message/delivery-status")
    status.set_payload([
        _fields(Reporting_MTA=f"dns; {HOST}", Arrival_Date=formatdate(at)),
        _fields(
            Final_Recipient=f"rfc822; {address}", Original_Recipient=f"rfc822; {address}", Action="failed", Status="5.1.1",
            Remote_MTA=f"dns; {HOST}", Diagnostic_Code=DIAGNOSTIC,
        ),
    ])  # fmt: skip
    report.attach(status)
    report.attach(MIMEMessage(_head(letter), "rfc822"))
    told = {"type": "bounce", "address": address, "status": "5.1.1", "diagnostic": DIAGNOSTIC}
    return report.as_bytes(), told | {"message_id": str(letter["Message-ID"] or "")}


def complaint(letter: EmailMessage, sender: str, address: str, at: float) -> tuple[bytes, Json]:
    """Return a feedback report that says the person called the letter spam."""
    report = _report(
        "feedback-report", f"FW: {letter['Subject']}", "This is an email abuse report.\n", sender, at
    )
    feedback = MIMEMultipart()
    feedback.replace_header("Content-Type", "message/feedback-report")
    feedback.set_payload([
        _fields(
            Feedback_Type="abuse", User_Agent="Sandbox/1", Version="1", Original_Mail_From=f"<{sender}>",
            Original_Rcpt_To=f"<{address}>", Arrival_Date=formatdate(at),
        )
    ])  # fmt: skip
    report.attach(feedback)
    report.attach(MIMEMessage(_head(letter), "rfc822"))
    told = {"type": "complaint", "address": address, "status": "", "diagnostic": "abuse"}
    return report.as_bytes(), told | {"message_id": str(letter["Message-ID"] or "")}
