"""Team 团队: who works here, how they log in, and what each may do.

Terms: member 成员 (a person with a log-in), role 角色 (owner 所有者, operator 运营, analyst 分析师,
guide 导购, auditor 审计员), permission 权限, session 会话 (a logged-in browser), API token 接口令牌,
audit 审计 (who changed what, append only).
In: log-ins, tokens and changes from the console.
Out: `Access` for every route, and the audit that every room writes to.
"""
