"""The script for H5 pages, served to any site that names it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from siyu.foundation.ids import content_hash
from siyu.foundation.stores import Stores
from siyu.team.access import anyone

router = APIRouter(include_in_schema=False)
_SCRIPT = Path(__file__).parent / "page" / "siyu.js"


@cache
def _script() -> tuple[bytes, str]:
    body = _SCRIPT.read_bytes()
    return body, f'"{content_hash([body])}"'


@router.get("/siyu.js", response_class=Response, summary="The one-line script for H5 pages", responses={200: {"content": {"text/javascript": {}}}})
def read_script(request: Request, _stores: Annotated[Stores, Depends(anyone())]) -> Response:
    body, tag = _script()
    # Pages of other sites load it: the shell's own headers would keep them out.
    headers = {"Cache-Control": "public, max-age=3600", "ETag": tag, "Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/javascript; charset=utf-8", headers=headers)
