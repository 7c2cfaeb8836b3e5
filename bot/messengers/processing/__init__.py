"""Processing of one update: parsing, routing, the unit of work, the answer."""
