"""Make the virtual environment and install the project with an extra: make_venv.py FOLDER EXTRA."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path


def main() -> int:
    """Install quietly; show the log only when something fails."""
    folder, extra = Path(sys.argv[1]), sys.argv[2]
    if sys.version_info < (3, 11):
        found = sys.version.split()[0]
        print(f"gigawatt needs Python 3.11 or later; {sys.executable} is {found}.")
        print("Name another: make PYTHON=python3.12 demo")
        return 2
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"making {folder} with Python {sys.version.split()[0]} …")
        venv.create(folder, with_pip=True)
    print(
        f"installing gigawatt[{extra}] into {folder} … (a minute or two the first time)", flush=True
    )
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-q", "-e"]
    done = subprocess.run([*command, f".[{extra}]"], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout + done.stderr)
        print("Installing failed; the reason is above. Nothing outside the folder was changed.")
        return 1
    (folder / f".{extra}").touch()
    if extra == "dev":
        (folder / ".all").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
