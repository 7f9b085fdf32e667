"""Official Accounts, as the server takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.official_account import (
    codes,
    control,
    drafts,
    followers,
    mass,
    menus,
    oauth,
    phone,
    tags,
    templates,
)
from siyu_sandbox.official_account.account import OfficialAccount
from siyu_sandbox.registry import Json, Product
from siyu_sandbox.weixin import conversation_api, credentials, media_api, notice_api, quotas
from siyu_sandbox.weixin.limits import OfficialLimits
from siyu_sandbox.weixin.world import WeixinWorld

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

NAME = "official_account"


def world(box: Sandbox) -> WeixinWorld[OfficialAccount]:
    """Return a world without accounts."""
    return WeixinWorld(OfficialLimits())


def _followers(box: Sandbox) -> list[Json]:
    """Return who follows which account, for `/sandbox/truth`."""
    accounts: dict[str, OfficialAccount] = box.worlds[NAME].accounts
    return [
        {
            "account": account.appid,
            "openid": one.openid,
            "phone": one.phone,
            "since": one.since,
            "scene": one.qr_scene_str or one.qr_scene,
        }
        for account in accounts.values()
        for one in account.followers.values()
    ]


OFFICIAL_ACCOUNT = Product(
    name=NAME,
    world=world,
    endpoints=(
        *credentials.endpoints(NAME),
        *followers.ENDPOINTS,
        *tags.ENDPOINTS,
        *menus.ENDPOINTS,
        *codes.ENDPOINTS,
        *conversation_api.endpoints(NAME),
        *templates.ENDPOINTS,
        *notice_api.endpoints(NAME, "/cgi-bin/message/subscribe/bizsend"),
        *mass.ENDPOINTS,
        *drafts.ENDPOINTS,
        *media_api.endpoints(NAME),
        *oauth.ENDPOINTS,
        *quotas.endpoints(NAME),
    ),
    control=control.CONTROLS,
    scan=phone.scan,
    actions=phone.ACTIONS,
    truth={"followers": _followers},
)
