"""Errors of the team."""

from __future__ import annotations

from siyu.foundation.errors import ConflictError, NotAllowedError, NotLoggedInError, TooManyRequestsError
from siyu.foundation.text import Text


class WrongLoginError(NotLoggedInError):
    """Unknown login, wrong password and deactivated member alike: the answer never tells which."""

    code = "wrong_login"
    title = Text("登录失败", "Log-in failed")


class LoginThrottledError(TooManyRequestsError):
    code = "login_throttled"

    def __init__(self, wait_seconds: int) -> None:
        minutes = -(-wait_seconds // 60)
        super().__init__(
            Text(
                f"尝试次数过多，请在 {minutes} 分钟后再试",
                f"Too many attempts; try again in {minutes} minute(s)",
            ),
            way_out=Text(
                "忘记密码请联系所有者重设", "if the password is forgotten, ask an owner to set a new one"
            ),
        )
        self.retry_after_seconds = wait_seconds


class ForeignRequestError(NotAllowedError):
    """A write that carries the cookie but not the header that only the console's own pages can send."""

    code = "foreign_request"


class LastOwnerError(ConflictError):
    code = "last_owner"
