"""Moving in from the old system: reading its files (R52, R53, Q26, Q27). docs/import.md is the manual."""
