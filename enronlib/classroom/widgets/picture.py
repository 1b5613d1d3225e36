"""A picture as a notebook shows it, and the pieces that pictures are made of: SVG in the colors of any theme.

Text and ground take the theme's colors in JupyterLab and VS Code. Where a theme cannot reach, as in an image on GitHub,
a picture is dark on white.
"""

from collections.abc import Iterable
from html import escape

from enronlib.classroom.surroundings import is_still

__all__ = ["BLUE", "CHARACTER", "GREEN", "GREY", "GROUND", "INK", "ORANGE", "RED", "Page", "Picture", "arrow"]
__all__ += ["rectangle", "svg", "text"]

INK = "var(--jp-content-font-color1, var(--vscode-editor-foreground, #222))"
GROUND = "var(--jp-layout-color0, var(--vscode-editor-background, #fff))"
# Near Okabe and Ito's palette, which is safe for all types of color vision, and at least 3:1 on white and on black, but
# for orange; red stands for a failure alone.
GREEN, BLUE, ORANGE, GREY, RED = "#009E73", "#2F8FD0", "#E69F00", "#808080", "#DB3B3B"

CHARACTER = 7.3  # width of a character in pixels, at the usual size of 12
NARROWEST = 0.8  # of its width: a picture becomes no smaller, but can be scrolled


class Picture:
    """An SVG picture and the same in words."""

    def __init__(self, image: str, words: str) -> None:
        """Take the picture, as from `svg`, and the words."""
        self.image = image
        self.words = words

    def __repr__(self) -> str:
        """Return the words."""
        return self.words

    def bundle(self) -> dict[str, str]:
        """Return what a notebook displays.

        An image alone is what GitHub shows, too; a live notebook shows the picture in its own colors.
        """
        if is_still():
            return {"image/svg+xml": self.image, "text/plain": self.words}
        return {"text/html": self.html(), "text/plain": self.words}

    def html(self) -> str:
        """Return the picture as HTML."""
        return f'<div style="overflow-x: auto">{self.image}</div>'

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.bundle()


class Page(Picture):
    """What is better shown as HTML than as SVG, and the same in words."""

    def bundle(self) -> dict[str, str]:
        """Return what a notebook displays."""
        return {"text/html": self.html(), "text/plain": self.words}

    def html(self) -> str:
        """Return the HTML as it is."""
        return self.image


def svg(width: float, height: float, label: str, parts: Iterable[str]) -> str:
    """Return a picture of this size in pixels; `label` is what a screen reader reads."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(label)}" '
        f'style="max-width: 100%; min-width: {NARROWEST * width:.0f}px; height: auto; background: {GROUND}" '
        f'font-family="sans-serif" font-size="12">'
        f'<g style="fill: {INK}">{"".join(parts)}</g></svg>'
    )


def rectangle(x: float, y: float, width: float, height: float, color: str, *, strength: float = 0.15) -> str:
    """Return a rounded box with a border; its inside has the same color, as weak as `strength`."""
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="4" '
        f'fill="{color}" fill-opacity="{strength}" stroke="{color}"/>'
    )


def text(x: float, y: float, words: str, *, color: str = "", bold: bool = False, anchor: str = "start") -> str:
    """Return a line of text that begins, ends or is centered at a point (`anchor`: start, end, middle)."""
    look = f' style="fill: {color}"' * bool(color) + ' font-weight="bold"' * bold
    look += f' text-anchor="{anchor}"' * (anchor != "start")
    return f'<text x="{x:.0f}" y="{y:.0f}"{look}>{escape(words)}</text>'


def arrow(x: float, y: float, to_x: float, to_y: float, *, color: str = GREY, width: float = 1) -> str:
    """Return a curve from left to right, with a head."""
    bend = (to_x - x) / 2
    return (
        f'<path d="M{x:.0f} {y:.0f}C{x + bend:.0f} {y:.0f} {to_x - bend:.0f} {to_y:.0f} {to_x - 4:.0f} {to_y:.0f}'
        f'm-3 -3l5 3l-5 3" fill="none" stroke="{color}" stroke-width="{width}"/>'
    )
