"""What `sam deploy` would upload."""

import re
import subprocess
from pathlib import Path

import botocore.session
import pytest
from botocore.loaders import Loader
from jinja2 import ModuleLoader

from signet_cli.local.application import functions
from signet_cli.local.template import Template
from tests.support.built import BUILT, ROOT

pytestmark = pytest.mark.built

LAYERS = ("DependenciesLayer", "CoreLayer")
FUNCTIONS = {
    logical_id: function.code.name
    for logical_id, function in functions(Template.read(ROOT / "template.yaml", "https://api.example.com")).items()
}
DEPENDENCIES = BUILT / "DependenciesLayer" / "python"

SERVICES = {"dynamodb", "kms", "secretsmanager", "sts"}

EM_AARCH64 = 183  # e_machine of the ELF header
MAGIC_313 = (3571).to_bytes(2, "little") + b"\r\n"
UNCHECKED_HASH = (0b01).to_bytes(4, "little")  # PEP 552: hash-based, source not checked


def files(artifact: str, suffix: str = "") -> list[Path]:
    """The files of an artifact that end in `suffix`; there must be some."""
    found = sorted(path for path in (BUILT / artifact).rglob(f"*{suffix}") if path.is_file())
    assert found
    return found


def test_shared_objects_are_made_for_arm64() -> None:
    """The functions run on arm64, whatever machine built them."""
    for library in files("DependenciesLayer", ".so"):
        header = library.read_bytes()[:20]
        assert header[:4] == b"\x7fELF", library
        assert int.from_bytes(header[18:20], "little") == EM_AARCH64, library


@pytest.mark.parametrize("artifact", [*LAYERS, *FUNCTIONS])
def test_every_module_is_compiled_and_never_checked_against_its_source(artifact: str) -> None:
    """Lambda's packages are read-only: a module without valid byte code is compiled again at every cold start."""
    for module in files(artifact, ".py"):
        compiled = module.parent / "__pycache__" / f"{module.stem}.cpython-313.pyc"
        assert compiled.is_file(), module
        assert compiled.read_bytes()[:8] == MAGIC_313 + UNCHECKED_HASH, compiled


@pytest.mark.parametrize("artifact", [*LAYERS, *FUNCTIONS])
def test_nothing_names_the_machine_that_built_it(artifact: str) -> None:
    """Tracebacks name Lambda's paths, and two machines build the same bytes."""
    for path in files(artifact):
        assert str(ROOT).encode() not in path.read_bytes(), path


def test_no_tests_stubs_scripts_or_boto3_are_shipped() -> None:
    """The layer holds what is imported at run time, which boto3 is not."""
    unwanted = re.compile(r"(^|/)(tests?|bin|boto3|s3transfer)(/|$)|\.pyi$|\.dist-info/(RECORD|WHEEL)$")
    for artifact in LAYERS:
        shipped = [path.relative_to(BUILT / artifact).as_posix() for path in files(artifact)]
        assert [path for path in shipped if unwanted.search(path)] == []


def test_the_dependencies_layer_holds_exactly_what_is_pinned() -> None:
    """No package comes in unpinned or is left out."""
    pinned = re.findall(
        r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements" / "runtime.txt").read_text("utf-8"), re.MULTILINE
    )
    shipped = [re.split(r"-(?=\d)", path.stem, maxsplit=1) for path in DEPENDENCIES.glob("*.dist-info")]
    assert sorted((name.replace("_", "-"), version) for name, version in shipped) == sorted(pinned)


def test_each_package_keeps_its_metadata_and_licence() -> None:
    """Redistribution asks for the licence; an audit of the layer asks for name and version."""
    for metadata in DEPENDENCIES.glob("*.dist-info"):
        kept = [path.name for path in metadata.rglob("*") if path.is_file()]
        assert "METADATA" in kept, metadata
        assert [name for name in kept if name.upper().startswith(("LICEN", "NOTICE"))], metadata


def test_only_the_service_models_that_are_called_are_shipped() -> None:
    """Botocore's four hundred other models are two thirds of its weight."""
    models = {path.name for path in (DEPENDENCIES / "botocore" / "data").iterdir() if path.is_dir()}
    assert models == SERVICES


def test_the_core_layer_is_the_library() -> None:
    """Every module of the library is shipped, a module in the place of each template, code of dataclasses, no more."""
    library, pages = ROOT / "layers" / "core", Path("signet/pages")
    sources = {path.relative_to(library) for path in (library / "signet").rglob("*") if "__pycache__" not in path.parts}
    shipped = {path.relative_to(BUILT / "CoreLayer" / "python") for path in files("CoreLayer")}
    compiled = {path for path in shipped if "__pycache__" in path.parts}
    expected = {
        pages / "compiled" / ModuleLoader.get_module_filename(path.name) if path.parent.name == "templates" else path
        for path in sources
        if (library / path).is_file()
    }
    assert shipped - compiled == {*expected, Path("signet/dataclass_code.cpython-313.bin")}


@pytest.mark.parametrize(("artifact", "name"), FUNCTIONS.items())
def test_a_function_is_its_app_alone(artifact: str, name: str) -> None:
    """Everything a function does comes from the layers."""
    assert [path.name for path in files(artifact)] == ["app.cpython-313.pyc", "app.py"]
    assert (BUILT / artifact / "app.py").read_bytes() == (ROOT / "functions" / name / "app.py").read_bytes()


def test_a_function_and_its_layers_fit_with_room_to_spare(capsys: pytest.CaptureFixture[str]) -> None:
    """Lambda takes 250 MB unzipped; all of it is fetched at a cold start, so it stays under a fifth of that."""
    sizes = {name: sum(path.stat().st_size for path in files(name)) for name in (*LAYERS, *FUNCTIONS)}
    with capsys.disabled():
        print("\nbuilt:", ", ".join(f"{name} {size / 1e6:.3f} MB" for name, size in sizes.items()))  # noqa: T201 - asked for
    assert sum(sizes[layer] for layer in LAYERS) < 50e6


@pytest.mark.parametrize("service", sorted(SERVICES))
@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"])
def test_the_trimmed_models_reach_what_botocores_own_reach(service: str, region: str) -> None:
    """Addresses, signing and operations of every partition are as botocore ships them."""
    assert client_facts(service, region, trimmed=True) == client_facts(service, region, trimmed=False)


def client_facts(service: str, region: str, *, trimmed: bool) -> tuple[object, ...]:
    """What a client made of botocore's data, or of what is left of it, knows."""
    session = botocore.session.Session()
    if trimmed:
        data = str(DEPENDENCIES / "botocore" / "data")
        session.register_component("data_loader", Loader(extra_search_paths=[data], include_default_search_paths=False))
    client = session.create_client(service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b")
    model = client.meta.service_model
    return (
        client.meta.endpoint_url,
        client.meta.region_name,
        model.signing_name,
        model.protocol,
        model.operation_names,
        [
            list(model.shape_for(name).members)
            for name in model.shape_names
            if model.shape_for(name).type_name == "structure"
        ],
    )


def test_a_missing_python_of_the_runtime_is_one_clear_line() -> None:
    """Byte code of another version would be ignored by Lambda without a word, so the build refuses to make it."""
    command = ["make", "--no-print-directory", "build", "PYTHON313=/nonexistent/python3.13"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode != 0
    assert made.stderr.splitlines()[0] == (
        "make build compiles for Lambda's Python 3.13: install it with pip, or pass PYTHON313=/path/to/python3.13"
    )
