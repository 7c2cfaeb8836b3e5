"""Bots by others' libraries, one file each: what `tests/demo/test_clients.py` plays with them. They run by a Python of their own and
import nothing of this project.

Each does the same: greets on /start with two buttons, edits the message that a button was on, asks for the number by a keyboard and
takes the keyboard away, says what it was told, sends a document and a photo back, tells of an edited message, deletes one of its own.
"""
