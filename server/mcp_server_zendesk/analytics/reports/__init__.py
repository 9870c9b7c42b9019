"""The reports that every support lead asks for, each a value: what it counts, by what, and how."""
