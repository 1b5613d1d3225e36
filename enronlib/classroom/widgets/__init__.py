"""Pictures that move: what a lesson shows besides text, tables and charts.

    from enronlib.classroom.widgets import dask_graph, play_run, show_gallery, shuffle_stepper, task_graph

A notebook that is executed by a test, in grading, or to store its outputs shows a still picture.

    oddities         show_gallery: the odd messages of the sample, with the oddity marked
    stepper          shuffle_stepper: a MapReduce job step by step
    player           play_run: a run of a cluster, event by event
    lazy_graph       dask_graph: the tasks of a lazy Dask array or table
    workflow_graph   task_graph: the tasks of a Luigi workflow, colored as they run
    event_windows    play_windows: windows of event time, hour by hour; draw_pipeline: the boxes an event passes
    prediction       `predict` with buttons or a slider
    picture          what pictures are made of: SVG, and the same in words
    panel            controls above a picture: the widget itself
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enronlib.classroom.widgets.event_windows import draw_pipeline, play_windows
    from enronlib.classroom.widgets.lazy_graph import dask_graph
    from enronlib.classroom.widgets.oddities import show_gallery
    from enronlib.classroom.widgets.player import play_run
    from enronlib.classroom.widgets.stepper import shuffle_stepper
    from enronlib.classroom.widgets.workflow_graph import task_graph

__all__ = ["dask_graph", "draw_pipeline", "play_run", "play_windows", "show_gallery", "shuffle_stepper", "task_graph"]

_HOMES = {
    "dask_graph": "lazy_graph",
    "draw_pipeline": "event_windows",
    "play_run": "player",
    "play_windows": "event_windows",
    "show_gallery": "oddities",
    "shuffle_stepper": "stepper",
    "task_graph": "workflow_graph",
}


def __getattr__(name: str) -> Any:
    """Import one of these names on first use: each needs another library that is slow to import."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
