"""The browser page with phones, and the town's control over HTTP."""
