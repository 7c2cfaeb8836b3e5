"""Generated files, never stored: report pictures, spreadsheets, officer cards, receipts and certificates."""
