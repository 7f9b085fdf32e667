"""Sends what wechatpy sends to the vendor's hosts to the sandbox: a transport adapter, mounted on the client's own session."""

from urllib.parse import urlsplit, urlunsplit

from requests.adapters import HTTPAdapter

HOSTS = ("https://qyapi.weixin.qq.com", "https://api.weixin.qq.com", "https://mp.weixin.qq.com")


class ToSandbox(HTTPAdapter):
    """An adapter that changes the host of a request and nothing else; it keeps what was asked."""

    def __init__(self, netloc):
        self.netloc = netloc
        self.asked = []
        super().__init__()

    def send(self, request, **options):
        parts = urlsplit(request.url)
        self.asked.append(f"{request.method} {parts.path}")
        request.url = urlunsplit(("http", self.netloc, parts.path, parts.query, ""))
        return super().send(request, **options)


def mount(client, netloc):
    """Mount it; returns the adapter."""
    adapter = ToSandbox(netloc)
    for host in HOSTS:
        client._http.mount(host, adapter)
    return adapter
