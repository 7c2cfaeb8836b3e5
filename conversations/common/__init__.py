"""Steps and labels that several dialogues share."""
