"""Accounts at the command line: list, connect, check; and the sandbox as a command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import typer

from siyu.cli_reports import Teller
from siyu.client import Client
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

PREFIX = "SIYU_ACCOUNT_"
"""`SIYU_ACCOUNT_SECRET` answers for the field `secret`, so that nothing secret stands in the command."""
MARKS = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[dim]–[/]"}


def show_accounts(teller: Teller, found: dict[str, Any]) -> None:
    """One line an account."""
    table = teller.table(("编号", "No."), ("账号", "Account"), ("载体", "Carrier"), ("状态", "Status"), ("联系人", "Contacts"), ("有效关系", "Open relations"), ("最近回调", "Last callback"))
    for one in found["items"]:
        table.add_row(
            str(one["id"]), one["name"], teller.label(one["product_name"]), one["status"], teller.value("count", one["contact_count"]),
            teller.value("count", one["open_relation_count"]), one["called_back_at"] or "–",
        )  # fmt: skip
    teller.show(table)


def show_steps(teller: Teller, name: str, steps: list[dict[str, Any]], say: Any) -> bool:
    """Each step of an account's check; True when nothing is left to put right."""
    say(f"[bold]{name}[/]")
    for step in steps:
        say(f"  {MARKS[step['ok']]} {teller.label(step['label'])}  {teller.label(step['says'])}")
        if step["fix"] and step["ok"] is not True:
            say(f"    → {teller.label(step['fix'])}")
    return all(step["ok"] for step in steps)


def find_account(client: Client, wanted: str | None) -> list[dict[str, Any]]:
    """The account of this number, name or id at the carrier; all of them for None."""
    found: list[dict[str, Any]] = client.get("/carriers/accounts")["items"]
    if wanted is None:
        return found
    mine = [one for one in found if wanted in (str(one["id"]), one["name"], one["ref"])]
    if not mine:
        raise InvalidError(Text(f"没有账号 {wanted}", f"there is no account {wanted}"), way_out=Text("siyu account list 列出全部", "siyu account list shows them all"))
    return mine


def product_of(client: Client, wanted: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = client.get("/carriers/products")["items"]
    for one in found:
        if one["product"] == wanted:
            return one
    names = ", ".join(one["product"] for one in found)
    raise InvalidError(Text(f"没有这种载体：{wanted}", f"no such carrier: {wanted}"), way_out=Text(f"可用：{names}", f"use one of: {names}"))


def ask_credentials(teller: Teller, product: dict[str, Any], given: dict[str, str], secret_file: Path | None) -> dict[str, str]:
    """Every credential: from the file, the environment, the options (nothing secret), or asked for.

    Raises
    ------
    InvalidError
        When something secret stands in the command, where others on this machine can read it.
    """
    fields = {field["name"]: field for field in product["credentials"]}
    told = [name for name in given if fields.get(name, {}).get("secret")]
    if told:
        faults = [Fault(name, Text("密钥不能写在命令里", "a secret must not stand in the command")) for name in told]
        raise InvalidError(
            Text("密钥会留在命令历史里", "a secret would stay in the history of commands"), faults=faults,
            way_out=Text(f"去掉它，按提示输入；或设环境变量 {PREFIX}{told[0].upper()}；或 --secret-file", f"leave it out and be asked; or set {PREFIX}{told[0].upper()}; or use --secret-file"),
        )  # fmt: skip
    kept = read_secrets(secret_file) if secret_file else {}
    found = dict(given)
    for name, field in fields.items():
        value = kept.get(name) or os.environ.get(PREFIX + name.upper()) or given.get(name)
        if not value:
            ask = teller.label(field["label"]) + ("" if field["required"] else teller.say("(可留空)", " (may be empty)"))
            value = typer.prompt(ask, default="" if not field["required"] else None, hide_input=field["secret"], show_default=False, err=True)
        if value:
            found[name] = value
    return found


def read_secrets(path: Path) -> dict[str, str]:
    """`name=value` a line; `#` begins a remark."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(Text(f"读不了 {path}", f"{path} cannot be read"), way_out=Text("每行一个 字段=值", "one name=value a line")) from error
    pairs = [line.partition("=") for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return {name.strip(): value.strip() for name, _, value in pairs}


def pairs_of(given: list[str], what: Text) -> dict[str, str]:
    """`name=value` options as a mapping."""
    wrong = [one for one in given if "=" not in one]
    if wrong:
        raise InvalidError(what, faults=[Fault(one, Text("要写成 字段=值", "write name=value")) for one in wrong])
    return {name.strip(): value.strip() for name, _, value in (one.partition("=") for one in given)}
