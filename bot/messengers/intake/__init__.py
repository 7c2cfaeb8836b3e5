"""Intake: polling and webhooks into the inbox."""
