"""Every screen of every dialogue without a messenger, with the arrows between them, as pages for a browser."""
