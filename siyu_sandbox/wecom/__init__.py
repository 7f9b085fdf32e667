"""WeCom 企业微信: its server as far as customer contact (客户联系) needs it.

Comes in: calls of `/cgi-bin/…` with an app's token, what simulated phones and staff do. Goes out: the vendor's JSON,
callbacks, messages on phones. Corp 企业, app 应用, staff 成员, contact 客户, contact way 联系我, group send 企业群发.
"""
