"""What is filled in for an email account 邮件账号资料."""

from __future__ import annotations

from typing import Final

from siyu.connectors.errors import Codes, Known
from siyu.connectors.fields import ALLOW_PRIVATE, MESSAGE_COST
from siyu.connectors.vendor import Field
from siyu.foundation.text import Text

_ADDRESS: Final = r"[^\s@<>]{1,64}@[^\s@<>]{1,253}"
_HOST: Final = r"[A-Za-z0-9.:-]{1,253}"
_PORT: Final = r"[1-9]\d{0,4}"

CREDENTIALS: Final = (
    Field(
        "address",
        Text("发件地址", "Sender's address"),
        Text("收件人看到的地址，例如 hello@brand.cn", "What people see, such as hello@brand.cn"),
        pattern=_ADDRESS,
    ),
    Field(
        "username",
        Text("SMTP 用户名", "SMTP user name"),
        Text("多数服务商就是完整的邮箱地址", "With most providers the whole address"),
        required=False,
    ),
    Field(
        "password",
        Text("SMTP 密码或授权码", "SMTP password"),
        Text("很多服务商要另外生成授权码", "Many providers want a separate one made for SMTP"),
        secret=True,
        required=False,
    ),
    Field(
        "mailbox_password",
        Text("退信邮箱密码", "Password of the mailbox for bounces"),
        Text("留空表示与 SMTP 相同", "Empty: the same as for SMTP"),
        secret=True,
        required=False,
    ),
    Field(
        "push_secret",
        Text("退信推送密钥", "Secret of pushed reports"),
        Text("服务商以 webhook 推送退信时使用", "Where the provider pushes bounces by webhook"),
        secret=True,
        pattern=r"[!-~]{8,200}",
        required=False,
    ),
    Field(
        "push_definition",
        Text("退信推送定义", "Definition of pushed reports"),
        Text("TOML 或 JSON,见文档 connect-email", "TOML or JSON, see the page connect-email"),
        required=False,
    ),
)

SETTINGS: Final = (
    Field("host", Text("SMTP 主机", "SMTP host"), pattern=_HOST),
    Field("port", Text("SMTP 端口", "SMTP port"), pattern=_PORT, default="465"),
    Field(
        "tls",
        Text("加密方式", "TLS"),
        Text(
            "tls(465)、starttls(587,强制)或 none(只用于本机，不发送密码)",
            "tls (465), starttls (587, demanded) or none (loopback only where there is a password)",
        ),
        pattern=r"tls|starttls|none",
        default="tls",
    ),
    ALLOW_PRIVATE,
    Field("sender_name", Text("发件人名称", "Sender's name"), required=False),
    Field("reply_to", Text("回复地址", "Reply-To"), pattern=_ADDRESS, required=False),
    Field("bounce_address", Text("退信地址", "Address for bounces"), pattern=_ADDRESS, required=False),
    Field(
        "unsubscribe_address",
        Text("退订邮箱", "Address to unsubscribe by mail"),
        Text("须与退信邮箱是同一个邮箱", "It must arrive in the mailbox that is read"),
        pattern=_ADDRESS,
        required=False,
    ),
    Field("per_minute", Text("每分钟最多发送", "Letters a minute"), pattern=r"[1-9]\d{0,5}", default="600"),
    Field("timeout_seconds", Text("超时秒数", "Time-out in seconds"), pattern=r"[1-9]\d{0,2}", default="30"),
    Field("mailbox_host", Text("退信邮箱主机", "Mailbox host"), pattern=_HOST, required=False),
    Field("mailbox_port", Text("退信邮箱端口", "Mailbox port"), pattern=_PORT, default="993"),
    Field("mailbox_protocol", Text("退信邮箱协议", "Mailbox protocol"), pattern=r"imap|pop3", default="imap"),
    Field("mailbox_tls", Text("退信邮箱加密", "Mailbox TLS"), pattern=r"true|false", default="true"),
    Field("mailbox_username", Text("退信邮箱用户名", "Mailbox user name"), required=False),
    Field("mailbox_folder", Text("退信邮箱文件夹", "Mailbox folder"), default="INBOX"),
    MESSAGE_COST,
)

_LOGIN = Known(
    "bad_credentials",
    Text("邮箱用户名或密码不被接受", "user name or password are not accepted"),
    Text("检查用户名与授权码", "check the user name and the password made for SMTP"),
)
CODES: Final[Codes] = {
    **dict.fromkeys(
        ("530", "534", "535", "538", "5.7.0", "5.7.8", "5.7.9", "5.5.1", "login", "no_auth", "no_tls"), _LOGIN
    ),
    "no_starttls": Known("unavailable", Text("服务器不提供 STARTTLS", "the server offers no STARTTLS")),
    "certificate": Known("unavailable", Text("服务器证书无效", "the server's certificate is not valid")),
    "connection": Known("unavailable", Text("连接不上邮件服务器", "the mail server cannot be reached")),
    "5.1.1": Known("refused", Text("收件地址不存在", "the address does not exist")),
    "5.1.2": Known("refused", Text("收件域名不存在", "the domain does not exist")),
    "5.2.1": Known("refused", Text("收件邮箱已停用", "the mailbox is disabled")),
    "5.2.2": Known("refused", Text("收件邮箱已满", "the mailbox is full")),
    "5.7.1": Known("refused", Text("对方按其规则拒收", "refused by the receiver's policy")),
}
