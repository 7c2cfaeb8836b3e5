"""The rows of `make bench`: a module for what is measured together."""
