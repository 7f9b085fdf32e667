"""Customers at the command line: merge, split, undo, and what happened to one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer

from siyu.cli_reports import Teller
from siyu.client import Client
from siyu.foundation.text import Text

KINDS = {"merge": Text("合并", "merge"), "split": Text("拆分", "split"), "undo": Text("撤销", "undo")}
WHY = {
    "manual": Text("手工", "by hand"),
    "seen_together": Text("一同出现", "seen together"),
    "conflict": Text("冲突审核", "conflict decided"),
    "unbound": Text("解除绑定", "unbound"),
}


def history(client: Client, customer: int | None) -> list[dict[str, Any]]:
    """The newest 200 operations, of one customer or of all."""
    found: list[dict[str, Any]] = client.get("/identity/operations", limit=200, customer=customer)["items"]
    return found


def show_operations(teller: Teller, found: list[dict[str, Any]]) -> None:
    """One line an operation."""
    table = teller.table(("编号", "No."), ("操作", "Operation"), ("保留", "Stays"), ("客户", "Customers"), ("时间", "At"), ("操作人", "By"), ("缘由", "Why"), ("已撤销", "Undone by"))
    for one in found:
        why = WHY.get(one["why"], Text(one["why"], one["why"]))
        table.add_row(
            str(one["id"]), teller.say(*KINDS[one["kind"]]), str(one["customer_id"]), ", ".join(map(str, one["customer_ids"])), one["at"], one["by"],
            teller.say(*why), str(one["undone_by"] or "–"),
        )  # fmt: skip
    teller.show(table)


def show_identifiers(teller: Teller, found: dict[str, Any]) -> None:
    """One line an identifier, the strongest first."""
    table = teller.table(("key", "key"), ("标识", "Identifier"), ("值", "Value"), ("首次出现", "First seen"))
    for one in found["identifiers"]:
        table.add_row(one["key"], teller.label(one["namespace_name"]), one["value"] or one["value_masked"], one["first_seen_at"])
    teller.show(table)


AsJson = Annotated[bool, typer.Option("--json", help="机器可读的 JSON")]


def commands(open_client: Callable[[], AbstractContextManager[Client]], teller: Callable[[], Teller], show_json: Callable[[Any], None]) -> typer.Typer:
    """The commands, for a command line that knows how to reach the server and how to show an answer."""
    app = typer.Typer(no_args_is_help=True, help="客户 Customers")

    def operated(path: str, body: dict[str, Any] | None, as_json: bool) -> None:
        with open_client() as client:
            done = client.post(path, body)
        if as_json:
            show_json(done)
        elif done is None:
            typer.echo(teller().say("本来就是同一位客户", "they are one customer already"))
        else:
            show_operations(teller(), [done])

    @app.command("merge")
    def customers_merge(
        customers: Annotated[list[int], typer.Argument(metavar="编号...", help="要合并成一人的客户编号，至少两个")],
        into: Annotated[int | None, typer.Option(help="保留哪个编号；默认标识最强的，其次最早的")] = None,
        beyond_limits: Annotated[bool, typer.Option("--beyond-limits", help="超出标识上限也合并")] = False,
        as_json: AsJson = False,
    ) -> None:
        """把几位客户合并为一人，可撤销 Make several customers one; it can be undone."""
        body = {"customer_ids": customers, "into": into, "beyond_limits": beyond_limits}
        operated("/identity/merges", body, as_json)

    @app.command("split")
    def customers_split(
        customer: Annotated[int, typer.Argument(metavar="编号")],
        identifiers: Annotated[list[str], typer.Argument(metavar="标识...", help="要分出去的标识的 key,见 siyu customers show")],
        as_json: AsJson = False,
    ) -> None:
        """让一些标识离开，自成一位客户 Let identifiers leave for a customer of their own."""
        operated(f"/customers/{customer}/split", {"identifiers": identifiers}, as_json)

    @app.command("undo")
    def customers_undo(operation: Annotated[int, typer.Argument(metavar="操作编号")], as_json: AsJson = False) -> None:
        """撤销一次合并或拆分 Undo a merge or a split."""
        operated(f"/identity/operations/{operation}/undo", None, as_json)

    @app.command("history")
    def customers_history(customer: Annotated[int | None, typer.Argument(metavar="编号", help="不写则全部")] = None, as_json: AsJson = False) -> None:
        """合并、拆分与撤销的记录 Merges, splits and undos."""
        with open_client() as client:
            found = history(client, customer)
        if as_json:
            show_json({"items": found})
        else:
            show_operations(teller(), found)

    @app.command("show")
    def customers_show(customer: Annotated[int, typer.Argument(metavar="编号")], as_json: AsJson = False) -> None:
        """一位客户的标识 The identifiers of one customer, with their keys."""
        with open_client() as client:
            found = client.get(f"/customers/{customer}")
        if as_json:
            show_json(found)
        else:
            show_identifiers(teller(), found)

    return app
