"""Programs 程序访问: what fetches a link without anybody reading: previews of chats, prefetching browsers, scanners of mail."""

from __future__ import annotations

import re
from collections.abc import Mapping

_AGENT = re.compile(
    r"bot\b|bot/|crawl|spider|preview|prefetch|facebookexternalhit|slurp|scan|monitor|uptime|headless|lighthouse|python-|python/|aiohttp|httpx|curl/|wget/|libwww|java/|okhttp|go-http-client|"
    r"node-fetch|axios/|feedfetcher|googleimageproxy|yahoomailproxy|barracuda|proofpoint|mimecast|safelinks|wechatdevtools|sogou web|bytespider|dingtalkbot|^mozilla/5\.0$|^mozilla/4\.0$",
    re.IGNORECASE,
)
PURPOSES = ("purpose", "x-purpose", "sec-purpose", "x-moz")


def is_program(method: str, headers: Mapping[str, str]) -> bool:
    """True where nobody reads: a HEAD, a prefetch that says so, an agent that is none of a person's, or none at all.

    Scanners that pass for a browser cannot be told from a person by one request; see the theory of what a read is.
    """
    if method == "HEAD" or any("prefetch" in (said := headers.get(name, "").lower()) or "preview" in said or "prerender" in said for name in PURPOSES):
        return True
    agent = headers.get("user-agent", "")
    return not agent.strip() or _AGENT.search(agent) is not None


def is_wechat(headers: Mapping[str, str]) -> bool:
    return "micromessenger" in headers.get("user-agent", "").lower()
