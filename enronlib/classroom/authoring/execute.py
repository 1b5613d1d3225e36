"""Run a solved notebook and keep its outputs, in the form in which they stay the same from run to run."""

import base64
import io
import os
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

from enronlib import UserError
from enronlib.classroom.authoring.notebook import read_notebook, write_notebook

PICTURE_COLOURS = 64  # enough for a chart; a quarter of the bytes


def execute_notebook(path: Path) -> bool:
    """Run the notebook from the top, as nbval does, write it with its outputs, and return whether the file changed.

    The mail is the built-in sample, and a check that is not "Correct" is an error. Raises UserError with the cell that
    failed; the file stays as it was then.
    """
    book = read_notebook(path)
    environment = {name: value for name, value in os.environ.items() if name != "ENRON_MAILDIR"}
    client = NotebookClient(
        book,
        kernel_name="python3",
        timeout=120,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    with client.setup_kernel(env={**environment, "ENRONLIB_STRICT": "1"}):
        count = 0
        for number, cell in enumerate(book.cells):
            if cell.cell_type != "code":
                continue
            count += 1
            try:
                # nbval keeps no history, so neither do we: Out[1], and the semicolon that hides a result, need one.
                client.execute_cell(cell, number, execution_count=count, store_history=False)
            except CellExecutionError as error:
                raise UserError(f"{path.stem}, cell {number + 1}: {error.ename}: {error.evalue}") from None
            settle(cell)
    return write_notebook(book, path)


def settle(cell: Any) -> None:
    """Bring an executed cell's outputs into their lasting form.

    Text streams are joined, pictures made small and free of dates and versions. A cell that writes a file keeps no
    output: it says "Writing" the first time and "Overwriting" the next. nbval does not compare a cell without count.
    """
    if cell.source.startswith("%%writefile"):
        cell.outputs, cell.execution_count = [], None
        return
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = cell.execution_count
        data = output.get("data", {})
        if "image/png" in data:
            data["image/png"] = small_png(data["image/png"])
            output.metadata = {}


def small_png(encoded: str) -> str:
    """Return a picture (base64) with few colours and without the notes its maker put in."""
    picture = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB").quantize(PICTURE_COLOURS)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode("ascii")
