"""Finds out what is wrong: independent checks, each with why, and with what mends it."""
