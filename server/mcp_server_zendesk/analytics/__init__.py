"""Tickets kept beside the agent, in DuckDB, for questions that span thousands of them."""
