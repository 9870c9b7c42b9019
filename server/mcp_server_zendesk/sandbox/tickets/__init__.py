"""What happens to a ticket: keys, values, people, lifecycle, comments and audits."""
