"""Configuration: settings from the environment, logging, redaction of secrets."""
