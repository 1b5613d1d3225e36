"""The mail server: what it accepts and answers, what it logs, and a maildir as a day of requests to it."""

import json
import shutil
import threading
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("flask", reason="needs Flask: the extra events")

from enronlib import UserError
from enronlib.corpus import mailboxes, message_files
from enronlib.events.api import create_app, http_server
from enronlib.events.mailserver import MailServer, MemoryLog, NotLoggedError
from enronlib.events.replay import day_of_traffic, paced, send_over_http, send_to
from enronlib.events.schema import DETAILS, encode, make_event, problem_with
from enronlib.events.store import MailStore
from enronlib.sample import sample_maildir

ANN, BOB = "ann@enron.example", "bob@enron.example"
WRONG_TIME = "time: must be in UTC, such as 2001-05-14T09:30:00Z"
NO_MESSAGE = "message_id: no such message in this mailbox"
LETTER = {"username": ANN, "to": [BOB], "subject": "Gas", "body": "The meter at 5 % is low."}


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def client(log):
    return create_app(MailServer(MailStore(), log)).test_client()


def logged(log):
    return [json.loads(value) for _, value in log.records]


# Requests


def test_a_message_is_sent_found_answered_and_deleted(client, log):
    sent = client.post("/send", json=LETTER)
    assert sent.status_code == 201
    first = sent.json["message_id"]
    found = client.get("/search", query_string={"username": BOB, "query": "METER"})
    assert found.json["messages"] == [first]
    reply = client.post("/reply", json={"username": BOB, "message_id": first, "body": "I see."})
    assert reply.status_code == 201
    assert client.post("/delete", json={"username": BOB, "message_id": first}).status_code == 200
    assert client.get("/search", query_string={"username": BOB, "query": "meter"}).json["messages"] == []
    assert client.get("/search", query_string={"username": ANN, "query": "meter"}).json["messages"] == [first]
    assert [event["type"] for event in logged(log)] == ["send", "search", "reply", "delete", "search", "search"]


def test_every_event_is_good_and_its_key_is_the_user(client, log):
    test_a_message_is_sent_found_answered_and_deleted(client, log)
    assert [problem_with(value) for _, value in log.records] == [""] * 6
    assert [key for key, _ in log.records] == [event["username"] for event in logged(log)]


def test_a_reply_goes_to_the_sender_with_a_subject_that_says_so(client, log):
    first = client.post("/send", json=LETTER).json["message_id"]
    client.post("/reply", json={"username": BOB, "message_id": first, "body": "I see."})
    details = logged(log)[-1]["details"]
    assert details["recipients"] == [ANN]
    assert details["subject"] == "Re: Gas"
    assert details["in_reply_to"] == first


def test_a_body_is_kept_in_the_mailboxes_and_not_in_the_log(client, log):
    client.post("/send", json=LETTER)
    assert logged(log)[0]["details"]["characters"] == len(LETTER["body"])
    assert b"meter" not in log.records[0][1]


@pytest.mark.parametrize("wildcard", ["%", "_", "\\"])
def test_a_search_takes_its_text_literally(client, wildcard):
    client.post("/send", json=LETTER | {"body": "plain"})
    assert client.get("/search", query_string={"username": ANN, "query": wildcard}).json["messages"] == []


@pytest.mark.parametrize(
    ("path", "request_", "answer"),
    [
        ("/send", {**LETTER, "to": BOB}, (400, "to: must be a list of one or more texts")),
        ("/send", {**LETTER, "to": []}, (400, "to: must be a list of one or more texts")),
        ("/send", {**LETTER, "to": [BOB, 5]}, (400, "to: must be a list of one or more texts")),
        ("/send", {**LETTER, "to": [""]}, (400, "to: must not be empty")),
        ("/send", {**LETTER, "subject": None}, (400, "subject: must be a text")),
        ("/send", {**LETTER, "username": ""}, (400, "username: must not be empty")),
        ("/send", {**LETTER, "body": "x" * 1_000_001}, (400, "body: longer than 1,000,000 characters")),
        ("/send", {**LETTER, "body": "\ud800"}, (400, "body: half a character, a lone surrogate")),
        ("/send", {**LETTER, "time": "yesterday"}, (400, WRONG_TIME)),
        ("/send", {**LETTER, "time": "2001-02-30T09:30:00Z"}, (400, WRONG_TIME)),
        ("/send", {**LETTER, "new_id": 5}, (400, "new_id: must be a text")),
        ("/send", [], (400, "the request must be a JSON object")),
        ("/send", {}, (400, "username: missing")),
        ("/reply", {"username": ANN, "body": "x"}, (400, "message_id: missing")),
        ("/reply", {"username": ANN, "message_id": "none", "body": "x"}, (404, NO_MESSAGE)),
        ("/delete", {"username": ANN, "message_id": "none"}, (404, NO_MESSAGE)),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused_and_not_logged(client, log, path, request_, answer):
    got = client.post(path, json=request_)
    assert (got.status_code, got.json["error"]) == answer
    assert log.records == []


def test_a_search_without_a_query_is_refused(client):
    answer = client.get("/search", query_string={"username": ANN})
    assert (answer.status_code, answer.json) == (400, {"error": "query: missing"})


@pytest.mark.parametrize(
    ("method", "path", "data", "status"),
    [
        ("post", "/send", b"{", 400),
        ("post", "/send", b"[" * 100_000, 400),
        ("get", "/send", b"", 405),
        ("get", "/none", b"", 404),
    ],
)
def test_errors_of_http_are_json_too(client, method, path, data, status):
    answer = getattr(client, method)(path, data=data, content_type="application/json")
    assert answer.status_code == status
    assert list(answer.json) == ["error"]


def test_a_message_id_is_taken_once(client, log):
    assert client.post("/send", json=LETTER | {"new_id": "1"}).status_code == 201
    assert client.post("/send", json=LETTER | {"new_id": "1"}).status_code == 409
    assert len(log.records) == 1


def test_nothing_is_done_where_the_event_is_not_logged():
    class Away:
        def append(self, key, value):
            raise NotLoggedError("no broker")

    store = MailStore()
    client = create_app(MailServer(store, Away())).test_client()
    answer = client.post("/send", json=LETTER | {"new_id": "1"})
    assert answer.status_code == 503
    assert answer.json == {"error": "the event could not be logged, try again: no broker"}
    assert store.find(ANN, "1") is None


def test_the_mailboxes_outlive_the_server(tmp_path):
    store = MailStore(tmp_path / "mail.db")
    store.add("1", ANN, [BOB], "Gas", "Text")
    store.close()
    assert MailStore(tmp_path / "mail.db").find(BOB, "1") == (ANN, "Gas")


# Events


GOOD = make_event("search", ANN, {"query": "gas", "results": 3}, time="2001-05-14T09:30:00.123Z")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (encode(GOOD), ""),
        (encode(GOOD | {"client": None, "new": 1}), ""),
        (b"", "not a JSON object"),
        (b"{", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b"5", "not a JSON object"),
        (encode(GOOD | {"type": "print"}), "unknown type"),
        (encode(GOOD | {"username": None}), "no username"),
        (encode(GOOD | {"time": "2001-05-14 09:30"}), "no time"),
        (encode(GOOD | {"details": {"query": "gas"}}), "no results"),
        (encode(GOOD | {"details": {"query": "gas", "results": "many"}}), "no results"),
        (encode(GOOD | {"details": None}), "no query"),
    ],
)
def test_the_first_problem_of_an_event_is_named(line, problem):
    assert problem_with(line) == problem


@given(st.binary())
def test_no_bytes_make_the_check_of_an_event_raise(line):
    assert problem_with(line)


# Traffic


@pytest.fixture(scope="module")
def maildir(tmp_path_factory):
    """Two mailboxes of the sample."""
    folder = tmp_path_factory.mktemp("mail") / "maildir"
    for mailbox in mailboxes(sample_maildir())[:2]:
        shutil.copytree(mailbox, folder / mailbox.name)
    return folder


@pytest.fixture(scope="module")
def traffic(maildir):
    return day_of_traffic(maildir, 1000)


def test_the_requests_of_a_day_are_all_taken(traffic, log):
    assert send_to(MailServer(MailStore(), log), traffic) == 1000
    assert {event["type"] for event in logged(log)} == set(DETAILS)
    times = [event["time"] for event in logged(log)]
    assert times == sorted(times)
    assert {time[:10] for time in times} == {"2001-05-14"}


def test_the_same_seed_gives_the_same_day(maildir, traffic):
    assert day_of_traffic(maildir, 1000) == traffic
    other = day_of_traffic(maildir, 1000, seed=1, day=date(2026, 1, 2))
    assert [request.body["new_id"] for request in other if request.kind == "send"] != [
        request.body["new_id"] for request in traffic if request.kind == "send"
    ]
    assert {request.moment.date() for request in other} == {date(2026, 1, 2)}


def test_each_message_is_sent_once_by_default(maildir):
    sent = [request.body["new_id"] for request in day_of_traffic(maildir) if request.kind in ("send", "reply")]
    files = sum(len(message_files(mailbox)) for mailbox in mailboxes(maildir))
    assert 0.8 * files < len(sent) == len(set(sent)) <= files


def test_mail_without_senders_is_no_traffic(tmp_path):
    (tmp_path / "ash-a" / "inbox").mkdir(parents=True)
    (tmp_path / "ash-a" / "inbox" / "1.").write_bytes(b"Subject: x\n\ntext\n")
    with pytest.raises(UserError, match="no message has a sender"):
        day_of_traffic(tmp_path)


def test_traffic_at_a_speed_takes_its_time(traffic, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("enronlib.events.replay.time.monotonic", lambda: now[0])
    monkeypatch.setattr("enronlib.events.replay.time.sleep", lambda seconds: now.append(now.pop() + seconds))
    assert list(paced(traffic, speed=3600)) == traffic
    assert now[0] == pytest.approx((traffic[-1].moment - traffic[0].moment).total_seconds() / 3600)


def test_traffic_goes_over_http_to_loopback_alone(traffic, log):
    server = http_server(create_app(MailServer(MailStore(), log)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        assert server.host == "127.0.0.1"
        assert list(send_over_http(f"http://127.0.0.1:{server.server_port}", traffic[:200])) == traffic[:200]
        assert len(log.records) == 200
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def test_a_server_that_is_not_there_is_one_line(traffic):
    with pytest.raises(UserError, match="no mail server answers at"):
        list(send_over_http("http://127.0.0.1:9", traffic[:1]))
