"""The version of the release: the one place where it stands (docs/releasing.md)."""

__version__ = "0.2.0"
