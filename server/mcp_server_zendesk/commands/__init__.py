"""What a person can type, one module a command. Heavy imports wait inside the functions."""
