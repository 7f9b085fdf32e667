"""Old keys 旧备份的钥匙: backups that still hold somebody who was erased become unreadable when their time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from siyu import backup_seal
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.rights.register import register_of


def destroy_due(stores: Stores) -> int:
    """Destroy the keys of backups made before an erasure that lies so many days back as the setting says; returns how many."""
    limit = stores.now() - timedelta(days=stores.settings.backup_key_days)
    over = [entry.at for entry in register_of(stores.settings).read() if entry.at <= limit]
    return backup_seal.destroy_keys(stores.settings, max(over)) if over else 0


def told(settings: Settings, erased_at: datetime) -> dict[str, int | str]:
    """For the receipt: how many backups still hold the person, and until when they can be read."""
    count = sum(1 for key in backup_seal.keys(settings) if key.made_at < erased_at)
    return {"count": count, "unreadable_on": (erased_at + timedelta(days=settings.backup_key_days)).date().isoformat()} if count else {"count": 0}
