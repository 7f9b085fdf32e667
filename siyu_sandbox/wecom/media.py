"""Media (素材): files that live three days, images for messages that live for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from siyu_sandbox.registry import Answer, Endpoint, Json, Refusal, Upload
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom.endpoints import get, post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Caller, Corp, WecomWorld

LEAST_BYTES = 5
KINDS = ("image", "voice", "video", "file")
ATTACHMENT_KINDS = ("image", "video", "file")
MOMENT, ALBUM = "1", "2"


@dataclass
class Medium:
    """One upload. `scene`: "" for messages, "1" moments, "2" product albums."""

    id: str
    kind: str
    filename: str
    media_type: str
    content: bytes
    created: float
    scene: str = ""


class MediaStore:
    """All uploads of a corp; expired ones keep their id and lose their content's use."""

    def __init__(self) -> None:
        self.media: dict[str, Medium] = {}
        self.images: dict[str, Upload] = {}


def medium(corp: Corp, media_id: object, kinds: tuple[str, ...] = KINDS, scene: str = "") -> Medium:
    """The living medium of a wanted kind, or 40007; 41072 when it was made for something else."""
    found = corp.shelf(MediaStore).media.get(media_id) if isinstance(media_id, str) else None
    life = corp.limits.media_days * 86400
    if found is None or found.kind not in kinds or found.created + life <= corp.box.clock.now():
        raise Refusal(40007, "invalid media_id")
    if found.scene != scene:
        raise Refusal(41072, "attachment scene error")
    return found


def _uploaded(body: Json) -> Upload:
    file = next((value for value in body.values() if isinstance(value, Upload)), None)
    if file is None:
        raise Refusal(41005, "media data missing")
    if len(file.content) <= LEAST_BYTES:
        raise Refusal(40006, "invalid file size")
    return file


def _keep(caller: Caller, kind: str, file: Upload, scene: str, too_big: int) -> Json:
    corp = caller.corp
    if len(file.content) > getattr(corp.limits, f"{kind}_bytes"):
        raise Refusal(too_big, "file too large")
    made = Medium(
        new_id("3", 64), kind, file.filename, file.media_type, file.content, corp.box.clock.now(), scene
    )
    corp.shelf(MediaStore).media[made.id] = made
    return {"type": kind, "media_id": made.id, "created_at": str(int(made.created))}


def upload(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST media/upload?type= with a file."""
    kind = query.get("type", "")
    if kind not in KINDS:
        raise Refusal(40005, "invalid type")
    return _keep(caller, kind, _uploaded(body), "", 40006)


def upload_attachment(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST media/upload_attachment?media_type=&attachment_type=1 moments, 2 albums."""
    kind, scene = query.get("media_type", ""), query.get("attachment_type", "")
    if kind not in ATTACHMENT_KINDS or scene not in (MOMENT, ALBUM) or (scene == ALBUM and kind != "image"):
        raise Refusal(40005, "invalid type")
    kept = _keep(caller, kind, _uploaded(body), scene, 41080)
    return kept | {"created_at": int(kept["created_at"])}


def media_get(caller: Caller, query: dict[str, str], body: Json) -> Answer:
    """GET media/get?media_id: the bytes."""
    corp = caller.corp
    found = corp.shelf(MediaStore).media.get(query.get("media_id", ""))
    if found is None or found.created + corp.limits.media_days * 86400 <= corp.box.clock.now():
        raise Refusal(40007, "invalid media_id")
    named = f'attachment; filename="{found.filename}"'.encode().decode("latin-1")
    return Answer(found.content, found.media_type, headers={"Content-Disposition": named})


def upload_image(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST media/uploadimg: a URL that stays."""
    file, corp = _uploaded(body), caller.corp
    if len(file.content) > corp.limits.image_bytes:
        raise Refusal(40009, "invalid image size")
    name = hashlib.sha256(corp.corpid.encode() + file.content).hexdigest()[:40]
    corp.shelf(MediaStore).images[name] = file
    return {"url": f"{corp.box.base_url}/wwpic/image?corpid={corp.corpid}&name={name}"}


def image(box: Sandbox, _: None, query: dict[str, str], body: Json) -> Answer:
    """GET /wwpic/image: an image as phones load it."""
    world: WecomWorld = box.worlds["wecom"]
    corp = world.accounts.get(query.get("corpid", ""))
    file = corp.shelf(MediaStore).images.get(query.get("name", "")) if corp else None
    return Answer(file.content, file.media_type) if file else Answer(b"", "text/plain", 404)


def is_own_image(corp: Corp, url: object) -> bool:
    """Whether a pic_url came from uploadimg."""
    images = corp.shelf(MediaStore).images
    return isinstance(url, str) and url.rpartition("name=")[2] in images


ENDPOINTS = (
    post("media/upload", upload),
    post("media/upload_attachment", upload_attachment),
    get("media/get", media_get),
    post("media/uploadimg", upload_image),
    Endpoint("GET", "/wwpic/image", image, "wecom", token=False),
)
