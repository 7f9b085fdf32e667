"""XML of callbacks 回调报文: read into plain fields without entities, document types or depth; written with CDATA.

Read by expat directly, and whatever could be made to grow is refused as soon as it is declared, not when it is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from siyu.connectors.errors import BadBody
from siyu.connectors.vendor import Fields
from siyu.foundation.text import Text

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 12
MAX_ELEMENTS = 20_000
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def parse(body: bytes) -> Fields:
    """The children of the root by name: text, further fields, or a list where a name comes more than once."""
    if len(body) > MAX_BYTES:
        raise BadBody(Text("报文过大", "the document is too large"))
    reader = _Reader()
    # The encoding is given, so that a declaration in the document cannot choose another.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.UnparsedEntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        # Decoded first: expat would follow a byte order mark into another encoding.
        parser.Parse(body.decode("utf-8").strip(), True)
    except (expat.ExpatError, ValueError):
        raise BadBody(Text("报文不是合法的 XML", "the document is not valid XML")) from None
    return reader.root


def _refuse(*_: object) -> int:
    raise BadBody(
        Text("报文含有文档类型或实体声明，已拒绝", "the document declares a type or entities and is refused")
    )


class _Reader:
    """Builds fields while expat reads."""

    def __init__(self) -> None:
        self.root: Fields = {}
        self._open: list[tuple[str, Fields, list[str]]] = []
        self._elements = 0

    def start(self, name: str, _: object) -> None:
        self._elements += 1
        if len(self._open) >= MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise BadBody(Text("报文层级或元素过多", "the document is too deep or has too many elements"))
        self._open.append((name, {}, []))

    def text(self, data: str) -> None:
        if self._open:
            self._open[-1][2].append(data)

    def end(self, _: str) -> None:
        name, children, texts = self._open.pop()
        if not self._open:
            self.root = children
            return
        # Text between children is only the white space of a pretty printer.
        value: Any = children or "".join(texts)
        siblings = self._open[-1][1]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]


def build(fields: Mapping[str, Any], root: str = "xml") -> bytes:
    """The document of some fields: text as CDATA, numbers bare, lists as repeated elements."""
    return f"<{root}>{_written(fields)}</{root}>".encode()


def _written(fields: Mapping[str, Any]) -> str:
    parts: list[str] = []
    for name, value in fields.items():
        values = value if isinstance(value, list | tuple) else (value,)
        parts.extend(f"<{name}>{_content(one)}</{name}>" for one in values)
    return "".join(parts)


def _content(value: object) -> str:
    if isinstance(value, Mapping):
        return _written(value)
    if isinstance(value, int | float):
        return str(value)
    return f"<![CDATA[{_NOT_XML.sub('', str(value)).replace(']]>', ']]]]><![CDATA[>')}]]>"
