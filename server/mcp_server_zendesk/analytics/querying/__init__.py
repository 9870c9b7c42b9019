"""Asks the store: each statement in a process of its own, which can do nothing else."""
