"""Runs the room: `python -m appliance.ui CONFIG FOLDER`."""

import sys
from pathlib import Path

from appliance.ui.process import main

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
