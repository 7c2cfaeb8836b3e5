"""Figures of the directorate's reports, and of a university for its experts in charge, as charts and tables."""
