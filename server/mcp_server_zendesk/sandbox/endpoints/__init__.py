"""What each path answers, by resource."""
