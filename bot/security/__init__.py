"""Password hashing: Argon2id, and verification of the old system's hashes."""
