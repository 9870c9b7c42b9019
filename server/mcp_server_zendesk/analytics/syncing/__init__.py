"""Brings the store up to date by Zendesk's exports: a page at a time, each in one transaction."""
