"""The error of an operator's command that was not carried out."""


class UpkeepError(Exception):
    """In one line that says what to do."""
