"""bot.py as in `clocked`, and it waits for a silent gateway a second instead of twenty."""

import runpy
from functools import partial

from bot.gateways import http

if __name__ == "__main__":
    http.make_client = partial(http.make_client, read=1.0)
    runpy.run_module("tests.trouble.clocked", run_name="__main__")
