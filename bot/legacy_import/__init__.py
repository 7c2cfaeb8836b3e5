"""Import of officers and distributors of the old system (R52, R53, Q26, Q27); see docs/import.md."""
