"""What officers upload: checked, sealed, kept and shown (SPEC 3, DESIGN 6)."""
