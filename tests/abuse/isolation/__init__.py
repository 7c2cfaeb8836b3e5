"""One person tries to stop the others: what people elsewhere notice of it, measured on the real bot over HTTP."""
