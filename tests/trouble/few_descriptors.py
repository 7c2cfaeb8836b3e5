"""bot.py on a machine that allows it few descriptors, as many do by default."""

import os
import resource
import runpy

if __name__ == "__main__":
    few = int(os.environ["DESCRIPTORS"])
    resource.setrlimit(resource.RLIMIT_NOFILE, (few // 2, few))
    runpy.run_path("bot.py", run_name="__main__")
