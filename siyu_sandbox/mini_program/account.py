"""A Mini Program (小程序): its pages, the sessions of its people, and the links and codes that lead into it."""

from __future__ import annotations

from dataclasses import dataclass, field

from siyu_sandbox.weixin.account import Account
from siyu_sandbox.weixin.conversations import MINI_PROGRAM_WINDOWS, Conversations
from siyu_sandbox.weixin.limits import MiniLimits


@dataclass
class Once:
    """A code that works once: of a login (js_code) or of a phone number; `until` in protocol time."""

    phone: int
    until: float
    used: bool = False


@dataclass
class Link:
    """A URL link or a scheme; whoever opens it first owns it."""

    url: str
    path: str
    query: str
    env_version: str
    made_at: int
    until: float
    opener: int | None = None


@dataclass(kw_only=True)
class MiniProgram(Account):
    """One mini program; without `pages` every page counts as published."""

    limits: MiniLimits
    conversations: Conversations = field(default_factory=lambda: Conversations(MINI_PROGRAM_WINDOWS))
    pages: list[str] = field(default_factory=list)
    risky: set[int] = field(default_factory=set)
    """Phones whose login answers 40226 (high-risk user)."""
    logins: dict[str, Once] = field(default_factory=dict)
    numbers: dict[str, Once] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    """openid → session_key of the latest login."""
    seen: dict[str, float] = field(default_factory=dict)
    """openid → virtual time of the latest visit."""
    links: dict[str, Link] = field(default_factory=dict)
    fixed_codes: int = 0
    code_pages: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Text of a code's picture → page and scene."""

    def has_page(self, page: str) -> bool:
        """Whether a page is published; a page's path has no leading slash."""
        return not page.startswith("/") and (not self.pages or page in self.pages)
