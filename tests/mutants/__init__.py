"""Mutation testing: `make mutants` plants random faults in a copy of the product and runs the tests that execute them."""
