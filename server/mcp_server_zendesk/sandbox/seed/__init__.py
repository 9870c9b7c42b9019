"""Northwind Outdoor, the small support desk that a fresh sandbox holds."""
