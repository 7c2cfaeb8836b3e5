"""Officers: the officer card, personal details, uploaded files that nothing uses."""
