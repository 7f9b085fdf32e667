"""The small XML of WeChat messages: written from dicts, read without entities."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree


def build(fields: dict[str, Any], tag: str = "xml") -> str:
    """Text in CDATA, whole numbers bare, dicts as elements, lists as `Item` elements inside, tuples as the element
    repeated (`List` of subscription messages)."""
    return f"<{tag}>{''.join(_element(name, value) for name, value in fields.items())}</{tag}>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return build(value, name)
    if isinstance(value, tuple):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, list):
        inner = "".join(_element("Item", one) for one in value)
        return f"<{name}>{inner}</{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    return f"<{name}><![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def parse(text: str | bytes) -> dict[str, Any]:
    """A message as a dict; repeated elements become a list. Refuses a DOCTYPE, and with it every entity."""
    raw = text.encode() if isinstance(text, str) else text
    if re.search(rb"<!(DOCTYPE|ENTITY)", raw, re.IGNORECASE):
        raise ValueError("a DOCTYPE is not allowed")
    value = _value(ElementTree.fromstring(raw))  # noqa: S314  no DOCTYPE, so no entities
    return value if isinstance(value, dict) else {}


def _value(element: ElementTree.Element) -> Any:
    if len(element) == 0:
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        value = _value(child)
        if child.tag in found:
            held = found[child.tag]
            found[child.tag] = [*held, value] if isinstance(held, list) else [held, value]
        else:
            found[child.tag] = value
    return found
