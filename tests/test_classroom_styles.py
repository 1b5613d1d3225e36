"""A right answer is correct in any style: nobody has to guess how the lesson writes it."""

import re
from collections import Counter, defaultdict, deque
from hashlib import md5
from itertools import groupby, product
from operator import itemgetter

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from enronlib.classroom.authoring.rehearsal import edited_solution, inside
from enronlib.classroom.exercise import Edits
from enronlib.classroom.exercises import find_exercise
from enronlib.classroom.verdict import Status
from enronlib.corpus import message_files
from enronlib.mapreduce import partition_of
from enronlib.messages import plain_text
from enronlib.words import tokens


def html_by_new_line_tags(html):
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup(["title", "style"]):
        tag.extract()
    for tag in soup(["br", "center", "div", "h1", "h2", "h3", "hr", "li", "p", "table", "td", "th", "tr"]):
        tag.insert(0, "\n")
        tag.append("\n")
    return soup.get_text()


def pairs_by_explode(table):
    rows = table[["From", "To"]].dropna()
    rows = rows.assign(To=rows["To"].str.split(",")).explode("To")
    rows["To"] = rows["To"].str.strip()
    return rows[rows["From"] != rows["To"]].groupby(["From", "To"]).size().to_dict()


def without_duplicates_by_pandas(emails):
    same = pd.DataFrame(emails)[["From", "Date", "Subject"]]
    same["words"] = [" ".join(plain_text(email).split()) for email in emails]
    return [email for email, is_copy in zip(emails, same.duplicated(), strict=True) if not is_copy]


def without_duplicates_by_table(emails):
    table = pd.DataFrame(emails)
    table["words"] = [" ".join(plain_text(email).split()) for email in emails]
    return table.drop_duplicates(["From", "Date", "Subject", "words"]).to_dict("records")


def without_duplicates_by_dict(emails):
    first: dict[object, dict[str, object]] = {}
    for email in emails:
        key = (email["From"], email["Date"], email["Subject"], " ".join(plain_text(email).split()))
        first.setdefault(key, email)
    return first.values()


def sizes(mailbox):
    return [path.stat().st_size for path in message_files(mailbox)]


def top_by_two_sorts(counts, n, stop_words):
    left = Counter({word: counts[word] for word in sorted(counts) if word not in stop_words})
    return left.most_common(n)


def group_by_dict(runs):
    values_of: dict[str, list[int]] = defaultdict(list)
    for key, value in sorted(pair for run in runs for pair in run):
        values_of[key].append(value)
    return values_of.items()


def engine_without_empty_splits(splits, mapper, reducer, partitions):
    dealt = [deal(mapper, split, partitions) for split in splits if split]
    groups = [group_by_dict(runs[partition] for runs in dealt) for partition in range(partitions)]
    return sorted((key, reducer(key, values)) for each in groups for key, values in each)


def deal(mapper, split, partitions):
    pairs = sorted(pair for record in split for pair in mapper(record))
    return [[pair for pair in pairs if partition_of(pair[0], partitions) == n] for n in range(partitions)]


def engine_from_the_last_partition(splits, mapper, reducer, partitions):
    runs: list[dict[str, list[int]]] = [defaultdict(list) for _ in range(partitions)]
    for split in splits:
        for record in split:
            for key, value in mapper(record):
                runs[partition_of(key, partitions)][key].append(value)
    return sorted((key, reducer(key, values)) for run in reversed(runs) for key, values in run.items())


def engine_without_functions(splits, mapper, reducer, partitions):
    results = []
    for partition in range(partitions):
        pairs = [pair for split in splits for record in split for pair in mapper(record)]
        mine = sorted(pair for pair in pairs if partition_of(pair[0], partitions) == partition)
        for key, group in groupby(mine, itemgetter(0)):
            results.append((key, reducer(key, (value for _, value in group))))
    return sorted(results)


def counterexample_backwards(function, values):
    found = None
    for a, b, c in product(reversed(values), repeat=3):
        if function(function(a, b), c) != function(a, function(b, c)):
            found = (a, b, c)
    return found


def counterexample_of_floats(function, values):
    for a, b, c in product(values, repeat=3):
        if abs(function(function(a, b), c) - function(a, function(b, c))) > 1e-9:
            return a, b, c
    return None


def spread_combiner(key, values):
    shortest, longest = float("inf"), 0
    for low, high in values:
        shortest, longest = min(low, shortest), max(high, longest)
    return shortest, longest


SPREAD = (
    lambda record: [(record[0], (record[1], record[1]))],
    spread_combiner,
    lambda key, values: (pair := spread_combiner(key, values))[1] - pair[0],
)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("look.natural", lambda names: [*sorted(names, key=lambda name: int(name.rstrip("._")))]),
        ("look.size", lambda mailbox: np.sum(sizes(mailbox))),
        ("look.size", lambda mailbox: pd.Series(sizes(mailbox), dtype=int).sum()),
        ("parse.unfold", lambda value: re.sub(r"[ \t]*\n[ \t]*", " ", value)),
        ("parse.html", html_by_new_line_tags),
        ("table.pairs", pairs_by_explode),
        ("loop.duplicates", without_duplicates_by_pandas),
        ("loop.duplicates", without_duplicates_by_table),
        ("loop.duplicates", without_duplicates_by_dict),
        ("loop.top", top_by_two_sorts),
        ("mapreduce.group", group_by_dict),
        ("mapreduce.engine", engine_without_empty_splits),
        ("mapreduce.engine", engine_from_the_last_partition),
        ("mapreduce.engine", engine_without_functions),
        ("wrong.counterexample", counterexample_backwards),
        ("wrong.counterexample", counterexample_of_floats),
        ("wrong.once", lambda text: dict.fromkeys(tokens(text), 1).items()),
        ("wrong.once", lambda text: frozenset((word, 1) for word in tokens(text))),
        ("wrong.once", lambda text: deque((word, 1) for word in set(tokens(text)))),
        ("wrong.partition", lambda key, n: int(md5(key.encode()).hexdigest(), 16) % n),
        ("wrong.partition", lambda key, n: sum(key.encode()) % n),
        ("wrong.partition", partition_of),
        ("wrong.spread", SPREAD),
    ],
)
def test_a_right_answer_of_another_style_is_correct(exercise, answer):
    verdict = find_exercise(exercise).judge(answer)
    assert verdict.status is Status.CORRECT, verdict.message


REQUIRES = "return MailboxText(self.mailbox_directory, self.folder)"
READS = "self.input().open()"
WRITES = """with self.output().open("w") as file:
            for word, {count} in sorted(counts.items()):
                file.write(f"{{word}}\\t{{{count}}}\\n")"""
TEMPORARY_PATH = """with self.output().temporary_path() as path, open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{word}\\t{count}\\n" for word, count in sorted(counts.items()))"""
RENAMED = """path = self.output().path + "~"
        self.output().makedirs()
        with open(path, "wb") as file:
            file.write("".join(f"{word}\\t{count}\\n" for word, count in sorted(counts.items())).encode())
        os.replace(path, self.output().path)"""
TOKENS = "from enronlib.words import tokens"
ADD_UP = """with target.open() as file:
                for line in file:
                    word, count = line.split("\\t")
                    total[word] += int(count)"""
BY_PANDAS = """rows = pd.read_csv(target.path, sep="\\t", header=None, quoting=3, keep_default_na=False)
            total.update(dict(zip(rows[0], rows[1].tolist())))"""
NEEDS = "return ProcessMailbox(self.mailbox_directory, self.processed_directory)"
BY_NUMBER = ("        ]\n        ### END", "        ]))\n        ### END")
VALUES = ("in self.input()", "in self.input().values()")
RESOLVED = ("(mailbox, self.processed", "(mailbox.resolve(), self.processed")
RERAISED = (
    ("with self.output()", "try:\n          with self.output()"),
    (
        "Path(path))\n",
        "Path(path))\n        except Exception as error:\n            raise RuntimeError('no') from error\n",
    ),
)


@pytest.mark.parametrize(
    ("exercise", "edits"),
    [
        ("tasks.count", [(REQUIRES, REQUIRES.replace("return", "yield")), (READS, "self.input()[0].open()")]),
        ("tasks.count", [(REQUIRES, f"{REQUIRES[:7]}[{REQUIRES[7:]}]"), (READS, "self.input()[0].open()")]),
        ("tasks.count", [(REQUIRES, f"{REQUIRES[:7]}{{'t': {REQUIRES[7:]}}}"), (READS, "self.input()['t'].open()")]),
        ("tasks.count", [(WRITES.format(count="number"), TEMPORARY_PATH)]),
        ("tasks.count", [(WRITES.format(count="number"), RENAMED), ("import luigi\n", "import os\nimport luigi\n")]),
        ("tasks.count", [(TOKENS, "from enronlib import words"), ("tokens(", "words.tokens(")]),
        ("workflow.mailbox", RERAISED),
        ("workflow.wrapper", [RESOLVED]),
        ("workflow.wrapper", [("return [ProcessMailbox", "yield from [ProcessMailbox")]),
        ("count.mapper", [(NEEDS, f"yield {NEEDS[7:]}"), ("self.input().path", "self.input()[0].path")]),
        ("count.mapper", [(NEEDS, f"return {{'p': {NEEDS[7:]}}}"), ("self.input().path", "self.input()['p'].path")]),
        ("count.reducer", [("return [\n            CountMailbox", "yield from [\n            CountMailbox")]),
        (
            "count.reducer",
            [("return [\n            CountM", "return dict(enumerate([\n            CountM"), BY_NUMBER, VALUES],
        ),
        ("count.mapper", [(WRITES.format(count="count"), TEMPORARY_PATH)]),
        ("count.mapper", [("self.input().path", "self.requires().output().path")]),
        (
            "count.mapper",
            [("self.input().path", 'self.processed_directory / f"{self.mailbox_directory.name}.parquet"')],
        ),
        ("count.reducer", [(ADD_UP, BY_PANDAS), ("import luigi\n", "import pandas as pd\nimport luigi\n")]),
        ("count.reducer", [("for target in self.input()", "for target in [task.output() for task in self.deps()]")]),
    ],
)
def test_a_right_task_of_another_style_is_correct(exercise, edits, tmp_path):
    with inside(tmp_path):
        asked = find_exercise(exercise)
        verdict = asked.judge(edited_solution(asked, Edits(*edits)))
    assert verdict.status is Status.CORRECT, verdict.message
