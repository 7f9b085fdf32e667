"""Mini Programs, as the server takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.mini_program import checks, codes, control, links, logins, phone
from siyu_sandbox.mini_program.account import MiniProgram
from siyu_sandbox.registry import Json, Product
from siyu_sandbox.weixin import conversation_api, credentials, media_api, notice_api, quotas
from siyu_sandbox.weixin.limits import MiniLimits
from siyu_sandbox.weixin.world import WeixinWorld

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

NAME = "mini_program"


def world(box: Sandbox) -> WeixinWorld[MiniProgram]:
    """Return a world without accounts."""
    return WeixinWorld(MiniLimits())


def _subscriptions(box: Sandbox) -> list[Json]:
    """Return how many messages each person still accepts, for `/sandbox/truth`."""
    accounts: dict[str, MiniProgram] = box.worlds[NAME].accounts
    return [
        {
            "account": account.appid,
            "openid": openid,
            "phone": account.people[openid],
            "template_id": template,
            "left": left,
        }
        for account in accounts.values()
        for (openid, template), left in account.notices.credits.items()
    ]


MINI_PROGRAM = Product(
    name=NAME,
    world=world,
    endpoints=(
        *credentials.endpoints(NAME),
        *logins.ENDPOINTS,
        *conversation_api.endpoints(NAME),
        *notice_api.endpoints(NAME, "/cgi-bin/message/subscribe/send"),
        *links.ENDPOINTS,
        *codes.ENDPOINTS,
        *checks.ENDPOINTS,
        *media_api.endpoints(NAME),
        *quotas.endpoints(NAME),
    ),
    control=control.CONTROLS,
    scan=phone.scan,
    actions=phone.ACTIONS,
    truth={"subscriptions": _subscriptions},
)
