"""`make pictures`: screenshots of the running demo for README and the guides, and the guides as PDF."""
