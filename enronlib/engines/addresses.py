"""Folders on a disk, in HDFS or in S3: the few things that a job does with them, the same way for all.

An address has a scheme, such as `s3://bucket/folder`. A path without a scheme, or with `file:`, names a folder on the
disks of this machine; on a cluster it must be a shared folder that every machine sees under the same path. All other
addresses are opened by the engine: by Spark with Hadoop's file systems (`on_spark`), by Dask with fsspec's (here).
"""
# ruff: noqa: D102  the methods do what they do in every Folder

import re
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Protocol

from enronlib import UserError
from enronlib.files import replacing

__all__ = ["Folder", "FsspecFolder", "LocalFolder", "RemoteFolder", "local_path", "open_folder"]


class Folder(Protocol):
    """A folder that a job reads or writes. Names of files are relative to it, with `/` between folders."""

    address: str

    def read(self, name: str) -> bytes:
        """Return the content of a file. Raises FileNotFoundError if there is none."""

    def find(self, name: str) -> list[str]:
        """Return the names of all files at any depth in a folder of this folder."""

    def writing(self, name: str) -> AbstractContextManager[Path]:
        """Yield a local path to write to; when the block ends without an error, the file appears under its name."""

    def move(self, old: str, new: str) -> None:
        """Give a file a new name; a file that has this name is replaced."""

    def remove(self, name: str) -> None:
        """Remove a file, or a folder and all in it, if it exists."""

    def ready(self, mailboxes: Collection[str]) -> AbstractContextManager[None]:
        """Keep other runs out inside the block; remove old results, other than those of these mailboxes."""


def open_folder(address: str) -> "Folder":
    """Return the folder at an address or path, by fsspec if it is not on a disk of this machine."""
    path = local_path(address)
    return FsspecFolder(address) if path is None else LocalFolder(path)


def local_path(address: str) -> Path | None:
    """Return the path that an address without a scheme or with `file:` names, or None if it has another scheme."""
    scheme = re.match(r"(\w[\w+.-]+):(//)?(?=/)", address)
    if scheme is None:
        return Path(address)
    return Path(address[scheme.end() :]) if scheme[1] == "file" else None


class LocalFolder:
    """A folder on a disk."""

    def __init__(self, path: Path, made_from: str | None = None) -> None:
        """Take the path. With `made_from`, files are stamped, so that the workflow knows that it did not make them."""
        self.path = path
        self.address = f"file://{path.absolute()}"
        self._made_from = made_from

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def find(self, name: str) -> list[str]:
        files = filter(Path.is_file, (self.path / name).rglob("*"))
        return [file.relative_to(self.path).as_posix() for file in files]

    def writing(self, name: str) -> AbstractContextManager[Path]:
        if self._made_from is None:
            return replacing(self.path / name)
        from enronlib.workflow.stamps import StampedTarget  # imports Luigi, which workers do without

        return StampedTarget(self.path / name, self._made_from).temporary_path()

    def move(self, old: str, new: str) -> None:
        with self.writing(new) as path:
            (self.path / old).replace(path)

    def remove(self, name: str) -> None:
        path = self.path / name
        if path.is_dir():
            rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def ready(self, mailboxes: Collection[str]) -> AbstractContextManager[None]:
        from enronlib.workflow import ready_to_write  # as above

        return ready_to_write(self.path, mailboxes)


class RemoteFolder:
    """What folders in other file systems have in common. They have no lock, and old results stay there."""

    address: str

    def upload(self, path: Path, name: str) -> None:
        """Copy a local file to the folder."""
        raise NotImplementedError

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        with TemporaryDirectory() as folder:
            path = Path(folder, Path(name).name)
            yield path
            self.upload(path, name)

    def ready(self, mailboxes: Collection[str]) -> AbstractContextManager[None]:
        return nullcontext()


class FsspecFolder(RemoteFolder):
    """A folder in any file system that fsspec knows: https://filesystem-spec.readthedocs.io."""

    def __init__(self, address: str) -> None:
        """Take the address. Raises UserError if no installed package knows its scheme."""
        self.address = address.rstrip("/")
        try:
            import fsspec

            self._files, self._root = fsspec.url_to_fs(self.address)
        except ImportError as error:
            raise UserError(f"{error}, or python -m pip install 'enronlib[s3]'") from error
        except (OSError, ValueError) as error:
            raise UserError(f"cannot open {address}: {str(error).splitlines()[0]}") from error
        try:
            self._files.exists(self._root)
        except Exception as error:  # each file system has its own
            raise UserError(f"cannot open {address}: {error}") from error

    def read(self, name: str) -> bytes:
        return bytes(self._files.cat_file(f"{self._root}/{name}"))

    def find(self, name: str) -> list[str]:
        return [str(path).removeprefix(f"{self._root}/") for path in self._files.find(f"{self._root}/{name}")]

    def upload(self, path: Path, name: str) -> None:
        unfinished = f"{Path(name).parent}/.unfinished-{Path(name).name}"
        self._files.makedirs(f"{self._root}/{Path(name).parent}", exist_ok=True)
        self._files.put_file(str(path), f"{self._root}/{unfinished}")
        self.move(unfinished, name)

    def move(self, old: str, new: str) -> None:
        self._files.mv(f"{self._root}/{old}", f"{self._root}/{new}")

    def remove(self, name: str) -> None:
        if self._files.exists(f"{self._root}/{name}"):
            self._files.rm(f"{self._root}/{name}", recursive=True)
