"""Codes with a scene 带参二维码: who scans follows (or has followed already), and the push names the scene."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Platform
from siyu.connectors.official_account.limits import AccountLimits

PICTURE_URL = "https://mp.weixin.qq.com"
_LARGEST = 2**32 - 1


class Code(msgspec.Struct, frozen=True):
    """`url` is what the picture says; `expire_seconds` is 0 for a lasting code."""

    ticket: str
    url: str = ""
    expire_seconds: int = 0


class Codes:
    def __init__(self, platform: Platform, limits: AccountLimits, picture_url: str) -> None:
        self._platform, self._limits, self._picture_url = platform, limits, picture_url.rstrip("/")

    async def temporary(self, scene: int | str, seconds: int | None = None) -> Code:
        """A code for up to 30 days; the scene is a number (not 0) or 1 to 64 characters."""
        seconds = self._limits.code_seconds if seconds is None else seconds
        faults = Faults()
        faults.between("seconds", seconds, 1, self._limits.code_seconds)
        self._check(faults, scene, _LARGEST)
        action = "QR_SCENE" if isinstance(scene, int) else "QR_STR_SCENE"
        return await self._create({"expire_seconds": seconds, "action_name": action}, scene)

    async def lasting(self, scene: int | str) -> Code:
        """A code for ever; there are 100,000 of them an account, and none can be taken back."""
        self._check(Faults(), scene, self._limits.lasting_scenes)
        return await self._create(
            {"action_name": "QR_LIMIT_SCENE" if isinstance(scene, int) else "QR_LIMIT_STR_SCENE"}, scene
        )

    def picture_url(self, code: Code) -> str:
        """The address of the picture; it needs no token."""
        return f"{self._picture_url}/cgi-bin/showqrcode?{urlencode({'ticket': code.ticket})}"

    async def _create(self, body: dict[str, object], scene: int | str) -> Code:
        named = {"scene_id": scene} if isinstance(scene, int) else {"scene_str": scene}
        return await self._platform.post(
            "/cgi-bin/qrcode/create", {**body, "action_info": {"scene": named}}, Code
        )

    def _check(self, faults: Faults, scene: int | str, most: int) -> None:
        if isinstance(scene, int):
            faults.between("scene", scene, 1, most)
        else:
            faults.needed("scene", scene)
            faults.characters("scene", scene, self._limits.scene_characters)
        faults.tell()
