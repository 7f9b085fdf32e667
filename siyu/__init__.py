"""Siyu 私域: a platform for private-domain customer operations (私域流量运营)."""

__version__ = "0.1.0"
