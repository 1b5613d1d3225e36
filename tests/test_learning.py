"""Learning who wrote a message: the right messages, honest baselines, and a model that is made whole and made again."""

import gc
import json
import math
import os
import signal
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enronlib import UserError
from enronlib.learning import baseline, dataset, find_backend, report
from enronlib.learning.dataset import Dataset, Message
from enronlib.learning.tasks import GatherMessages, TrainAuthorModel, run_learning
from enronlib.parquet import read_mailbox, write_parquet
from enronlib.workflow import run_workflow
from enronlib.workflow.runner import build

WORDS = {
    "ash-a": ["pipeline", "meter", "valve", "compressor", "gas", "pressure", "station", "flow"],
    "birch-b": ["contract", "clause", "party", "counsel", "exhibit", "signature", "letter", "draft"],
}
ADDRESS = {"ash-a": "ann.ash@enron.example", "birch-b": "bob.birch@enron.example"}
needs_keras = pytest.mark.skipif(
    not find_spec("keras") or not find_spec("jax"), reason="needs Keras and JAX: the extra learn"
)
BACKENDS = [
    pytest.param(name, marks=pytest.mark.skipif(not find_spec("keras") or not find_spec(name), reason=f"needs {name}"))
    for name in ("jax", "tensorflow")
]


def text_by(author, number):
    words = WORDS[author]
    return " ".join(words[(number * step + step) % len(words)] for step in range(1, 7)) + f" x{'y' * number}"


def write_message(path, sender, body, folder):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"From: {sender}\nX-Folder: \\Folders\\{folder}\n\n{body}\n", encoding="utf-8", newline="\n")


@pytest.fixture
def maildir(tmp_path):
    """Two people with 30 messages each, every one of them in two folders."""
    for author, sender in ADDRESS.items():
        for number in range(30):
            for folder in ("Sent Items", "All documents"):
                path = tmp_path / "maildir" / author / folder.lower() / f"{number + 1}."
                write_message(path, sender, text_by(author, number), folder)
    return tmp_path / "maildir"


@pytest.fixture
def files(maildir, tmp_path):
    """The Parquet files of the mailboxes."""
    made = []
    for mailbox in sorted(maildir.iterdir()):
        made.append(tmp_path / f"{mailbox.name}.parquet")
        write_parquet(read_mailbox(mailbox), made[-1])
    return made


# The dataset


@pytest.mark.parametrize(
    "quoted",
    [
        " -----Original Message-----\nFrom: \tB",
        "---------------------- Forwarded by Bo Birch/HOU/ECT on 06/07/2001 05:28 PM ----------------\nmore",
        "Bo Birch\n06/07/2001 05:28 PM\nTo: Ann Ash/HOU/ECT@ECT\ncc: \n\nSubject: gas",
        "Bo Birch@ENRON on 06/07/2001 05:28:11 PM\nTo: Ann Ash",
        "From: Bo\nSent: Monday",
        "> gas",
        "Bo Birch wrote:\n> gas",
    ],
)
def test_own_text_ends_where_a_quotation_begins(quoted):
    assert dataset.own_text(f"My own line.\n\n{quoted}\nNot mine.").split() == ["My", "own", "line."]


def test_own_text_of_a_message_without_quotations_is_all_of_it():
    text = "Meet me at 5:00 PM.\nFrom here it is not far. To: be or not to be\n"
    assert dataset.own_text(text) == text


def test_an_address_belongs_to_the_mailbox_whose_sent_mail_comes_from_it(maildir, tmp_path, files):
    assert dataset.owners_of(files) == {address: name for name, address in ADDRESS.items()}


def test_an_address_that_several_people_send_from_belongs_to_nobody(maildir, tmp_path):
    for author in WORDS:
        for number in range(10):
            path = maildir / author / "sent" / f"{number + 1}."
            write_message(path, "no.address@enron.example", text_by(author, number), "'sent mail")
    made = []
    for mailbox in sorted(maildir.iterdir()):
        made.append(tmp_path / f"{mailbox.name}.parquet")
        write_parquet(read_mailbox(mailbox), made[-1])
    assert set(dataset.owners_of(made)) == set(ADDRESS.values())


def test_presentations_are_no_sent_mail(maildir, tmp_path, files):
    for number in range(60):
        path = maildir / "ash-a" / "presentations" / f"{number + 1}."
        write_message(path, "eve@enron.example", text_by("ash-a", number), "Presentations")
    write_parquet(read_mailbox(maildir / "ash-a"), files[0])
    assert "eve@enron.example" not in dataset.owners_of(files)


def test_copies_are_found_in_the_mailboxes_of_others_too(files):
    owners = dataset.owners_of(files)
    found = list(dataset.written_by(owners, [*files, *files]))
    assert len(found) == 4 * 60
    assert len(dataset.without_copies(found)) == 60


def test_a_message_of_a_few_words_is_left_out(maildir, tmp_path):
    write_message(maildir / "ash-a" / "sent" / "1.", ADDRESS["ash-a"], "OK, thanks", "Sent")
    write_parquet(read_mailbox(maildir / "ash-a"), tmp_path / "ash-a.parquet")
    found = list(dataset.written_by({ADDRESS["ash-a"]: "ash-a"}, [tmp_path / "ash-a.parquet"]))
    assert len(found) == 60


messages = st.lists(st.builds(Message, st.sampled_from("ab"), st.tuples(st.sampled_from("vwxyz"))), max_size=40)


@given(messages, st.randoms())
def test_the_messages_without_copies_do_not_depend_on_their_order(some, random):
    shuffled = random.sample(some, len(some))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "FEWEST_MESSAGES", 1)
        patch.setattr(dataset, "MOST_MESSAGES", 3)
        kept = dataset.without_copies(some)
        assert kept == dataset.without_copies(shuffled)
    assert set(kept) <= set(some)
    assert Counter(message.author for message in kept) == {
        author: min(3, len(set(words))) for author in "ab" if (words := [m.words for m in some if m.author == author])
    }


def test_memory_does_not_grow_with_the_mail(monkeypatch):
    monkeypatch.setattr(dataset, "MOST_MESSAGES", 50)

    alive = []

    def mail():
        for number in range(5_000):
            yield Message("ash-a", (f"word{number}",) * 20)
        alive.append(sum(type(each) is Message for each in gc.get_objects()))

    dataset.without_copies(mail())
    assert 50 <= alive[0] <= 52


def test_the_vocabulary_leaves_out_rare_words_and_the_names_of_the_authors(files):
    owners = dataset.owners_of(files)
    assert dataset.names_of(owners) == {"ann", "ash", "bob", "birch"}
    some = [Message("a", ("gas", "gas", "ann")), Message("b", ("ann", "gas", "oil")), Message("b", ("deal",))]
    assert dataset.vocabulary_of(some) == ["ann", "gas"]
    assert dataset.vocabulary_of(some, leave_out=["ann"]) == ["gas"]


def test_no_message_is_both_learned_from_and_in_the_test(files, tmp_path):
    dataset.gather(files, tmp_path / "messages.parquet")
    data = Dataset.open(tmp_path / "messages.parquet")
    training, test = list(data.training()), list(data.test())
    assert (len(training), len(test)) == tuple(data.sizes) == (48, 12)
    assert not set(training) & set(test)
    assert {word for message in training for word in message.words} >= set(data.vocabulary)
    assert {message.author for message in training} == set(data.authors) == set(WORDS)
    assert [len(data.batch(number)) for number in data.batches] == [32, 16]


def test_one_author_is_too_few(files, tmp_path):
    with pytest.raises(UserError, match="learning needs 20 messages or more by each of two people"):
        dataset.gather(files[:1], tmp_path / "messages.parquet")
    assert not (tmp_path / "messages.parquet").exists()


# The baselines


def test_the_majority_is_the_author_with_most_messages():
    assert baseline.majority([Message("b", ()), Message("a", ()), Message("b", ())]) == "b"
    assert baseline.majority([Message("b", ()), Message("a", ())]) == "a"


def test_the_shares_of_naive_bayes_by_hand():
    counts = baseline.words_by_author([Message("a", ("gas", "gas", "oil")), Message("b", ("oil",))])
    assert counts == {"a": {"gas": 2, "oil": 1}, "b": {"oil": 1}}
    shares = baseline.log_shares(counts)
    assert shares["a"] == pytest.approx({"gas": math.log(3 / 5), "oil": math.log(2 / 5)})
    assert shares["b"] == pytest.approx({"gas": math.log(1 / 3), "oil": math.log(2 / 3)})
    assert baseline.guess(["gas"], shares) == "a"
    assert baseline.guess(["oil", "unheard"], shares) == "b"


@given(st.lists(st.builds(Message, st.sampled_from("ab"), st.lists(st.sampled_from("vwxyz")).map(tuple)), min_size=1))
def test_the_shares_of_an_author_add_up_to_one(some):
    for mine in baseline.log_shares(baseline.words_by_author(some)).values():
        assert sum(map(math.exp, mine.values())) == pytest.approx(1)


# The report


def test_the_confidence_interval_of_wilson():
    # R: prop.test(81, 100, correct = FALSE)$conf.int
    assert report.confidence_interval(81, 100) == pytest.approx((0.7222, 0.8749), abs=1e-4)
    assert report.confidence_interval(0, 10)[0] == pytest.approx(0)
    assert report.confidence_interval(10, 10)[1] == pytest.approx(1)


def test_the_confusion_matrix_has_a_row_for_each_author_and_a_column_for_each_guess():
    assert report.confusion("aabb", "abbb", "ab") == [[1, 1], [0, 2]]


def test_the_drawn_matrix_says_how_often_the_guesses_are_right():
    ax = report.draw_confusion([[1, 1], [0, 2]], ["ash-a", "birch-b"])
    assert "3 of 4" in ax.get_title()
    assert [text.get_text() for text in ax.texts] == ["1", "1", "2"]


def test_accuracies_come_with_their_intervals():
    compared = report.compare("aabb", {"always a": "aaaa", "right": "aabb"})
    assert compared["always a"]["accuracy"] == 0.5
    assert compared["right"]["interval"] == [0.51, 1.0]


# The network and the tasks


@pytest.fixture
def trained(maildir, tmp_path):
    """Run the workflow and the learning once."""
    out = tmp_path / "out"
    assert run_workflow(maildir, out, workers=1, progress=False).succeeded
    assert run_learning(maildir, out, progress=False).succeeded
    return out


@needs_keras
def test_the_network_tells_two_people_apart_and_is_made_again_only_for_new_mail(trained, maildir):
    from enronlib.learning.network import AuthorModel

    results = trained / "results"
    found = json.loads((results / "author_report.json").read_bytes())
    assert found["authors"] == ["ash-a", "birch-b"]
    assert found["guesses"]["network"]["accuracy"] >= 0.9
    assert sum(map(sum, found["confusion"])) == found["messages"]["test"] == 12
    assert (results / "author_confusion.png").read_bytes().startswith(b"\x89PNG")
    model = AuthorModel.load(results / "author_model.keras")
    assert list(model.guesses(Message("", tuple(words)) for words in WORDS.values())) == list(WORDS)

    def times():
        return {path.name: path.stat().st_mtime_ns for path in results.iterdir() if path.name.startswith("author")}

    before = times()
    run_learning(maildir, trained, progress=False)
    assert times() == before
    run_workflow(maildir, trained, workers=1, progress=False)
    assert times() == before  # a run without --learn keeps the model
    write_message(maildir / "ash-a" / "sent" / "99.", ADDRESS["ash-a"], text_by("ash-a", 99), "Sent")
    run_workflow(maildir, trained, workers=1, progress=False)
    assert run_learning(maildir, trained, progress=False).succeeded
    assert all(after > before[name] for name, after in times().items())


def test_a_killed_training_leaves_no_half_model(maildir, tmp_path):
    out = tmp_path / "out"
    script = tmp_path / "killed.py"
    script.write_text(
        dedent(
            """
            import os, signal, sys, types
            from pathlib import Path
            from enronlib.learning import tasks

            class Model:
                def save(self, path):
                    path.write_bytes(b"half a model")
                    os.kill(os.getpid(), signal.SIGKILL)

            sys.modules["enronlib.learning.network"] = types.SimpleNamespace(fit=lambda data: Model())
            tasks.find_backend = lambda: "jax"
            tasks.run_learning(Path(sys.argv[1]), Path(sys.argv[2]), progress=False)
            """
        ),
        encoding="utf-8",
    )
    run = subprocess.run([sys.executable, script, maildir, out], capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert [path.name for path in (out / "results").glob("author*")] == ["author_messages.parquet"]
    gathered = GatherMessages(maildir, out / "processed", results_directory=out / "results")
    assert gathered.complete()


def test_the_messages_are_gathered_without_keras(maildir, tmp_path):
    task = GatherMessages(maildir, tmp_path / "processed", results_directory=tmp_path / "results")
    assert build(task, workers=1, progress=False).succeeded
    assert Dataset.open(tmp_path / "results" / "author_messages.parquet").sizes == [48, 12]


@needs_keras
def test_a_model_of_one_backend_is_not_current_for_the_other(maildir, tmp_path, monkeypatch):
    task = TrainAuthorModel(maildir, tmp_path / "processed", results_directory=tmp_path / "results")
    monkeypatch.setattr("enronlib.learning.tasks.find_backend", lambda: "jax")
    before = task.made_from()
    monkeypatch.setattr("enronlib.learning.tasks.find_backend", lambda: "tensorflow")
    assert task.made_from() != before


# The command line


def enronlib(*arguments, **environment):
    variables = {**os.environ, **environment}
    command = [sys.executable, "-m", "enronlib", *map(str, arguments)]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_command_leads_from_raw_mail_to_a_model_on_either_backend(backend, maildir, tmp_path):
    out = tmp_path / "out"
    run = enronlib("run", maildir, "--out", out, "--learn", "--workers", 1, KERAS_BACKEND=backend)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert "Right in the test of 12 messages:" in run.stdout
    accuracy = json.loads((out / "results" / "author_report.json").read_bytes())["guesses"]["network"]["accuracy"]
    assert accuracy >= 0.9
    assert (out / "results" / "author_model.keras").is_file()


def test_a_missing_extra_gives_one_line_before_anything_is_done(maildir, tmp_path):
    run = enronlib("run", maildir, "--out", tmp_path / "out", "--learn", KERAS_BACKEND="nothing_like_it")
    assert run.returncode == 2
    lines = run.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith("is not installed: python -m pip install 'enronlib[learn]'")
    assert not (tmp_path / "out").exists()


def test_learning_needs_the_files_that_only_luigi_makes(maildir, tmp_path):
    run = enronlib("run", maildir, "--out", tmp_path / "out", "--learn", "--engine", "dask")
    assert run.returncode == 2
    assert "--learn works only with Luigi" in run.stderr


def test_the_command_line_and_the_tasks_import_no_keras():
    code = "import sys, enronlib.__main__, enronlib.learning.tasks, enronlib.classroom; print('keras' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_tensorflow_is_used_where_jax_is_missing(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    for package in ("enronlib", "enronlib.learning"):
        monkeypatch.setattr(f"{package}.find_spec", lambda name: None if name == "jax" else object())
    assert find_backend() == "tensorflow"


def test_real_mail_has_authors_and_copies():
    folder = os.environ.get("ENRON_REAL_MAIL")
    if not folder:
        pytest.skip("ENRON_REAL_MAIL is not set")
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        task = GatherMessages(Path(folder), Path(place, "processed"), results_directory=Path(place, "results"))
        assert build(task, progress=False).succeeded
        data = Dataset.open(Path(place, "results", "author_messages.parquet"))
        test = list(data.test())
        shares = baseline.log_shares(baseline.words_by_author(data.training()))
        right = sum(baseline.guess(message.words, shares) == message.author for message in test)
        most = baseline.majority(data.training())
        assert right > 1.3 * sum(message.author == most for message in test)
