"""Uploading and fetching media (素材管理)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.registry import Answer, Endpoint, Json, Refusal, Upload
from siyu_sandbox.weixin.account import Account, short_id
from siyu_sandbox.weixin.media import BAD_ID, NO_FILE, Media

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

IMAGE_BYTES = 1 << 20
"""`uploadimg`: jpg or png below 1 MB."""
WORDS = {
    40004: "invalid media type",
    40007: "invalid media_id",
    40009: "invalid image size",
    41005: "media data missing",
}
TYPES = {"image": "image/jpeg", "voice": "audio/amr", "video": "video/mp4", "thumb": "image/jpeg"}


def _keep(box: Sandbox, account: Account, kind: str, body: Json, permanent: bool) -> Media:
    upload = body.get("media")
    if not isinstance(upload, Upload):
        raise Refusal(NO_FILE, WORDS[NO_FILE])
    kept = account.media.keep(kind, upload.filename, upload.content, box.clock.now(), permanent)
    if isinstance(kept, int):
        raise Refusal(kept, WORDS[kept])
    return kept


def upload(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/media/upload: a temporary file."""
    media = _keep(box, account, query.get("type", ""), body, permanent=False)
    name = "thumb_media_id" if media.kind == "thumb" else "media_id"
    return {"type": media.kind, name: media.media_id, "created_at": media.created_at}


def fetch(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Answer:
    """GET /cgi-bin/media/get."""
    media = account.media.find(query.get("media_id"), box.clock.now())
    if media is None:
        raise Refusal(BAD_ID, WORDS[BAD_ID])
    shown = {"Content-Disposition": f'attachment; filename="{media.media_id[:16]}"'}
    return Answer(media.content, TYPES[media.kind], headers=shown)


def upload_image(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/media/uploadimg: a picture inside an article, for ever, by URL only."""
    upload = body.get("media")
    if not isinstance(upload, Upload) or not upload.content:
        raise Refusal(NO_FILE, WORDS[NO_FILE])
    if len(upload.content) > IMAGE_BYTES:
        raise Refusal(40009, WORDS[40009])
    return {
        "url": f"http://mmbiz.qpic.cn/mmbiz/{short_id(account.appid + upload.filename + str(len(upload.content)), 40)}/0"
    }


def add_material(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/material/add_material: a permanent file."""
    media = _keep(box, account, query.get("type", ""), body, permanent=True)
    link = {"url": f"http://mmbiz.qpic.cn/mmbiz/{media.media_id[:32]}/0"} if media.kind == "image" else {}
    return {"media_id": media.media_id, **link}


def count_material(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/material/get_materialcount."""
    kinds = [media.kind for media in account.media.files.values() if media.until is None]
    return {f"{kind}_count": kinds.count(kind) for kind in ("voice", "video", "image")} | {"news_count": 0}


def delete_material(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/material/del_material."""
    media = account.media.files.get(str(body.get("media_id")))
    if media is None or media.until is not None:
        raise Refusal(BAD_ID, WORDS[BAD_ID])
    del account.media.files[media.media_id]
    return {"errcode": 0, "errmsg": "ok"}


def endpoints(product: str) -> tuple[Endpoint, ...]:
    """Return the addresses for one of the two products."""
    return (
        Endpoint("POST", "/cgi-bin/media/upload", upload, product),
        Endpoint("GET", "/cgi-bin/media/get", fetch, product),
        Endpoint("POST", "/cgi-bin/media/uploadimg", upload_image, product),
        Endpoint("POST", "/cgi-bin/material/add_material", add_material, product),
        Endpoint("GET", "/cgi-bin/material/get_materialcount", count_material, product),
        Endpoint("POST", "/cgi-bin/material/del_material", delete_material, product),
    )
