"""A prediction with a click instead of code: buttons for a choice, a slider for a number."""

from collections.abc import Callable, Sequence
from typing import Any

from enronlib.classroom.widgets.panel import Control, Panel
from enronlib.classroom.widgets.picture import Page

__all__ = ["prediction_panel"]


def prediction_panel(
    note: Callable[[Any], str],
    *,
    choices: Sequence[Any] | None = None,
    between: tuple[int, int] | None = None,
    guess: Any = None,
) -> Panel:
    """Return a widget that calls `note` with the reader's guess, and says what it returns.

    The guess is one of the `choices`, or a whole number `between` two others. An earlier one, `guess`, stays until the
    reader makes another. Raises ValueError if there are neither choices nor numbers.
    """
    control: Control = {"name": "guess", "label": "your prediction"}
    first = None
    if choices:
        control |= {"kind": "choice", "options": [str(choice) for choice in choices]}
        first = choices.index(guess) if guess in choices else None
    elif between:
        control |= {"kind": "guess", "min": between[0], "max": between[1], "step": 1}
        first = guess if guess in range(between[0], between[1] + 1) else None
    else:
        raise ValueError("a prediction needs choices or two numbers")

    def draw(values: dict[str, Any]) -> tuple[Page, str]:
        guess = values["guess"]
        if guess is None:
            ask = "Choose one." if choices else "Set the number, then press the button."
            return Page("", "No prediction yet."), f"{ask} It may be wrong."
        return Page("", "No prediction yet."), note(choices[guess] if choices else guess)

    return Panel("Your prediction", [control], {"guess": first}, draw)
