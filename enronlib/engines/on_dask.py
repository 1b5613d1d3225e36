"""The job on Dask, as a bag of mailboxes: https://docs.dask.org/en/stable/bag.html."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import dask.bag
import fsspec
import pyarrow.parquet as pq

from enronlib import UserError
from enronlib.engines import Mail, Processed, count_words, read_messages
from enronlib.engines.addresses import Folder, local_path, open_folder
from enronlib.parquet import read_mailbox, write_parquet

__all__ = ["start"]

SECONDS = 10  # that a scheduler may take to answer, and its workers to come


@contextmanager
def start(workers: int, scheduler: str | None = None) -> Iterator["Dask"]:
    """Yield Dask, with this many processes on this machine, or with the workers of a cluster.

    Raises UserError if there is no scheduler at the address, if it has no workers, and if the job fails.
    """
    if scheduler is None:
        with dask.config.set(scheduler="processes", num_workers=workers):
            yield Dask(lambda bag: bag.compute())
    else:
        with connected(scheduler) as client:
            yield Dask(lambda bag: compute(bag, client))


class Dask:
    """Dask, started."""

    def __init__(self, compute: Callable[[dask.bag.Bag], Any]) -> None:
        """Take what computes a bag, on the processes or on the cluster."""
        self._compute = compute

    def open(self, address: str) -> Folder:
        """Return the folder at an address that is not on a disk of this machine."""
        return open_folder(address)

    def process(self, mail: Mail, out: Folder, parts: str) -> dict[str, Processed]:
        """Parse each mailbox into a file in the folder `parts` of `out`, and count its words: one task per mailbox.

        The largest mailbox goes first, so that no worker is left alone with it at the end.
        """
        mailboxes = sorted(mail.mailboxes, key=lambda name: -mail.mailboxes[name])
        bag = dask.bag.from_sequence(mailboxes, npartitions=len(mailboxes))
        return dict(self._compute(bag.map(process_mailbox, mail, out.address, parts)))


def process_mailbox(mailbox: str, mail: Mail, out: str, parts: str) -> tuple[str, Processed]:
    """Parse a mailbox into a new file in the folder `parts` of `out`, and count its words."""
    file = f"{parts}/{uuid4().hex}.parquet"  # new, in case a worker that was given up is still writing
    counts: Counter[str] = Counter()
    maildir = local_path(mail.address) if mail.files is None else None
    emails = read_packed(mailbox, mail) if maildir is None else read_mailbox(maildir / mailbox)
    with open_folder(out).writing(file) as path:
        write_parquet(count_words(emails, counts), path)
    return mailbox, Processed(file, counts)


def read_packed(mailbox: str, mail: Mail) -> Iterator[dict[str, Any]]:
    """Yield the 20 fields of each message of a mailbox, from those row groups that hold it."""
    for name, mailboxes in (mail.files or {}).items():
        if mailbox in mailboxes:
            with fsspec.open(f"{mail.address}/{name}") as file:
                groups = [number for number, other in enumerate(mailboxes) if other == mailbox]
                batches = pq.ParquetFile(file).iter_batches(batch_size=256, row_groups=groups, use_threads=False)
                yield from read_messages(row for batch in batches for row in batch.to_pylist())


@contextmanager
def connected(scheduler: str) -> Iterator[Any]:
    """Yield the client of a cluster. Raises UserError if there is no cluster, it has no workers, or the job fails."""
    from distributed import Client, KilledWorker  # slow to import, and one machine does without

    try:
        client = Client(scheduler, timeout=SECONDS)
    except (OSError, ValueError) as error:
        raise UserError(f"there is no Dask scheduler at {scheduler}: start one, or leave out --scheduler") from error
    with client:
        try:
            check_workers(client)
            yield client
        except (KilledWorker, CancelledError) as error:
            raise UserError(f"Dask stopped: {str(error).splitlines()[0]}") from error


def compute(bag: dask.bag.Bag, client: Any) -> Any:
    """Compute a bag on a cluster. Raises UserError if the cluster loses all its workers: Dask would wait forever."""
    from distributed import wait

    future = client.compute(bag)
    while not future.done():
        try:
            wait(future, timeout=SECONDS)
        except TimeoutError:
            check_workers(client)
    return future.result()


def check_workers(client: Any) -> None:
    """Raise UserError if the cluster has no workers, and gets none for some seconds."""
    try:
        client.wait_for_workers(1, timeout=SECONDS)
    except TimeoutError:
        raise UserError(f"the Dask scheduler at {client.scheduler.address} has no workers: start some") from None
