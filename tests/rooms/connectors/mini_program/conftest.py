from tests.makers.sandbox import sandbox, sandbox_server
from tests.makers.weixin import listener
from tests.rooms.connectors.core.conftest import vectors

__all__ = ["listener", "sandbox", "sandbox_server", "vectors"]
