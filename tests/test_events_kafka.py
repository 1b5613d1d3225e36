"""The pipeline for real: a broker, its topic, the stream job, and the same rows from every query engine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import date

import psutil
import pytest

pytest.importorskip("confluent_kafka", reason="needs confluent-kafka: the extra events")
pytest.importorskip("duckdb", reason="needs DuckDB: the extra events")
pytest.importorskip("pyspark", reason="needs Spark: the extra events")

from pyspark.sql import functions as f

from enronlib import UserError
from enronlib.events import broker, jars, job, presto, queries, require_libraries, services, thrift, topic
from enronlib.events.mailserver import MailServer, NotLoggedError
from enronlib.events.producer import KafkaLog
from enronlib.events.replay import day_of_traffic, send_to
from enronlib.events.schema import BAD, TABLES, encode, make_event, problem_with
from enronlib.events.store import MailStore
from enronlib.events.tasks import ExtractEvents
from enronlib.workflow.runner import build

ANN = "ann@enron.example"
LETTER = {"username": ANN, "to": ["bob@enron.example"], "subject": "Gas", "body": "Text"}


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    """The folder of a broker that runs until the tests end."""
    try:
        jars.fetch("kafka")
        jars.fetch("spark-kafka")
    except UserError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("kafka")
    broker.start(folder)
    yield folder
    broker.stop(folder)


@pytest.fixture
def address(kafka):
    return broker.start(kafka).address  # a test may have stopped it


def process_of(name, folder):
    service = services.find(name, folder)
    process = service and service.process()
    assert process
    return process


def listening(process):
    """Where a process waits for connections."""
    found = [each.laddr.ip for each in process.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
    return {ip.removeprefix("::ffff:") for ip in found}


@pytest.fixture
def name(request, address):
    """An empty topic with the name of the test."""
    name = request.node.name.replace("[", "-").replace("]", "")
    topic.create_topic(address, name)
    return name


# Jars


def test_every_jar_is_pinned_by_its_hash():
    for name in ("kafka", "spark-kafka", "s3a", "presto"):
        found = jars.pinned(name)
        assert found
        assert all(len(jar.sha256) == 64 and jar.version for jar in found)
        assert len({jar.path for jar in found}) == len(found)


def test_without_java_there_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    jars.check_java.cache_clear()
    with pytest.raises(UserError, match="Java is not installed"):
        jars.check_java()


def test_a_jar_with_other_bytes_is_not_used(kafka, monkeypatch, tmp_path):
    jar = jars.pinned("spark-kafka")[0]
    monkeypatch.setattr(jars, "cache_folder", lambda: tmp_path)
    jar.path.parent.mkdir()
    jar.path.write_bytes(b"something else")
    assert not jar.is_there()


@pytest.mark.parametrize("way", ["maven", "ivy"])
def test_a_missing_jar_is_fetched_by_maven_or_ivy(kafka, way, monkeypatch, tmp_path):
    if way == "maven" and not shutil.which("mvn"):
        pytest.skip("mvn is not on the PATH")
    monkeypatch.setattr(jars, "cache_folder", lambda: tmp_path)
    one = [jar for jar in jars.pinned("kafka") if jar.artifact == "slf4j-api"]
    monkeypatch.setattr(jars, "pinned", lambda name: one)
    if way == "ivy":
        monkeypatch.setattr("enronlib.events.jars.shutil.which", lambda name: None)
        monkeypatch.setattr(jars, "check_java", lambda: "java")
    assert jars.fetch.__wrapped__("kafka") == [tmp_path / "jars" / "slf4j-api-1.7.36.jar"]
    assert one[0].is_there()


# The broker


def test_a_broker_that_runs_is_not_started_again(kafka, address):
    assert broker.start(kafka).address == address
    assert process_of("kafka", kafka).is_running()


def test_nothing_listens_beyond_loopback(kafka, address):
    assert listening(process_of("kafka", kafka)) == {"127.0.0.1"}


def test_a_broker_that_was_killed_keeps_its_records_and_its_port_and_gets_what_waits(kafka, name, address):
    with KafkaLog(address, name, patience=120) as log:
        log.append("a", b"1")
        process = process_of("kafka", kafka)
        process.kill()
        process.wait(30)
        back = threading.Thread(target=broker.start, args=(kafka,))
        back.start()
        log.append("a", b"2")
    back.join()
    assert broker.start(kafka).address == address
    assert [record.value for record in topic.read_records(address, name)] == [b"1", b"2"]


def test_a_pid_that_belongs_to_another_process_is_no_broker(tmp_path):
    state = {"pid": os.getpid(), "began": 1.0, "port": 1}
    (tmp_path / "kafka.json").write_text(json.dumps(state))
    assert broker.find(tmp_path) is None
    assert not broker.stop(tmp_path)


# The topic and the producer


def test_events_of_one_user_are_in_one_partition_in_order(name, address):
    with KafkaLog(address, name) as log:
        for number in range(30):
            log.append(f"user {number % 3}", b"%d" % number)
    records = list(topic.read_records(address, name))
    assert sum(topic.end_offsets(address, name).values()) == len(records) == 30
    for user in range(3):
        mine = [record for record in records if record.key == f"user {user}"]
        assert len({record.partition for record in mine}) == 1
        assert [int(record.value) for record in mine] == list(range(user, 30, 3))


def test_an_empty_topic_has_no_records(name, address):
    assert list(topic.read_records(address, name)) == []
    assert topic.end_offsets(address, name) == {0: 0, 1: 0, 2: 0}


def test_a_topic_that_is_there_is_left_as_it_is(name, address):
    with KafkaLog(address, name) as log:
        log.append("a", b"1")
    topic.create_topic(address, name)
    assert len(list(topic.read_records(address, name))) == 1


def test_a_broker_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(topic, "PATIENCE", 2)
    for ask in (topic.create_topic, topic.end_offsets, topic.topic_sizes):
        with pytest.raises(UserError, match="no Kafka broker answers at"):
            ask("127.0.0.1:9")


def test_a_request_fails_in_time_while_the_broker_is_away():
    store, started = MailStore(), time.monotonic()
    log = KafkaLog("127.0.0.1:9", "none", patience=1)
    with pytest.raises(NotLoggedError):
        MailServer(store, log).handle("send", LETTER | {"new_id": "1"})
    assert time.monotonic() - started < 30
    assert not store.exists("1")
    log.close()


def test_events_that_were_answered_outlive_a_killed_server(name, address):
    code = """
import os, sys
from enronlib.events.producer import KafkaLog
log = KafkaLog(sys.argv[1], sys.argv[2])
for number in range(20):
    log.append("a", b"%d" % number)
print("answered", flush=True)
os.kill(os.getpid(), 9)
"""
    run = subprocess.run([sys.executable, "-c", code, address, name], capture_output=True, text=True, check=False)
    assert run.stdout == "answered\n"
    assert len(list(topic.read_records(address, name))) == 20


def test_a_log_that_does_not_wait_still_says_what_failed():
    log = KafkaLog("127.0.0.1:9", "none", patience=1, wait=False)
    log.append("a", b"1")
    with pytest.raises(NotLoggedError):
        log.close()


# The job

SEARCH = make_event("search", ANN, {"query": "gas", "results": 3}, time="2001-05-14T09:30:00.123Z", agent="curl")
REPLY = make_event(
    "reply",
    ANN,
    {"message_id": "2", "in_reply_to": "1", "recipients": ["a", "b"], "subject": "Re: Gas", "characters": 5},
    time="2001-05-15T23:59:59Z",
)
ODD = [
    b"", b"{", b"5", b"[]", b"{}", b"null", b"\xff", encode(SEARCH | {"type": "print"}),
    encode(SEARCH | {"username": None}),
    encode(SEARCH | {"time": "2001-05-14 09:30"}), encode(SEARCH | {"time": "2001-02-30T09:30:00Z"}),
    encode(SEARCH | {"time": "2001-05-14T09:30:00Z\n"}), encode(SEARCH | {"details": {"query": "gas"}}),
    encode(SEARCH | {"details": {"query": "gas", "results": "many"}}), encode(SEARCH | {"details": None}),
    encode(REPLY | {"details": REPLY["details"] | {"recipients": "a"}}), encode(SEARCH | {"details": {"results": 1.5}}),
    encode({key: value for key, value in SEARCH.items() if key != "id"}), encode(SEARCH).replace(b"gas", b"\xff"),
]  # fmt: skip
GOOD = [
    encode(SEARCH), encode(REPLY), encode(SEARCH | {"client": None, "version": 2, "new": [1]}),
    encode(SEARCH | {"username": 5}), encode(SEARCH).replace(b"gas", rb"\ud800"),
]  # fmt: skip


@pytest.fixture(scope="session")
def spark(kafka):
    session = job.start_spark()
    yield session
    session.stop()


def fill(address, name, values):
    with KafkaLog(address, name, wait=False) as log:
        for number, value in enumerate(values):
            log.append(f"user {number}", value)


def rows(tables, table, columns="*"):
    return queries.ask(tables, f"SELECT {columns} FROM {table} ORDER BY ALL")


def counts(tables):
    return dict(queries.ask(tables, queries.QUERIES["events per type"]))


def test_the_tables_of_an_empty_topic_are_empty(spark, name, address, tmp_path):
    job.extract(spark, address, tmp_path / "batch", name)
    job.stream(spark, address, tmp_path / "stream", name)
    nothing = dict.fromkeys([*TABLES.values(), BAD], 0)
    assert counts(tmp_path / "batch") == counts(tmp_path / "stream") == nothing
    for sql in queries.QUERIES.values():
        queries.ask(tmp_path / "batch", sql)


def test_good_events_are_in_their_tables_and_bad_ones_in_another(spark, name, address, tmp_path):
    assert [problem_with(value) for value in GOOD] == [""] * len(GOOD)
    fill(address, name, GOOD + ODD)
    job.extract(spark, address, tmp_path, name)
    assert counts(tmp_path) == {"sent": 0, "replies": 1, "deletions": 0, "searches": 4, BAD: len(ODD)}
    found = dict(rows(tmp_path, BAD, "value, problem"))
    for value in ODD:
        text = value.decode(errors="replace")  # a byte that is no character becomes one
        assert found[text] == problem_with(value), value
    reply = rows(tmp_path, "replies", "time, hour, recipients, subject, thread, characters, day")[0]
    assert [*map(str, reply)] == ["2001-05-15 23:59:59", "23", "['a', 'b']", "Re: Gas", "Gas", "5", "2001-05-15"]
    assert ("curl", "gas", 3) in rows(tmp_path, "searches", "agent, query, results")


def test_the_stream_gives_the_rows_of_the_batch(spark, name, address, tmp_path):
    fill(address, name, (GOOD + ODD) * 5)
    job.extract(spark, address, tmp_path / "batch", name)
    job.stream(spark, address, tmp_path / "stream", name, per_batch=40)
    for table in (*TABLES.values(), BAD):
        columns = "* EXCLUDE (batch)"
        assert rows(tmp_path / "stream", table, columns) == rows(tmp_path / "batch", table, columns)
    assert queries.ask(tmp_path / "stream", "SELECT count(DISTINCT batch) FROM bad_events") != [(1,)]
    fill(address, name, GOOD)
    job.stream(spark, address, tmp_path / "stream", name)
    assert counts(tmp_path / "stream")["searches"] == 24


def test_a_day_of_the_batch_has_the_events_of_that_day_alone(spark, name, address, tmp_path):
    fill(address, name, GOOD)
    job.extract(spark, address, tmp_path, name, day=date(2001, 5, 15))
    assert counts(tmp_path) == {"sent": 0, "replies": 1, "deletions": 0, "searches": 0, BAD: 0}


def test_the_udf_and_its_native_twin_agree(spark):
    subjects = [
        "Gas",
        "",
        "Re: Gas",
        "RE:Fwd: fw : Gas",
        "Re",
        " re: re: x",
        "Regarding: x",
        "Fw:\tx",
        "re:\nx",
        "Re: é: x",
        "AW: x",
    ]
    frame = spark.createDataFrame([({"subject": subject},) for subject in subjects], "details STRUCT<subject: STRING>")
    for native, udf in frame.select(f.expr(job.THREAD), job.thread_udf("details.subject")).collect():
        assert native == udf


# Everything at once


@pytest.fixture
def start_job(address, name, tmp_path):
    """Start the stream job, Python and Java, in a group of processes that a failed test does not leave behind."""
    started = []

    def start(*options):
        command = [sys.executable, "-m", "enronlib.events.job", address, str(tmp_path / "tables"), "--topic", name]
        process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, start_new_session=True)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def short_mail(maildir):
    """Write two dozen short messages between seven people; return their maildir."""
    for number in range(24):
        sender, recipient = number % 7, (number + number // 7 + 1) % 7
        file = maildir / f"user-{sender}" / "sent" / f"{number + 1}_"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            f"From: user{sender}@enron.example\nTo: user{recipient}@enron.example\n"
            f"Date: Mon, 14 May 2001 {number:02}:30:00 +0000\nSubject: {'Re: ' * (number % 3 == 0)}Gas\n\nText\n",
            encoding="utf-8",
        )
    return maildir


def wait_until(condition, process):
    deadline = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill_in_the_middle(process, tables, batch):
    """Kill the job, Python and Java, when the first table of this batch is written; return whether others were not."""
    wait_until(lambda: any(tables.glob(f"*/day=*/batch={batch}")), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return not (tables / "_checkpoint" / "commits" / str(batch)).exists()


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_every_event_is_a_row_once_whatever_is_killed(kafka, spark, name, start_job, tmp_path):
    address = broker.start(kafka).address
    traffic = day_of_traffic(short_mail(tmp_path / "maildir"), 100_000)
    tables, sent, broker_is_away = tmp_path / "tables", [], threading.Event()

    def send():
        with KafkaLog(address, name, patience=300, wait=False) as log:
            server, half = MailServer(MailStore(), log), len(traffic) // 2
            sent.append(send_to(server, traffic[:half]))
            for number in range(100):
                log.append("nobody", b"bad %d" % number)
            broker_is_away.wait(300)
            sent.append(send_to(server, traffic[half:]))

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    in_the_middle = []
    for batch in (0, 1, 2):
        process = start_job("--per-batch", "2000", "--every", "0.1")
        if batch == 2:
            wait_until((tables / "_checkpoint" / "commits" / "1").exists, process)
            broker.stop(kafka)
            broker_is_away.set()
            broker.start(kafka)
        in_the_middle.append(kill_in_the_middle(process, tables, batch))
    assert any(in_the_middle)
    sending.join(300)
    assert sum(sent) == 100_000
    job.stream(spark, address, tables, name, per_batch=50_000)

    expected = Counter(TABLES[request.kind] for request in traffic) + Counter({BAD: 100})
    assert counts(tables) == expected
    everything = " UNION ALL ".join(f"SELECT kafka_partition, kafka_offset FROM {table}" for table in expected)
    found = queries.ask(tables, f"SELECT count(*), count(DISTINCT (kafka_partition, kafka_offset)) FROM ({everything})")
    assert found == [(100_100, 100_100)]
    assert sum(topic.end_offsets(address, name).values()) == 100_100
    ids = " UNION ALL ".join(f"SELECT id FROM {table}" for table in TABLES.values())
    assert queries.ask(tables, f"SELECT count(DISTINCT id) FROM ({ids})") == [(100_000,)]


# Tasks and servers


PLACE = "kafka_partition, kafka_offset, day, batch"
SAME_EVERYWHERE = (
    *(sql if "ORDER BY" in sql else f"{sql} ORDER BY 1" for sql in queries.QUERIES.values()),
    f"SELECT id, username, agent, query, results, hour, second(time), {PLACE} FROM searches ORDER BY {PLACE}",
    f"SELECT recipients, subject, thread, in_reply_to, characters, {PLACE} FROM replies ORDER BY {PLACE}",
    f"SELECT value, problem, {PLACE} FROM bad_events ORDER BY {PLACE}",
)
"""Queries whose answers are the same from each engine, every row of every table among them."""


def as_texts(rows):
    """Rows as texts that do not differ between engines."""
    return [tuple(map(as_text, row)) for row in rows]


def as_text(value):
    if isinstance(value, str) and value.startswith("[ "):
        value = json.loads(value)  # a list, as Presto writes it
    if isinstance(value, list):
        return json.dumps(value, separators=(",", ":"))
    return "NULL" if value is None else str(value)


def test_the_thrift_server_answers_as_duckdb_does_also_after_it_was_killed(spark, name, address, tmp_path):
    tables = tmp_path / "tables"
    server = thrift.start(tmp_path / "thrift", tables)
    try:
        thrift.ask(server.address, "CREATE VIEW kept AS SELECT count(*) AS events FROM bad_events")
        killed = process_of("thrift", tmp_path / "thrift")
        killed.kill()
        killed.wait(30)
        server = thrift.start(tmp_path / "thrift", tables)
        assert listening(process_of("thrift", tmp_path / "thrift")) == {"127.0.0.1"}
        fill(address, name, (GOOD + ODD) * 5)
        job.extract(spark, address, tables, name)
        by_duckdb = [row for sql in SAME_EVERYWHERE for row in queries.ask(tables, sql)]
        assert thrift.ask(server.address, *SAME_EVERYWHERE, "FROM kept") == [*as_texts(by_duckdb), (str(5 * len(ODD)),)]
        with pytest.raises(UserError, match="TABLE_OR_VIEW_NOT_FOUND"):
            thrift.ask(server.address, "SELECT * FROM nothing")
    finally:
        assert services.stop("thrift", tmp_path / "thrift")


@pytest.mark.skipif("ENRON_TEST_PRESTO" not in os.environ, reason="fetches 2.1 GB: set ENRON_TEST_PRESTO=1")
def test_presto_answers_as_duckdb_does(spark, name, address, tmp_path):
    tables = tmp_path / "tables"
    server = presto.start(tmp_path / "presto", tables)
    try:
        assert listening(process_of("presto", tmp_path / "presto")) == {"127.0.0.1"}
        fill(address, name, (GOOD + ODD) * 5)
        job.extract(spark, address, tables, name)
        server = presto.start(tmp_path / "presto", tables)
        by_duckdb = [row for sql in SAME_EVERYWHERE for row in queries.ask(tables, sql)]
        assert as_texts(presto.ask(server.address, *SAME_EVERYWHERE)) == as_texts(by_duckdb)
        with pytest.raises(UserError, match="does not exist"):
            presto.ask(server.address, "SELECT * FROM nothing")
    finally:
        assert services.stop("presto", tmp_path / "presto")


def test_the_daily_task_of_luigi_writes_the_tables_of_its_day(spark, name, address, tmp_path):
    fill(address, name, GOOD)
    task = ExtractEvents(date=date(2001, 5, 14), kafka=address, topic=name, results_directory=tmp_path)
    assert build(task, workers=1, progress=False).succeeded
    found = json.loads((tmp_path / "2001-05-14" / "rows.json").read_bytes())
    assert found == counts(tmp_path / "2001-05-14") == {"sent": 0, "replies": 0, "deletions": 0, "searches": 4, BAD: 0}
    assert task.complete()


# The commands


def enronlib(*arguments):
    command = [sys.executable, "-m", "enronlib", "events", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_one_command_runs_the_whole_pipeline_and_ends_all_of_it(tmp_path, address):
    run = enronlib("run", "--dir", tmp_path, "--events", 150, "--kafka", address)
    assert run.returncode == 0, run.stderr
    assert "stream job" in run.stdout
    assert "busiest hours" in run.stdout
    assert sum(counts(tmp_path / "tables").values()) == sum(topic.end_offsets(address).values()) == 150


@pytest.mark.skipif(os.name == "nt", reason="needs SIGINT")
@pytest.mark.parametrize(("how", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_ctrl_c_or_a_kill_ends_all_of_the_pipeline(how, status, tmp_path, address):
    command = [sys.executable, "-m", "enronlib", "events", "run", "--dir", str(tmp_path), "--kafka", address]
    run = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 200
    while "java" not in [each.name() for each in run.children(recursive=True)]:
        assert run.poll() is None, run.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    started = run.children(recursive=True)
    run.send_signal(how)
    assert run.wait(60) == status, run.stderr.read()
    assert psutil.wait_procs(started, timeout=20)[1] == []


def test_up_status_and_down(tmp_path):
    try:
        up = enronlib("up", "--dir", tmp_path)
        assert up.returncode == 0, up.stderr
        assert up.stdout.startswith("Kafka: 127.0.0.1:")
        assert up.stdout == enronlib("up", "--dir", tmp_path).stdout
        status = enronlib("status", "--dir", tmp_path).stdout.splitlines()
        assert "topic mail-events: 0 events" in status
        assert "table sent: 0 rows" in status
    finally:
        down = enronlib("down", "--dir", tmp_path).stdout
    assert down.splitlines() == ["Thrift Server: does not run", "Presto: does not run", "Kafka: stopped"]
    assert "Kafka: does not run" in enronlib("status", "--dir", tmp_path).stdout


def test_a_missing_extra_is_one_line(monkeypatch):
    monkeypatch.setattr("enronlib.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"flask is not installed: .*'enronlib\[events\]'"):
        require_libraries()
