"""An account of api.weixin.qq.com (公众号 or 小程序): its names, and its people under the ids it knows them by."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from siyu_sandbox.weixin.conversations import Conversations
from siyu_sandbox.weixin.limits import Limits
from siyu_sandbox.weixin.media import MediaStore
from siyu_sandbox.weixin.notices import Notices

if TYPE_CHECKING:
    from siyu_sandbox.callbacks import Target

PLATFORM = "brand"


def short_id(text: str, length: int) -> str:
    """Return letters, digits, - and _ that depend on the text alone."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:length]


@dataclass(kw_only=True)
class Account:
    """What both products keep; `unionid_platform` names the Open Platform account (开放平台) it is bound to, or is empty."""

    product: str
    appid: str
    secret: str
    name: str
    limits: Limits
    conversations: Conversations
    unionid_platform: str = PLATFORM
    callback: Target | None = None
    trusted_ips: list[str] | None = None
    """Who may ask for a token (IP 白名单); None: anybody."""
    notices: Notices = field(default_factory=Notices)
    media: MediaStore = field(default_factory=MediaStore)
    people: dict[str, int] = field(default_factory=dict)
    """openid → phone, of everybody who met the account."""
    forced_at: list[float] = field(default_factory=list)
    """When stable tokens were forced anew."""
    quota_resets: list[float] = field(default_factory=list)
    message_ids: Iterator[int] = field(default_factory=lambda: itertools.count(24_000_000_001))

    @property
    def original_id(self) -> str:
        """The `gh_…` id that stands in callbacks."""
        return "gh_" + hashlib.sha256(self.appid.encode()).hexdigest()[:12]

    def openid(self, phone: int) -> str:
        """Return the id under which this account, and no other, knows the person."""
        found = "o" + short_id(f"{self.appid}:{phone}", 27)
        self.people[found] = phone
        return found

    @property
    def may_notify(self) -> bool:
        """Whether the account has the right to subscription messages."""
        return True

    def refusal(self, openid: str) -> int:
        """Return 0 where messages may go to somebody who met the account, else the code of the refusal."""
        return 0

    def unionid(self, unionid: str) -> str | None:
        """Return the person's unionid as this account sees it; None where no Open Platform account is bound.

        Accounts of one platform see the same; the platform `brand` is the one that WeCom sees too.
        """
        if not self.unionid_platform:
            return None
        if self.unionid_platform == PLATFORM:
            return unionid
        return "o" + short_id(f"{self.unionid_platform}:{unionid}", 27)
