"""Shops and places at the command line: how far their orders have come, and asking for them now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer

from siyu.cli_reports import Teller
from siyu.client import Client

ClientOf = Callable[[], AbstractContextManager[Client]]
Follow = Callable[[Client, str], None]


def add_commands(app: typer.Typer, client_of: ClientOf, teller_of: Callable[[], Teller], follow: Follow, print_json: Callable[[Any], None]) -> None:
    """Put `shops` and `places` among the commands."""
    shop_app = typer.Typer(no_args_is_help=True, help="店铺订单 Orders of connected shops")
    place_app = typer.Typer(no_args_is_help=True, help="文件夹与存储桶 Folders and buckets")
    app.add_typer(shop_app, name="shops")
    app.add_typer(place_app, name="places")

    @shop_app.command("list")
    def shops_list(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """已连接的店铺 Connected shops and how far their orders have come."""
        with client_of() as client:
            found = client.get("/shops")
        if as_json:
            print_json(found)
        else:
            show_shops(teller_of(), found)

    @shop_app.command("pull")
    def shops_pull(
        shop: Annotated[int, typer.Argument(help="店铺编号")],
        since: Annotated[str | None, typer.Option(help="从哪一刻起重新读取，如 2025-01-01T00:00:00+08:00")] = None,
    ) -> None:
        """现在读取这家店铺的订单 Read the orders of a shop now."""
        with client_of() as client:
            follow(client, client.post(f"/shops/{shop}/pull", {"since": since})["job_id"])
            show_shops(teller_of(), {"items": [client.get(f"/shops/{shop}")]})

    @place_app.command("list")
    def places_list(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """定时查看的文件夹和存储桶 Folders and buckets that are looked at."""
        with client_of() as client:
            found = client.get("/places")
        if as_json:
            print_json(found)
        else:
            show_places(teller_of(), found)

    @place_app.command("look")
    def places_look(place: Annotated[int, typer.Argument(help="编号")]) -> None:
        """现在查看 Look at a folder or bucket now."""
        with client_of() as client:
            follow(client, client.post(f"/places/{place}/look", {})["job_id"])
            show_files(teller_of(), client.get(f"/places/{place}/files"))


def show_shops(teller: Teller, found: dict[str, Any]) -> None:
    """One line a shop, and what is wrong with it."""
    table = teller.table(("编号", "No."), ("店铺", "Shop"), ("来源", "Source"), ("订单", "Orders"), ("待读", "Wanted"), ("读不出", "Unreadable"), ("已读到", "Read up to"), ("问题", "Trouble"))
    for one in found["items"]:
        counts = [teller.value("count", one[name]) for name in ("order_count", "wanted_count", "unreadable_count")]
        table.add_row(str(one["id"]), f"{one['name']}({teller.label(one['product_name'])})", one["source"], *counts, one["pulled_to"] or "–", _fault(teller, one["fault"]))
    teller.show(table)


def show_places(teller: Teller, found: dict[str, Any]) -> None:
    table = teller.table(("编号", "No."), ("名称", "Name"), ("来源", "Source"), ("完成", "Done"), ("失败", "Failed"), ("上次查看", "Looked at"), ("问题", "Trouble"))
    for one in found["items"]:
        counts = [teller.value("count", one["files"][name]) for name in ("done", "failed")]
        table.add_row(str(one["id"]), one["name"], one["source"], *counts, one["looked_at"] or "–", _fault(teller, one["fault"]))
    teller.show(table)


def show_files(teller: Teller, found: dict[str, Any]) -> None:
    table = teller.table(("文件", "File"), ("状态", "Status"), ("导入", "Import"), ("问题", "Trouble"))
    for one in found["items"]:
        table.add_row(one["path"], one["status"], one["import_id"] or "–", _fault(teller, one["fault"]))
    teller.show(table)


def _fault(teller: Teller, fault: dict[str, Any] | None) -> str:
    if fault is None:
        return "–"
    way_out = f" → {teller.label(fault['way_out'])}" if fault["way_out"] else ""
    return teller.label(fault["message"]) + way_out
