"""What people are told of a picture that may be unreadable (`StoredFile.quality_warning`)."""

from bot.texts import formats, t


def quality_warning(warning: str) -> str:
    """For who sent it: what is wrong, on which pages, and what to do."""
    reason, pages = _parts(warning)
    told = t(f"quality.{reason}")
    return t("quality.of_pages", pages=pages, warning=told) if pages else told


def quality_in_short(warning: str) -> str:
    """For who reads it: what is wrong, and on which pages."""
    reason, pages = _parts(warning)
    told = t(f"quality_short.{reason}")
    return t("quality_short.of_pages", why=told, pages=pages) if pages else told


def _parts(warning: str) -> tuple[str, str]:
    """ "dark 2,5": the reason, and the pages in words; none of a file of one page."""
    reason, _, pages = warning.partition(" ")
    return reason, " و ".join(formats.digits(pages).split(","))
