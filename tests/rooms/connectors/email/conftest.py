from tests.makers.weixin import listener

__all__ = ["listener"]
