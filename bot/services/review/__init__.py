"""Review of both kinds of request: worklists, claim, release, reassign, routing to a university."""
