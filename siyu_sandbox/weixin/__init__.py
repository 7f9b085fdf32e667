"""What Official Accounts (公众号) and Mini Programs (小程序) have in common: both are served by api.weixin.qq.com."""
