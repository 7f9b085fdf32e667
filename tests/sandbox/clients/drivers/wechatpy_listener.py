"""A server of an account's owner that is all wechatpy: proves its URL, opens what comes, answers text with text.

Prints its port, then one line of JSON for each request; ends with its standard input.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import wechatpy
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature

if wechatpy.__version__.startswith("1."):
    from wechatpy.enterprise import parse_message as parse_work
    from wechatpy.enterprise.crypto import WeChatCrypto as WorkCrypto
else:
    from wechatpy.work import parse_message as parse_work
    from wechatpy.work.crypto import WeChatCrypto as WorkCrypto

ORDER = json.loads(sys.stdin.readline())
WORK = ORDER["product"] == "wecom"
CRYPTO = (WorkCrypto if WORK else WeChatCrypto)(ORDER["token"], ORDER["encoding_aes_key"], ORDER["ref"])
LINE = threading.Lock()


def say(**told):
    with LINE:
        print(json.dumps(told, ensure_ascii=False), flush=True)


class Owner(BaseHTTPRequestHandler):
    def do_GET(self):
        query = self._query()
        if WORK:
            self._answer(
                200,
                CRYPTO.check_signature(
                    query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
                ),
            )
        else:
            check_signature(ORDER["token"], query["signature"], query["timestamp"], query["nonce"])
            self._answer(200, query["echostr"])

    def do_POST(self):
        query = self._query()
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            opened = CRYPTO.decrypt_message(raw, query["msg_signature"], query["timestamp"], query["nonce"])
        except InvalidSignatureException as wrong:
            say(refused=str(wrong))
            self._answer(403, "")
            return
        message = (parse_work if WORK else parse_message)(opened)
        say(kind=type(message).__name__, type=message.type, fields=dict(message._data))
        reply = ""
        if message.type == "text":
            reply = CRYPTO.encrypt_message(
                create_reply(f"收到:{message.content}", message).render(), query["nonce"], query["timestamp"]
            )
        self._answer(200, reply)

    def _query(self):
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def _answer(self, status, body):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Owner)
threading.Thread(target=server.serve_forever, daemon=True).start()
say(port=server.server_port)
sys.stdin.read()
