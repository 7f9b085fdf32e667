"""What the pages show works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from siyu.connectors import _signing as signing
from siyu.connectors.email.pushed import load_push_definition
from siyu.connectors.sms.definition import load_definition
from siyu.foundation.clock import system_clock

PAGES = Path(__file__).parents[3] / "docs" / "how-to"


def _shown(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_definition_of_a_gateway_can_be_used() -> None:
    (text,) = _shown("connect-sms.md", "toml")
    assert load_definition(text).request.body == "form"


def test_the_definition_of_pushed_reports_can_be_used() -> None:
    (text,) = _shown("connect-email.md", "toml")
    assert load_push_definition(text).kinds.of("bounce") == "failed"


def test_the_receivers_check_accepts_what_is_sent_and_nothing_else() -> None:
    (text,) = _shown("receive-webhooks.md", "python")
    names: dict[str, Any] = {}
    exec(text, names)
    told = signing.headers("d-1", "ping", b"{}", ["a" * 16, "b" * 16], system_clock())
    assert names["is_from_siyu"](told, b"{}", "a" * 16)
    assert names["is_from_siyu"](told, b"{}", "b" * 16)
    assert not names["is_from_siyu"](told, b"[]", "a" * 16)
    assert not names["is_from_siyu"](told | {signing.TIMESTAMP: "1"}, b"{}", "a" * 16)
