"""Readers without a phone (没有手机的读者): mail goes to addresses that no simulated person has; some press the link in it all the same."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from siyu_sandbox import links

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox
    from siyu_sandbox.smtp.post_office import Mail, MailLimits

HREF = re.compile(r"""href=["']([^"']+)["']""", re.IGNORECASE)


def read(box: Sandbox, mail: Mail, limits: MailLimits) -> None:
    """By lot (`press_rate`), press the first link of a letter that leads to this machine, after a while."""
    if not limits.press_rate or box.random.random() >= limits.press_rate:
        return
    part = mail.opened.get_body(("html",))
    found = [unescape(link) for link in HREF.findall(str(part.get_content()))] if part is not None else []
    link = next((one for one in found if links.is_here(one)), None)
    if link is not None:
        box.clock.after(box.random.expovariate(1 / limits.press_seconds), lambda: links.press(link))
