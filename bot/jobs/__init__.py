"""Jobs that run by the clock: reminders, the experts' digest, retention, leases, clock checks."""
