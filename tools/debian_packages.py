"""Install programs from Debian that tests need, where that is allowed: debian_packages.py PROGRAM...

Where it may not install, it says which tests are therefore skipped; under CI=true that is a failure,
so that a skipped test cannot pass unseen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NEEDED_BY = {
    "chromium": "tests marked 'browser' (the HTML report in a real browser)",
    "soffice": "tests marked 'office' (the workbook recalculated by LibreOffice)",
}
PACKAGES = {"soffice": "libreoffice-calc-nogui"}
"""Program → Debian package, where they differ."""


def main() -> int:
    """Install what is missing."""
    missing = [name for name in sys.argv[1:] if shutil.which(name) is None]
    if not missing:
        return 0
    reason = _install([PACKAGES.get(name, name) for name in missing])
    if reason is None:
        return 0
    for name in missing:
        print(
            f"Debian package {PACKAGES.get(name, name)}: {reason}. "
            f"Skipped: {NEEDED_BY.get(name, 'tests that use it')}."
        )
    return 1 if os.environ.get("CI") == "true" else 0


def _install(names: list[str]) -> str | None:
    if shutil.which("apt-get") is None:
        return "this is not a Debian system"
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and shutil.which("sudo") is None:
        return "not allowed to install packages here"
    print(f"installing Debian packages: {' '.join(names)} …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *names]):
        done = subprocess.run(
            [*sudo, *command], capture_output=True, text=True, env=environment, check=False
        )
        if done.returncode:
            return f"'{' '.join(command)}' failed: {(done.stderr or done.stdout).strip()[-200:]}"
    return None


if __name__ == "__main__":
    sys.exit(main())
