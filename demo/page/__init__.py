"""The browser page of the demo with its phones, and the demo's control interface over HTTP."""
