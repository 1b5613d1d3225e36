"""The project as a whole: its files agree with each other, and its code is clean."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import enronlib

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

# The modules in the order in which data flows, as the package lists them.
ROAD = re.findall(r"^ {4}(\w+) {2,}", enronlib.__doc__ or "", re.MULTILINE)


def constraints():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def requirements(*extras):
    texts = PROJECT["dependencies"] + [text for extra in extras for text in PROJECT["optional-dependencies"][extra]]
    return [Requirement(text) for text in texts if not text.startswith("enronlib")]


# The files agree


def test_constraints_are_exact_versions_and_nothing_else():
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line), line


@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0"])
def test_what_is_pinned_installs_on_every_python_that_the_kit_promises(python):
    assert python in SpecifierSet(PROJECT["requires-python"])
    pinned = {canonicalize_name(name) for name in constraints()}
    needs = {each.name: str(each.metadata.json.get("requires_python", "")) for each in distributions()}
    assert [
        name for name in needs if canonicalize_name(name) in pinned and python not in SpecifierSet(needs[name])
    ] == []


@pytest.mark.parametrize("requirement", requirements("lab", "test", "bench", "learn", "tensorflow"), ids=str)
def test_every_requirement_is_met_by_its_constraint(requirement):
    versions = {canonicalize_name(name): version for name, version in constraints().items()}
    assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])


def test_the_conda_environment_installs_what_pyproject_asks_for():
    [from_pip] = [entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict)]
    assert from_pip[:2] == ["--constraint constraints.txt", "--editable .[lab,test]"]
    named = {canonicalize_name(requirement.name) for requirement in requirements("lab", "test")}
    assert set(from_pip[2:]) <= named
    assert {"jupyterlab", "pandas", "matplotlib", "luigi", "nbval"} <= set(from_pip[2:])


def test_the_conda_environment_has_a_supported_python():
    [python] = [entry for entry in ENVIRONMENT["dependencies"] if str(entry).startswith("python=")]
    assert python.removeprefix("python=") in SpecifierSet(PROJECT["requires-python"])


def test_every_line_of_the_conda_environment_gives_its_reason():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    entries = [line for line in text.splitlines() if line.strip().startswith("- ") and "pip:" not in line]
    assert all("#" in line for line in entries if line.strip() != "- pip")


def test_the_extra_for_all_names_every_extra_that_tests_use():
    extras = PROJECT["optional-dependencies"]
    [everything] = map(Requirement, extras["all"])
    assert everything.extras == extras.keys() - {"all", "bench"}


# The code is clean


def run(*command):
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_ruff_finds_nothing():
    result = run("ruff", "check", ".")
    assert result.returncode == 0, result.stdout


def test_every_file_is_formatted():
    result = run("ruff", "format", "--check", ".")
    assert result.returncode == 0, result.stdout


def test_mypy_finds_nothing():
    result = run("mypy")
    assert result.returncode == 0, result.stdout


# What the package itself defines: errors and functions that every module may use.
DEFINED = {name for name, value in vars(enronlib).items() if getattr(value, "__module__", "") == "enronlib"}
DEFINED |= {"__version__"}


def imports(path):
    """Return the modules of enronlib that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "enronlib":
            parts = (node.module or "").split(".")[1:]
            names = {alias.name for alias in node.names if alias.name not in DEFINED}
            found |= {parts[0]} if parts else names
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("enronlib.")}
    return found


def test_the_package_lists_every_module():
    found = {
        path.stem for path in (ROOT / "enronlib").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(ROAD) == found - {"__init__", "__main__"}


@pytest.mark.parametrize("module", ROAD)
def test_a_module_imports_only_modules_above_it(module):
    package = ROOT / "enronlib" / module
    paths = list(package.rglob("*.py")) if package.is_dir() else [package.with_suffix(".py")]
    above = {*ROAD[: ROAD.index(module)], module}
    above -= {"classroom", "engines"} - {module}  # the subject does not need them, nor they each other
    assert set().union(*map(imports, paths)) <= above


def test_no_file_contains_a_path_of_the_authors_machine():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    for name in tracked.stdout.splitlines():
        path = ROOT / name
        if (
            not name.startswith("tests/")
            and path.suffix in {".py", ".md", ".toml", ".yml", ".ipynb", ".txt"}
            and path.is_file()
        ):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"/(?:home|root|Users)/[a-z]|[A-Z]:\\\\Users", text), name
