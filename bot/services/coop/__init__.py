"""The inner rooms of cooperation. Others use `cooperation`, `contracts`, `termination`, `branches`, `distributors`."""
