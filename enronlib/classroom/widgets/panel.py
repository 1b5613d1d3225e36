"""Controls above a picture: the one widget that all others are.

A picture is a function of the values of its controls, in Python. The browser's part (panel.js, panel.css) shows the
controls and sends their values; it works with keys and a screen reader, and needs nothing from the network.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from enronlib.classroom.widgets.picture import Picture

__all__ = ["Control", "Panel"]

Control = dict[str, Any]
"""The name, kind, label and range or options of a control; the kinds are those of panel.js."""


class Panel(anywidget.AnyWidget):  # type: ignore[misc]
    """A widget: `draw` is called with the values of the controls, by name, and returns the picture and what to say.

    What to say is a sentence below the picture, which a screen reader reads aloud when it changes.
    """

    _esm = Path(__file__).with_name("panel.js")
    _css = Path(__file__).with_name("panel.css")

    label = traitlets.Unicode().tag(sync=True)
    controls: Any = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    says = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        label: str,
        controls: list[Control],
        values: dict[str, Any],
        draw: Callable[[dict[str, Any]], tuple[Picture, str]],
    ) -> None:
        """Take the name that a screen reader reads, the controls, their first values, and the function that draws."""
        self._draw = draw
        self._still, _ = draw(values)
        super().__init__(label=label, controls=controls, values=values)

    @traitlets.observe("values")
    def _values_changed(self, change: Any) -> None:
        picture, says = self._draw(change.new)
        self.picture, self.says = picture.html(), says

    def __repr__(self) -> str:
        """Return the first picture in words."""
        return repr(self._still)

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add the first picture, for readers of the stored notebook."""
        data, metadata = super()._repr_mimebundle_(**options)
        return {**self._still.bundle(), **data}, metadata
