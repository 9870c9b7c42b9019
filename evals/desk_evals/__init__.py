"""Tasks of a support desk, done by an agent through this server, and scored by what came of it."""
