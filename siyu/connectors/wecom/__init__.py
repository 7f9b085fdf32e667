"""WeCom 企业微信: the connector of one corp's self-built app."""
