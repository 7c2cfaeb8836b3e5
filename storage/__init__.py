"""Tables, database access, transactions and migrations. Knows nothing of messengers or dialogues."""
