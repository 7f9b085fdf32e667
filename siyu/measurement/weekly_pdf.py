"""The weekly report on paper: A4, Chinese or English, with the letters it uses inside, so that it reads the same everywhere.

The font stands in `fonts/` (Apache-2.0); the machine needs none. Equal reports give equal bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from siyu.foundation.money import format_fen
from siyu.foundation.text import Text
from siyu.measurement.acquisition_records import Bucket
from siyu.measurement.weekly import Part, Weekly
from siyu.measurement.weekly_words import NAMES, heading, shares

FONT = "WenQuanYi Micro Hei"
INK, MUTED, HAIR, PINE, CINNABAR = "#1c2b2f", "#566465", "#e4dfd3", "#0e6b62", "#b83a26"
COLOURS: dict[Bucket, str] = {
    "paid_back": "#0e6b62", "on_the_way": "#91bbb4", "anyway": "#637bad", "never_bought": "#c09e67",
    "deal_hunter": "#905e0c", "zombie": "#d79283", "lost_7d": "#bb4431", "never_added": "#9aa1a0",
}  # fmt: skip
WIDTH = A4[0] - 36 * mm
SHOWN: tuple[Bucket, ...] = ("paid_back", "on_the_way", "anyway", "never_bought", "deal_hunter", "zombie", "lost_7d", "never_added")
"""From what came back to what is gone, as on the page."""


def pdf(report: Weekly, *, brand: str, currency: str, language: str) -> bytes:
    """The report as a PDF file.

    Parameters
    ----------
    language
        zh or en; names of sources stand as they are written.
    """
    _ready()
    paper = _Paper(currency, language)
    out = BytesIO()
    title = f"{brand} · {heading(report).to(language)}"
    document = SimpleDocTemplate(out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=16 * mm, title=title, author=brand, invariant=1, pageCompression=1)
    story = [*_head(report, paper, brand), *_split(report, paper), *_week(report, paper), *_tasks(report, paper), *_sources(report, paper), *_losses(report, paper)]
    document.build(story, onFirstPage=_foot, onLaterPages=_foot)
    return out.getvalue()


class _Paper:
    """The language and currency of one file, and its paragraphs."""

    def __init__(self, currency: str, language: str) -> None:
        self.currency, self.language = currency, language

    def t(self, zh: str, en: str) -> str:
        return Text(zh, en).to(self.language)

    def money(self, fen: int | None) -> str:
        return "–" if fen is None else format_fen(fen, self.currency)

    def words(self, text: str, size: float = 9.5, colour: str = INK, *, marked: bool = False, right: bool = False) -> Paragraph:
        """`marked`: the text holds marks of its own (bold colours) and is not escaped."""
        style = ParagraphStyle("words", fontName=FONT, fontSize=size, leading=size * 1.5, textColor=HexColor(colour), wordWrap="CJK" if self.language == "zh" else None, alignment=2 if right else 0)
        return Paragraph(text if marked else escape(text), style)

    def section(self, text: str) -> list[Flowable]:
        return [Spacer(1, 5 * mm), self.words(text, 12.5), Spacer(1, 1.5 * mm)]

    def change(self, rate: float | None, *, better: int = 0) -> str:
        """`better`: 1 where more is good, -1 where less is, 0 where neither is."""
        if rate is None:
            return f'<font color="{MUTED}">{self.t("无可比", "nothing to compare")}</font>'
        colour = MUTED if abs(rate) < 0.0005 or not better else PINE if rate * better > 0 else CINNABAR
        return f'<font color="{colour}">{rate:+.1%}</font>'


class _Bar(Flowable):  # type: ignore[misc]
    """A hundred yuan as one bar."""

    def __init__(self, parts: Sequence[Part]) -> None:
        super().__init__()
        self.parts, self.width, self.height = [part for part in parts if part.amount_fen > 0], WIDTH, 11 * mm

    def draw(self) -> None:
        total, x = sum(part.amount_fen for part in self.parts), 0.0
        for part in self.parts:
            wide = self.width * part.amount_fen / total
            self.canv.setFillColor(HexColor(COLOURS[part.bucket]))
            self.canv.rect(x, 0, max(wide - 0.6, 0.3), self.height, stroke=0, fill=1)
            if part.yuan >= 5:
                self.canv.setFillColor(HexColor(INK if part.bucket in ("on_the_way", "never_bought", "zombie", "never_added") else "#ffffff"))
                self.canv.setFont(FONT, 10)
                self.canv.drawCentredString(x + wide / 2, self.height / 2 - 3.5, str(part.yuan))
            x += wide


def _head(report: Weekly, paper: _Paper, brand: str) -> list[Flowable]:
    late = "" if report.is_over else paper.t("　这一周还没有结束", "  This week is not over yet")
    return [
        paper.words(brand, 9.5, MUTED),
        paper.words(heading(report).to(paper.language), 17),
        paper.words(paper.t(f"数据截至 {report.as_of_on}", f"as of {report.as_of_on}") + late, 9, MUTED),
    ]


def _split(report: Weekly, paper: _Paper) -> list[Flowable]:
    story: list[Flowable] = [*paper.section(paper.t("近八周的钱去了哪里", "Where the money of eight weeks went"))]
    if report.split_fen <= 0:
        return [*story, paper.words(paper.t("没有花费记录", "No spend is written down"), 9.5, MUTED)]
    back, way, gone = shares(report)
    money = paper.money(report.split_fen)
    said = paper.t(
        f'花了 {money}，每 100 元里：<font color="{PINE}">{back} 元赚回来了</font>，{way} 元在路上，<font color="{CINNABAR}">{gone} 元没有回来</font>',
        f'Of {money} spent, of each 100: <font color="{PINE}">{back} came back</font>, {way} are on the way, <font color="{CINNABAR}">{gone} are gone</font>',
    )
    held = {part.bucket: part for part in report.parts}
    parts = [held[bucket] for bucket in SHOWN if bucket in held]
    rows = [_part(part, report, paper) for part in parts]
    head = [paper.words(word, 8.5, MUTED, right=at in (3, 5)) for at, word in enumerate(("", paper.t("每百元", "of 100"), "", paper.t("金额", "amount"), paper.t("区间", "interval"), paper.t("人数", "people")))]
    story += [paper.words(said, 12.5, marked=True), Spacer(1, 2 * mm), _Bar(parts), Spacer(1, 2 * mm), _table([head, *rows], (5, 18, 61, 34, 38, 18))]
    if report.known_anyway_fen < report.split_fen:
        unknown = paper.money(report.split_fen - report.known_anyway_fen)
        story.append(paper.words(paper.t(f"其中 {unknown} 的来源没有做过实验：里面多少钱花给了本来就会来的人，现在不知道。", f"Of this, {unknown} went to sources without an experiment: how much of it met people who would have come anyway is not known."), 8.5, MUTED))
    return story


def _week(report: Weekly, paper: _Paper) -> list[Flowable]:
    now = report.this
    cells = [
        (paper.t("花费", "spend"), paper.money(now.spend_fen), paper.change(report.spend_change_rate)),
        (paper.t("新增", "added"), f"{now.added:,}", paper.change(report.added_change_rate, better=1)),
        (paper.t("每添加一人", "each added"), paper.money(now.cac_add_fen), paper.change(report.cac_change_rate, better=-1)),
        (paper.t("首单", "first orders"), f"{now.first_orders:,}", ""),
        (paper.t("已带来毛利", "margin so far"), paper.money(now.margin_fen), ""),
    ]  # fmt: skip
    row = [[paper.words(name, 8.5, MUTED), paper.words(value, 13), paper.words(note, 8.5, marked=True)] for name, value, note in cells]
    return [KeepTogether([*paper.section(paper.t("这一周(与前一周比)", "This week (against the week before)")), _table([row], (35, 35, 35, 35, 34), upright="TOP")])]


def _tasks(report: Weekly, paper: _Paper) -> list[Flowable]:
    story: list[Flowable] = [*paper.section(paper.t("该做什么", "What to do"))]
    if not report.tasks:
        return [*story, paper.words(paper.t("没有要紧的事", "Nothing presses"), 9.5, MUTED)]
    rows = [[paper.words(f"{n}."), paper.words(Text(task.said.zh, task.said.en).to(paper.language))] for n, task in enumerate(report.tasks, 1)]
    return [KeepTogether([*story, _table(rows, (8, 166))])]


def _sources(report: Weekly, paper: _Paper) -> list[Flowable]:
    if not report.sources:
        return []
    names = (paper.t("来源", "source"), paper.t("花费", "spend"), paper.t("新增", "added"), paper.t("每添加一人", "each added"), paper.t("首单", "first orders"), paper.t("八周投产比(区间)", "return, 8 weeks"))
    head = [paper.words(name, 8.5, MUTED, right=at > 0) for at, name in enumerate(names)]
    rows: list[list[Any]] = [head]
    for one in report.sources:
        over = one.target_cac_fen is not None and one.cac_add_fen is not None and one.cac_add_fen > one.target_cac_fen
        roi = "–" if one.roi is None else f"{one.roi:.0%}" + (f" ({one.roi_low:.0%}–{one.roi_high:.0%})" if one.roi_low is not None and one.roi_high is not None else "")
        cells = (paper.money(one.spend_fen), f"{one.added:,}", paper.money(one.cac_add_fen), f"{one.first_orders:,}", roi)
        rows.append([paper.words(one.name or f"#{one.source_id}"), *(paper.words(cell, right=True, colour=CINNABAR if over and at == 2 else INK) for at, cell in enumerate(cells))])
    return [*paper.section(paper.t("各来源", "Sources")), _table(rows, (48, 28, 18, 28, 18, 34), repeat=1)]


def _losses(report: Weekly, paper: _Paper) -> list[Flowable]:
    if not report.losses:
        return []
    rows = [
        [_dot(one.bucket), paper.words(one.name or f"#{one.source_id}"), paper.words(NAMES[one.bucket].to(paper.language)), paper.words(paper.money(one.amount_fen), right=True), paper.words(paper.t(f"占其花费 {one.rate:.0%}", f"{one.rate:.0%} of its spend"), 8.5, MUTED, right=True)]
        for one in report.losses
    ]  # fmt: skip
    return [KeepTogether([*paper.section(paper.t("最大的几笔损失(近八周)", "The biggest losses (eight weeks)")), _table(rows, (5, 55, 60, 28, 26))])]


def _part(part: Part, report: Weekly, paper: _Paper) -> list[Any]:
    """One bucket. Who would have come anyway is unknown, and not nobody, where nothing was withheld."""
    unknown = part.bucket == "anyway" and report.known_anyway_fen == 0
    money = paper.t("未知", "not known") if unknown else paper.money(part.amount_fen)
    return [
        _dot(part.bucket), paper.words("?" if unknown else _yuan(part, paper)), paper.words(NAMES[part.bucket].to(paper.language)), paper.words(money, right=True),
        paper.words(_between(part, paper), 8.5, MUTED), paper.words(f"{part.people:,}" if part.people else "", right=True),
    ]  # fmt: skip


def _yuan(part: Part, paper: _Paper) -> str:
    if part.yuan == 0 and part.amount_fen > 0:
        return paper.t("不到 1 元", "under 1")
    return paper.t(f"{part.yuan} 元", str(part.yuan))


def _between(part: Part, paper: _Paper) -> str:
    return "" if part.low_fen == part.high_fen else f"{paper.money(part.low_fen)} – {paper.money(part.high_fen)}"


def _dot(bucket: Bucket) -> Table:
    return Table([[""]], colWidths=[3 * mm], rowHeights=[3 * mm], style=TableStyle([("BACKGROUND", (0, 0), (-1, -1), HexColor(COLOURS[bucket]))]))


def _table(rows: list[list[Any]], wide_mm: Sequence[float], *, repeat: int = 0, upright: str = "MIDDLE") -> Table:
    style = TableStyle([("VALIGN", (0, 0), (-1, -1), upright), ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(HAIR)), ("LEFTPADDING", (0, 0), (-1, -1), 1), ("RIGHTPADDING", (0, 0), (-1, -1), 4), ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5)])
    return Table(rows, colWidths=[wide * mm for wide in wide_mm], style=style, hAlign="LEFT", repeatRows=repeat)


def _foot(canvas: Any, document: Any) -> None:
    canvas.setFont(FONT, 8)
    canvas.setFillColor(HexColor(MUTED))
    canvas.drawRightString(A4[0] - 18 * mm, 9 * mm, str(document.page))
    canvas.drawString(18 * mm, 9 * mm, "Siyu 私域")


@cache
def _ready() -> None:
    """Read the font once a process."""
    pdfmetrics.registerFont(TTFont(FONT, str(Path(__file__).parent / "fonts" / "wenquanyi-micro-hei.ttf")))
    pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=FONT, italic=FONT, boldItalic=FONT)
