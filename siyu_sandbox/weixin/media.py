"""Uploaded media (素材): temporary files live three days, permanent ones for ever."""

import secrets
from dataclasses import dataclass, field

SECONDS = 3 * 86_400
# Bytes by type: image 10 MB, voice 2 MB, video 10 MB, thumb 64 KB (doc/offiaccount/Asset_Management).
SIZES = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}
BAD_TYPE, BAD_SIZE, BAD_ID, NO_FILE = 40004, 40009, 40007, 41005


@dataclass(frozen=True)
class Media:
    """A file as it was uploaded; `until` is None for permanent material."""

    media_id: str
    kind: str
    filename: str
    content: bytes
    created_at: int
    until: float | None


@dataclass
class MediaStore:
    """The files of one account."""

    files: dict[str, Media] = field(default_factory=dict)

    def keep(
        self, kind: str, filename: str, content: bytes, now: float, permanent: bool = False
    ) -> Media | int:
        """Store a file; return it, or the code of the refusal."""
        if kind not in SIZES:
            return BAD_TYPE
        if not content:
            return NO_FILE
        if len(content) > SIZES[kind]:
            return BAD_SIZE
        until = None if permanent else now + SECONDS
        media = Media(secrets.token_urlsafe(32), kind, filename, content, int(now), until)
        self.files[media.media_id] = media
        return media

    def find(self, media_id: object, now: float) -> Media | None:
        """Return the file, unless it is unknown or its days are over."""
        media = self.files.get(media_id) if isinstance(media_id, str) else None
        return None if media is None or (media.until is not None and media.until <= now) else media
