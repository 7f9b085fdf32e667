"""The mail server (邮件): takes every letter, refuses or returns some (退信), and lets mailboxes be read by POP3."""
