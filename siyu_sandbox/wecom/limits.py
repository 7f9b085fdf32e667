"""Every number of WeCom's that has moved or may move, newest value as default; `PATCH /sandbox/settings` changes them.

Values are from the official pages as of 2025-12; older ones are named beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class WecomLimits:
    """Bytes for messages, characters for names."""

    token_life_seconds: int = 7200
    calls_per_minute: int = 10_000  # 2,000 until 2023
    calls_per_hour: int = 150_000  # 30,000 until 2023
    concurrency: dict[str, int] = field(default_factory=lambda: {"externalcontact/mark_tag": 5})
    own_windows: dict[str, list[tuple[int, int]]] = field(
        default_factory=lambda: {
            "externalcontact/add_moment_task": [(10, 60)],
            "get_jsapi_ticket": [(400, 3600)],
            "ticket/get": [(100, 3600)],
            "media/uploadimg": [(1000, 86400), (3000, 30 * 86400)],
        }
    )
    wrong_secrets: int = 20  # then the IP is shut out for an hour
    welcome_seconds: float = 20
    message_bytes: int = 4000
    group_welcome_bytes: int = 3000
    link_title_bytes: int = 128
    link_description_bytes: int = 512
    mini_program_title_bytes: int = 64
    attachments: int = 9
    remark_characters: int = 20
    description_characters: int = 150
    way_remark_characters: int = 30
    state_characters: int = 30
    tag_name_characters: int = 30
    tags: int = 10_000  # 3,000 in older pages and in 40126's own text
    tags_per_relation: int = 3000
    ways: int = 500_000  # contact ways and join ways together
    way_users: int = 100
    links: int = 10_000
    channel_bytes: int = 64
    send_contacts: int = 10_000
    send_chats: int = 2000
    sends_per_month: int = 0  # 0: as many as the month has days (2025); 4 until 2024
    sends_per_week: int = 0  # the admin may set 7
    sends_per_day: int = 0  # the admin may set 1
    send_dispatch_seconds: float = 1
    reminders_per_day: int = 3
    welcome_templates: int = 100
    moment_bytes: int = 4000
    moment_characters: int = 2000
    moment_senders: int = 100_000
    moment_dispatch_seconds: float = 2
    moments_per_customer_day: int = 0  # no official figure found; 0 is off
    contacts_per_staff: int = 20_000
    transfer_hours: float = 24
    transfers_per_90_days: int = 2
    group_transfers_per_day: int = 300
    group_members: int = 500
    group_scan_members: int = 200
    media_days: float = 3
    image_bytes: int = 10 * 1024 * 1024  # 2 MB in the older table
    voice_bytes: int = 2 * 1024 * 1024
    video_bytes: int = 10 * 1024 * 1024
    file_bytes: int = 20 * 1024 * 1024
    app_text_bytes: int = 2048
    app_receivers: int = 1000
    member_messages_per_minute: int = 30
    member_messages_per_hour: int = 1000
    code_seconds: float = 300
    contact_list_page: int = 1000
    moment_page: int = 20  # 100 until 2023
