"""bot.py as in `clocked`, and it waits for a silent gateway a second instead of twenty."""

import runpy

from bot.gateways import http

if __name__ == "__main__":
    http.READ = 1.0  # before the factory is imported, which takes its default from here
    runpy.run_module("tests.trouble.clocked", run_name="__main__")
