"""Documents that people upload: inspected, encrypted, stored and opened (docs/specification.md 3)."""
