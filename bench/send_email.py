"""E-mail to a mail server on the same machine: CPU a message and messages a second, of the whole way from the planned message to the settled one.

    python bench/send_email.py [--count 50000]

Work: so many people with a sealed address and a consent, a promotion planned for all of them in dispatches of 1,000. Measured: the dispatcher claims, looks again at each person (consent, suppression,
relation, quiet hours), opens the addresses, writes each letter (text and HTML, a body and a way out of its own), hands it in, and writes down what came of it. Filling in variables is bench/links.py fill.
The sink is a process of its own (PIPELINING, TCP_QUICKACK) that counts letters by recipient. Peers in the same run: smtplib alone over one open connection to the same sink, with
a letter that is ready, and composing each with the standard library.
Limits: .6 ms CPU a message of the sender, 1,000 a second.
"""

from __future__ import annotations

import argparse
import smtplib
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path

import pyarrow as pa
from singles import connected, end, noon, planned, sent
from sinks import Sink

from siyu.app import open_stores
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.messaging.carriers.port import Content
from siyu.messaging.outbox import Dispatch
from siyu.messaging.sends import Send

BARE = 5_000
LIMIT_MS, LIMIT_SECOND = 0.6, 1_000
SUBJECT, FROM = "春茶上市,第一批到店", "hello@brand.test"
TEXT = "{name},您好:\n\n今年的第一批春茶已到店,为您留了一份试饮。\n\n到店出示会员码即可。"
HTML = "<html><body><h1>春茶上市</h1><p>{name},您好:</p><p>今年的第一批春茶已到店,为您留了一份试饮。</p><p>到店出示会员码即可。</p></body></html>"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=50_000)
    count = parser.parse_args().count
    values = [f"person{n}@customers.test" for n in range(count)]
    sink = Sink("smtp")
    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        stores = open_stores(Settings(home=Path(folder), secret_key="ab" * 32))
        noon(stores)
        account = connected(stores, "email", {"address": FROM}, {"host": "127.0.0.1", "port": str(sink.port), "tls": "none", "per_minute": "999999"})
        planned(stores, account, "email", values)
        run = sent(stores, say, sink, values)
        stores.close()
    run.say("e-mail", f"limits {LIMIT_MS} of the sender and {LIMIT_SECOND:,} a second")
    mine = run.cpu_seconds / count
    for composing in (False, True):
        bare = _bare(sink, min(count, BARE), composing)
        print(f"  smtplib alone, {'each letter composed' if composing else 'the letter ready'}: {bare * 1000:.3f} CPU ms a message; Siyu with everything {mine / bare:.2f} × that")
    print("  peers on the same machine with a sink like this one, application and database, tuned: Mautic 5.1.1 (PHP 8.2, MariaDB 10.11) 4.4–4.9 ms, 136–200 a second; ", end="")
    print("Odoo 16 mass mailing (PostgreSQL 15) 26–30 ms, 14–26 a second; Tryton 8.2 marketing automation 27 ms")
    sink.close()
    end([run])


def say(stores: Stores, send: Send, dispatch: Dispatch, left: pa.Table) -> tuple[Content, set[int]]:
    bodies = [{"subject": SUBJECT, "text": TEXT.format(name=f"会员{n}"), "html": HTML.format(name=f"会员{n}")} for n in left["customer_id"].to_pylist()]
    return Content(bodies), set()


def _bare(sink: Sink, count: int, composing: bool) -> float:
    """CPU seconds a letter."""
    ready = _composed("person@customers.test", 0).as_bytes()
    cpu = time.process_time()
    with smtplib.SMTP("127.0.0.1", sink.port, local_hostname="localhost") as smtp:
        for n in range(count):
            to = f"person{n}@customers.test"
            smtp.sendmail(FROM, [to], _composed(to, n).as_bytes() if composing else ready)
    each = (time.process_time() - cpu) / count
    assert sink.heard().told.total() == count
    return each


def _composed(to: str, n: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = FROM, to, SUBJECT
    mail["List-Unsubscribe"] = f"<https://brand.test/p/{n}/unsubscribe>"
    mail.set_content(TEXT.format(name=f"会员{n}"))
    mail.add_alternative(HTML.format(name=f"会员{n}"), subtype="html")
    return mail


if __name__ == "__main__":
    main()
