"""Imports at the command line: mappings of columns, and statements of payments."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from siyu.cli_reports import Teller
from siyu.client import Client
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.money import format_fen
from siyu.foundation.settings import load_settings
from siyu.foundation.text import Text
from siyu.orders.payments_file import REASONS


def start(client: Client, file: Path, overrides: dict[str, str], source: str | None) -> dict[str, Any]:
    """Upload a statement and ask for its import; the job's id is in the answer."""
    uploaded = client.upload("/imports/files", file, lambda _sent: None, name=file.name, source=source)
    found = client.get(f"/payments/files/{uploaded['file_id']}")
    mapping = {field: column for field, column in (found["mapping"] | overrides).items() if column}
    body = {"file_id": found["file_id"], "source": source or found["source_guess"], "mapping": mapping}
    asked: dict[str, Any] = client.post("/payments/imports", body)
    return asked


def accept(client: Client, least: float | None) -> None:
    """Accept the proposed orders of at least a probability."""
    if least is not None:
        client.post("/payments/decisions", {"decision": "accept", "at_least": least})


def show(teller: Teller, result: dict[str, Any], counts: dict[str, int], say: Callable[[str], None]) -> None:
    say(teller.say(f"{result['row_count']:,} 行，{result['payment_count']:,} 笔收款，新增 {result['new_count']:,} 笔", f"{result['row_count']:,} rows, {result['payment_count']:,} payments, {result['new_count']:,} of them new"))
    for code, count in result["reasons"].items():
        say(f"  {count:,} × {teller.say(*REASONS[code])}")
    say(
        teller.say(
            f"建议订单 {counts['open']:,} 笔，已确认 {counts['accepted']:,} 笔，没有订单 {counts['unmatched']:,} 笔；加 --accept 0.95 确认概率不低于 95% 的",
            f"{counts['open']:,} with a proposed order, {counts['accepted']:,} accepted, {counts['unmatched']:,} without an order; --accept 0.95 accepts those of 95 % and more",
        )
    )


def start_spend(client: Client, file: Path, overrides: dict[str, str], *, dry_run: bool) -> dict[str, Any]:
    """Upload a file of spend and ask for its import."""
    uploaded = client.upload("/imports/files", file, lambda _sent: None, name=file.name)
    found = client.get(f"/acquisition/spend/files/{uploaded['file_id']}")
    mapping = {field: column for field, column in (found["mapping"] | overrides).items() if column}
    asked: dict[str, Any] = client.post("/acquisition/spend/imports", {"file_id": found["file_id"], "mapping": mapping, "dry_run": dry_run})
    return asked


def write_spend_rejects(client: Client, done: dict[str, Any], path: Path) -> Path:
    text = client.text(f"/acquisition/spend/imports/{done['id']}/rejects.csv")
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidError(
            Text(f"导入已完成，但写不了 {path}：{error.strerror}", f"the import is done, but {path} cannot be written: {error.strerror}"),
            way_out=Text("用 --rejects 另指定一个文件再运行一次，不会重复计算", "run it again with --rejects and another file; nothing is counted twice"),
        ) from error
    return path


def show_spend(teller: Teller, done: dict[str, Any], currency: str, say: Callable[[str], None]) -> None:
    if done["dry_run"]:
        say(teller.say("试导结果(没有写入)", "dry run: nothing was written"))
    amount = format_fen(done["amount_fen"], currency)
    say(
        teller.say(
            f"{done['row_count']:,} 行，入账 {done['posted_count']:,} 笔共 {amount}，已有 {done['again_count']:,} 笔，拒收 {done['rejected_count']:,} 行",
            f"{done['row_count']:,} rows, {done['posted_count']:,} entered ({amount}), {done['again_count']:,} were there already, {done['rejected_count']:,} rejected",
        )
    )
    for one in done["reasons"]:
        say(f"  {one['row_count']:,} × {teller.label(one['name'])}")
    if "rejects_file" in done:
        say(teller.say(f"被拒的行和原因在 {done['rejects_file']}", f"rejected rows with reasons: {done['rejects_file']}"))


def add_spend(app: typer.Typer, client: Callable[[], AbstractContextManager[Client]], teller: Callable[[], Teller], follow: Callable[[Client, str], None], show: Callable[[Any], None]) -> None:
    """The command `import spend`."""

    @app.command("spend")
    def import_spend(
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
        map_: Annotated[list[str] | None, typer.Option("--map", metavar="字段=列名", help="覆盖猜出的字段对应，可多次")] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入")] = False,
        rejects: Annotated[Path | None, typer.Option(help="被拒行写到哪个文件；默认在原文件旁")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="机器可读的 JSON")] = False,
    ) -> None:
        """导入花费:CSV、Excel、Parquet Import spend into the ledger; what is there already is not entered twice."""
        with client() as asking:
            asked = start_spend(asking, file, overrides(map_ or []), dry_run=dry_run)
            follow(asking, asked["job_id"])
            done = asking.get(f"/acquisition/spend/imports/{asked['id']}")
            if done["rejected_count"]:
                done["rejects_file"] = str(write_spend_rejects(asking, done, rejects or file.with_name(file.stem + ".rejects.csv")))
        if as_json:
            show(done)
        else:
            show_spend(teller(), done, load_settings().currency, print)


def overrides(pairs: list[str]) -> dict[str, str]:
    faults = [Fault("--map", Text(f"{pair!r} 不是 字段=列名", f"{pair!r} is not field=column")) for pair in pairs if "=" not in pair]
    if faults:
        raise InvalidError(Text("--map 写法不对", "--map is not written well"), faults=faults)
    return {pair.split("=", 1)[0].strip(): pair.split("=", 1)[1].strip() for pair in pairs}


def show_mapping(console: Console, found: dict[str, Any], mapping: dict[str, str]) -> None:
    names = {field["field"]: field["name"] for field in found["fields"]}
    samples = {column["name"]: column["samples"] for column in found["columns"]}
    how = {"saved": "上次保存的 saved", "export": "店铺导出的表头 headers of the export", "guessed": "猜的 guessed"}[found["mapping_from"]]
    table = Table("字段 Field", "列 Column", "例 Samples", title=f"{found['name']}({found['format']} {found['encoding'] or ''})字段对应：{how}")
    for field, column in mapping.items():
        table.add_row(f"{field} {names.get(field, {}).get('zh', '')}", column, " · ".join(samples.get(column, [])[:3]))
    console.print(table)
    if found["export"]:
        shop = found["export"]
        console.print(f"认出 recognised: {shop['name']['zh']} {shop['version']} → {found['source_guess']}({shop['grain']['zh']} {shop['grain']['en']})")
    if found["unknown_columns"]:
        console.print(f"没有用到的列 unused columns: {'、'.join(found['unknown_columns'][:30])}")
    for warning in found["warnings"]:
        console.print(f"[yellow]![/] {warning['zh']} {warning['en']}")
