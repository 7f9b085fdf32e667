from tests.makers.weixin import listener
from tests.rooms.connectors.core.conftest import vectors

__all__ = ["listener", "vectors"]
