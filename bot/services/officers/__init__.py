"""Officers: the officer card, personal details."""
