"""The way of an update, over HTTP and on real databases."""
