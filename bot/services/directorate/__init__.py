"""What the directorate's staff keep and look after (SPEC 4.1, staff.menu): every function needs an actor in that role."""
