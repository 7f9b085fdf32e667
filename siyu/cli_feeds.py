"""Feeds at the command line: what sends us events, a new one with its write key, and what each of them may do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer

from siyu.cli_reports import Teller
from siyu.client import Client

AsJson = Annotated[bool, typer.Option("--json", help="机器可读的 JSON")]


def show_feeds(teller: Teller, found: list[dict[str, Any]]) -> None:
    """One line a feed."""
    table = teller.table(("编号", "No."), ("数据接入", "Feed"), ("种类", "Kind"), ("写入密钥", "Write key"), ("状态", "Status"), ("最近收到", "Last heard"), ("操作", "Operations"))
    for one in found:
        table.add_row(str(one["id"]), one["name"], one["kind"], one["write_key"], one["status"], one["heard_at"] or "–", teller.value("count", one["operation_count"]))
    teller.show(table)


def commands(open_client: Callable[[], AbstractContextManager[Client]], teller: Callable[[], Teller], show_json: Callable[[Any], None]) -> typer.Typer:
    """The commands, for a command line that knows how to reach the server and how to show an answer."""
    app = typer.Typer(no_args_is_help=True, help="数据接入 Feeds")

    def show(feeds: list[dict[str, Any]], as_json: bool) -> None:
        if as_json:
            show_json({"items": feeds})
        else:
            show_feeds(teller(), feeds)

    @app.command("list")
    def feeds_list(as_json: AsJson = False) -> None:
        """谁在向我们发送事件 Everything that sends us events, with its write key."""
        with open_client() as client:
            show(client.get("/feeds")["items"], as_json)

    @app.command("create")
    def feeds_create(
        name: Annotated[str, typer.Argument(metavar="名称")],
        kind: Annotated[str, typer.Option(help="web | app | mini_program | server | shop")] = "web",
        key: Annotated[str | None, typer.Option(help="沿用 SDK 里已有的写入密钥；不写则生成")] = None,
        users: Annotated[str | None, typer.Option(metavar="标识种类", help="userId 是什么:account:app(默认)或 member")] = None,
        as_json: AsJson = False,
    ) -> None:
        """新建数据接入，给出写入密钥 Make a feed and show its write key."""
        with open_client() as client:
            show([client.post("/feeds", {"name": name, "kind": kind, "write_key": key, "user_namespace": users})], as_json)

    return app
