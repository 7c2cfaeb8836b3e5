"""Why an operator's command was not carried out."""


class UpkeepError(Exception):
    """In one line that says what to do."""
