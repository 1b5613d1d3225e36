"""What the MapReduce engine guarantees: the same result as a plain loop, bounded memory, and clear errors."""

import inspect
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import cloudpickle
import nbclient
import nbformat
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enronlib import mapreduce
from enronlib.corpus import message_files
from enronlib.mapreduce import Step, map_reduce, partition_of, runs
from enronlib.words import tokens

# Worker processes cannot import this file, just as they cannot import a notebook.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

START_METHODS = multiprocessing.get_all_start_methods()
TEXTS = ["the data jump", "jump the hide", "the the data"]
COUNTS = {"data": 2, "hide": 1, "jump": 2, "the": 4}

names = st.text(alphabet="abcé😀", max_size=2)
numbers = st.integers(-3, 3)
keys = st.one_of(*(st.lists(kind, max_size=30) for kind in (names, numbers, st.tuples(names, numbers))))


def words(text: str) -> Iterator[tuple[str, int]]:
    for word in text.split():
        yield word, 1


def total(_key: str, values: Iterator[int]) -> int:
    return sum(values)


def every(_key: Any, values: Iterator[Any]) -> list[Any]:
    return list(values)


def run_python(code: str, *arguments: str, **options: Any) -> str:
    """Run code as the main script of a new Python process and return its output."""
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )
    assert result.returncode == 0, result.stderr
    return str(result.stdout).strip()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which the engine creates its temporary folders."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def leftovers(folder: Path) -> list[Path]:
    return list(folder.glob("mapreduce-*"))


# --- the result


def test_word_counts_are_sorted_by_word() -> None:
    assert list(map_reduce(TEXTS, words, total)) == list(COUNTS.items())


def test_no_records_give_no_results() -> None:
    assert list(map_reduce([], words, total)) == []
    assert list(map_reduce(["", " "], words, total)) == []


@settings(deadline=None)
@given(
    found=keys,
    split=st.fixed_dictionaries(
        {"partitions": st.integers(1, 9), "split_size": st.integers(1, 40), "memory": st.integers(1, 40)}
    ),
    batch=st.integers(1, 5),
    fan_in=st.integers(2, 4),
)
def test_equals_a_plain_loop_however_the_work_is_split(
    found: list[Any], split: dict[str, Any], batch: int, fan_in: int
) -> None:
    values_of = defaultdict(list)
    for value, key in enumerate(found):
        values_of[key].append(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "BATCH", batch)
        patch.setattr(runs, "FAN_IN", fan_in)
        records = list(enumerate(found))
        # The values of a key arrive in the order of the records, so that a run is repeatable.
        listed = map_reduce(records, lambda record: [(record[1], record[0])], every, **split)
        assert list(listed) == sorted(values_of.items())
        counted = map_reduce(found, lambda key: [(key, 1)], total, total, **split)
        assert list(counted) == sorted(Counter(found).items())


@pytest.mark.parametrize("combiner", [None, total])
@pytest.mark.parametrize("workers", [1, 2])
def test_counts_of_a_real_mailbox_equal_those_of_a_plain_loop(workers: int, combiner: Any) -> None:
    maildir = os.environ.get("ENRON_REAL_MAIL")
    if not maildir:
        pytest.skip("ENRON_REAL_MAIL names no folder of real mail")
    files = message_files(Path(maildir, "zipper-a"))
    expected = Counter(word for path in files for word in tokens(path.read_text("latin-1")))

    def mapper(path: Path) -> Iterator[tuple[str, int]]:
        return ((word, 1) for word in tokens(path.read_text("latin-1")))

    counts = map_reduce(files, mapper, total, combiner, workers=workers, split_size=50, memory=5000)
    assert dict(counts) == expected


# --- partitions


@pytest.mark.parametrize(
    ("key", "partition"),
    [
        ("the", 315),
        ("", 801),
        ("it's", 221),
        ("été", 817),
        ("\U0001f600", 666),
        ("\ud800", 788),
        ("\u1c89", 565),
        (0, 209),
        (-7, 383),
        (10**30, 719),
        (("a",), 565),
        (("zipper-a", 2001), 973),
        (("é", ("x", 1)), 510),
    ],
)
def test_the_partition_of_a_key_never_changes(key: Any, partition: int) -> None:
    assert partition_of(key, 1000) == partition


SOME_KEYS = ["the", "été", "\u1c89", "\U00011f02", "\ud800", -7, ("zipper-a", 2001)]


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_the_partition_does_not_depend_on_the_hash_seed(seed: str) -> None:
    code = f"from enronlib.mapreduce import partition_of; print([partition_of(key, 97) for key in {SOME_KEYS!a}])"
    assert run_python(code, env={**os.environ, "PYTHONHASHSEED": seed}) == str([partition_of(k, 97) for k in SOME_KEYS])


@pytest.mark.parametrize("python", ["python3.11", "python3.12", "python3.13"])
def test_the_partition_does_not_depend_on_the_python_version(python: str) -> None:
    command = shutil.which(python)
    if not command or subprocess.run([command, "-c", ""], check=False, capture_output=True).returncode:
        pytest.skip(f"there is no {python} here")
    code = f"import zlib\nfrom typing import Any\n{inspect.getsource(partition_of)}\n"
    code += f"print([partition_of(key, 97) for key in {SOME_KEYS!a}])"
    printed = subprocess.run([command, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == str([partition_of(key, 97) for key in SOME_KEYS])


@given(key=st.one_of(names, numbers, st.tuples(names, numbers)), partitions=st.integers(1, 50))
def test_every_key_has_a_partition(key: Any, partitions: int) -> None:
    assert partition_of(key, partitions) in range(partitions)


def test_a_custom_partitioner_is_used() -> None:
    trace: list[Step] = []
    list(map_reduce(TEXTS, words, total, partitioner=lambda key, _: len(key) % 2, trace=trace))
    assert {(step.key, step.partition) for step in trace} == {("the", 1), ("data", 0), ("jump", 0), ("hide", 0)}


@pytest.mark.parametrize("partition", [-1, 4, None])
def test_a_partition_that_does_not_exist_is_an_error(partition: Any) -> None:
    with pytest.raises(ValueError, match=f"gave {partition} for 'data', not one of 0 to 3"):
        map_reduce(TEXTS, words, total, partitioner=lambda _key, _partitions: partition)


# --- trace


@pytest.mark.parametrize("workers", [1, 2])
def test_the_trace_shows_where_each_pair_went(workers: int) -> None:
    trace: list[Step] = []
    list(map_reduce(TEXTS, words, total, total, partitions=2, split_size=2, workers=workers, trace=trace))
    shuffled = {(step.task, step.key, step.value) for step in trace if step.stage == "shuffle"}
    assert shuffled == {(0, "data", 1), (0, "hide", 1), (0, "jump", 2), (0, "the", 2), (1, "data", 1), (1, "the", 2)}
    assert {step.key: step.value for step in trace if step.stage == "reduce"} == COUNTS
    assert all(step.partition == partition_of(step.key, 2) for step in trace)
    assert all(step.task == step.partition for step in trace if step.stage == "reduce")


def test_the_trace_is_the_same_with_any_number_of_workers() -> None:
    traces: list[list[Step]] = [[], []]
    for workers, trace in enumerate(traces, start=1):
        list(map_reduce(TEXTS, words, total, split_size=1, memory=2, workers=workers, trace=trace))
    assert traces[0] == traces[1]


def test_a_combiner_shortens_the_shuffle() -> None:
    plain: list[Step] = []
    combined: list[Step] = []
    map_reduce(TEXTS, words, total, trace=plain)
    map_reduce(TEXTS, words, total, total, trace=combined)
    assert Counter(step.stage for step in plain) == {"shuffle": 9, "reduce": 4}
    assert Counter(step.stage for step in combined) == {"shuffle": 4, "reduce": 4}


# --- values


def test_values_can_be_read_only_once_and_not_necessarily_to_the_end() -> None:
    assert dict(map_reduce(TEXTS, words, lambda _key, values: next(values))) == dict.fromkeys(COUNTS, 1)
    assert dict(map_reduce(TEXTS, words, lambda _key, _values: 0)) == dict.fromkeys(COUNTS, 0)
    assert dict(map_reduce(TEXTS, words, lambda _key, values: (sum(values), sum(values))))["the"] == (4, 0)


def test_values_are_loaded_from_disk_only_as_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BATCH", 10)
    batches_read = []
    seen = []

    def load(file: Any) -> Any:
        batches_read.append(file)
        return pickle.Unpickler(file).load()

    def first(_key: int, values: Iterator[int]) -> int:
        value = next(values)
        seen.append(len(batches_read))
        return value

    monkeypatch.setattr(pickle, "load", load)
    map_reduce(range(1000), lambda number: [(0, number)], first)
    assert seen == [1]


def test_values_need_not_be_comparable() -> None:
    records: list[Any] = [{1}, None, "x", 2.5, {"a": 1}]
    result = dict(map_reduce(records, lambda record: [("all", record)], every, split_size=1))
    assert result == {"all": records}


def test_a_mapper_may_return_a_list_or_yield() -> None:
    assert dict(map_reduce(TEXTS, lambda text: [(word, 1) for word in text.split()], total)) == COUNTS


# --- workers


@pytest.mark.parametrize("start_method", [None, *START_METHODS])
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_workers_run_lambdas_closures_and_functions_under_every_start_method(start_method: str | None) -> None:
    weight = 10
    counts = map_reduce(
        iter(TEXTS),
        lambda text: ((word, weight * count) for word, count in words(text)),
        total,
        lambda _key, values: sum(values),
        workers=2,
        split_size=1,
        start_method=start_method,
    )
    assert dict(counts) == {word: weight * count for word, count in COUNTS.items()}


def test_functions_and_classes_defined_in_a_notebook_work(tmp_path: Path) -> None:
    code = """
        from typing import NamedTuple
        from enronlib.mapreduce import map_reduce

        class Seen(NamedTuple):
            times: int

        class Mail:
            def __init__(self, text):
                self.text = text

        def mapper(mail):
            for word in mail.text.split():
                yield word, Seen(1)

        def reducer(word, values):
            return Seen(sum(value.times for value in values))

        messages = [Mail("the data"), Mail("the end")]
        for start in (None, "spawn"):
            counts = dict(map_reduce(messages, mapper, reducer, reducer, workers=2, split_size=1, start_method=start))
            assert counts == {"data": Seen(1), "end": Seen(1), "the": Seen(2)}
            assert all(type(seen) is Seen for seen in counts.values())
    """
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(code))])
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()


@pytest.mark.parametrize("start_method", START_METHODS)
def test_a_script_needs_no_main_guard(start_method: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    code = f"""
        from enronlib.mapreduce import map_reduce

        class Text(str):
            pass

        print("once")
        texts = [Text("a"), Text("b"), Text("a")]
        mapper, reducer = lambda text: [(str(text), 1)], lambda key, values: sum(values)
        print(dict(map_reduce(texts, mapper, reducer, workers=2, split_size=1, start_method={start_method!r})))
    """
    script.write_text(textwrap.dedent(code), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("once\n{'a': 2, 'b': 1}\n", "")


def test_records_are_read_only_as_they_are_needed() -> None:
    taken = iter(range(10_000))

    def mapper(number: int) -> list[tuple[int, int]]:
        if number == 50:
            raise LookupError
        return [(number, 1)]

    with pytest.raises(LookupError):
        map_reduce(taken, mapper, total, workers=2, split_size=10)
    assert next(taken) <= 50 + 10 * 2 * 2


def test_a_worker_that_dies_is_an_error() -> None:
    with pytest.raises(BrokenProcessPool) as caught:
        map_reduce(range(9), lambda _: os._exit(1), total, workers=2, split_size=1)
    assert "A worker process died" in caught.value.__notes__[0]


SLOW_JOB = """
    import sys
    import time
    from pathlib import Path
    from enronlib.mapreduce import map_reduce

    def mapper(record):
        if record < 2:  # each worker takes one of these
            Path(sys.argv[1], str(record)).touch()
            while not Path(sys.argv[1], str(1 - record)).exists():
                time.sleep(0.01)
        else:  # then one of them runs and the other waits for work
            time.sleep(0.5)
            print("started", flush=True)
            time.sleep(60)
        yield record, 1

    map_reduce(range(3), mapper, None, workers=2, split_size=1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends signals differently")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_an_interrupted_or_killed_job(stop: signal.Signals, tmp_path: Path) -> None:
    job = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SLOW_JOB), str(tmp_path)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert job.stdout is not None
    assert job.stderr is not None
    with job:
        assert job.stdout.readline() == "started\n"
        workers = psutil.Process(job.pid).children(recursive=True)
        if stop == signal.SIGINT:
            os.killpg(job.pid, stop)  # as a terminal and Jupyter do
            assert job.stderr.read().count("Traceback") == 1
            assert not leftovers(tmp_path)
        else:
            job.kill()
    assert not psutil.wait_procs(workers, timeout=30)[1]


# --- errors


@pytest.mark.parametrize("setting", ["partitions", "workers", "split_size", "memory"])
def test_a_setting_below_one_is_rejected_at_once(setting: str) -> None:
    with pytest.raises(ValueError, match=setting):
        map_reduce(TEXTS, words, total, **{setting: 0})  # type: ignore[arg-type]


class OddError(Exception):
    """An error that pickle cannot recreate from its message."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def fail(_key: str, _values: Iterator[int]) -> int:
    raise KeyError("nothing")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_keeps_its_type_and_names_the_place(workers: int, scratch: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        map_reduce(TEXTS, lambda text: [(text, 1 / 0)], total, workers=workers)
    assert caught.value.__notes__[0] == "in the mapper, at the record 'the data jump'"
    with pytest.raises(KeyError, match="nothing") as key_error:
        map_reduce(TEXTS, words, total, fail, workers=workers)
    assert key_error.value.__notes__[0] == "in the combiner, at the key 'data'"
    with pytest.raises(KeyError, match="nothing") as key_error:
        map_reduce(TEXTS, words, fail, workers=workers, partitions=1)
    assert key_error.value.__notes__[0] == "in the reducer, at the key 'data'"
    assert not leftovers(scratch)


def test_an_error_in_a_worker_includes_its_traceback() -> None:
    with pytest.raises(KeyError) as caught:
        map_reduce(TEXTS, words, fail, workers=2)
    assert 'raise KeyError("nothing")' in caught.value.__notes__[1]


def test_an_error_class_defined_in_a_notebook_is_raised_again() -> None:
    class MailError(Exception):
        pass

    def mapper(text: str) -> Any:
        raise MailError(text)

    with pytest.raises(MailError, match="the data jump"):
        map_reduce(TEXTS, mapper, total, workers=2)


def test_an_error_that_cannot_be_pickled_is_reported_by_name() -> None:
    def mapper(_text: str) -> Any:
        raise OddError("not", " good")

    with pytest.raises(RuntimeError, match="OddError: not good") as caught:
        map_reduce(TEXTS, mapper, total, workers=2)
    assert "in the mapper" in caught.value.__notes__[0]


@pytest.mark.parametrize("workers", [1, 2])
def test_stop_iteration_in_a_function_does_not_shorten_the_result(workers: int) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        map_reduce(TEXTS, lambda _text: next(iter(())), total, workers=workers)
    with pytest.raises(RuntimeError, match="StopIteration"):
        map_reduce(TEXTS, words, lambda _key, values: [next(values) for _ in range(9)], workers=workers)


def test_an_error_while_reading_the_records_is_passed_on(scratch: Path) -> None:
    def records() -> Iterator[str]:
        yield "the"
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        map_reduce(records(), words, total, workers=2, split_size=1)
    assert not leftovers(scratch)


@pytest.mark.parametrize("given", ["the", ("the",), ("the", 1, 2), ["the", 1], 5, None])
def test_a_result_that_is_not_a_pair_is_named(given: Any) -> None:
    with pytest.raises(TypeError, match=r"the mapper gave .*, not a key .* with a value"):
        map_reduce(TEXTS, lambda _: [given], total)


@pytest.mark.parametrize("key", [None, 1.0, True, ["a"], b"a", ("a", None), ("a", ["b"])])
def test_an_invalid_key_is_named(key: Any) -> None:
    with pytest.raises(TypeError, match=r"the mapper gave .*, not a key .* with a value"):
        map_reduce(TEXTS, lambda _: [(key, 1)], total)


def test_a_mapper_that_returns_nothing_is_reported() -> None:
    with pytest.raises(TypeError, match="the mapper returned None"):
        map_reduce(TEXTS, lambda _: None, total)  # type: ignore[arg-type, return-value]


def test_a_reducer_that_yields_is_reported() -> None:
    def reducer(_key: str, values: Iterator[int]) -> Iterator[int]:
        yield sum(values)

    with pytest.raises(TypeError, match="the reducer gave a generator"):
        map_reduce(TEXTS, words, reducer)


@pytest.mark.parametrize("split_size", [1, 9])
@pytest.mark.parametrize("partitions", [1, 9])
def test_keys_of_different_types_are_an_error(split_size: int, partitions: int) -> None:
    with pytest.raises(TypeError, match="keys must be all of one kind"):
        dict(map_reduce([1, 2, "a", "b"], lambda key: [(key, 1)], total, split_size=split_size, partitions=partitions))


# --- temporary files, memory, open files


def test_the_job_runs_at_the_call_and_its_files_are_deleted_after_the_last_result(scratch: Path) -> None:
    called = []
    results = map_reduce(TEXTS, lambda text: called.append(text) or words(text), total)  # type: ignore[func-returns-value]
    assert called == TEXTS
    assert len(leftovers(scratch)) == 1
    assert dict(results) == COUNTS
    assert not leftovers(scratch)


@pytest.mark.filterwarnings("error")
def test_files_are_deleted_when_the_results_are_discarded(scratch: Path) -> None:
    map_reduce(TEXTS, words, total)
    assert not leftovers(scratch)
    for _ in map_reduce(TEXTS, words, total):
        break
    assert not leftovers(scratch)


def test_the_memory_setting_bounds_memory() -> None:
    code = """
        import psutil
        from enronlib.mapreduce import map_reduce

        def rss():
            return psutil.Process().memory_info().rss / 1e6

        def mapper(number):
            yield f"{number * 7919 % 200_000:0500}", number
            if number % 1000 == 0:
                peak.append(rss())

        def reducer(key, values):
            if key.endswith("000"):
                peak.append(rss())
            return sum(values)

        peak = []
        before = rss()
        keys = sum(1 for _ in map_reduce(range(200_000), mapper, reducer, split_size=100_000, memory=2_000))
        print(keys, max(peak) - before)
    """
    keys, megabytes = run_python(code).split()
    assert int(keys) == 200_000
    assert float(megabytes) < 50  # the keys alone take 110


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_many_runs_need_few_open_files() -> None:
    code = """
        import resource
        from enronlib.mapreduce import map_reduce

        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
        total = lambda key, values: sum(values)
        runs = map_reduce(range(3000), lambda number: [(number % 7, 1)], total, memory=10, partitions=2)
        outputs = map_reduce(range(3000), lambda number: [(number, 1)], total, partitions=300)
        print(sum(dict(runs).values()), sum(dict(outputs).values()))
    """
    assert run_python(code) == "3000 3000"


def test_the_engine_stays_small_enough_to_read_in_one_sitting() -> None:
    assert len(inspect.getsource(mapreduce).splitlines()) <= 230
