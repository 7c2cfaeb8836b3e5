"""Pictures of every accepted kind, decoded to what people are shown."""
