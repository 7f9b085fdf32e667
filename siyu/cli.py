"""The command line 命令行: the same nouns as the console; every answer also as --json."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from siyu import (
    __version__,
    backup,
    cli_accounts,
    cli_backup,
    cli_customers,
    cli_feeds,
    cli_imports,
    cli_shops,
    cli_traits,
    server,
)
from siyu.cli_reports import Teller, show_report
from siyu.client import Client
from siyu.foundation.errors import Fault, InvalidError, SiyuError
from siyu.foundation.money import format_fen
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings, load_settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.sandbox import beside
from siyu.team.members import create_first_owner
from siyu.team.tokens import local_token_of

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Siyu 私域：自托管的私域客户运营平台", pretty_exceptions_enable=False)
import_app = typer.Typer(no_args_is_help=True, help="导入 Import")
segment_app = typer.Typer(no_args_is_help=True, help="分群 Segments")
team_app = typer.Typer(no_args_is_help=True, help="成员 Team")
account_app = typer.Typer(no_args_is_help=True, help="账号 Accounts")
app.add_typer(import_app, name="import")
app.add_typer(segment_app, name="segment")
app.add_typer(team_app, name="team")
app.add_typer(account_app, name="account")
out, err = Console(soft_wrap=True), Console(stderr=True)
UNBOUND = 10_000
"""Columns of what is not a terminal: a file or another program has no edge at which a table must end."""
Language = Literal["zh", "en"]
_chosen: Language | None = None
AsJson = Annotated[bool, typer.Option("--json", help="机器可读的 JSON")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="YYYY-MM-DD", help="截至哪一天(含)；默认今天，历史数据则为最后一单那天")]


def main() -> None:
    """Run a command; an expected error is shown in words, with its way out, and exits with 2."""
    logging.basicConfig(level=os.environ.get("SIYU_LOG_LEVEL", "WARNING"), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        # Called so, the library hands an exit code back instead of ending the process with it: 130 is Ctrl-C.
        code = app(standalone_mode=False) or 0
    except SiyuError as error:
        _say_error(error)
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception as error:
        if hasattr(error, "show"):  # usage errors of the command-line library, already in words
            error.show()
            sys.exit(2)
        raise
    if code == 130:
        err.print("\n已停止；再次运行会接着做 Stopped; run it again to go on")
    sys.exit(code)


@app.command()
def serve() -> None:
    """启动服务和控制台 Start the server and the console."""
    settings = load_settings()
    logging.getLogger().setLevel(settings.log_level)
    _serve(settings)


@app.command()
def up(
    customers: Annotated[int, typer.Option(help="示例品牌的客户数")] = 4000,
    sandbox: Annotated[bool, typer.Option("--sandbox/--no-sandbox", help="示例品牌旁是否运行沙盒，让客人陆续到来")] = True,
) -> None:
    """首次使用：载入示例品牌并启动 Load the sample brand if the data folder is empty, then serve it with its sandbox."""
    settings = load_settings()
    if server.owner_url(settings) is None:
        with _client(settings) as client:
            if _is_empty(client):
                _follow(client, client.post("/system/sample", customers=customers)["job_id"])
                _follow_rest(client)
    _serve(settings if sandbox else settings.model_copy(update={"sandbox": False}))


@app.command("sandbox")
def sandbox_command(
    port: Annotated[int, typer.Option(help="HTTP 端口,0 为任意空闲端口")] = 8770,
    smtp_port: Annotated[int, typer.Option(help="SMTP 端口")] = 8771,
    seed: Annotated[int, typer.Option(help="种子相同，行为相同")] = 0,
    speed: Annotated[float, typer.Option(help="虚拟时间的倍速")] = 1.0,
) -> None:
    """运行沙盒：载体的服务器和模拟的手机 Run the carriers' servers and simulated phones, for trying things out."""
    with beside(port, smtp_port, seed=seed, speed=speed) as running:
        out.print(f"接口 Servers     [bold]{running.url}[/]  (账号设置里的接口地址 base URL of an account; allow_private=true)")
        out.print(f"手机 Phones      [bold]{running.url}/sandbox/[/]")
        out.print(f"邮件 SMTP        127.0.0.1:{running.smtp_port}\nCtrl-C 停止 to stop")
        running.process.wait()


@app.command()
def demo(
    customers: Annotated[int, typer.Option(help="客户数")] = 4000,
    clear: Annotated[bool, typer.Option("--clear", help="移除示例品牌")] = False,
) -> None:
    """载入(或移除)示例品牌 Load or remove the sample brand."""
    with _client(load_settings()) as client:
        started = client.delete("/system/sample") if clear else client.post("/system/sample", customers=customers)
        job = _follow(client, started["job_id"])
        _follow_rest(client)
        _expect_done(job)
        if clear and not job["result"]["cleared"]:
            out.print("这里没有示例品牌，什么都没有动 There is no sample brand here; nothing was changed")
            return
        out.print("示例品牌已移除 The sample brand is gone" if clear else "示例品牌已载入，运行 siyu serve 查看 The sample brand is here: siyu serve")


@import_app.command("orders")
def import_orders(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    map_: Annotated[list[str] | None, typer.Option("--map", metavar="字段=列名", help="覆盖猜出的字段对应，可多次")] = None,
    source: Annotated[str | None, typer.Option(help="来源名(店铺)；默认按文件猜")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入")] = False,
    keep_sample: Annotated[bool, typer.Option("--keep-sample", help="保留示例品牌的数据")] = False,
    rejects: Annotated[Path | None, typer.Option(help="被拒行写到哪个文件；默认在原文件旁")] = None,
    as_json: AsJson = False,
) -> None:
    """导入订单明细:CSV、Excel、Parquet Import order lines from CSV, Excel or Parquet."""
    overrides = cli_imports.overrides(map_ or [])
    with _client(load_settings()) as client, _bar(as_json) as bar:
        task = bar.add_task("上传 upload", total=file.stat().st_size)
        found = client.upload("/imports/files", file, lambda sent: bar.update(task, completed=sent), name=file.name, source=source)
        mapping = {field: column for field, column in found["mapping"].items() if column} | overrides
        mapping = {field: column for field, column in mapping.items() if column}
        if not as_json:
            cli_imports.show_mapping(bar.console, found, mapping)
        body = {"file_id": found["file_id"], "source": source or found["source_guess"], "mapping": mapping, "dry_run": dry_run, "keep_sample": keep_sample}
        started = client.post("/imports", body)
        job = _follow(client, started["job_id"], bar)
        if not dry_run:
            _follow_rest(client, bar)
        done = client.get(f"/imports/{started['import_id']}")
        if done["rejected_count"]:
            done["rejects_file"] = str(_write_rejects(client, done, rejects or file.with_name(file.stem + ".rejects.csv")))
    if as_json:
        _print_json({**done, "error": job["error"]})
    else:
        _show_import(done)
    _expect_done(job)


@import_app.command("payments")
def import_payments(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    map_: Annotated[list[str] | None, typer.Option("--map", metavar="字段=列名", help="覆盖猜出的字段对应，可多次")] = None,
    source: Annotated[str | None, typer.Option(help="来源名(银行、支付宝……)；默认按文件猜")] = None,
    accept: Annotated[float | None, typer.Option(metavar="概率", min=0.5, max=1, help="确认不低于这个概率的建议，如 0.95")] = None,
    as_json: AsJson = False,
) -> None:
    """导入收款流水并对账 Import a statement of payments and match orders."""
    with _client(load_settings()) as client, _bar(as_json) as bar:
        asked = cli_imports.start(client, file, cli_imports.overrides(map_ or []), source)
        job = _follow(client, asked["job_id"], bar)
        _expect_done(job)
        cli_imports.accept(client, accept)
        counts = client.get("/payments/counts")
    if as_json:
        _print_json({**job["result"], "counts": counts})
    else:
        cli_imports.show(_teller(), job["result"], counts, out.print)


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="overview | monthly | rfm | cohorts | concentration | value | lifecycle")],
    as_of: AsOf = None,
    model: Annotated[str | None, typer.Option(help="value:bg_nbd | mbg_nbd | nbd,默认自动")] = None,
    grain: Annotated[str | None, typer.Option(help="overview:day | week | month")] = None,
    measure: Annotated[str | None, typer.Option(help="cohorts:buyers | orders | revenue_fen")] = None,
    as_json: AsJson = False,
) -> None:
    """报表 Reports."""
    rooms = {"rfm": "segments", "lifecycle": "segments", "value": "segments"} | dict.fromkeys(("overview", "monthly", "cohorts", "concentration"), "measurement")
    if name not in rooms:
        fault = Fault("name", Text(f"没有报表 {name}", f"no such report: {name}"))
        raise InvalidError(Text("没有这个报表", "there is no such report"), faults=[fault], way_out=Text(f"可用：{'、'.join(rooms)}", f"use one of: {', '.join(rooms)}"))
    settings = load_settings()
    with _client(settings) as client:
        found = client.get(f"/{rooms[name]}/{name}", as_of=as_of, model=model, grain=grain, measure=measure)
        metrics = client.get("/measurement/metrics")["items"] if name == "overview" else []
    if as_json:
        _print_json(found)
        return
    teller = _teller(settings)
    show_report(teller, name, {**found, "names": {item["key"]: teller.label(item["name"]) for item in metrics}})


@segment_app.command("count")
def segment_count(rule: Annotated[Path, typer.Argument(help="规则 JSON 文件,- 为标准输入")], as_json: AsJson = False) -> None:
    """一条规则有多少人 How many people a rule has."""
    with _client(load_settings()) as client:
        found = client.post("/segments/preview", {"rule": cli_traits.read_json(rule), "sample": 0})
    if as_json:
        _print_json({name: found[name] for name in ("count", "base_count", "share_rate", "sentence", "elapsed_ms")})
    else:
        out.print(f"{found['count']:,} / {found['base_count']:,} 人\n{found['sentence']['zh']}\n{found['sentence']['en']}")


@segment_app.command("explain")
def segment_explain(rule: Path, customer: Annotated[int, typer.Option(help="客户编号")], as_json: AsJson = False) -> None:
    """为什么这位客户在(不在)这条规则里 Why a customer matches or not."""
    with _client(load_settings()) as client:
        found = client.post("/segments/explain", {"rule": cli_traits.read_json(rule), "customer_id": customer})
    if as_json:
        _print_json(found)
    else:
        _show_reason(_teller(), found["tree"], 0)


@segment_app.command("list")
def segment_list(as_json: AsJson = False) -> None:
    """分群一览 Segments with their sizes."""
    with _client(load_settings()) as client:
        found = client.get("/segments")
    if as_json:
        _print_json(found)
        return
    teller = _teller()
    table = teller.table(("编号", "No."), ("分群", "Segment"), ("人数", "People"), ("状态", "Status"))
    for item in found["items"]:
        table.add_row(str(item["id"]), item["name"], teller.value("count", item["customer_count"]), item["status"])
    teller.show(table)


@segment_app.command("recompute")
def segment_recompute(as_json: AsJson = False) -> None:
    """重算全部分群与分层 Recompute every segment and standing."""
    with _client(load_settings()) as client:
        job = _follow(client, client.post("/segments/recompute")["job_id"])
    if as_json:
        _print_json(job)
    _expect_done(job)


@app.command()
def jobs(status: Annotated[str | None, typer.Option(help="queued | running | done | failed | cancelled")] = None, as_json: AsJson = False) -> None:
    """任务一览 Jobs, newest first."""
    with _client(load_settings()) as client:
        found = client.get("/jobs", status=status)
    if as_json:
        _print_json(found)
        return
    teller = _teller()
    table = teller.table(("任务", "Job"), ("类型", "Kind"), ("状态", "Status"), ("进度", "Progress"), ("结果", "Outcome"))
    for job in found["items"]:
        share = "–" if job["progress"] is None else f"{job['progress']:.0%}"
        table.add_row(job["id"], teller.label(job["title"]), job["status"], share, teller.label(job["error"]) if job["error"] else "")
    teller.show(table)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """体检：设置、存储、磁盘、版本 Check settings, stores, disk and versions."""
    teller = _teller()
    with _client(load_settings()) as client:
        found = client.get("/system/doctor")
    if as_json:
        _print_json(found)
    else:
        marks = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]"}
        for check in found["items"]:
            out.print(f"{marks[check['status']]} {teller.label(check['name'])} {teller.label(check['detail'])}")
            if check["way_out"]:
                out.print(f"  → {teller.label(check['way_out'])}")
    if any(check["status"] == "fail" for check in found["items"]):
        raise typer.Exit(1)


@account_app.command("list")
def account_list(as_json: AsJson = False) -> None:
    """已接入的账号 Connected accounts with their state."""
    with _client(load_settings()) as client:
        found = client.get("/carriers/accounts")
    if as_json:
        _print_json(found)
    else:
        cli_accounts.show_accounts(_teller(), found)


@account_app.command("connect")
def account_connect(
    product: Annotated[str, typer.Argument(help="wecom | official_account | mini_program | email | sms | webhook")],
    name: Annotated[str | None, typer.Option(help="账号名称")] = None,
    field: Annotated[list[str] | None, typer.Option("--field", metavar="字段=值", help="不是密钥的资料，可多次")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="设置=值", help="设置，可多次")] = None,
    secret_file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="每行一个 字段=值；也可用环境变量 SIYU_ACCOUNT_字段")] = None,
    as_json: AsJson = False,
) -> None:
    """接入一个账号并逐项检查；密钥只从提示、环境变量或文件读 Connect an account and check it; secrets are asked for."""
    teller, wrong = _teller(), Text("资料写法不对", "the details are not written right")
    with _client(load_settings()) as client:
        vendor = cli_accounts.product_of(client, product)
        given = cli_accounts.pairs_of(field or [], wrong)
        credentials = cli_accounts.ask_credentials(teller, vendor, given, secret_file)
        body = {"product": product, "name": name or teller.label(vendor["name"]), "credentials": credentials, "settings": cli_accounts.pairs_of(set_ or [], wrong)}
        made = client.post("/carriers/accounts", body)
        steps = client.post(f"/carriers/accounts/{made['id']}/check")["steps"]
    if as_json:
        _print_json({**made, "steps": steps})
    else:
        cli_accounts.show_steps(teller, made["name"], steps, out.print)


@account_app.command("check")
def account_check(account: Annotated[str | None, typer.Argument(help="编号、名称或载体上的编号；不写则全部")] = None, as_json: AsJson = False) -> None:
    """逐项检查账号，说明要改什么 Try every step of an account and say what to put right."""
    teller, well, found = _teller(), True, []
    with _client(load_settings()) as client:
        for one in cli_accounts.find_account(client, account):
            steps = client.post(f"/carriers/accounts/{one['id']}/check")["steps"]
            found.append({"id": one["id"], "name": one["name"], "steps": steps})
            well = (all(step["ok"] for step in steps) if as_json else cli_accounts.show_steps(teller, one["name"], steps, out.print)) and well
    if as_json:
        _print_json({"items": found})
    if not well:
        raise typer.Exit(1)


@account_app.command("reconcile")
def account_reconcile(account: Annotated[str | None, typer.Argument(help="编号、名称或载体上的编号；不写则全部")] = None, as_json: AsJson = False) -> None:
    """与载体全量核对：谁不见了，谁是新的 Compare with the carrier in full: who vanished, who is new."""
    with _client(load_settings()) as client:
        done = []
        for one in cli_accounts.find_account(client, account):
            done.append(_follow(client, client.post(f"/carriers/accounts/{one['id']}/reconcile")["job_id"]))
            if not as_json:
                out.print(f"{one['name']}  {done[-1]['status']}  {json.dumps(done[-1]['result'] or {}, ensure_ascii=False)}", highlight=False)
    if as_json:
        _print_json({"items": done})
    for job in done:
        _expect_done(job)


@app.command("backup")
def back_up(
    path: Annotated[Path, typer.Argument(help="备份文件，或放备份的目录 the file, or a folder for it")],
    with_key: Annotated[bool, typer.Option("--with-key", help="把主密钥也放进去 put the master key in too")] = False,
    as_json: AsJson = False,
) -> None:
    """备份全部数据，服务不必停 Back up everything while the server runs."""
    settings = load_settings()
    target = cli_backup.target_of(path, settings, time.strftime("%Y%m%d-%H%M%S"))
    with _client(settings) as client, _bar(as_json) as bar:
        job = _follow(client, client.post("/system/backups")["job_id"], bar)
        _expect_done(job)
        task = bar.add_task("取回 fetch", total=job["result"]["bytes"])
        cli_backup.fetch(client, job, target, settings, lambda size: bar.update(task, completed=size), with_key=with_key)
    if as_json:
        _print_json({**job["result"], "file": str(target)})
        return
    teller = _teller(settings)
    out.print(teller.say(f"已备份到 {target}", f"backed up to {target}"), highlight=False)
    for note in cli_backup.notes(job, settings, with_key=with_key):
        teller.note(teller.say(*note))


@app.command()
def restore(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]) -> None:
    """把备份恢复到一个空的数据目录 Restore a backup into an empty data folder (SIYU_HOME)."""
    settings = load_settings()
    with server.alone(settings, _waiting), _bar() as bar:
        task = bar.add_task("恢复 restore", total=1.0)
        backup.restore(settings, file, lambda share: bar.update(task, completed=share))
    out.print(_teller(settings).say(f"已恢复到 {settings.home}；运行 siyu serve", f"restored into {settings.home}; now run siyu serve"), highlight=False)


@team_app.command("password")
def team_password(login: str) -> None:
    """给成员设新密码(忘记密码时用) Set a member's password; asks for it, or reads SIYU_PASSWORD."""
    password = os.environ.get("SIYU_PASSWORD") or typer.prompt("新密码 New password", hide_input=True, confirmation_prompt=True)
    with _client(load_settings()) as client:
        member = next((m for m in client.get("/team/members")["items"] if m["login"] == login), None)
        if member is None:
            raise InvalidError(Text(f"没有成员 {login}", f"there is no member {login}"))
        client.patch(f"/team/members/{member['id']}", {"password": password})
    out.print("已更新，旧的登录都已失效 Done; earlier log-ins have ended")


@app.command()
def version() -> None:
    """版本 Version."""
    out.print(__version__)


@app.callback()
def choose(lang: Annotated[Language | None, typer.Option(help="表格用的语言；默认看 LANG,不是英文就用中文 Language of tables; by LANG")] = None) -> None:
    global _chosen
    _chosen = lang


def _language() -> str:
    """What --lang says; else English where the environment does (POSIX: LC_ALL, LC_MESSAGES, LANG), Chinese otherwise."""
    stated = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return _chosen or ("en" if stated.startswith("en") else "zh")


def _teller(settings: Settings | None = None) -> Teller:
    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else UNBOUND
    return Teller(Console(soft_wrap=True, width=width), _language(), (settings or load_settings()).currency)


@contextmanager
def _client(settings: Settings) -> Iterator[Client]:
    with server.reached(settings, _waiting) as running:
        client = Client(running.url, running.token, _language())
        try:
            yield client
        finally:
            client.close()


def _waiting() -> None:
    err.print("另一个 siyu 命令正在使用数据目录，等它结束…… waiting for another siyu command")


def _serve(settings: Settings) -> None:
    """Serve; beside the sample brand, if wished, with the sandbox in which people arrive."""
    stopping = threading.Event()
    living: list[threading.Thread] = []

    def ready(stores: Stores, url: str) -> None:
        _ready(stores, url)
        mine = server.owner_url(settings)
        if settings.sandbox and mine is not None:
            # Nothing else needs it, and it takes as long to load as all the commands.
            from siyu.living import keep_living

            arguments = (stores, mine, local_token_of(load_secrets(settings)), stopping)
            living.append(threading.Thread(target=keep_living, args=arguments, name="living", daemon=True))
            living[0].start()

    try:
        server.serve(settings, ready, _waiting)
    finally:
        stopping.set()
        for thread in living:
            thread.join(timeout=15)


def _ready(stores: Stores, url: str) -> None:
    owner = create_first_owner(stores)
    lines = [f"控制台 Console   [bold]{url}[/]"]
    if owner:
        login, password = owner
        lines.append(f"登录 Log in      [bold]{login}[/]  密码 password  [bold]{password}[/]   (只显示这一次 shown only once)")
    else:
        lines.append("登录 Log in      用你的账号 with your account;忘记密码 forgot it?  siyu team password owner")
    command = os.path.relpath(sys.argv[0]) if sys.argv[0].endswith("siyu") else "siyu"
    lines.append(f"先看 Look first   总览 → 分群 → RFM；导入自己的订单 your own orders：[bold]{command} import orders 文件 FILE[/]")
    out.print("\n".join(lines))


def _is_empty(client: Client) -> bool:
    return (not client.get("/imports", limit=1)["items"] and client.get("/jobs", limit=1)["total"] == 0) or _unfinished_sample(client)


def _unfinished_sample(client: Client) -> bool:
    last = client.get("/jobs", kind="sample.load", limit=1)["items"]
    return bool(last) and last[0]["status"] != "done" and not client.get("/jobs", kind="sample.clear", limit=1)["items"]


@contextmanager
def _bar(quiet: bool = False) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=quiet, transient=True) as bar:
        yield bar


def _follow(client: Client, job_id: str, bar: Progress | None = None) -> dict[str, Any]:
    if bar is None:
        with _bar() as own:
            return _follow(client, job_id, own)
    task = bar.add_task("…", total=1.0)

    def told(job: dict[str, Any]) -> None:
        said = (job["message"] or job["title"])["zh"]
        bar.update(task, description=said, completed=job["progress"] or 0, total=1.0 if job["progress"] is not None else None)

    done = client.follow(job_id, told)
    bar.remove_task(task)
    return done


def _follow_rest(client: Client, bar: Progress | None = None) -> None:
    """Wait for what the work set off (standings, segments), so that the next command sees it."""
    for status in ("running", "queued"):
        for job in client.get("/jobs", status=status)["items"]:
            _follow(client, job["id"], bar)


def _expect_done(job: dict[str, Any]) -> None:
    if job["status"] != "done":
        said = job["error"] or {"zh": "任务没有完成", "en": "the job did not finish"}
        way_out = job["way_out"]
        raise SiyuError(Text(said["zh"], said["en"]), way_out=Text(way_out["zh"], way_out["en"]) if way_out else None)


def _show_import(done: dict[str, Any]) -> None:
    title = "试导结果(没有写入) Dry run" if done["dry_run"] else "导入完成 Imported"
    rows: list[tuple[str, Callable[[Any], str]]] = [("row_count", "{:,}".format)]
    names = {
        "row_count": "行 rows", "accepted_count": "接受 accepted", "rejected_count": "拒收 rejected", "unchanged_count": "与已有相同 unchanged",
        "changed_count": "有变化 changed", "order_count": "订单 orders", "new_order_count": "新订单 new orders", "customer_count": "买家 buyers",
        "new_customer_count": "新买家 new buyers", "cancelled_line_count": "已取消的行 cancelled lines", "refund_line_count": "退款的行 refund lines",
        "no_customer_line_count": "没有买家的行 lines without a buyer", "told_count": "店铺已推送的行 lines that the shop told of itself",
    }  # fmt: skip
    table = Table(title=title, show_header=False)
    for name, label in names.items():
        table.add_row(label, rows[0][1](done[name]))
    table.add_row("有效金额 valid amount", format_fen(done["amount_fen"], load_settings().currency))
    out.print(table)
    for reason in done["reject_reasons"]:
        out.print(f"[yellow]拒收[/] {reason['count']:,} 行：{reason['reason']['zh']}({reason['reason']['en']})，首见第 {reason['first_line']} 行")
    if "rejects_file" in done:
        out.print(f"被拒的行和原因在 Rejected rows with reasons: {done['rejects_file']}")


def _write_rejects(client: Client, done: dict[str, Any], path: Path) -> Path:
    text = client.text(f"/imports/{done['id']}/rejects.csv")
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidError(
            Text(f"导入已完成，但写不了 {path}：{error.strerror}", f"the import is done, but {path} cannot be written: {error.strerror}"),
            way_out=Text("用 --rejects 另指定一个文件再运行一次，不会重复计算", "run it again with --rejects and another file; nothing is counted twice"),
        ) from error
    return path


def _show_reason(teller: Teller, node: dict[str, Any], depth: int) -> None:
    mark = "[green]✓[/]" if node["value"] else "[red]✗[/]"
    observed = teller.say(f"  实际 {node['observed']}", f"  is {node['observed']}") if node["observed"] is not None else ""
    flips = teller.say(f"  将于 {node['flips_at']} 变化", f"  changes at {node['flips_at']}") if node["flips_at"] else ""
    out.print(f"{'  ' * depth}{mark} {teller.label(node['sentence'])}{observed}{flips}")
    for child in node["children"]:
        _show_reason(teller, child, depth + 1)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _say_error(error: SiyuError) -> None:
    same = error.message.zh == error.message.en
    err.print(f"[red]✗[/] {error.message.zh}" + ("" if same else f"  {error.message.en}"), highlight=False)
    for fault in error.faults:
        err.print(f"  · {fault.field}: {fault.message.zh}  {fault.message.en}", highlight=False, markup=False)
    for fault in getattr(error, "problem", {}).get("errors") or []:
        err.print(f"  · {fault['field']}: {fault['message']}", highlight=False, markup=False)
    if error.way_out:
        err.print(f"  → {error.way_out.zh}" + ("" if error.way_out.zh == error.way_out.en else f"  {error.way_out.en}"), highlight=False, markup=False)


app.add_typer(cli_customers.commands(lambda: _client(load_settings()), _teller, _print_json), name="customers")
app.add_typer(cli_feeds.commands(lambda: _client(load_settings()), _teller, _print_json), name="feeds")


def _follow_job(client: Client, job_id: str) -> None:
    _expect_done(_follow(client, job_id))


cli_shops.add_commands(app, lambda: _client(load_settings()), _teller, _follow_job, _print_json)
cli_imports.add_spend(import_app, lambda: _client(load_settings()), _teller, _follow_job, _print_json)
app.add_typer(cli_traits.commands(lambda: _client(load_settings()), _teller, _print_json), name="traits")
