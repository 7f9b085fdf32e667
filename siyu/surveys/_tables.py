"""Tables of surveys: questions in versions, and responses with their answers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

survey = Table(
    "surveys_survey",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    # draft | live | closed
    Column("status", String(8), nullable=False),
    # See questions.Form.
    Column("draft", Json, nullable=False),
    # The version that is shown; 0 before the first.
    Column("version", Integer, nullable=False),
    # One person may answer more than once.
    Column("repeats", Boolean, nullable=False),
    Column("responses", BigInteger, nullable=False),
    Column("edit", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", String(80), nullable=False),
)

version = Table(
    "surveys_version",
    metadata,
    Column("survey_id", BigId, ForeignKey("surveys_survey.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("form", Json, nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("published_by", String(80), nullable=False),
)
"""What was asked. It is never changed: answers refer to it."""

response = Table(
    "surveys_response",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("survey_id", BigId, ForeignKey("surveys_survey.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("customer_id", BigId, nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Index(None, "survey_id", "customer_id"),
    Index(None, "survey_id", "id"),
)

answer = Table(
    "surveys_answer",
    metadata,
    Column("response_id", BigId, ForeignKey("surveys_response.id"), primary_key=True),
    Column("question", String(8), primary_key=True),
    # 0; of several choices 0, 1, 2 …
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("choice", String(8)),
    Column("number", Integer),
    Column("words", SqlText),
)
