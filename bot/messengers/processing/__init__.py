"""What the processing of an update needs: inbox, uploads, answers."""
