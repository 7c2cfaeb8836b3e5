"""Intake: polling and webhooks into the inbox, and chat queues from the inbox to processing."""
