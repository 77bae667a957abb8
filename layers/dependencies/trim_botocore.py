# ruff: noqa: INP001 - a program of this folder's Makefile, no package
"""Leaves of botocore's data what the library calls: `python trim_botocore.py <botocore/data> <service>...`.

Every client parses these files, so at a cold start their size is time: botocore ships four hundred services, their
documentation, and the addresses of all of them in one file.
"""

import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

AUTHORITIES = ("CN=Amazon Root CA ", "CN=Starfield Services Root Certificate Authority - G2 ")
"""How the certificates of Amazon Trust Services begin."""


def without_documentation(value: Any) -> Any:
    """A service model without its prose; a `documentation` that is not a string is a member of that name."""
    if isinstance(value, dict):
        return {
            name: without_documentation(member)
            for name, member in value.items()
            if name != "documentation" or not isinstance(member, str)
        }
    return [without_documentation(member) for member in value] if isinstance(value, list) else value


def trim(data: Path, services: set[str]) -> None:
    """Trim the folder in place. Raises FileNotFoundError for a service that botocore does not have."""
    for folder in [path for path in data.iterdir() if path.is_dir() and path.name not in services]:
        shutil.rmtree(folder)
    for service in services:
        for version in (data / service).iterdir():
            (version / "examples-1.json").unlink(missing_ok=True)
        [compressed] = (data / service).glob("*/service-2.json.gz")
        model = without_documentation(json.loads(gzip.decompress(compressed.read_bytes())))
        write(compressed.with_suffix(""), model)
        compressed.unlink()
    endpoints = json.loads((data / "endpoints.json").read_bytes())
    for partition in endpoints["partitions"]:
        partition["services"] = {name: found for name, found in partition["services"].items() if name in services}
    write(data / "endpoints.json", endpoints)
    write_authorities(data.parent)


def write_authorities(package: Path) -> None:
    """Write amazon.pem, of the authorities in cacert.pem those that sign for Amazon's services.

    https://www.amazontrust.com/repository/. They are loaded in a twentieth of the time that all of them take.
    """
    blocks = (package / "cacert.pem").read_text(encoding="utf-8").split("\n# Issuer: ")[1:]
    chosen = [block for block in blocks if block.startswith(AUTHORITIES)]
    if not chosen:
        raise ValueError("botocore's certificates have other names than before")
    certificates = [block[block.index("-----BEGIN") :].strip() for block in chosen]
    (package / "amazon.pem").write_text("\n".join(certificates) + "\n", encoding="utf-8")


def write(path: Path, document: Any) -> None:
    """Write JSON in its shortest form."""
    path.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    trim(Path(sys.argv[1]), set(sys.argv[2:]))
