"""Tables, sessions, queries and migrations. Knows nothing of messengers or dialogues."""
