"""Questions that are answered by files: the documents of a form, the attachments of a letter."""
