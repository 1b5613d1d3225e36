"""Inside the student's kernel: notice what the student's code does, whatever its source looks like.

Three things are watched from the start of the kernel: calls that an answer makes into the kit's own function of the
same name, changes to the code of the checks and of the kernel, and looks at the interpreter's insides.
"""

import importlib.machinery
import os
import sys
import sysconfig
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import enronlib

__all__ = ["changed", "install", "is_generated", "remember", "seen", "used"]

KIT = str(Path(enronlib.__file__).parent) + os.sep
CLASSROOM = KIT + "classroom" + os.sep
GRADING = CLASSROOM + "grading" + os.sep  # is under everything that runs in the kernel
TRUSTED = (KIT, "<frozen", *(sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib")))
INSIDES = {  # audit events, see https://docs.python.org/3/library/audit_events.html
    **dict.fromkeys(("sys._getframe", "sys._current_frames"), "stack frames"),
    **dict.fromkeys(("gc.get_objects", "gc.get_referrers", "gc.get_referents"), "the interpreter's objects"),
    **dict.fromkeys(("sys.settrace", "sys.setprofile"), "a trace of the running code"),
}
ATTRIBUTES = {"tb_frame": "stack frames", "f_code": "stack frames", "__code__": "the code of a function"}

used: set[str] = set()
"""The names of the kit's functions that an answer called during a check."""
seen: set[str] = set()
"""What the student's code looked at or changed that no answer needs."""

_originals: list[tuple[Any, str, Any, CodeType | None]] = []  # a module, class, object or dict; a name; what it was
_sizes: list[tuple[dict[str, Any], int]] = []
_auditing: list[bool] = []  # not empty while the hook itself looks at frames


def install(names: Collection[str]) -> None:
    """Start watching. `names` are the functions and classes that answers should define."""
    sys.meta_path.insert(0, _Finder(names))
    sys.addaudithook(_audit)


def changed() -> bool:
    """Return whether the code of the kit or of the kernel is not what it was."""
    return any(len(values) != size for values, size in _sizes) or any(
        (place if isinstance(place, dict) else vars(place)).get(name) is not value
        or (code is not None and getattr(value, "__code__", None) is not code)
        for place, name, value, code in _originals
    )


def remember(place: Any) -> None:
    """Note the functions of a module or class, or for another object the methods it inherits and its own values."""
    if isinstance(place, ModuleType | type):
        _originals.extend(_functions(place))
    else:
        for kind in type(place).__mro__:
            if kind.__module__.partition(".")[0] in ("IPython", "ipykernel"):
                _originals.extend(_functions(kind))


def is_generated(value: Any) -> bool:
    """Return whether a function, or a method of a class, was made by `exec` rather than written in a cell."""
    functions = vars(value).values() if isinstance(value, type) else [value]
    codes = [each.__code__ for each in functions if isinstance(each, FunctionType) and each.__name__[:2] != "__"]
    return any(code.co_filename == "<string>" for code in codes)


def _functions(place: Any) -> Iterator[tuple[Any, str, Any, CodeType | None]]:
    for name, value in list(vars(place).items()):
        if isinstance(value, FunctionType):
            yield place, name, value, value.__code__
        elif isinstance(value, type) and value.__module__ == getattr(place, "__name__", ""):
            yield place, name, value, None
            yield from _functions(value)


class _Finder:
    """Finds the kit's modules, and watches each as soon as it is loaded."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(name, path) if name.startswith("enronlib.") else None
        if spec and spec.loader:
            load = spec.loader.exec_module

            def load_and_watch(module: ModuleType) -> None:
                load(module)
                self.watch(module)

            spec.loader.exec_module = load_and_watch  # type: ignore[method-assign]
        return spec

    def watch(self, module: ModuleType) -> None:
        """Count the calls into functions and classes of these names; remember the rest as it is."""
        if not module.__name__.startswith("enronlib.classroom"):
            for name in self.names & vars(module).keys():
                value = vars(module)[name]
                if getattr(value, "__module__", "") == module.__name__:
                    for function in _methods(value):
                        _count(function, name)
        remember(module)
        if module.__name__.startswith("enronlib.classroom.exercises."):
            from enronlib.classroom.exercise import registered

            for name, exercise in registered.items():
                _originals.append((registered, name, exercise, None))
                _originals.extend((exercise, part, value, None) for part, value in vars(exercise).items())
                _sizes.append((vars(exercise), len(vars(exercise))))  # an added value hides a method


def _methods(value: Any) -> list[FunctionType]:
    """Return a function itself, or the methods of a class."""
    if isinstance(value, type):
        return [each for name, each in vars(value).items() if isinstance(each, FunctionType) and name[:2] != "__"]
    return [value] if isinstance(value, FunctionType) else []


def _count(function: FunctionType, name: str) -> None:
    """Have a function note each call that comes from an answer. Its identity stays, so all who hold it are served."""
    if function.__code__.co_freevars:
        return
    original = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    original.__kwdefaults__ = function.__kwdefaults__

    def call(*arguments: Any, **named: Any) -> Any:
        if name not in used and _under_a_check():
            used.add(name)
        return original(*arguments, **named)

    calls: dict[str, Callable[..., Any]] = function.__globals__.setdefault("__watched__", {})
    key = f"{name}.{function.__qualname__}"
    calls[key] = call
    made: dict[str, Any] = {}
    exec(f"def shim(*arguments, **named): return __watched__[{key!r}](*arguments, **named)", made)
    code = function.__code__
    function.__code__ = made["shim"].__code__.replace(
        co_filename=code.co_filename, co_firstlineno=code.co_firstlineno, co_name=code.co_name
    )


def _under_a_check() -> bool:
    """Return whether a student's code called, itself called by a check: the student's frame comes first."""
    students = False
    _auditing.append(True)  # each look at a frame is an event, and there may be millions
    frame: FrameType | None = sys._getframe(2)
    try:
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(CLASSROOM) and not file.startswith(GRADING):
                return students
            students = students or not file.startswith(TRUSTED)
            frame = frame.f_back
    finally:
        _auditing.clear()
    return False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what the student's own code looks at; libraries may look at whatever they like."""
    if _auditing or (event not in INSIDES and event not in ("object.__getattr__", "object.__setattr__")):
        return
    what = INSIDES.get(event) or ATTRIBUTES.get(str(arguments[1]))
    if what is None:
        return
    _auditing.append(True)
    try:
        if not sys._getframe(1).f_code.co_filename.startswith(TRUSTED):
            seen.add(what)
    finally:
        _auditing.clear()
