"""Reference 参考: writes docs/reference/ from the code itself. `--check` writes nothing and says which pages are stale.

A page is a list of what the product knows about itself: commands, settings, events, facts, metrics, the rule language,
routes with their permissions, errors and jobs. What stands in them is changed in the code, never in the page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import click
import msgspec
import typer.main
from fastapi.routing import iter_route_contexts

from siyu import cli, client
from siyu.app import FACTS, SCHEDULES, build, job_kinds, open_stores
from siyu.events.catalogue import CATALOGUE
from siyu.foundation.errors import SiyuError
from siyu.foundation.jobs import Schedule
from siyu.foundation.settings import Settings
from siyu.foundation.warehouse.connect import CURSORS
from siyu.foundation.warehouse.facts import Fact
from siyu.journeys.steps.registry import STEPS
from siyu.journeys.steps.step import Step
from siyu.measurement.metrics import METRICS
from siyu.orders.fields import FIELDS
from siyu.orders.reasons import REASONS
from siyu.segments import rules
from siyu.segments.labels import FIELDS as ATTRIBUTES
from siyu.team.access import declared_by
from siyu.team.roles import PERMISSIONS, ROLES

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
WRITTEN = "Written by `make docs` from the code. Do not edit by hand."
COMMANDS: click.Group = typer.main.get_command(cli.app)  # type: ignore[assignment]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; `|` and line breaks in cells are made harmless."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines) + "\n"


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", WRITTEN, *(part.strip() for part in parts)]) + "\n"


def commands() -> Iterator[tuple[str, click.Command]]:
    """(`siyu import orders`, the command) for every command that does something."""
    yield from _walk("siyu", COMMANDS)


def _walk(path: str, command: Any) -> Iterator[tuple[str, click.Command]]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _walk(f"{path} {name}", inner)
    else:
        yield path, command


def commands_page() -> str:
    parts = ["Every command also has `--help`. A command talks to the running server, or opens the data folder itself when none is running."]
    for path, command in commands():
        rows = [[f"`{_written(parameter)}`", _default(parameter), getattr(parameter, "help", None) or ""] for parameter in command.params]
        text = f"## `{path}`\n\n{(command.help or '').strip()}"
        parts.append(text + ("\n\n" + table(["argument or option", "default", "meaning"], rows) if rows else ""))
    return _page("Commands 命令", *parts)


def _written(parameter: Any) -> str:
    return ", ".join(parameter.opts) if str(parameter.opts[0]).startswith("-") else str(parameter.name).upper()


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    plain = isinstance(parameter.default, str | int) and not isinstance(parameter.default, bool)
    return f"`{parameter.default}`" if plain else ""


def settings_page() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        default = "the user's data folder" if name == "home" else "–" if field.default is None else f"`{field.default}`"
        rows.append([f"`SIYU_{name.upper()}`", "" if name == "home" else f"`{name}`", default, field.description])
    about = (
        "The environment wins over `siyu.toml` in the data folder, and that over the default. An unknown name is an error, in both; "
        "every fault is reported at once.\n\nThree more variables are read: `SIYU_PASSWORD` by `siyu team password`, `SIYU_SHARED_DATA` by the tests, and `SIYU_FAULT`, by which tests let the process die at a named point (see the room messaging)."
    )
    return _page("Settings 设置", about, table(["environment", "in `siyu.toml`", "default", "meaning"], rows))


def events_page() -> str:
    parts = ["Events 事件 are past tense. A batch is many rows of one event; the columns below are those of a row."]
    for event in CATALOGUE.values():
        rows = [[f"`{p.name}`", f"`{p.type}`", p.meaning] for p in event.properties]
        about = f"{event.label.zh} · version {event.version} · {event.description.zh} · {event.description.en}"
        parts.append(f"## `{event.name}`\n\n{about}\n\n" + table(["column", "type", "meaning"], rows))
    return _page("Events 事件", *parts)


def facts_page() -> str:
    parts = [
        "A fact is a table of the warehouse 数仓. `_ms` is epoch milliseconds in UTC, `_on` a local day as days since 1970-01-01, "
        "`_month` year × 12 + month − 1, `_fen` hundredths of the brand's currency, `_rate` 0 to 1."
    ]
    return _page("Facts 事实表", *parts, *map(_fact, [*FACTS, CURSORS]))


def _fact(fact: Fact) -> str:
    came = [f"`{name}`" for name in (fact.sources or fact.derive_from)]
    filled = f"From the event {', '.join(came)}" if fact.sources else f"Derived from {', '.join(came)}" if came else "Written by the code that owns it"
    again = "the first row of a key stays" if fact.on_duplicate == "keep" else "a later row of a key takes its place"
    key = ", ".join(f"`{name}`" for name in fact.key)
    about = f"One row is {fact.grain}. Key: {key}. {filled}{'; ' + again if fact.sources else ''}."
    return f"## `{fact.name}`\n\n{about}\n\n" + table(["column", "type", "meaning"], [[f"`{c.name}`", c.type, c.meaning] for c in fact.columns])


def metrics_page() -> str:
    rows = [[f"`{m.key}`", m.name.zh, m.name.en, m.unit, m.definition.zh, m.definition.en] for m in METRICS.values()]
    about = "A count or a sum of nothing is 0; a mean or a share of nothing is null. `rate` is 0 to 1."
    return _page("Metrics 指标", about, table(["key", "名称", "name", "unit", "定义", "definition"], rows))


def rules_page() -> str:
    schema = rules.schema()["$defs"]
    parts = [
        f"A rule is JSON. It is nested at most {rules.MAX_DEPTH} deep and has at most {rules.MAX_LEAVES} conditions. An unknown kind, field or "
        "operator makes the rule invalid; it never widens it. The JSON schema is served at `GET /api/v1/segments/schema`. "
        "Examples and the meaning of windows: [theory/segments.md](../theory/segments.md)."
    ]
    kinds = {d["properties"]["kind"]["enum"][0]: d for d in schema.values() if "kind" in d.get("properties", {})}
    for kind, definition in kinds.items():
        parts.append(f"## `{kind}`\n\n" + _shape(definition))
    parts += [f"## {name}\n\n{schema[name].get('description', '').strip()}\n\n{_shape(schema[name])}" for name in ("Window", "Where")]
    groups = [("text", rules.TEXT_FIELDS), ("time", rules.TIME_FIELDS), ("number", rules.NUMBER_FIELDS)]
    rows = [[f"`{f}`", ATTRIBUTES[f].zh, ATTRIBUTES[f].en, group, _operators(f)] for group, names in groups for f in names]
    rows.append(["`custom:` and a path", "自定义属性", "any attribute by its path", "any", _operators("custom:x")])
    parts.append("## Fields of `attribute`\n\n" + table(["field", "名称", "name", "kind", "operators"], rows))
    parts.append("## Fields of `where` on `orders`\n\n" + ", ".join(f"`{name}`" for name in rules.LINE_FIELDS))
    return _page("Rule language 规则语言", *parts)


def _shape(definition: dict[str, Any]) -> str:
    required = set(definition.get("required", ()))
    rows = [[f"`{n}`", "yes" if n in required else "", _type(p)] for n, p in definition["properties"].items() if n != "kind"]
    return table(["field", "required", "value"], rows) if rows else "No fields."


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"] if one.get("type") != "null"))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})" if name in ("Window", "Where") else "a rule"
    if schema.get("type") == "array":
        inner = schema.get("items", {})
        return "list of rules" if "anyOf" in inner and any("$ref" in one for one in inner["anyOf"]) else f"list of {_type(inner)}"
    bounds = [f"{label} {schema[key]}" for key, label in (("minimum", "≥"), ("maximum", "≤")) if key in schema]
    return " ".join([{"string": "text"}.get(schema.get("type", ""), schema.get("type", "any")), *bounds])


def _operators(field: str) -> str:
    """The operators that a field takes, as the parser itself answers."""
    return " ".join(f"`{op}`" for op in get_args(rules.ValueOp) if not _refused(field, op))


def _refused(field: str, op: str) -> bool:
    try:
        rules.parse({"kind": "attribute", "field": field, "op": op})
    except SiyuError as error:
        return any(fault.field == "op" for fault in error.faults)
    return False


def routes() -> list[tuple[str, str, Any]]:
    """(method, path, route) of the whole API by path."""
    return sorted(served(), key=lambda one: (one[1], one[0]))


def served() -> list[tuple[str, str, Any]]:
    """(method, path, route) of the whole API as the server builds it: of two that match, the first answers."""
    with TemporaryDirectory() as folder:
        stores = open_stores(Settings(home=Path(folder), secret_key="00" * 32))
        try:
            found = [route for route in iter_route_contexts(build(stores).routes) if route.include_in_schema and hasattr(route, "dependant")]
            return [(method, str(route.path), route) for route in found for method in route.methods or ()]
        finally:
            stores.close()


def routes_page() -> str:
    rows = [[f"`{method}`", f"`{path}`", " ".join(f"`{p}`" for p in declared_by(route.dependant)), _summary(route)] for method, path, route in routes()]
    about = (
        "The OpenAPI document is served at `/api/v1/openapi.json`. `session` asks for a logged-in browser, `anyone` for nothing; any other "
        "word is a permission. Programs send `Authorization: Bearer siyu_…`."
    )
    who = [[f"`{p}`", *("✓" if p in role.permissions else "" for role in ROLES.values())] for p in sorted(PERMISSIONS)]
    roles = table(["permission", *(f"{role.role} {role.name.zh}" for role in ROLES.values())], who)
    return _page("Routes 接口", about, table(["method", "path", "permission", "what"], rows), "## Roles 角色 and permissions 权限", roles)


def _summary(route: Any) -> str:
    return route.summary or (route.endpoint.__doc__ or "").strip().split("\n")[0].rstrip(".")


def errors() -> list[type[SiyuError]]:
    """Every error that a person may see."""
    found: list[type[SiyuError]] = []
    waiting: list[type[SiyuError]] = [SiyuError]
    while waiting:
        here = waiting.pop()
        found.append(here)
        waiting += here.__subclasses__()
    return sorted(found, key=lambda one: (one.http_status, one.code))


def errors_page() -> str:
    rows = [[f"`{e.code}`", e.http_status, e.retry, e.title.zh, e.title.en] for e in errors() if e is not client.RefusedError]
    about = (
        "Errors are `application/problem+json` (RFC 9457): `code`, `title`, `detail`, every fault in `errors`, and `way_out`, what to do next. "
        "The language follows `Accept-Language`. On the command line an expected error exits with 2."
    )
    rejects = [[f"`{code}`", text.zh, text.en] for code, text in REASONS.items()]
    return _page(
        "Errors 错误", about, table(["code", "HTTP", "retry", "标题", "title"], rows),
        "## Reasons for a rejected row 拒收原因", table(["code", "原因", "reason"], rejects),
    )  # fmt: skip


def imports_page() -> str:
    about = (
        "What an order line may carry. A header is recognised when it equals one of the names, whatever its case, spaces, dashes, underscores and "
        "brackets; `--map field=column` overrides. Either an amount or a unit price is needed."
    )
    rows = [[f"`{f.name}`", f.label.zh, "yes" if f.required else "", f.help.en, " ".join(f"`{a}`" for a in f.aliases)] for f in FIELDS]
    return _page("Import fields 导入字段", about, table(["field", "名称", "required", "note", "recognised headers"], rows))


def jobs_page() -> str:
    kinds = [[f"`{kind.name}`", kind.title.zh, kind.title.en, kind.max_attempts] for kind in job_kinds()]
    schedules = [[s.name, f"`{s.kind}`", _when(s)] for s in SCHEDULES]
    return _page(
        "Jobs 任务", "A job is one piece of long work; `siyu jobs` lists them. Why they are rows of the ledger: "
        "[decisions/jobs-in-the-ledger.md](../decisions/jobs-in-the-ledger.md).",
        table(["kind", "名称", "title", "attempts"], kinds), "## Schedules 定时", table(["schedule", "kind", "when"], schedules),
    )  # fmt: skip


def _when(schedule: Schedule) -> str:
    return f"every {schedule.every}" if schedule.every else f"every day at {schedule.at} of the brand's zone"


GROUPS = {"reach": "Reach 触达", "wait": "Wait 等待", "branch": "Branch 分支", "customer": "Customer 客户", "flow": "Flow 流程"}


def steps_page() -> str:
    about = (
        "A node of a journey is `{\"step\": kind, \"with\": {settings}, \"to\": {edge: node or null}}`. Unknown settings are refused. What the steps mean: "
        "[rooms/journeys.md](../rooms/journeys.md#steps-节点). The JSON schema of the settings is served with the list of steps."
    )
    parts = [about]
    for group, title in GROUPS.items():
        mine = [step for step in STEPS.values() if step.group == group]
        rows = [[f"[`{one.kind}`](#{one.kind})", one.label.zh, one.label.en, one.description.zh, one.description.en] for one in mine]
        parts.append(f"## {title}\n\n" + table(["kind", "名称", "name", "做什么", "what it does"], rows))
    parts += [_step(one) for one in STEPS.values()]
    return _page("Steps of journeys 旅程节点", *parts)


def _step(step: Step) -> str:
    known, own = msgspec.json.schema(step.Settings)["$defs"], step.Settings.__name__
    parts = [f"## `{step.kind}`", (known[own].get("description") or "").strip(), _settings(known[own], known) if known[own]["properties"] else "No settings."]
    used, waiting = {own}, [own]
    while waiting:
        # Shapes that its settings are made of; rules and conditions of properties have a page of their own.
        here = json.dumps(known[waiting.pop()])
        names = sorted({name for name in known if f'"#/$defs/{name}"' in here} - used - {"Where"})
        for name in names:
            used.add(name)
            waiting.append(name)
            parts += [f"`{name}` {' '.join((known[name].get('description') or '').split())}", _settings(known[name], known)]
    return "\n\n".join(part for part in parts if part)


def _settings(shape: dict[str, Any], known: dict[str, Any]) -> str:
    required = set(shape.get("required", ()))
    rows = [[f"`{name}`", "needed" if name in required else f"`{json.dumps(p.get('default'), ensure_ascii=False)}`" if "default" in p else "", _value(p)] for name, p in shape["properties"].items()]
    return table(["setting", "default", "value"], rows)


def _value(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rsplit('/', 1)[1]}`"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_value(one) for one in schema["anyOf"] if one.get("type") != "null"))
    if schema.get("type") == "array":
        return f"list of {_value(schema.get('items') or {})}" if schema.get("items") else "list"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"by name: {_value(schema['additionalProperties'])}"
    return _type(schema)


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "events.md": events_page,
    "facts.md": facts_page,
    "metrics.md": metrics_page,
    "rules.md": rules_page,
    "imports.md": imports_page,
    "routes.md": routes_page,
    "errors.md": errors_page,
    "jobs.md": jobs_page,
    "journey-steps.md": steps_page,
}


def stale() -> dict[str, str]:
    """Pages that are not what the code says, with what it says."""
    made = {name: make() for name, make in PAGES.items()}
    return {name: text for name, text in made.items() if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text}


def main() -> int:
    changed = stale()
    for name, text in changed.items():
        if "--check" not in sys.argv:
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name} {'is stale' if '--check' in sys.argv else 'written'}")
    return 1 if changed and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
