"""Generated files, never stored: report pictures, spreadsheets, officer cards. Pure functions."""
