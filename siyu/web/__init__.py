"""Web 网页外壳: the HTTP shell around the rooms' routes.

Purpose: one application with errors as problem+json, security headers, bounds, a request log,
and the built console 控制台.
In: the routers of every room and the open stores (from `siyu.app`). Out: an ASGI application.
"""
