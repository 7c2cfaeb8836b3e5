"""The documentation against the tree: every reference leads somewhere."""
