"""The search grammar, and how records match it (`zendesk-api.md` §7)."""
