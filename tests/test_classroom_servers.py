"""The servers of lessons: they serve within the block, and nothing of them is left after it."""

import smtplib
import sqlite3
import threading
from contextlib import closing
from email.message import EmailMessage

import luigi
import pytest

from enronlib import UserError
from enronlib.classroom.servers import central_scheduler, smtp_server
from enronlib.messages import plain_text, read_email
from enronlib.workflow.runner import build, find_scheduler


class Nothing(luigi.Task):
    """A task without work."""

    done = False

    def run(self):
        Nothing.done = True

    def complete(self):
        return self.done


def test_the_central_scheduler_keeps_a_history_and_ends_with_its_block(tmp_path):
    with central_scheduler(tmp_path / "luigid") as url:
        assert build(Nothing(), workers=1, scheduler_url=url).succeeded
    with pytest.raises(UserError, match="no scheduler answers"):
        find_scheduler(url)
    with closing(sqlite3.connect(tmp_path / "luigid/history.db")) as database:
        events = [event for (event,) in database.execute("SELECT event_name FROM task_events ORDER BY id")]
    assert events == ["PENDING", "RUNNING", "DONE"]


def test_a_central_scheduler_that_does_not_start_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr("enronlib.classroom.servers._free_port", lambda: -1)
    with pytest.raises(UserError, match="no scheduler answers"), central_scheduler(tmp_path):
        pytest.fail("it did start")


def test_the_mail_server_delivers_messages_that_the_parser_reads(tmp_path):
    threads = threading.active_count()
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ada@x.example", "bo@x.example", "Cañón"
    message.set_content("Straße")
    with smtp_server(tmp_path / "post") as port:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as client:
            client.send_message(message)
        [path] = (tmp_path / "post/new").iterdir()
    email = read_email(path)
    assert (email["Subject"], plain_text(email).strip()) == ("Cañón", "Straße")
    assert threading.active_count() == threads
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("127.0.0.1", port, local_hostname="localhost")
