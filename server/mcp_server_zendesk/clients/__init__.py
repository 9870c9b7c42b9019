"""Configuration of MCP clients: the snippet for each, and its merge into the client's own file.

Nothing heavy is imported here: a person asks for a snippet at a prompt and waits for it.
"""
