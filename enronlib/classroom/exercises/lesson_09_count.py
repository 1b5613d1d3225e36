"""Exercises of lesson 09: a count file, the mapper task, the reducer task, and where two counts differ."""

import io
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock, patch

import luigi

from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.exercise import Edits, Wrong, lesson
from enronlib.classroom.luigi_tasks import (
    UNWRITABLE,
    crash,
    make_task,
    new_folder,
    output_path,
    replaces_output,
    run_task,
    stand_in,
    write_message,
)
from enronlib.classroom.mail import Mail
from enronlib.messages import plain_text
from enronlib.words import tokens
from enronlib.workflow import MapMailbox, ProcessMailbox

exercise = lesson("09_luigi_mapreduce")


def _text(counts: Mapping[str, int]) -> str:
    return "".join(f"{word}\t{count}\n" for word, count in sorted(counts.items()))


SORTED = "sorted(counts.items())"
LINES = "each word needs its own line, sorted by word"


@exercise(
    "count.text",
    title="A count file",
    points=1,
    stars=1,
    hints=(
        "`sorted(counts.items())` returns pairs of word and count, in the order of the words. What does the line "
        "of one pair look like?",
        'An f-string makes the line: `f"{word}\\t{count}\\n"`. Start with `text = ""` and add the line of each pair.',
    ),
    wrong=[
        Wrong("sorts by count", Edits((SORTED, "sorted(counts.items(), key=lambda item: -item[1])")), "sorted by word"),
        Wrong("does not sort", Edits((SORTED, "counts.items()")), "sorted by word"),
        Wrong("separates with a space", Edits(("{word}\\t", "{word} ")), "put a tab"),
        Wrong("puts spaces beside the tab", Edits(("{word}\\t", "{word} \\t ")), "nothing else between"),
        Wrong("forgets the last line break", lambda counts: _text(counts)[:-1], "every line"),
        Wrong("writes an empty line", lambda counts: _text(counts) or "\n", "without words"),
        Wrong("returns a list", lambda counts: _text(counts).splitlines(), "a str was expected"),
        Wrong("knows only the example", lambda counts: "gas\t12\nmeter\t1\n", LINES),
    ],
)
def text(answer: Answer, mail: Mail) -> str:
    """Words and counts in any order, no words, and the words of unseen mailboxes."""
    got = answer({"meter": 1, "gas": 12}).is_a(str)
    got.expect("\t" in got.plain, "put a tab between word and count", hint=2)
    got.expect(" " not in got.plain, "put a tab and nothing else between word and count", hint=2)
    got.expect(got.plain.endswith("\n"), "every line ends in a line break, also the last one", hint=2)
    got.equals("gas\t12\nmeter\t1\n", LINES)
    answer({"the": 5, "meter": 70, "gas": 6}).equals("gas\t6\nmeter\t70\nthe\t5\n", LINES)
    answer({}).equals("", "without words there is no line")
    for mailbox, counts in mail.truth["words"].items():
        answer.on(f"the counts of {mailbox}")(dict(reversed(counts.items()))).equals(_text(counts), LINES)
    return "You sorted by word, and every line ends in a line break."


ROWS = "pq.read_table(self.input().path, columns=COLUMNS).to_pylist()"
IMPORTS = "import luigi\n"
OPEN = 'self.output().open("w")'
PATH = 'open(self.output().path, "w", encoding="utf-8")'
SWALLOW = (
    (f"{OPEN} as file", f"{OPEN} as file, suppress(Exception)"),
    (IMPORTS, f"from contextlib import suppress\n{IMPORTS}"),
)
WRITE_MAPPER = f"""with {OPEN} as file:
            for word, count in sorted(counts.items()):
                file.write(f"{{word}}\\t{{count}}\\n")"""
IN_PLACE = """lines = "".join(f"{word}\\t{count}\\n" for word, count in sorted(counts.items()))
        Path(self.output().path).write_bytes(lines.encode())"""
HALF = "half a file was left"
UTF8 = "with format=UTF8"


@exercise(
    "count.mapper",
    title="The mapper task",
    points=3,
    stars=2,
    hints=(
        "`requires` returns one task, `output` one target. `run` is the counting cell above with another beginning "
        "and another end: it reads `self.input().path`, and it writes to `self.output()`. `self.mailbox_directory` "
        "is a `Path`. How do you get the name at its end?",
        'The path of the output is `self.words_directory / f"{self.mailbox_directory.name}.txt"`. Write inside '
        '`with self.output().open("w") as file:`, one `file.write(…)` for each pair of `sorted(counts.items())`.',
    ),
    wrong=[
        Wrong("sorts by count", Edits((SORTED, "counts.most_common()")), "sorted by word"),
        Wrong("separates with a space", Edits(("{word}\\t", "{word} ")), "a word, a tab and a count"),
        Wrong("counts bodies without decoding them", Edits(("plain_text(email)", "email['payload']")), "plain_text"),
        Wrong(
            "counts a word once per message",
            Edits(("tokens(plain_text(email))", "set(tokens(plain_text(email)))")),
            "every word",
        ),
        Wrong("uses one name for all", Edits(("{self.mailbox_directory.name}.", "words.")), "<mailbox>.txt"),
        Wrong(
            "has one Counter for all mailboxes",
            Edits(("        counts = Counter()\n", ""), ("COLUMNS = [", "counts = Counter()\nCOLUMNS = [")),
            "an empty Counter",
        ),
        Wrong(
            "parses the mail itself",
            Edits(
                ("return ProcessMailbox(self.mailbox_directory, self.processed_directory)", "return []"),
                (ROWS, "read_mailbox(self.mailbox_directory)"),
                (IMPORTS, f"{IMPORTS}from enronlib.parquet import read_mailbox\n"),
            ),
            "require ProcessMailbox",
        ),
        Wrong(
            "parses the mail a second time",
            Edits(
                (ROWS, "read_mailbox(self.mailbox_directory)"),
                (IMPORTS, f"{IMPORTS}from enronlib.parquet import read_mailbox\n"),
            ),
            "read your input, the Parquet file",
        ),
        Wrong(
            "creates the folder and writes to the path",
            Edits((f"with {OPEN}", f"self.output().makedirs()\n        with {PATH}")),
            HALF,
        ),
        Wrong("writes to the path", Edits((OPEN, PATH)), "write through the target, which also makes the folder"),
        Wrong(
            "writes all at once, but in place",
            Edits(
                (WRITE_MAPPER, f"self.output().makedirs()\n        {IN_PLACE}"),
                (IMPORTS, f"from pathlib import Path\n{IMPORTS}"),
            ),
            "straight to the path of its output",
        ),
        Wrong("swallows the error", Edits(*SWALLOW), "swallowed the error"),
        Wrong("forgets the format", Edits((", format=UTF8", "")), UTF8),
        Wrong(
            "writes beside its output",
            Edits((OPEN, 'open(self.input().path + "~", "w", encoding="utf-8")')),
            "is not there",
        ),
    ],
)
def mapper(answer: Answer, mail: Mail) -> str:
    """Two unseen mailboxes, one after the other; a Parquet file of other mail; an error while it writes."""
    processed, words = Path("processed"), Path("words")
    advice = "count every word of plain_text, in every message"
    with new_folder():
        for original in _with_html(mail)[:2]:
            mailbox = Path(shutil.copytree(original, Path("maildir", original.name)))
            names = {"mailbox_directory": mailbox, "processed_directory": processed, "words_directory": words}
            task = make_task(answer, "CountMailbox", "a mailbox", **names)
            run_task(task)
            counts = _counts_of(task, words / f"{mailbox.name}.txt", "<mailbox>.txt in words_directory was expected")
            _compare(counts, mail.truth["words"][mailbox.name], advice)
            if not (processed / f"{mailbox.name}.parquet").exists():
                raise NotYet("there is no Parquet file in processed_directory: require ProcessMailbox of the mailbox.")
            advice = "the mailbox before was right, so begin each run with an empty Counter"
        other = Path("other", mailbox.name)
        write_message(other / "1_", "Null, null and gas.")
        with _requiring(task, lambda _: ProcessMailbox(other, processed)):
            _run_again(task)
        if output_path(task).read_text(encoding="utf-8") != "and\t1\ngas\t1\nnull\t2\n":
            raise NotYet("run() reads the mail again: read your input, the Parquet file (self.input().path).")
        output_path(task).unlink()
        with stand_in(tokens, answer.value, return_value=UNWRITABLE) as cause:
            crash(task, "a word cannot be written", cause)
        replaces_output(task)
    return "Your mapper reads one mailbox and writes its words to a file, so any number of mappers can run at once."


def _with_html(mail: Mail) -> list[Path]:
    """Return the mailboxes in which some raw body has other words than its plain text."""
    names = {email["username"] for email in mail.emails if tokens(email["payload"]) != tokens(plain_text(email))}
    return [mailbox for mailbox in mail.mailboxes if mailbox.name in names]


def _requiring(task: Answer, swap: Callable[[Any], Any]) -> Any:
    """Return a context in which the task requires other tasks, in the same shape: `swap` returns the one for each."""
    swapped = _in_shape(task.value.requires(), swap)
    return patch.object(type(task.value), "requires", lambda self: swapped)


def _in_shape(required: Any, swap: Callable[[Any], Any]) -> Any:
    if isinstance(required, luigi.Task):
        return swap(required)
    if isinstance(required, Mapping):
        return {key: _in_shape(each, swap) for key, each in required.items()}
    return [_in_shape(each, swap) for each in required]


def _other_mailbox(mapper: Any, processed: Path, words: Path) -> MapMailbox:
    """Return the mapper of the mailbox with the same name in the folder `other`."""
    return MapMailbox(Path("other", Path(mapper.mailbox_directory).name), processed, words_directory=words)


def _run_again(task: Answer) -> None:
    output_path(task).unlink()
    run_task(task)


def _counts_of(task: Answer, path: Path, advice: str) -> Answer:
    """Return the counts in a task's output, as an Answer, if that is the file at `path` and has the right format."""
    target = task.value.output()
    Answer(Path(target.path), "the output is").expect(Path(target.path) == path, advice, hint=2)
    encoding = getattr(target.format, "kwargs", {}).get("encoding") or ""
    if encoding.lower().replace("-", "") != "utf8":
        raise NotYet(f"another computer might write {path.name} in another encoding: make its target {UTF8}.")
    counts: dict[str, int] = {}
    before = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        read = Answer(line, f"{path.name} has the line")
        read.expect(re.fullmatch(r"[^\t]+\t[0-9]+", line) is not None, "a word, a tab and a count were expected")
        word, _, count = line.partition("\t")
        read.expect(word > before, f"after {before!r}: lines are sorted by word, each word once")
        counts[word], before = int(count), word
    return Answer(counts, path.name)


def _compare(counts: Answer, expected: Mapping[str, int], advice: str) -> None:
    """Continue if the counts are the expected ones; otherwise name the first word that has another count."""
    for word in sorted(counts.value.keys() | expected):
        Answer(counts.value.get(word, 0), f"{counts.said} counts {word!r} as").equals(expected.get(word, 0), advice)


ADD = "total[word] += int(count)"
ADD_UP = "add up the counts of each word over all inputs"
FROM_FILES = """with target.open() as file:
                for line in file:
                    word, count = line.split("\\t")
                    total[word] += int(count)"""
BY_PANDAS = """for word, count in pd.read_csv(target.path, sep="\\t", header=None, quoting=3).dropna().to_numpy():
                total[word] += int(count)"""
MAIL_AGAIN = """for mailbox in mailboxes(self.emails_directory):
            for email in read_mailbox(mailbox):
                total.update(tokens(plain_text(email)))"""
READERS = """from enronlib.messages import plain_text
from enronlib.parquet import read_mailbox
from enronlib.words import tokens"""
GONE = "yesteryear"  # the only word of a mailbox that is gone


@exercise(
    "count.reducer",
    title="The reducer task",
    points=4,
    stars=3,
    hints=(
        "`mailboxes(self.emails_directory)` returns the folders of all mailboxes, and `requires` may return a list of "
        "tasks. In `run`, the reading cell above does the adding. What replaces `for mapper in mappers`?",
        "A list works: `[CountMailbox(mailbox, …, words_directory=…) for mailbox in …]`. In `run`, "
        "`for target in self.input():` goes through the outputs, and `with target.open() as file:` opens one.",
    ),
    wrong=[
        Wrong("lets the last mailbox win", Edits((ADD, "total[word] = int(count)")), "add up"),
        Wrong("counts lines", Edits((ADD, "total[word] += 1")), "add up"),
        Wrong("joins texts", Edits((ADD, "total[word] = f'{total[word]}{int(count)}'")), "add up"),
        Wrong(
            "adds up every file in the folder",
            Edits(("self.input()", "(self.results_directory / 'words').glob('*.txt')")),
            "self.input()",
        ),
        Wrong(
            "requires one mailbox",
            Edits(("mailboxes(self.emails_directory)", "mailboxes(self.emails_directory)[:1]")),
            "for each mailbox",
        ),
        Wrong("sorts by count", Edits(("sorted(total)", "sorted(total, key=total.get)")), "sorted by word"),
        Wrong(
            "reads the mail again",
            Edits(
                (f"for target in self.input():\n            {FROM_FILES}", MAIL_AGAIN),
                (IMPORTS, f"{IMPORTS}{READERS}\n"),
            ),
            "read self.input()",
        ),
        Wrong(
            "loses words that pandas takes for missing values",
            Edits((FROM_FILES, BY_PANDAS), (IMPORTS, f"{IMPORTS}import pandas as pd\n")),
            "counts 'nan' as 0",
        ),
        Wrong(
            "puts count.txt among the words",
            Edits(('/ "count.txt"', '/ "words" / "count.txt"')),
            "count.txt in results_directory",
        ),
        Wrong("writes to the path", Edits((OPEN, PATH)), HALF),
        Wrong("swallows the error", Edits(*SWALLOW), "swallowed the error"),
        Wrong("forgets the format", Edits((", format=UTF8", "")), UTF8),
        Wrong("puts the words elsewhere", Edits(('/ "words"', '/ "files"')), "results_directory / 'words'"),
    ],
)
def reducer(answer: Answer, mail: Mail) -> str:
    """Three unseen mailboxes, beside the file of one that is gone; files of other mail; an error while it writes."""
    emails, processed, results = map(Path, ("maildir", "processed", "results"))
    words = results / "words"
    with new_folder():
        names = [mailbox.name for mailbox in mail.mailboxes[:3]]
        for name in names:
            shutil.copytree(mail.maildir / name, emails / name)
        words.mkdir(parents=True)
        (words / "gone-g.txt").write_text(f"{GONE}\t1000\n", encoding="utf-8", newline="\n")
        directories = {"emails_directory": emails, "processed_directory": processed, "results_directory": results}
        task = make_task(answer, "AddUpCounts", "a maildir", **directories)
        run_task(task)
        if not all((words / f"{name}.txt").exists() for name in names):
            raise NotYet("a file is missing in results_directory / 'words': require a mapper for each mailbox.")
        counts = _counts_of(task, results / "count.txt", "count.txt in results_directory was expected")
        gone = Answer(counts.value.get(GONE, 0), f"count.txt counts {GONE!r}, of a mailbox that is gone, as")
        gone.expect(gone.value == 0, "add up self.input(), and no other file in the folder")
        _compare(counts, sum((Counter(mail.truth["words"][name]) for name in names), Counter()), ADD_UP)

        bodies = dict(zip(names, ("Null is not nan.", "Null and gas.", "Gas"), strict=True))
        for name, body in bodies.items():
            write_message(Path("other", name, "1_"), body)
        with _requiring(task, lambda each: _other_mailbox(each, processed, words)):
            _run_again(task)
        counts = _counts_of(task, output_path(task), "")
        _compare(counts, Counter(tokens(" ".join(bodies.values()))), f"{ADD_UP}: read self.input(), and skip no word")

        output_path(task).unlink()
        lines = "".join(f"{word}\t1\n" for word in UNWRITABLE)  # no file can hold them, so the input is not a file
        cause = Mock(side_effect=lambda mode="r": io.StringIO(lines))
        with patch.object(type(task.value), "input", lambda self: [SimpleNamespace(open=cause)]):
            crash(task, "a word cannot be written", cause)
        replaces_output(task)
    return "Your reducer adds up what it requires, and ignores any other file."


TUPLES = "each word gets a tuple of its two counts, the count in `one` first"
ABSENT = "a word that only one of them has is a difference, too, and counts 0 in the other"
ALL = "one.keys() | other.keys()"
UNEQUAL = "if pair[0] != pair[1]"
PAIR = "(one.get(word, 0), other.get(word, 0))"


@exercise(
    "count.differences",
    title="Where do two counts differ?",
    points=2,
    stars=2,
    hints=(
        "Which words must you look at? Those of `one` are not enough. And what does `one.get(word, 0)` return for a "
        "word that is not in it?",
        "`one.keys() | other.keys()` are the words of both. Go through them, take the two counts with `get`, and put "
        "the pair into your dict if they differ.",
    ),
    wrong=[
        Wrong("looks at common words only", Edits((ALL, "one.keys() & other.keys()")), "a word that only one of them"),
        Wrong("looks at the words of the first only", Edits((ALL, "one")), "a word that only one of them has"),
        Wrong("subtracts the counts", lambda one, other: Counter(one) - Counter(other), "differs and is missing"),
        Wrong(
            "compares a 0 with nothing",
            Edits((UNEQUAL, "if one.get(word) != other.get(word)")),
            "so does a word that is not there",
        ),
        Wrong("keeps equal counts", Edits((UNEQUAL, "")), "leave out words with equal counts"),
        Wrong("gives the difference", Edits(("{word: pair for", "{word: pair[1] - pair[0] for")), TUPLES),
        Wrong("swaps the pair", Edits(("{word: pair for", "{word: pair[::-1] for")), "the count in `one` first"),
        Wrong("says None for no count", Edits((PAIR, PAIR.replace(", 0", ""))), "counts 0"),
        Wrong("says whether they are equal", lambda one, other: one == other, "a dict was expected"),
        Wrong("knows only the example", lambda one, other: {"gas": (2, 3), "hub": (0, 1)}, TUPLES),
    ],
)
def differences(answer: Answer, mail: Mail) -> str:
    """Counts that differ, a word that only one of them has, equal counts, and two unseen mailboxes."""
    pairs = answer({"gas": 2}, {"gas": 3}).is_a(dict)
    pairs.expect("gas" in pairs.plain, "'gas' differs and is missing")
    pairs.equals({"gas": (2, 3)}, TUPLES, hint=2)
    answer({"gas": 1}, {}).equals({"gas": (1, 0)}, ABSENT)
    answer({"the": 5}, {"the": 5, "hub": 1}).equals({"hub": (0, 1)}, f"leave out words with equal counts; {ABSENT}")
    answer({"gas": 0}, {}).equals({}, "'gas' counts 0, and so does a word that is not there: no difference")
    answer({"the": 5}, {"the": 5}).equals({}, "equal counts do not differ")
    one, other = list(mail.truth["words"].values())[:2]
    pairs_of_both = {word: (one.get(word, 0), other.get(word, 0)) for word in one | other}
    differing = {word: pair for word, pair in pairs_of_both.items() if pair[0] != pair[1]}
    answer.on("the words of two mailboxes")(one, other).equals(differing, ABSENT)
    return "You looked at the words of both, and kept those that differ."
