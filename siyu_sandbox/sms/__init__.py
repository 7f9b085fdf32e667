"""The SMS gateway (短信网关): signed calls, templates, and receipts (回执) pushed to the account's address."""
