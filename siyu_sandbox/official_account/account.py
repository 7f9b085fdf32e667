"""An Official Account (公众号): its followers, and what it keeps of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from siyu_sandbox.official_account.codes import Code
from siyu_sandbox.official_account.mass import Job
from siyu_sandbox.official_account.oauth import Logins
from siyu_sandbox.weixin.account import Account
from siyu_sandbox.weixin.conversations import OFFICIAL_ACCOUNT_WINDOWS, Conversations
from siyu_sandbox.weixin.limits import OfficialLimits
from siyu_sandbox.weixin.notices import Template

KINDS = ("service", "subscription")


@dataclass
class Follower:
    """One follower (粉丝); `refuses` is set while the person has switched the account's messages off."""

    openid: str
    phone: int
    since: int
    scene: str
    qr_scene: int = 0
    qr_scene_str: str = ""
    remark: str = ""
    tags: list[int] = field(default_factory=list)
    refuses: bool = False
    mass_months: dict[str, int] = field(default_factory=dict)
    """Mass messages received by natural month (`2026-01`)."""


@dataclass
class Tag:
    """A tag (标签) of followers; 0, 1 and 2 belong to the vendor."""

    id: int
    name: str


@dataclass(kw_only=True)
class OfficialAccount(Account):
    """One account; `kind` is `service` (服务号) or `subscription` (订阅号)."""

    limits: OfficialLimits
    kind: str = "service"
    conversations: Conversations = field(default_factory=lambda: Conversations(OFFICIAL_ACCOUNT_WINDOWS))
    followers: dict[str, Follower] = field(default_factory=dict)
    tags: dict[int, Tag] = field(default_factory=lambda: {2: Tag(2, "星标组")})
    next_tag: int = 100
    blacklist: set[str] = field(default_factory=set)
    menu: dict[str, Any] | None = None
    conditional_menus: dict[int, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    """By ticket; the two below lead to tickets."""
    code_urls: dict[str, str] = field(default_factory=dict)
    permanent_codes: dict[int | str, str] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    """Of template messages (模板消息)."""
    industries: tuple[int, int] | None = None
    jobs: dict[int, Job] = field(default_factory=dict)
    drafts: dict[str, dict[str, Any]] = field(default_factory=dict)
    published: dict[str, dict[str, Any]] = field(default_factory=dict)
    logins: Logins = field(default_factory=Logins)
    domains: list[str] = field(default_factory=list)
    """Trusted domains of web log-in (网页授权域名); none: any."""
    _order: tuple[str, ...] | None = None
    _place: dict[str, int] = field(default_factory=dict)

    @property
    def may_notify(self) -> bool:
        """Notices, template messages and most interfaces are for service accounts (服务号) only."""
        return self.kind == "service"

    def follow(self, follower: Follower) -> None:
        """Take somebody in, at the end of the list."""
        self.followers[follower.openid] = follower
        self._order = None

    def unfollow(self, openid: str) -> Follower | None:
        """Let somebody go; return who it was, if anybody."""
        self.conversations.close(openid)
        gone = self.followers.pop(openid, None)
        if gone is not None:
            self._order = None
        return gone

    def refusal(self, openid: str) -> int:
        """Refuse for those who do not follow (43004) and those who switched messages off (48002)."""
        follower = self.followers.get(openid)
        return 43004 if follower is None else 48002 if follower.refuses or openid in self.blacklist else 0

    def after(self, openid: str, count: int) -> list[str]:
        """Return the followers that come after one in the list, in the order in which they followed."""
        if self._order is None:
            self._order = tuple(self.followers)
            self._place = {openid: number for number, openid in enumerate(self._order)}
        start = self._place[openid] + 1 if openid in self._place else 0
        return list(self._order[start : start + count])
