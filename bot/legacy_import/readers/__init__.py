"""Readers of import files: CSV and XLSX as rows of text, with bounds on size."""
