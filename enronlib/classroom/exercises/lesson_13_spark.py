"""Exercises of lesson 13: the word count on an RDD, the shuffles in a plan, a join by hand, and a join with salt.

The names of the exercises begin with `spark.`. No check needs Spark: an RDD in plain Python stands in for Spark's.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.exercise import Edits, Right, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.classroom.toy_rdd import ToyRDD
from enronlib.mapreduce import map_reduce
from enronlib.words import tokens

exercise = lesson("13_spark")

AN_RDD = "return an RDD of pairs, not the result of an action such as collect()"
PAIRS = "the items of the RDD are pairs of a word and its count"
TOKENS = "words are what `tokens` returns, and each counts as often as it occurs"
ONCE = "each word has one pair in the end: bring equal words together with reduceByKey"
EARLY = "a pair crosses the network for every single word: reduceByKey adds up within each partition first"
WORD_PAIRS = ".map(lambda word: (word, 1))"
ADD_UP = ".reduceByKey(add)"


@exercise(
    "spark.count",
    title="Count words on an RDD",
    points=2,
    stars=1,
    hints=(
        "The three lines above count what `split` returns. Which function of the kit takes its place?",
        "`texts.flatMap(tokens)` is an RDD of words. Make each word a pair, `.map(lambda word: (word, 1))`, and add up "
        "the pairs of equal words: `.reduceByKey(add)`.",
    ),
    wrong=[
        Wrong("splits at spaces", Edits(("flatMap(tokens)", "flatMap(str.split)")), TOKENS),
        Wrong("maps where it should flatten", Edits(("flatMap(tokens)", "map(tokens)")), "raised TypeError"),
        Wrong(
            "counts each word once a text",
            Edits(("flatMap(tokens)", "flatMap(lambda text: set(tokens(text)))")),
            TOKENS,
        ),
        Wrong("adds nothing up", Edits((ADD_UP, "")), ONCE),
        Wrong("makes no pairs", Edits((WORD_PAIRS, ""), (ADD_UP, "")), PAIRS),
        Wrong(
            "adds up in each partition only",
            lambda texts: texts.flatMap(tokens).mapPartitions(lambda words: Counter(words).items()),
            ONCE,
        ),
        Wrong("collects", Edits((ADD_UP, f"{ADD_UP}.collect()")), AN_RDD),
        Wrong("collects a dict", Edits((ADD_UP, f"{ADD_UP}.collectAsMap()")), AN_RDD),
        Wrong("counts by an action", Edits((f"{WORD_PAIRS}{ADD_UP}", ".countByValue()")), AN_RDD),
        Wrong("groups every pair", Edits((ADD_UP, ".groupByKey().mapValues(sum)")), EARLY),
        Wrong("returns nothing", Edits(("return ", "")), "is a `return` missing?"),
        Wrong("needs another method", Edits((ADD_UP, ".foldByKey(0, add)")), "has no `foldByKey`"),
    ],
    right=[
        Right(
            "combines by hand",
            lambda texts: (
                texts.mapPartitions(lambda some: Counter(word for text in some for word in tokens(text)).items())
                .groupByKey()
                .mapValues(sum)
            ),
        ),
    ],
)
def count(answer: Answer, mail: Mail) -> str:
    """Two small texts, the same in three partitions, one of them empty, then unseen mail."""
    small = ["The data, the jump.", "Don't hide the data!"]
    for what, partitions in (
        ("two short texts", [small]),
        ("two short texts in three partitions", [small[:1], [], small[1:]]),
        ("unseen mail in four partitions", [mail.texts[number::4] for number in range(4)]),
    ):
        got = answer.on(what)(ToyRDD(partitions))
        if got.kind is not ToyRDD:
            got.is_a(ToyRDD) if got.value is None else got.fail(AN_RDD)
        rdd: ToyRDD = got.value
        items = Answer(rdd.collect(), f"for {what}, the items are")
        pairs = items.pairs(PAIRS)
        items.expect(len(pairs) == len({repr(word) for word, _ in pairs}), ONCE)
        texts = [text for partition in partitions for text in partition]
        Answer(dict(pairs), f"for {what}, the counts are").equals(
            dict(Counter(word for text in texts for word in tokens(text))), TOKENS
        )
        most = sum(len({word for text in partition for word in tokens(text)}) for partition in partitions)
        if sum(rdd.shuffled) > most:
            raise NotYet(f"the counts are right, but {EARLY}.", hint=2)
    return "The same counts as the kit's, and no partition sends a word twice."


START = "only the name of a step counts, at the start of its line after the branches of the tree"
BROADCAST = "a BroadcastExchange sends a small table to everybody: it is not a shuffle"
REUSED = "a ReusedExchange uses the result of a shuffle again, and shuffles nothing"
EVERY = "every line whose step is called Exchange is a shuffle"
BRANCHES = 'line.lstrip(" :+-")'

GROUPED = """HashAggregate(keys=[From], functions=[count(1)])
+- Exchange hashpartitioning(From, 4)
   +- HashAggregate(keys=[From], functions=[partial_count(1)])
      +- FileScan parquet [From] PushedFilters: [], ReadSchema: struct<From:string>"""
MERGED = """Sort [month ASC NULLS FIRST], true, 0
+- Exchange rangepartitioning(month ASC NULLS FIRST, 8)
   +- SortMergeJoin [From], [address], Inner
      :- Sort [From ASC NULLS FIRST], false, 0
      :  +- Exchange hashpartitioning(From, 8)
      :     +- Filter isnotnull(From)
      :        +- FileScan parquet [From,month]
      +- Sort [address ASC NULLS FIRST], false, 0
         +- Exchange hashpartitioning(address, 8)
            +- FileScan parquet [address,name]"""
SENT_ROUND = """HashAggregate(keys=[], functions=[count(1)])
+- Exchange SinglePartition
   +- HashAggregate(keys=[], functions=[partial_count(1)])
      +- BroadcastHashJoin [From], [address], Inner, BuildRight, false
         :- FileScan parquet [From]
         +- BroadcastExchange HashedRelationBroadcastMode(List(input[0, string, true]))
            +- FileScan parquet [address]"""
TWICE = """SortMergeJoin [From], [To], Inner
:- Sort [From ASC NULLS FIRST], false, 0
:  +- Exchange hashpartitioning(From, 4)
:     +- FileScan parquet [From]
+- Sort [To ASC NULLS FIRST], false, 0
   +- ReusedExchange [To], Exchange hashpartitioning(From, 4)"""
FILTERED = """Project [Subject]
+- Filter (Subject = Gas - Exchange closes early)
   +- FileScan parquet [Subject] PushedFilters: [IsNotNull(Subject), EqualTo(Subject,Gas - Exchange closes early)]"""


@exercise(
    "spark.shuffles",
    title="Read a plan",
    points=2,
    stars=2,
    hints=(
        "Go through `plan.splitlines()`. What is left of a line without the branches of the tree, the characters "
        '`:`, `+`, `-` and spaces at its start? `"  :- Sort".lstrip(" :+-")` gives `"Sort"`.',
        'A step is a shuffle if `line.lstrip(" :+-").startswith("Exchange ")`. Count these lines.',
    ),
    wrong=[
        Wrong("counts the word anywhere", lambda plan: plan.count("Exchange"), BROADCAST),
        Wrong("counts the word with a space", lambda plan: plan.count(" Exchange "), REUSED),
        Wrong("counts lines with the word", Edits((f"{BRANCHES}.startswith", "line.count")), BROADCAST),
        Wrong("counts the branch and the word", lambda plan: plan.count("- Exchange"), "at the start of its line"),
        Wrong("counts hash partitioning", lambda plan: plan.count("Exchange hashpartitioning"), EVERY),
        Wrong("leaves the branches", Edits((BRANCHES, "line")), EVERY),
        Wrong(
            "strips the right side of the tree only",
            lambda plan: sum(line.strip().startswith("+- Exchange ") for line in plan.splitlines()),
            EVERY,
        ),
        Wrong("returns whether there is one", lambda plan: "Exchange " in plan, "a bool; an int was expected"),
        Wrong("returns the lines", lambda plan: [x for x in plan.splitlines() if "Exchange " in x], "a list; an int"),
        Wrong("knows only the example", lambda plan: 1, EVERY),
        Wrong("returns nothing", Edits(("return ", "")), "is a `return` missing?"),
    ],
)
def shuffles(answer: Answer, mail: Mail) -> str:
    """Plans with every kind of shuffle, with a broadcast, with a shuffle used twice, and without any."""
    for what, plan, expected, advice in (
        ("a plan that groups", GROUPED, 1, EVERY),
        ("a plan that joins and sorts", MERGED, 3, EVERY),
        ("a plan with a broadcast", SENT_ROUND, 1, BROADCAST),
        ("a plan that uses a shuffle twice", TWICE, 1, REUSED),
        ("a plan with a filter on a subject", FILTERED, 0, START),
    ):
        got = answer.on(what)(plan).is_a(int)
        got.equals(expected, EVERY if got.plain < expected else advice)
    return "You saw shuffles by hash, by range and to one partition, and were not taken in by a broadcast."


PEOPLE: list[tuple[str, tuple[str, str]]] = [
    ("people", ("jo@a.example", "kim-a")),
    ("people", ("bo@a.example", "lee-b")),
]
MESSAGES: list[tuple[str, tuple[str, str]]] = [
    ("messages", ("bo@a.example", "Gas")),
    ("messages", ("jo@a.example", "Lunch")),
    ("messages", ("bo@a.example", "Re: Gas")),
    ("messages", ("zoe@b.example", "Hello")),
]
NO_ORDER = "rows of the two tables come in any order: sort them out first, then pair them"
INNER = "an address that is in one table only gets an empty list"
ALL_PAIRS = "each message is paired with each person of its address"
LISTED = "the value of each address is a list of pairs (name, subject)"


@exercise(
    "spark.join",
    title="A join as MapReduce",
    points=4,
    stars=3,
    hints=(
        "The key must be what brings the rows of both tables together: the address. The value says from which table "
        "the row came, so that the reducer knows: `[(address, (table, text))]`.",
        "In the reducer, `values` can be gone through only once, so fill two lists in one loop: `names` with the texts "
        "from people, `subjects` with the others. Then `[(name, subject) for subject in subjects for name in names]`.",
    ),
    wrong=[
        Wrong("forgets the table", Edits(("(table, text))]", "text)]")), "raised ValueError"),
        Wrong("keys by the text", Edits(("[(address, (table, text))]", "[(text, (table, address))]")), "keys"),
        Wrong(
            "expects the person first",
            Edits(
                (
                    "return [(name, subject) for subject in subjects for name in names]",
                    "return [(names[0], subject) for subject in subjects] if names else []",
                )
            ),
            ALL_PAIRS,
        ),
        Wrong(
            "pairs what it has met so far",
            Edits(
                ("subjects.append(text)", "subjects.extend((name, text) for name in names)"),
                ("return [(name, subject) for subject in subjects for name in names]", "return subjects"),
            ),
            NO_ORDER,
        ),
        Wrong(
            "zips the two lists",
            Edits(
                (
                    "[(name, subject) for subject in subjects for name in names]",
                    "list(zip(names, subjects, strict=False))",
                )
            ),
            ALL_PAIRS,
        ),
        Wrong(
            "keeps messages of strangers",
            Edits(("for name in names]", "for name in names or [None]]")),
            INNER,
        ),
        Wrong(
            "gives a set",
            Edits(("return [(name, subject)", "return {(name, subject)"), ("in names]", "in names}")),
            "is a set; a list was expected",
        ),
        Wrong(
            "swaps name and subject",
            Edits(("[(name, subject) for subject", "[(subject, name) for subject")),
            "first the name, then the subject",
        ),
        Wrong("hands in one function", lambda record: [record], "join_mapper and join_reducer"),
        Wrong("returns nothing", Edits(("return [(name", "[(name")), "is None; is a `return` missing?"),
    ],
)
def join(answer: Answer, mail: Mail) -> str:
    """Two people and four messages in any order, an address of two people, then unseen mail, in splits of 1 and 50."""
    mapper, reducer = _two_functions(answer, "join_mapper and join_reducer")
    Answer(mapper)(PEOPLE[0])  # so that a function which is not written yet is found first

    def your_join(records: Sequence[Any], split_size: int) -> dict[Any, Any]:
        return dict(map_reduce(records, mapper, reducer, split_size=split_size))

    unseen = [("messages", (str(mail["From"]), str(mail["Subject"]))) for mail in mail.emails]
    senders = sorted({address for _, (address, _) in unseen})
    some = [("people", (address, f"person-{number}")) for number, address in enumerate(senders[::2])]
    mixed = Random(13).sample([*unseen, *some], len(unseen) + len(some))
    for what, records, split_size in (
        ("people first", [*PEOPLE, *MESSAGES], 1000),
        ("messages first", [*MESSAGES, *PEOPLE], 1),
        ("two people with one address", [*MESSAGES, *PEOPLE, ("people", ("bo@a.example", "may-c"))], 2),
        ("people only", PEOPLE, 1),
        ("unseen mail and people, shuffled", mixed, 50),
    ):
        expected = _joined(records)
        got = Answer(your_join).on(what)(records, split_size).is_a(dict)
        right_keys = got.plain.keys() == expected.keys()
        got.expect(right_keys, "the keys are the addresses of both tables, so that equal ones meet in the reducer")
        for address, pairs in expected.items():
            value = Answer(got.plain[address], f"with {what}, the value of {address!r} is")
            value.expect(value.value is not None, "is a `return` missing?")
            found = value.pairs(LISTED)
            value.expect(bool(pairs) or not found, INNER)
            turned = found and sorted(map(repr, found)) == sorted(repr(pair[::-1]) for pair in pairs)
            value.expect(not turned or pairs == found, "give first the name, then the subject")
            too_few = NO_ORDER if what == "messages first" else ALL_PAIRS
            value.expect(Counter(map(repr, found)) == Counter(map(repr, pairs)), too_few, hint=2)
    return "Your reducer pairs rows that came in any order, from any number of map tasks."


def _two_functions(answer: Answer, names: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    if not isinstance(answer.value, tuple) or len(answer.value) != 2:
        raise NotYet(f"two functions were expected: {names}.")
    one, other = answer.value
    return one, other


def _joined(records: Iterable[tuple[str, tuple[str, str]]]) -> dict[str, list[tuple[str, str]]]:
    rows = list(records)
    names = [row for table, row in rows if table == "people"]
    return {
        address: [
            (name, subject)
            for table, (sender, subject) in rows
            if table == "messages" and sender == address
            for person, name in names
            if person == address
        ]
        for _, (address, _) in rows
    }


SAME = "the same message must get the same salt each time: a task that is done again must not change the result"
KEY = "the key is a pair of the domain and a salt, a whole number from 0 to salts - 1"
VALUE = "the value stays as it is: only the key gets a salt"
EACH = "a company must meet the messages of every salt: one copy for each salt, from 0 to salts - 1"
SPREAD = "the messages of one domain must be spread over all salts, about evenly"
SALT = "partition_of(subject, salts)"


@exercise(
    "spark.salt",
    title="Salt for a join",
    points=3,
    stars=2,
    hints=(
        "A message goes to one salt, which is made from something in which the messages of a domain differ. A company "
        "cannot know to which salts the messages went, so there is a copy of the company for each of them.",
        "`return ((domain, partition_of(subject, salts)), subject)` for a message, and "
        "`return [((domain, salt), name) for salt in range(salts)]` for a company.",
    ),
    wrong=[
        Wrong("draws the salt", Edits((SALT, "__import__('random').randrange(salts)")), SAME),
        Wrong("makes the salt from the domain", Edits((SALT, "partition_of(domain, salts)")), SPREAD),
        Wrong("uses one salt", Edits((SALT, "0")), SPREAD),
        Wrong("uses the length", Edits((SALT, "min(len(subject), salts - 1)")), SPREAD),
        Wrong("joins the texts", Edits((f"(domain, {SALT})", f"domain + str({SALT})")), KEY),
        Wrong("loses the subject", Edits((f"{SALT}), subject)", f"{SALT}), 1)")), VALUE),
        Wrong("copies the company once", Edits(("in range(salts)", "in range(1)")), EACH),
        Wrong("counts the copies from 1", Edits(("in range(salts)", "in range(1, salts + 1)")), EACH),
        Wrong(
            "gives the company a salt, too",
            Edits(("for salt in range(salts)", f"for salt in [{SALT.replace('subject', 'name')}]")),
            EACH,
        ),
        Wrong("forgets the domain", Edits(("((domain, salt), name)", "(salt, name)")), EACH),
        Wrong("hands in one function", lambda message, salts: message, "salted and copies"),
        Wrong("returns nothing", Edits(("return ", "")), "is a `return` missing?"),
    ],
)
def salt(answer: Answer, mail: Mail) -> str:
    """The salts of many messages of one domain, and the copies of a company, for two numbers of salts."""
    salted, copies = _two_functions(answer, "salted and copies")
    subjects = sorted({f"{mail['Subject']} {number % 7}" for number, mail in enumerate(mail.emails)})
    for salts in (4, 7):
        places: Counter[int] = Counter()
        for subject in subjects:
            message = ("enron.example", subject)
            got = Answer(salted)(message, salts).is_a(tuple)
            got.expect(len(got.plain) == 2 and _is_salted(got.plain[0], "enron.example", salts), KEY)
            got.expect(got.plain[1] == subject, VALUE)
            got.expect(all(Answer(salted)(message, salts).plain == got.plain for _ in range(3)), SAME)
            places[got.plain[0][1]] += 1
        share = Answer(dict(places), f"messages of one domain in each of {salts} salts:")
        share.expect(len(places) == salts and max(places.values()) < 2 * len(subjects) / salts, SPREAD)
        made = Answer(copies)(("enron.example", "Enron"), salts)
        pairs = made.pairs("return a list with a pair for each copy: ((domain, salt), name)")
        wanted = sorted((("enron.example", number), "Enron") for number in range(salts))
        made.expect(sorted(pairs, key=repr) == sorted(wanted, key=repr), EACH)
    return "Every message meets its company exactly once, and no task has to do all the work."


def _is_salted(key: Any, domain: str, salts: int) -> bool:
    return isinstance(key, tuple) and len(key) == 2 and key[0] == domain and key[1] in range(salts)
