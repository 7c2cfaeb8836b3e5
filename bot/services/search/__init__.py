"""Search: what people and companies are found by, kept with every name; one search for files, people and companies."""
