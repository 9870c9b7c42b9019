"""Many tickets at little cost: made when they are looked at, always the same, never stored."""
