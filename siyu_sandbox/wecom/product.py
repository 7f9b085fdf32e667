"""WeCom, as the server takes it."""

from __future__ import annotations

from siyu_sandbox.registry import Product
from siyu_sandbox.wecom import control, tokens
from siyu_sandbox.wecom.world import WecomWorld

WECOM = Product(
    name="wecom",
    world=WecomWorld,
    endpoints=(*tokens.ENDPOINTS,),
    control=control.CONTROLS,
)
