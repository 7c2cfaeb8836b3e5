"""Drafts of unfinished dialogues, below the dialogues: answers in rows, written by compare-and-set."""
