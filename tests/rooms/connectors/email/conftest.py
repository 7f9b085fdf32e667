from tests.makers.sandbox import sandbox, sandbox_server
from tests.makers.weixin import listener

__all__ = ["listener", "sandbox", "sandbox_server"]
