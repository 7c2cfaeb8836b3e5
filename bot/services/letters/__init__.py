"""Letters of the directorate: audience, sending in batches, reading."""
