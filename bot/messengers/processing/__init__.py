"""What the processing of an update needs: inbox, parsing, uploads, answers, and the contract of the processor."""
