"""Settings 设置: typed, from the environment (`SIYU_*`) and `siyu.toml` in the data folder; every fault reported at once."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from siyu.foundation.clock import Calendar
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

SETTINGS_FILE = "siyu.toml"


_zones = cache(available_timezones)


class Settings(BaseSettings):
    """Every setting of the product. Environment wins over the file, the file over the default here."""

    model_config = SettingsConfigDict(env_prefix="SIYU_", extra="forbid", frozen=True)

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("siyu", appauthor=False)),
        description="Data folder: ledger, warehouse, uploads, secrets.",
    )
    brand_name: str = Field("我的品牌", description="Name shown in the console.", min_length=1, max_length=80)
    time_zone: str = Field("Asia/Shanghai", description="The brand's time zone (IANA name); days and months are cut in it.")
    currency: str = Field("CNY", description="ISO code of the brand's currency.", pattern=r"^[A-Z]{3}$")
    database_url: str | None = Field(
        None, repr=False, description="Ledger; default is SQLite in the data folder. PostgreSQL: postgresql+psycopg://user@host/name"
    )
    host: str = Field("127.0.0.1", description="Address that `siyu serve` listens on.")
    port: int = Field(8760, description="Port that `siyu serve` listens on.", ge=1, le=65535)
    public_url: str | None = Field(None, description="Address that browsers use, when a proxy stands before Siyu.")
    secret_key: str | None = Field(
        None, repr=False, description="Master key (64 hex digits); default is a key file made in the data folder.", pattern=r"^[0-9a-f]{64}$"
    )
    warehouse_memory: str = Field("4GB", description="Memory limit of the warehouse engine.", pattern=r"^\d+(\.\d+)?(MB|GB)$")
    warehouse_threads: int = Field(0, description="Threads of the warehouse engine; 0 means all cores.", ge=0, le=1024)
    upload_limit_mb: int = Field(4096, description="Largest file that an import takes, in MB.", ge=1)
    import_folders: str = Field("", description="Folders that may be looked at for files of orders, besides the one named inbox in the data folder; with colons between.")
    session_days: int = Field(14, description="A log-in ends after so many days without use.", ge=1, le=365)
    backup_key_days: int = Field(30, description="So many days after somebody was erased, the keys of older backups are destroyed.", ge=0, le=3650)
    job_workers: int = Field(1, description="Jobs that run at the same time in one process.", ge=1, le=64)
    collect_keep_days: int = Field(3, description="What SDKs sent is kept so many days as it came, after it was taken in.", ge=0, le=365)
    collect_repeat_days: int = Field(7, description="An operation that an SDK sends again within so many days counts once.", ge=1, le=90)
    collect_oldest_days: int = Field(1830, description="Events that happened longer ago than so many days are put into the quarantine.", ge=1, le=36500)
    collect_quarantine_days: int = Field(90, description="What could not be taken in is kept so many days in the quarantine.", ge=1, le=3650)
    sandbox: bool = Field(True, description="Run the sandbox beside a server that shows the sample brand, so that people arrive there.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in _zones():
            raise ValueError(f"unknown time zone {name!r}")
        return name

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str | None) -> str | None:
        try:
            if url is not None and make_url(url).get_dialect().name not in ("sqlite", "postgresql"):
                raise ValueError("it names neither sqlite nor postgresql")
        except (ArgumentError, NoSuchModuleError, ImportError):
            # Without its cause: that one quotes the URL, and with it the password.
            raise ValueError("not the URL of a database, such as postgresql+psycopg://user@host/name") from None
        return url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings

    @property
    def calendar(self) -> Calendar:
        return Calendar(ZoneInfo(self.time_zone))

    @property
    def ledger_url(self) -> str:
        return self.database_url or URL.create("sqlite", database=str(self.home / "ledger.sqlite")).render_as_string()

    @property
    def warehouse_file(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def files(self) -> Path:
        """Uploads, rejects and exports."""
        return self.home / "files"


    @property
    def importable(self) -> tuple[Path, ...]:
        """Folders whose files may be looked at for orders, and all within them."""
        return (self.home / "inbox", *(Path(one).expanduser() for one in self.import_folders.split(os.pathsep) if one.strip()))


def load_settings(home: Path | None = None) -> Settings:
    """Read the environment and the settings file.

    Raises
    ------
    InvalidError
        With one fault for every setting that is wrong or unknown, in the file or the environment.
    """
    at = home or (Path(os.environ["SIYU_HOME"]) if os.environ.get("SIYU_HOME") else None)
    default_home = Path(platformdirs.user_data_dir("siyu", appauthor=False))
    folder = (at or default_home).expanduser().resolve()
    values, faults = _read_file(folder / SETTINGS_FILE)
    values = {name: value for name, value in values.items() if f"SIYU_{name.upper()}" not in os.environ}
    faults += [
        Fault(name, Text("没有这个设置项(环境变量)", "no such setting (environment variable)"))
        for name in sorted(os.environ)
        if name.startswith("SIYU_") and not name.startswith(_ANSWERS) and name[5:].lower() not in set(Settings.model_fields) | _OTHER_VARIABLES
    ]
    settings: Settings | None = None
    try:
        settings = Settings(**{**values, "home": folder})
    except ValidationError as error:
        faults += [_fault(dict(item)) for item in error.errors()]
    if faults or settings is None:
        raise InvalidError(
            Text(f"有 {len(faults)} 处设置不对", f"{len(faults)} setting(s) are not valid"),
            faults=faults,
            way_out=Text(
                f"改好环境变量或 {folder / SETTINGS_FILE} 后再启动", f"mend the environment or {folder / SETTINGS_FILE}, then start again"
            ),
        )
    return settings


_SECRET = {"secret_key", "database_url"}
_ANSWERS = "SIYU_ACCOUNT_"
"""Answers for `siyu account connect`: names of a carrier's fields, not of settings."""
_OTHER_VARIABLES = {"shared_data", "password", "fault"}


def _read_file(path: Path) -> tuple[dict[str, Any], list[Fault]]:
    if not path.exists():
        return {}, []
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, [Fault(str(path), Text(f"不是有效的 TOML:{error}", f"not valid TOML: {error}"))]


def _fault(item: dict[str, Any]) -> Fault:
    name = ".".join(str(part) for part in item["loc"]) or "settings"
    if item["type"] == "extra_forbidden":
        return Fault(name, Text("没有这个设置项", "no such setting"))
    value = "***" if name in _SECRET else repr(item.get("input"))
    return Fault(name, Text(f"值 {value} 不对：{item['msg']}", f"{value} is not valid: {item['msg']}"))
