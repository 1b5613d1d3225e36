"""Run a solved notebook and store its outputs, in a form that stays the same from run to run."""

import base64
import io
import os
import sys
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

from enronlib.classroom.authoring.sources import Problem

__all__ = ["execute_notebook"]

PICTURE_COLORS = 64  # enough for a chart, with a quarter of the bytes
WIDEST_PICTURE = 1600  # pixels


def execute_notebook(book: Any, folder: Path) -> Problem | None:
    """Run the notebook in `folder` from top to bottom, as nbval does, and store the outputs in it.

    The mail is the built-in sample, and a check that is not "Correct" is an error. At the first cell that fails the
    run ends, and the problem is returned.
    """
    environment = {name: value for name, value in os.environ.items() if name != "ENRON_MAILDIR"}
    client = NotebookClient(
        book,
        kernel_name="python3",
        timeout=120,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    with client.setup_kernel(env={**environment, "ENRONLIB_STRICT": "1", "TQDM_DISABLE": "1"}):
        count = 0
        for number, cell in enumerate(book.cells):
            if cell.cell_type != "code":
                continue
            count += 1
            try:
                # nbval runs cells without history: neither Out[1] nor the semicolon that hides a result works there.
                client.execute_cell(cell, number, execution_count=count, store_history=False)
            except CellExecutionError as error:
                return Problem(cell.id, f"{error.ename}: {error.evalue}")
            _normalize(cell)
    return None


def _normalize(cell: Any) -> None:
    """Remove from the outputs of a cell what changes from run to run, and make pictures smaller.

    A cell that writes a file stores no output ("Writing" the first time, "Overwriting" the next) and no count: nbval
    does not compare a cell without one.
    """
    if cell.source.startswith("%%writefile"):
        cell.outputs, cell.execution_count = [], None
        return
    if "nbval-ignore-output" in cell.metadata.get("tags", []):  # it differs each time, so nobody should rely on it
        cell.outputs = []
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = cell.execution_count
        data = output.get("data", {})
        if "image/png" in data:
            data["image/png"] = _small_png(data["image/png"])  # its metadata, if any, say how large it is shown


def _small_png(encoded: str) -> str:
    """Return a picture (base64) with fewer pixels and colors, and without dates and versions in its metadata."""
    picture = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    picture.thumbnail((WIDEST_PICTURE, sys.maxsize))
    out = io.BytesIO()
    picture.quantize(PICTURE_COLORS).save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode("ascii")
