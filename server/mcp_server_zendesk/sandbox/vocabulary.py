"""The closed sets of words that Zendesk uses on tickets (`zendesk-api.md` §5.1)."""

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
TICKET_TYPES = ("question", "incident", "problem", "task")

DONE = frozenset({"solved", "closed"})
REOPENED_BY_REQUESTER = frozenset({"pending", "hold", "solved"})
"""Statuses from which an end user's comment reopens a ticket (`zendesk-api.md` §5.2)."""

LIGHT_AGENT = 1
ADMIN = 4
"""`role_type` of a user (`zendesk-api.md` §8)."""
