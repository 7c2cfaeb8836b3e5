"""`make abuse`: every forged press, walk, flood and attempt to stop the others at full size; exit 0 only if nothing had an
effect that the rule tables do not give. Figures are printed as each part ends."""

import argparse
import os
import random
import subprocess
import sys

#: Setting → its full size (0: everything there is).
FULL = {
    "MATRIX": "0",
    "MATRIX_WALKS": "0",
    "FORGED_PRESSES": "20000",
    "FLOOD": "10000",
    "ISOLATION": "full",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.abuse", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--only", metavar="WORDS", help="pytest's -k: matrix, walks, forged, flood, …")
    for name, size in FULL.items():
        option = f"--{name.lower().replace('_', '-')}"
        parser.add_argument(option, default=size, dest=name, help=f"{size} at full size")
    asked = parser.parse_args()
    environment = {name: getattr(asked, name) for name in FULL} | {"FORGED_SEED": str(asked.seed)}
    print("seed", asked.seed, environment, flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-s", "--durations=15", "tests/abuse"]
    if asked.only:
        command += ["-k", asked.only]
    return subprocess.run(command, env=os.environ | environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
