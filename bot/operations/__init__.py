"""An operator's commands on the data: backup, restore, key rotation."""
