"""What a step costs, against a plain bot (`make bench`). No test asserts a time."""
