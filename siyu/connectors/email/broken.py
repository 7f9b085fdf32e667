"""Broken connections 断线: what is known of a letter when the connection to the mail server ends."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator

from siyu.connectors.email.replies import said
from siyu.connectors.errors import Unavailable
from siyu.foundation.text import Text

_TRANSIENT = (OSError, smtplib.SMTPServerDisconnected, EOFError)


@contextlib.contextmanager
def reaching(stage: str, *, reached: bool | None = False) -> Iterator[None]:
    """A connection that breaks in here becomes Unavailable; `reached` says whether the server may have acted."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(
            Text(f"服务器证书无效：{error.verify_message}", f"the server's certificate is not valid: {error.verify_message}"),
            reached=False, vendor_code="certificate", vendor_message=error.verify_message, api=stage,
            way_out=Text("检查主机名是否写对", "see that the host name is right"),
        ) from None  # fmt: skip
    except smtplib.SMTPAuthenticationError:
        raise
    except smtplib.SMTPNotSupportedError:
        raise
    except (smtplib.SMTPHeloError, smtplib.SMTPConnectError, smtplib.SMTPResponseException) as error:
        words = (
            said(error.smtp_error) if isinstance(error, smtplib.SMTPResponseException) else said(str(error))
        )
        raise Unavailable(
            Text(f"邮件服务器：{words}", f"the mail server: {words}"),
            reached=reached,
            vendor_code="reply",
            vendor_message=words,
            api=stage,
        ) from None
    except _TRANSIENT as error:
        raise lost(reached=reached, words=said(str(error) or type(error).__name__), stage=stage) from None
    except smtplib.SMTPException as error:
        raise lost(reached=reached, words=said(str(error)), stage=stage) from None


def lost(*, reached: bool | None, words: str = "", stage: str = "connect") -> Unavailable:
    return Unavailable(
        Text(f"与邮件服务器的连接断开 {words}".strip(), f"the connection to the mail server is lost {words}".strip()),
        reached=reached, vendor_code="connection", vendor_message=words, api=stage,
        way_out=Text("检查主机、端口与 TLS 方式，以及防火墙", "check host, port, TLS and the firewall"),
    )  # fmt: skip
