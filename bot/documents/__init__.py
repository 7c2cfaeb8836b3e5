"""What officers upload: checked, sealed, kept and shown (docs/specification.md 3)."""
