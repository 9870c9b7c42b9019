"""Scopes that make answers richer, where they are held."""

SIDELOADS = {"users": "users:read", "groups": "groups:read", "organizations": "organizations:read"}
"""What Zendesk sends along with tickets, and the scope that each takes."""
NAMES = tuple(SIDELOADS.values())
"""With these an answer about tickets can hold names; without them it holds ids."""
