"""What must hold before anything is served, and how a wrong setting is told."""
