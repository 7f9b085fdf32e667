"""Traits at the command line: which there are, and what a definition gives before it is saved."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer

from siyu.cli_reports import Teller
from siyu.client import Client
from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="机器可读的 JSON")]


def commands(client: Callable[[], AbstractContextManager[Client]], teller: Callable[[], Teller], print_json: Callable[[Any], None]) -> typer.Typer:
    """`siyu traits …`."""
    app = typer.Typer(no_args_is_help=True, help="特征 Traits")

    @app.command("list")
    def list_traits(as_json: AsJson = False) -> None:
        """特征一览 Traits with how many customers have a value."""
        with client() as server:
            found = server.get("/traits")
        if as_json:
            print_json(found)
            return
        say = teller()
        table = say.table(("编号", "No."), ("特征", "Trait"), ("类型", "Type"), ("有值", "Known"), ("引用", "Used"), ("状态", "Status"), ("怎么算", "How"))
        for item in found["items"]:
            known = (item["distribution"] or {}).get("known_count")
            table.add_row(
                str(item["id"]), item["name"], item["type"] or "–", say.value("count", known), say.value("count", item["used_count"]), item["status"],
                say.label(item["sentence"]),
            )  # fmt: skip
        say.show(table)

    @app.command("preview")
    def preview(
        definition: Annotated[Path, typer.Argument(help="特征定义 JSON 文件,- 为标准输入")],
        sample: Annotated[int, typer.Option(help="样本客户数", min=0, max=50)] = 5,
        as_json: AsJson = False,
    ) -> None:
        """试算一个特征 What a definition gives, nothing is saved."""
        with client() as server:
            found = server.post("/traits/preview", {"definition": read_json(definition), "sample": sample})
        if as_json:
            print_json(found)
            return
        say, told = teller(), found["distribution"]
        say.out.print(f"{say.label(found['sentence'])}\n{told['known_count']:,} / {told['base_count']:,}", highlight=False)
        table = say.table(("值", "Value"), ("客户", "Customers"))
        for bucket in told["buckets"]:
            shown = bucket["value"] if bucket["value"] is not None else f"{_edge(bucket['low'])} – {_edge(bucket['high'])}"
            table.add_row(str(shown), say.value("count", bucket["count"]))
        say.show(table)
        for row in found["sample"]:
            say.out.print(f"{row['customer']['id']}  {row['customer']['name'] or '–'}  {row['value']}", highlight=False)

    return app


def read_json(path: Path) -> Any:
    """What a file of a rule or a definition holds; `-` is standard input."""
    try:
        return json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidError(Text(f"读不了文件 {path}：{error}", f"the file {path} cannot be read: {error}")) from error


def _edge(value: float | None) -> str:
    return "…" if value is None else f"{value:,g}"
