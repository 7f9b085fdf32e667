"""Content checks 内容安全 of what people write or send in; pictures and sound are judged later, by a push."""

from __future__ import annotations

from typing import Literal

import msgspec

from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Platform
from siyu.connectors.mini_program.limits import MiniProgramLimits

Scene = Literal["profile", "comment", "forum", "log"]
MediaKind = Literal["audio", "image"]
_SCENES: dict[Scene, int] = {"profile": 1, "comment": 2, "forum": 3, "log": 4}
_KINDS: dict[MediaKind, int] = {"audio": 1, "image": 2}
_VERSION = 2


class Verdict(msgspec.Struct, frozen=True):
    """`suggest`: pass, review or risky; `label` 100 is harmless."""

    suggest: str = ""
    label: int = 100

    @property
    def passes(self) -> bool:
        return self.suggest == "pass"


class _Checked(msgspec.Struct, frozen=True):
    result: Verdict = Verdict()
    trace_id: str = ""


class ContentChecks:
    """`openid` must have opened the mini program within the last two hours."""

    def __init__(self, platform: Platform, limits: MiniProgramLimits) -> None:
        self._platform, self._limits = platform, limits

    async def text(self, openid: str, content: str, scene: Scene = "comment") -> Verdict:
        faults = Faults()
        faults.needed("content", content)
        faults.characters("content", content, self._limits.check_characters)
        faults.tell()
        body = {"version": _VERSION, "openid": openid, "scene": _SCENES[scene], "content": content}
        return (await self._platform.post("/wxa/msg_sec_check", body, _Checked)).result

    async def media(self, openid: str, url: str, kind: MediaKind = "image", scene: Scene = "comment") -> str:
        """Ask for a judgement of what lies at a public address; its push (content_checked) names the trace id given here."""
        body = {
            "version": _VERSION,
            "openid": openid,
            "scene": _SCENES[scene],
            "media_url": url,
            "media_type": _KINDS[kind],
        }
        return (await self._platform.post("/wxa/media_check_async", body, _Checked)).trace_id
