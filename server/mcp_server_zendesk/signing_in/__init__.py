"""Signing in to Zendesk: where a sign-in is kept, how it is renewed, and how it is made."""
