"""Signing in: clients, the consent page, and the token endpoint (`zendesk-api.md` §2)."""
