"""Files in a form (multipart/form-data)."""

from __future__ import annotations

import re
from typing import Any

from siyu_sandbox.registry import Refusal, Upload


def parse_multipart(content_type: str, raw: bytes) -> dict[str, Any]:
    """Field name → text, or `Upload` where the part has a file name."""
    boundary = re.search(r'boundary="?([^";,]+)"?', content_type)
    if not boundary:
        raise Refusal(41005, "missing media data")
    found: dict[str, Any] = {}
    for part in (b"\r\n" + raw).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = head.decode("utf-8", "replace")
        name = re.search(r'\bname="?([^";\r]*)"?', headers)
        filename = re.search(r'\bfilename\*?="?([^";\r]*)"?', headers)
        kind = re.search(r"(?im)^content-type:\s*(\S+)", headers)
        upload = (
            Upload(filename[1], kind[1] if kind else "application/octet-stream", content)
            if filename
            else None
        )
        found[name[1] if name else "media"] = upload or content.decode("utf-8", "replace")
    return found
