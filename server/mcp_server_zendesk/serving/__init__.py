"""MCP: what a tool is, the boundary that every call passes, and the transports."""
