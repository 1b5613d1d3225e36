"""A download that resumes where the connection broke."""

import os
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.exceptions import InvalidHeader
from tqdm import tqdm
from urllib3.exceptions import HTTPError as BrokenError  # a connection that breaks within the body

from enronlib import UserError

__all__ = ["BadArchiveError", "ResumableDownload"]

TIMEOUT = 30.0  # seconds without a byte
WAITS = (1.0, 3.0, 10.0)  # seconds before each retry
CHUNK = 1 << 16  # bytes


class BadArchiveError(UserError):
    """The archive cannot be used: the next run must download it again."""


class ResumableDownload:
    """A file on a server, read through a copy on disk that grows as bytes arrive.

    After a break, and in a later run, only the rest is requested (RFC 9110, section 14). If the server ignores that
    and sends the whole file, the part already in the copy is skipped. The first line of the copy holds the address
    and the version of the file: if the server has another version by now, reading raises BadArchiveError.
    """

    def __init__(self, url: str, copy: Path, *, progress: bool = True) -> None:
        """Take the address and the path of the copy, which may exist from an earlier run; connect later."""
        self._url = url
        self._response: requests.Response | None = None
        self._connected = False  # at least once
        self._redirect = ""
        self._copy = copy.open("a+b")
        self._copy.seek(0)
        begun_url, _, self._version = self._copy.readline().decode("utf-8", "replace").rstrip("\n").partition("\t")
        self._start = self._copy.tell() if begun_url == url else 0  # 0: nothing to read, overwritten once connected
        self._position = self._copy.seek(0, os.SEEK_END) - self._start if self._start else 0  # bytes in the copy
        self._length = _number(self._version.rpartition(" ")[2]) if self._start else None  # bytes of the whole file
        self._copy.seek(self._start)
        self._bar = tqdm(desc="download", initial=self._position, unit="B", unit_scale=True, disable=not progress)

    def rewind(self) -> None:
        """Read from the start again, once the whole file has arrived."""
        self._bar.close()
        self._copy.seek(self._start)

    def close(self) -> None:
        """Disconnect, keep the copy and end the progress bar."""
        self._bar.close()
        self._disconnect()
        self._copy.close()

    def read(self, size: int = CHUNK, /) -> bytes:
        """Return up to `size` bytes, b"" at the end. Raises UserError if the server does not send them."""
        return (self._start and self._copy.read(size)) or self._fetch(size)

    def _fetch(self, size: int) -> bytes:
        """Receive up to `size` bytes from the server, with retries, and add them to the copy."""
        for wait in (*WAITS, None):
            try:
                data = self._receive(size)
                self._copy.write(data)
                self._position += len(data)
                self._bar.update(len(data))
                return data
            except (requests.RequestException, BrokenError, ValueError) as error:
                fault = self._temporary_fault(error)
            self._disconnect()
            if wait is not None:
                time.sleep(wait)
        raise UserError(f"{self._host} {fault}: run the command again later; what has arrived is kept")

    def _temporary_fault(self, error: Exception) -> str:
        """Return what the server does wrong if a retry may help; otherwise raise UserError."""
        if isinstance(error, requests.HTTPError):
            status = error.response.status_code
            if status == 429 or status >= 500:
                return f"answers {status}"
            raise UserError(f"{self._host} answers {status} instead of sending the archive: check --url")
        if isinstance(error, (InvalidHeader, requests.TooManyRedirects)):
            fault = f"sends an invalid answer ({type(error).__name__})"
            raise UserError(f"{self._host} {fault}: try again later, or use another --url")
        if isinstance(error, ValueError):
            address = f"{self._host} redirects to {self._redirect[:80]!a}, which" if self._redirect else self._url
            raise UserError(f"{address} is not a web address: use a --url that starts with https://")
        if isinstance(error, requests.ConnectionError) and not self._connected:
            host = urlsplit(str(error.request.url)).hostname if error.request else self._host  # also after a redirect
            raise UserError(f"cannot reach {host}: check the network and --url, and try again")
        return "keeps closing the connection"

    def _receive(self, size: int) -> bytes:
        """Return up to `size` bytes from the server, b"" at the end of the file."""
        if self._position == self._length:
            return b""
        response = self._connect() if self._response is None else self._response
        data: bytes = response.raw.read(size, decode_content=False)
        if not data and self._length is not None:
            raise requests.ConnectionError  # the end, but not of the file
        return data

    def _connect(self) -> requests.Response:
        """Request the rest of the file, check that it is still the same file, and skip what is already there."""
        headers = {"Accept-Encoding": "identity"}  # the archive as it is stored, not compressed a second time
        if self._position:
            headers["Range"] = f"bytes={self._position}-"
        hooks = {"response": self._note_redirect}
        response = requests.get(self._url, headers=headers, stream=True, timeout=TIMEOUT, hooks=hooks)
        self._response, self._connected = response, True
        if response.status_code not in (200, 206, 416):  # 416: the copy is longer than the file
            raise requests.HTTPError(response=response)
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
        start = int(span[1]) if span else 0
        self._length = int(span[2]) if span else _number(response.headers.get("Content-Length", ""))
        version = f"{response.headers.get('ETag') or response.headers.get('Last-Modified')} {self._length}"
        if start not in (0, self._position) or (self._position and version != self._version):
            raise BadArchiveError(
                "the archive on the server has changed: run the command again to download the new one"
            )
        if not self._position:
            self._version = version
            self._copy.truncate(0)
            self._start = self._copy.write(f"{self._url}\t{version}\n".encode())
        self._bar.total = self._length
        while start < self._position:
            skipped = response.raw.read(min(CHUNK, self._position - start), decode_content=False)
            if not skipped:
                raise requests.ConnectionError
            start += len(skipped)
        return response

    def _disconnect(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    @property
    def _host(self) -> str:
        return urlsplit(self._url).hostname or "the server"

    def _note_redirect(self, response: requests.Response, **_: Any) -> None:
        self._redirect = response.headers.get("Location", "")


def _number(text: str) -> int | None:
    """Return a number of bytes, None if it is not given."""
    return int(text) if text.isdecimal() else None
