"""Happenings 动态: what any carrier tells of its own accord, in one vocabulary.

A happening says what the vendor said, no more: who and when, in the vendor's ids. The room above decides what it means.
Vendors repeat and reorder what they tell; `key` is the same for each copy and differs for each happening of an account.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

KINDS: Final = frozenset({
    "contact_added",  # detail: state, welcome_code, half (added, not confirmed by the staff member yet)
    "contact_removed",  # detail.by: customer | staff | transfer, three different facts
    "contact_edited",
    "transfer_failed",  # detail.reason
    "archive_agreed",  # detail.welcome_code
    "group_created", "group_changed", "group_dismissed",  # detail.chat_id
    "tag_created", "tag_changed", "tag_deleted", "tags_shuffled",  # detail: id, is_group, strategy_id
    "staff_created", "staff_updated", "staff_deleted",
    "department_created", "department_updated", "department_deleted",
    "staff_tag_changed",
    "acquisition_balance_low", "acquisition_balance_exhausted", "acquisition_balance_increased",
    "acquisition_quota_expiring",
    "acquisition_link_unavailable", "acquisition_link_deleted", "acquisition_chat_started",
    "acquisition_friend_requested", "acquisition_profile_opened",
    "acquisition_message_received", "acquisition_customer_left",
    "customer_service_message_or_event", "customer_service_access_changed",
    "archive_ready",
    "batch_job_finished",
    "app_entered", "app_subscribed", "app_unsubscribed", "task_card_clicked",
    "followed", "unfollowed", "qr_scanned",  # detail: scene, ticket
    "menu_clicked", "link_viewed", "message_received", "location_reported",
    "mass_send_finished", "template_send_finished",
    "subscribe_answered", "subscribe_changed", "subscribe_sent",
    "customer_service_session_changed", "session_entered", "content_checked",
    "message_delivered", "message_delayed", "message_failed", "message_complained",  # detail: reference, status, words
    "order_changed", "shop_tested",  # detail: order_no, type, message (key of the callback that holds it)
    "unsubscribed",  # by the carrier's own means (a mail program's button, a text sent back)
    "unknown",  # detail: all fields as they came
})  # fmt: skip


@dataclass(frozen=True)
class Happening:
    """One thing that happened. `contact` and `staff` are the vendor's ids; `detail` holds plain JSON values."""

    kind: str
    at: datetime
    contact: str | None
    staff: str | None
    detail: dict[str, Any]
    key: str


def key_of(*parts: object) -> str:
    """A short stable key of what names a happening (None and "" count as nothing, so order and number must be fixed)."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def instant(seconds: object) -> datetime | None:
    """Unix seconds as the vendors write them (text or number); None where they are no date between 1970 and 2100."""
    try:
        number = int(str(seconds))
    except ValueError:
        return None
    return datetime.fromtimestamp(number, UTC) if 0 <= number < 4_102_444_800 else None
