"""The network, which cuts: a file on a server, read as if nothing ever cut the connection."""

import re
import time
from urllib.parse import urlsplit

import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError as CutError  # what requests lets through when a connection breaks

from enronlib import UserError

TIMEOUT = 30.0  # seconds without a byte
WAITS = (1.0, 3.0, 10.0)  # seconds before each new try; they start anew when bytes come
CHUNK = 1 << 16  # bytes


class ChangedError(Exception):
    """The server no longer has the file that was begun."""


class Remote:
    """A file on a server, read from `position` to its end as if nothing ever cut the connection.

    After a cut the rest is asked for (RFC 9110, section 14). A server that sends everything again is read up to
    where it broke; one that has another file by now (by ETag or Last-Modified, and length) raises ChangedError.
    """

    def __init__(self, url: str, progress: bool, position: int = 0, version: str = "") -> None:
        """Take the address, where to begin in bytes, and what the server called the version begun; connect later."""
        self.url = url
        self.position = position  # bytes
        self.version = version  # as the server calls it, "" if it does not
        self.length: int | None = None  # bytes of the whole file, None if the server does not say
        self._response: requests.Response | None = None
        self._reached = False
        self._bar = tqdm(desc="download", initial=position, unit="B", unit_scale=True, disable=not progress)

    @property
    def host(self) -> str:
        """The server's name."""
        return urlsplit(self.url).hostname or "the server"

    def read(self, size: int = CHUNK, /) -> bytes:
        """Return up to `size` bytes more, b"" at the end. Raises UserError when the server does not get that far."""
        for wait in (*WAITS, None):
            try:
                if self._response is None:
                    self._connect()
                data = b"" if self.position == self.length else self._receive(size)
                self.position += len(data)
                self._bar.update(len(data))
                return data
            except (requests.RequestException, CutError) as error:
                self._disconnect()
                if isinstance(error, ValueError):
                    raise UserError(f"{self.url} is no address to download from: use one with https://") from None
                if not self._reached and isinstance(error, requests.ConnectionError):
                    raise UserError(
                        f"cannot reach {self.host}: check the network and --url, and run the command again"
                    ) from None
                fault = str(error) if isinstance(error, requests.HTTPError) else "keeps breaking off"
            if wait is not None:
                time.sleep(wait)
        raise UserError(f"{self.host} {fault}: run the command again later, what has come is kept")

    def close(self) -> None:
        """Leave the server and end the progress bar."""
        self._bar.close()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def _connect(self) -> None:
        """Ask for the file from `position` on."""
        headers = {"Accept-Encoding": "identity"}  # the archive as it is, not packed once more for the way
        if self.position:
            headers["Range"] = f"bytes={self.position}-"
        response = self._response = requests.get(self.url, headers=headers, stream=True, timeout=TIMEOUT)
        self._reached = True
        status = response.status_code
        if status == 429 or status >= 500:
            raise requests.HTTPError(f"answers {status}")  # which may pass
        if status not in (200, 206, 416):
            raise UserError(f"{self.host} answers {status}, and gives no archive: check --url")
        span = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+)", response.headers.get("Content-Range", ""))
        if status == 416 and span and int(span[2]) == self.position:
            self.length = self.position  # there is no more
        elif status == 200:
            length = response.headers.get("Content-Length", "")
            self._check_same(response, int(length) if length.isdecimal() else None)
            self._skip(self.position)
        elif status == 206 and span and span[1] == str(self.position):
            self._check_same(response, int(span[2]))
        else:
            raise ChangedError

    def _check_same(self, response: requests.Response, length: int | None) -> None:
        version = response.headers.get("ETag") or response.headers.get("Last-Modified", "")
        other_version = version and self.version and version != self.version
        other_length = self.length is not None and length != self.length
        if self.position and (other_version or other_length):
            raise ChangedError
        self.version, self.length = version, length
        self._bar.total = length

    def _skip(self, size: int) -> None:
        while size:
            data = self._receive(min(size, CHUNK))
            if not data:
                raise ChangedError
            size -= len(data)

    def _receive(self, size: int) -> bytes:
        assert self._response is not None
        data: bytes = self._response.raw.read(size, decode_content=False)
        if size and not data and self.length is not None:
            raise requests.ConnectionError  # before the end
        return data
