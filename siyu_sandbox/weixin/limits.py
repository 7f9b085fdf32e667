"""The numbers that have moved over the years, as settings (`PATCH /sandbox/settings`); the newer value is the default.

`daily` and `minute` are calls of one account by path (doc/offiaccount API_Call_Limits; raised with followers).
"""

from __future__ import annotations

from dataclasses import dataclass, field

TOKEN_CALLS = {"/cgi-bin/token": 2000, "/cgi-bin/stable_token": 500_000}


@dataclass
class Limits:
    """What both products have."""

    daily: dict[str, int]
    minute: dict[str, int]
    token_overlap_seconds: int = 300
    forced_tokens_per_day: int = 20
    forced_tokens_apart_seconds: int = 30
    templates: int = 25
    code_seconds: int = 300
    """Codes of logins, in protocol time."""
    quota_resets_per_month: int = 10


def _official_daily() -> dict[str, int]:
    return TOKEN_CALLS | {
        "/cgi-bin/menu/create": 1000,
        "/cgi-bin/menu/get": 10_000,
        "/cgi-bin/menu/delete": 1000,
        "/cgi-bin/media/upload": 100_000,
        "/cgi-bin/media/get": 200_000,
        "/cgi-bin/message/custom/send": 500_000,
        "/cgi-bin/message/mass/sendall": 100,
        "/cgi-bin/message/mass/send": 100,
        "/cgi-bin/message/mass/preview": 100,
        "/cgi-bin/message/template/send": 100_000,
        "/cgi-bin/qrcode/create": 100_000,
        "/cgi-bin/user/get": 500,
        "/cgi-bin/user/info": 5_000_000,
        "/cgi-bin/user/info/updateremark": 10_000,
        "/cgi-bin/draft/add": 1000,
    }


@dataclass
class OfficialLimits(Limits):
    """Official Accounts."""

    daily: dict[str, int] = field(default_factory=_official_daily)
    minute: dict[str, int] = field(
        default_factory=lambda: {"/cgi-bin/message/mass/sendall": 60, "/cgi-bin/message/mass/send": 60}
    )
    followers_page: int = 10_000
    followers_batch: int = 100
    blacklist_batch: int = 20
    tags: int = 100
    tags_of_follower: int = 20
    tag_characters: int = 30
    tag_batch: int = 50
    remark_characters: int = 30
    menu_name_bytes: int = 16
    menu_sub_name_bytes: int = 60
    """40 in older text."""
    menu_key_bytes: int = 128
    menu_url_bytes: int = 1024
    code_days: int = 30
    permanent_codes: int = 100_000
    mass_receivers: int = 10_000
    mass_per_day: int = 1
    """Subscription accounts (订阅号), by natural day."""
    mass_per_month: int = 4
    """Service accounts (服务号): messages to one follower in a natural month."""


def _mini_daily() -> dict[str, int]:
    return TOKEN_CALLS | {
        "/cgi-bin/message/subscribe/send": 10_000_000,
        "/wxa/generate_urllink": 500_000,
        "/wxa/generatescheme": 500_000,
    }


@dataclass
class MiniLimits(Limits):
    """Mini programs."""

    daily: dict[str, int] = field(default_factory=_mini_daily)
    minute: dict[str, int] = field(default_factory=dict)
    logins_per_minute: int = 100
    """Of one person; over it 45011."""
    codes_per_minute: int = 5000
    fixed_codes: int = 100_000
    """`getwxacode` and `createwxaqrcode` together, for ever."""
    link_days: int = 30
    query_characters: int = 1024
    scene_characters: int = 32
