"""Lists by row as files, for the directorate and for experts in charge: files, decisions, payments, refunds, contracts, letters."""
