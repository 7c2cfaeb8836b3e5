"""Multi-step dialogues: the engine, the kinds of question, one file a dialogue."""
