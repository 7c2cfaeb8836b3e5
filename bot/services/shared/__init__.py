"""What several services use: audit, permissions, notifications, rate limits, optimistic locking."""
