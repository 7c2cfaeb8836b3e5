"""The dialogue engine: declarations, stored sessions and drafts, moving between steps, rendering."""
