"""The Official Account server (公众号: 订阅号 and 服务号): followers, conversations, notices, mass sends, web log-in."""
