from tests.rooms.connectors.core.conftest import vectors

__all__ = ["vectors"]
