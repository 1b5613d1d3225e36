"""Exercises of lesson 09: a count file, the mapper task, the reducer task, and where two counts differ."""

import io
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import chdir, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.exercise import Wrong, changed, lesson
from enronlib.classroom.mail import Mail
from enronlib.messages import plain_text
from enronlib.words import tokens

exercise = lesson("09_luigi_mapreduce")


def _lines(counts: Mapping[str, int]) -> list[str]:
    return [f"{word}\t{count}" for word, count in sorted(counts.items())]


def _by_count(counts: dict[str, int]) -> str:
    return "".join(f"{word}\t{count}\n" for word, count in sorted(counts.items(), key=lambda item: -item[1]))


@exercise(
    "count.text",
    title="A count file",
    points=1,
    stars=1,
    hints=(
        "`sorted(counts.items())` gives the pairs of word and count, in the order of the words. What does the line "
        "of one pair look like?",
        'An f-string makes the line: `f"{word}\\t{count}\\n"`. Begin with `text = ""` and add the line of each pair '
        "to it.",
    ),
    wrong=[
        Wrong("sorts by count", _by_count, "sorted by word"),
        Wrong("does not sort", lambda counts: "".join(f"{w}\t{c}\n" for w, c in counts.items()), "sorted by word"),
        Wrong("parts with a blank", lambda counts: "".join(f"{w} {counts[w]}\n" for w in sorted(counts)), "a tab"),
        Wrong("forgets the last line break", lambda counts: "\n".join(_lines(counts)), "every line"),
        Wrong("writes an empty line", lambda counts: "\n".join(_lines(counts)) + "\n", "without words"),
        Wrong("returns a list", _lines, "a str was expected"),
        Wrong("knows only the example", lambda counts: "gas\t12\nmeter\t1\n", "one line for each word"),
    ],
)
def text(answer: Answer, mail: Mail) -> str:
    """Words and counts in any order, no words, and the words of unseen mailboxes."""
    advice = "one line for each word, sorted by word"
    got = answer({"meter": 1, "gas": 12}).is_a(str)
    got.expect("\t" in got.plain, "between word and count stands a tab", hint=2)
    got.expect(got.plain.endswith("\n"), "every line ends in a line break, the last one too", hint=2)
    got.equals("gas\t12\nmeter\t1\n", advice)
    answer({"the": 5, "meter": 70, "gas": 6}).equals("gas\t6\nmeter\t70\nthe\t5\n", advice)
    answer({}).equals("", "without words there is no line")
    for mailbox, counts in mail.truth["words"].items():
        expected = "".join(f"{line}\n" for line in _lines(counts))
        answer.on(f"the counts of {mailbox}")(dict(reversed(counts.items()))).equals(expected, advice)
    return "You sorted by word, and every line ends in a line break."


MAPPER = """
from collections import Counter
import luigi
import pyarrow.parquet as pq
from luigi.format import UTF8
from enronlib.corpus import message_files
from enronlib.messages import plain_text, read_email
from enronlib.words import tokens
from enronlib.workflow import ProcessMailbox

class CountMailbox(luigi.Task):
    mailbox_directory = luigi.PathParameter()
    processed_directory = luigi.PathParameter()
    words_directory = luigi.PathParameter()

    def requires(self):
        return ProcessMailbox(self.mailbox_directory, self.processed_directory)

    def output(self):
        return luigi.LocalTarget(self.words_directory / f"{self.mailbox_directory.name}.txt", format=UTF8)

    def run(self):
        counts = Counter()
        for email in pq.read_table(self.input().path).to_pylist():
            counts.update(tokens(plain_text(email)))
        with self.output().open("w") as file:
            for word, count in sorted(counts.items()):
                file.write(f"{word}\\t{count}\\n")
"""
INPUT = "pq.read_table(self.input().path).to_pylist()"
MAIL_AGAIN = "map(read_email, message_files(self.mailbox_directory))"
WRITE = 'self.output().open("w")'
WRITE_PATH = 'open(self.output().path, "w", encoding="utf-8")'
HALF = "half a file was left"


@exercise(
    "count.mapper",
    title="The mapper task",
    points=3,
    stars=2,
    hints=(
        "`requires` returns one task, `output` one target. `run` is the counting cell above with another beginning "
        "and another end: it reads `self.input().path`, and it writes to `self.output()`. `self.mailbox_directory` "
        "is a `Path`; what is the name at its end?",
        'The path of the output is `self.words_directory / f"{self.mailbox_directory.name}.txt"`. Write inside '
        '`with self.output().open("w") as file:`, one `file.write(…)` for each pair of `sorted(counts.items())`.',
    ),
    wrong=[
        Wrong("sorts by count", changed(MAPPER, ("sorted(counts.items())", "counts.most_common()")), "sorted by word"),
        Wrong("parts with a blank", changed(MAPPER, ("{word}\\t", "{word} ")), "a word, a tab and a count"),
        Wrong("counts bodies as they stand", changed(MAPPER, ("plain_text(email)", "email['payload']")), "plain_text"),
        Wrong(
            "counts a word once a message",
            changed(MAPPER, ("tokens(plain_text(email))", "set(tokens(plain_text(email)))")),
            "every word",
        ),
        Wrong("has one name for all", changed(MAPPER, ("{self.mailbox_directory.name}.", "words.")), "<mailbox>.txt"),
        Wrong(
            "counts into one Counter for all",
            changed(MAPPER, ("        counts = Counter()\n", ""), ("class", "counts = Counter()\n\nclass")),
            "an empty Counter",
        ),
        Wrong(
            "parses the mail itself",
            changed(
                MAPPER,
                ("return ProcessMailbox(self.mailbox_directory, self.processed_directory)", "return []"),
                (INPUT, MAIL_AGAIN),
            ),
            "require ProcessMailbox",
        ),
        Wrong(
            "parses the mail a second time", changed(MAPPER, (INPUT, MAIL_AGAIN)), "read your input, the Parquet file"
        ),
        Wrong(
            "makes the folder and writes to the path",
            changed(MAPPER, (f"        with {WRITE}", f"        self.output().makedirs()\n        with {WRITE_PATH}")),
            HALF,
        ),
        Wrong(
            "writes to the path", changed(MAPPER, (WRITE, WRITE_PATH)), "write through the target, which also makes the"
        ),
        Wrong("forgets the format", changed(MAPPER, (", format=UTF8", "")), "with format=UTF8"),
        Wrong(
            "writes beside its output",
            changed(MAPPER, ('self.output().open("w")', 'open(self.input().path + "~", "w", encoding="utf-8")')),
            "is not there",
        ),
    ],
)
def mapper(answer: Answer, mail: Mail) -> str:
    """The task counts two unseen mailboxes, one after the other; then without the mailbox, and with a crash."""
    from enronlib.classroom.luigi_tasks import crash, run_task  # noqa: PLC0415  imports luigi

    make = answer.member("CountMailbox")
    advice = "count every word of plain_text, in every message"
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        processed, words = Path("processed"), Path("words")
        for original in _with_html(mail)[:2]:
            mailbox = Path(shutil.copytree(original, Path("maildir", original.name)))
            made = make(mailbox_directory=mailbox, processed_directory=processed, words_directory=words)
            task = run_task(made)
            counts = _output_of(task, words / f"{mailbox.name}.txt", "<mailbox>.txt in words_directory is asked for")
            _compare(counts, mail.truth["words"][mailbox.name], advice)
            if not (processed / f"{mailbox.name}.parquet").exists():
                raise NotYet("there is no Parquet file in processed_directory: require ProcessMailbox of the mailbox.")
            advice = "the mailbox before was right, so begin each run with an empty Counter"
        _reads_its_input(made, mailbox)
        Path(task.output().path).unlink()
        with patch.object(answer.value, "tokens", lambda text: [*UNWRITABLE], create=True):
            crash(made)
    return "Your mapper reads one mailbox and leaves its words in a file, so any number of mappers can run at once."


def _reads_its_input(task: Answer, mailbox: Path) -> None:
    """Go on if the output is the same while the mailbox is away, and Luigi takes its Parquet file for up to date."""
    from enronlib import workflow  # noqa: PLC0415  imports luigi
    from enronlib.classroom.luigi_tasks import run_task  # noqa: PLC0415  as above

    path = Path(task.value.output().path)
    before = path.read_bytes()
    path.unlink()
    seen = workflow.fingerprint_or_unique(mailbox)
    with patch.object(workflow, "fingerprint_or_unique", lambda _: seen), suppress(NotYet):
        away = mailbox.rename(mailbox.with_name(".away"))
        run_task(task)
    away.rename(mailbox)
    if not path.exists() or path.read_bytes() != before:
        raise NotYet("run() looks into the mailbox again: read your input, the Parquet file (self.input().path).")


UNWRITABLE = {"pipeline": 1, "\ud800": 1}  # the second word cannot be written: an error in the middle of the file


def _with_html(mail: Mail) -> list[Path]:
    """Return the mailboxes in which a body as it stands has other words than its plain text."""
    names = {email["username"] for email in mail.emails if tokens(email["payload"]) != tokens(plain_text(email))}
    return [mailbox for mailbox in mail.mailboxes if mailbox.name in names]


def _output_of(task: Any, path: Path, advice: str) -> Answer:
    """Return the counts in a task's output, as an Answer, if that is the file at `path` and in its format."""
    import luigi  # noqa: PLC0415  costly

    target = Answer(task.output(), "output() returned").is_a(luigi.LocalTarget)
    Answer(Path(target.value.path), "the output is").expect(Path(target.value.path) == path, advice, hint=2)
    encoding = getattr(target.value.format, "kwargs", {}).get("encoding") or ""
    if encoding.lower().replace("-", "") != "utf8":
        raise NotYet(
            f"the target of {path.name} would be written otherwise on another computer: make it with format=UTF8."
        )
    counts: dict[str, int] = {}
    before = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        read = Answer(line, f"{path.name} has the line")
        read.expect(re.fullmatch(r"[^\t]+\t[0-9]+", line) is not None, "a word, a tab and a count are asked for")
        word, _, count = line.partition("\t")
        read.expect(word > before, f"after {before!r}: lines are sorted by word, each word once")
        counts[word], before = int(count), word
    return Answer(counts, path.name)


def _compare(counts: Answer, expected: Mapping[str, int], advice: str) -> None:
    """Go on if the counts are the expected ones; else name the first word that has another count."""
    for word in sorted(counts.value.keys() | expected):
        Answer(counts.value.get(word, 0), f"{counts.said} counts {word!r} as").equals(expected.get(word, 0), advice)


REDUCER = """
from collections import Counter
import luigi
from luigi.format import UTF8
from enronlib.corpus import mailboxes
from enronlib.workflow import MapMailbox

class AddUpCounts(luigi.Task):
    emails_directory = luigi.PathParameter()
    processed_directory = luigi.PathParameter()
    results_directory = luigi.PathParameter()

    def requires(self):
        words = self.results_directory / "words"
        found = mailboxes(self.emails_directory)
        return [MapMailbox(mailbox, self.processed_directory, words_directory=words) for mailbox in found]

    def output(self):
        return luigi.LocalTarget(self.results_directory / "count.txt", format=UTF8)

    def run(self):
        total = Counter()
        for target in self.input():
            with target.open() as file:
                for line in file:
                    word, count = line.split("\\t")
                    total[word] += int(count)
        with self.output().open("w") as file:
            for word in sorted(total):
                file.write(f"{word}\\t{total[word]}\\n")
"""
GONE = "yesteryear"  # the only word of a mailbox that is gone


@exercise(
    "count.reducer",
    title="The reducer task",
    points=4,
    stars=3,
    hints=(
        "`mailboxes(self.emails_directory)` gives the folders of all mailboxes, and `requires` may return a list of "
        "tasks. In `run`, the reading cell above does the adding. What stands in place of `for mapper in mappers`?",
        "`[MapMailbox(mailbox, self.processed_directory, words_directory=…) for mailbox in …]` is the list. In `run`, "
        "`for target in self.input():` goes through the outputs, and `with target.open() as file:` opens one.",
    ),
    wrong=[
        Wrong("lets the last mailbox win", changed(REDUCER, ("+= int", "= int")), "add up"),
        Wrong("counts lines", changed(REDUCER, ("+= int(count)", "+= 1")), "add up"),
        Wrong("joins texts", changed(REDUCER, ("+= int(count)", "= f'{total[word]}{int(count)}'")), "add up"),
        Wrong(
            "adds up whatever lies there",
            changed(REDUCER, ("self.input()", "(self.results_directory / 'words').glob('*.txt')")),
            "self.input()",
        ),
        Wrong("requires one mailbox", changed(REDUCER, ("in found", "in found[:1]")), "for each mailbox"),
        Wrong("sorts by count", changed(REDUCER, ("sorted(total)", "sorted(total, key=total.get)")), "sorted by word"),
        Wrong(
            "puts count.txt among the words",
            changed(REDUCER, ('/ "count.txt"', '/ "words" / "count.txt"')),
            "count.txt in results_directory",
        ),
        Wrong("writes to the path", changed(REDUCER, (WRITE, WRITE_PATH)), HALF),
        Wrong("forgets the format", changed(REDUCER, (", format=UTF8", "")), "with format=UTF8"),
        Wrong("puts the words elsewhere", changed(REDUCER, ('/ "words"', '/ "files"')), "results_directory / 'words'"),
    ],
)
def reducer(answer: Answer, mail: Mail) -> str:
    """The task adds up three unseen mailboxes, beside the file of one that is gone; then with a crash."""
    from enronlib.classroom.luigi_tasks import crash, run_task  # noqa: PLC0415  imports luigi

    make = answer.member("AddUpCounts")
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        emails, processed, results = map(Path, ("maildir", "processed", "results"))
        names = [mailbox.name for mailbox in mail.mailboxes[:3]]
        for name in names:
            shutil.copytree(mail.maildir / name, emails / name)
        (results / "words").mkdir(parents=True)
        (results / "words" / "gone-g.txt").write_text(f"{GONE}\t1000\n", encoding="utf-8", newline="\n")
        made = make(emails_directory=emails, processed_directory=processed, results_directory=results)
        task = run_task(made)
        if not all((results / "words" / f"{name}.txt").exists() for name in names):
            raise NotYet(
                "a file of words is missing in results_directory / 'words': require a mapper for each mailbox."
            )
        counts = _output_of(task, results / "count.txt", "count.txt in results_directory is asked for")
        gone = Answer(counts.value.get(GONE, 0), f"count.txt counts {GONE!r}, of a mailbox that is gone, as")
        gone.expect(gone.value == 0, "add up self.input(), whatever else lies in the folder")
        total: Counter[str] = Counter()
        for name in names:
            total.update(mail.truth["words"][name])
        _compare(counts, total, "add up the counts of a word over all inputs")
        Path(task.output().path).unlink()
        inputs = [  # in place of the outputs of the mappers, since no file can hold such a word
            SimpleNamespace(open=lambda mode="r": io.StringIO("".join(f"{line}\n" for line in _lines(UNWRITABLE))))
        ]
        with patch.object(type(task), "input", lambda self: inputs):
            crash(made)
    return "Your reducer adds up what it requires, and nothing else that lies there."


Counts = dict[str, int]


def _all_words(one: Counts, other: Counts) -> dict[str, tuple[int, int]]:
    return {word: (one.get(word, 0), other.get(word, 0)) for word in one | other}


def _differing(one: Counts, other: Counts) -> dict[str, tuple[int, int]]:
    return {word: pair for word, pair in _all_words(one, other).items() if pair[0] != pair[1]}


@exercise(
    "count.differences",
    title="Where do two counts differ?",
    points=2,
    stars=2,
    hints=(
        "Which words must you look at? Those of `one` are not enough. And what does `one.get(word, 0)` give for a "
        "word that is not in it?",
        "`one.keys() | other.keys()` are the words of both. Go through them, take the two counts with `get`, and put "
        "the pair into your dict if they differ.",
    ),
    wrong=[
        Wrong(
            "looks at common words only",
            lambda one, other: {w: (one[w], other[w]) for w in one if w in other and one[w] != other[w]},
            "a word that only one of them has",
        ),
        Wrong(
            "looks at the words of the first only",
            lambda one, other: {w: pair for w, pair in _differing(one, other).items() if w in one},
            "a word that only one of them has",
        ),
        Wrong(
            "takes what is missing from the smaller one",
            lambda one, other: Counter(one) - Counter(other),
            "differs and is missing",
        ),
        Wrong(
            "compares a 0 with nothing",
            lambda one, other: {w: pair for w, pair in _all_words(one, other).items() if one.get(w) != other.get(w)},
            "so does a word that is not there",
        ),
        Wrong("keeps equal counts too", _all_words, "leave out words with equal counts"),
        Wrong(
            "subtracts",
            lambda one, other: {w: pair[1] - pair[0] for w, pair in _differing(one, other).items()},
            "a tuple of its two counts",
        ),
        Wrong(
            "swaps the pair",
            lambda one, other: {w: pair[::-1] for w, pair in _differing(one, other).items()},
            "the count in one first",
        ),
        Wrong(
            "says None for no count",
            lambda one, other: {w: (one.get(w), other.get(w)) for w in _differing(one, other)},
            "counts 0",
        ),
        Wrong("says whether they are equal", lambda one, other: one == other, "a dict was expected"),
        Wrong("knows only the example", lambda one, other: {"gas": (2, 3), "hub": (0, 1)}, "a tuple of its"),
    ],
)
def differences(answer: Answer, mail: Mail) -> str:
    """Counts that differ, a word that only one of them has, equal counts, and two unseen mailboxes."""
    pairs = answer({"gas": 2}, {"gas": 3}).is_a(dict)
    pairs.expect("gas" in pairs.plain, "'gas' differs and is missing")
    pairs.equals({"gas": (2, 3)}, "to a word belongs a tuple of its two counts, the count in one first", hint=2)
    missing = "a word that only one of them has is a difference, too, and counts 0 in the other"
    answer({"gas": 1}, {}).equals({"gas": (1, 0)}, missing)
    answer({"the": 5}, {"the": 5, "hub": 1}).equals({"hub": (0, 1)}, f"leave out words with equal counts; {missing}")
    answer({"gas": 0}, {}).equals({}, "'gas' counts 0, and so does a word that is not there: no difference")
    answer({"the": 5}, {"the": 5}).equals({}, "between equal counts there is no difference")
    one, other = list(mail.truth["words"].values())[:2]
    answer.on("the words of two mailboxes")(one, other).equals(_differing(one, other), missing)
    return "You looked at the words of both, and kept those that differ."
