"""Files of responses 答卷导出: one row a response, one column a question, as csv or xlsx. No contact is in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.segments.export_files import LONGEST_SHEET, WRITERS, About, Format
from siyu.surveys import responses, surveys
from siyu.surveys.surveys import Survey

BATCH = 5_000


def write(stores: Stores, path: Path, survey: Survey, format: Format, language: str) -> int:
    """Write the file, batch by batch; returns its rows. Columns are the questions of all versions, as they were last asked.

    Raises
    ------
    InvalidError
        When a sheet cannot hold them.
    """
    if format == "xlsx" and survey.responses > LONGEST_SHEET:
        raise InvalidError(Text(f"一个 xlsx 工作表最多 {LONGEST_SHEET:,} 行", f"a sheet holds {LONGEST_SHEET:,} rows at most"), way_out=Text("改用 csv", "choose csv"))
    with stores.ledger.read() as tx:
        forms = {one.number: one.form for one in surveys.versions(tx, survey.id)}
        titles = {question.key: question.title.to(language) for form in forms.values() for question in form.questions}
        made_at = stores.now().astimezone(stores.calendar.zone).isoformat(timespec="seconds")
        words = [Text("问卷", "Survey"), Text("导出时间", "Made at"), Text("答卷", "Responses")]
        about = About(*((word.to(language), told) for word, told in zip(words, (survey.name, made_at, str(survey.responses)), strict=True)))
        heads = [Text("客户编号", "Customer"), Text("时间", "Time"), Text("版本", "Version")]
        writer = WRITERS[format](path, about, [*(head.to(language) for head in heads), *titles.values()])
        count, before = 0, None
        try:
            while some := responses.listed(tx, survey.id, before_id=before, limit=BATCH):
                rows: list[list[Any]] = []
                for one in some:
                    told = responses.in_words(forms[one.version], one.answers, language)
                    at = f"{one.at.astimezone(stores.calendar.zone):%Y-%m-%d %H:%M:%S}"
                    rows.append([one.customer_id, at, one.version, *("、".join(v) if isinstance(v := told.get(key), list) else v for key in titles)])
                writer.write(rows)
                count, before = count + len(some), some[-1].id
        finally:
            writer.close()
    return count


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
