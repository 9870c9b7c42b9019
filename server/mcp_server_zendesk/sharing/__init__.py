"""What the replicas of one server share, kept in Redis. Imported only where there is a store."""
