"""Zendesk: the account, the credentials, HTTP, and the handle that a tool is given."""
