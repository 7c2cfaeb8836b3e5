"""The command line: one module a subject, `main` lists all commands, `composition` puts the running bot together.

Everything heavy is imported inside a command: `--help` and small commands start without the messengers' libraries."""
