"""A running sandbox for every test in here."""

from tests.makers.sandbox import sandbox, sandbox_server

__all__ = ["sandbox", "sandbox_server"]
