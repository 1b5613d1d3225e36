"""The student's tasks in lessons 08 to 10: used if their check passes, replaced if not; and how runs are shown."""

from contextlib import suppress

import pytest

from enronlib.classroom.authoring.rehearsal import edited_solution, inside
from enronlib.classroom.exercise import Edits
from enronlib.classroom.exercises import find_exercise
from enronlib.classroom.pipeline import shortened, show_run, terminal, your_task
from enronlib.sample import write_sample

SUMMARY = """
* 9 ran successfully:
    - 1 AddUpCounts(emails_directory=work/maildir, processed_directory=out, results_directory=results)
    - 8 CountMailbox(mailbox_directory=work/maildir/quill-a, processed_directory=out, words_directory=words) ...
    - 2 CountMailbox(...)
    - 1 Letter(name=Bo, folder=work)
"""
SHORT = """
* 9 ran successfully:
    - 1 AddUpCounts()
    - 8 CountMailbox(quill-a) ...
    - 2 CountMailbox(...)
    - 1 Letter(name=Bo)
"""


@pytest.fixture(autouse=True)
def here(tmp_path):
    with inside(tmp_path):
        yield tmp_path


def solve(*edits):
    """Write the module of workflow.mailbox to the current folder, solved, after these edits."""
    edited_solution(find_exercise("workflow.mailbox"), Edits(*edits))


def test_a_task_that_passes_its_check_is_used(capsys):
    solve()
    assert your_task("workflow.mailbox").__module__ == "process_mailbox"
    assert capsys.readouterr().out == "ProcessMailbox is yours, from process_mailbox.py.\n"


@pytest.mark.parametrize("edit", [("temporary_path()", "nothing()"), ("import luigi", "import luigi +")])
def test_a_task_that_does_not_pass_is_kept_and_replaced_by_the_tested_one(here, capsys, edit):
    with suppress(SyntaxError):  # the module is written before it is loaded
        solve(edit)
    answer = (here / "process_mailbox.py").read_text()
    assert your_task("workflow.mailbox").__module__ == "enronlib.workflow"
    assert "is the tested one, until your check of workflow.mailbox passes" in capsys.readouterr().out
    assert (here / "process_mailbox_unfinished.py").read_text() == answer
    assert "process_mailbox_unfinished.py" in (here / "process_mailbox.py").read_text()
    your_task("workflow.mailbox")
    assert (here / "process_mailbox_unfinished.py").read_text() == answer


def test_a_task_of_a_lesson_that_was_skipped_is_the_tested_one():
    assert your_task("count.mapper").__name__ == "MapMailbox"


def test_the_next_module_and_a_terminal_find_the_task_under_its_usual_name(here, capsys):
    your_task("workflow.wrapper")
    write_sample(here / "sample", messages=100, broken_mailbox=True)
    terminal(
        "python -m luigi --module process_enron_emails ProcessEnronEmails --emails-directory sample/maildir"
        " --processed-directory processed --local-scheduler --retcode-task-failed 30"
    )
    out = capsys.readouterr().out
    assert "* 1 failed:\n    - 1 ProcessMailbox(sumwell-r)" in out
    assert out.endswith("$ echo $?\n30\n")


def test_a_run_is_shown_with_the_reason_of_each_failure(here, capsys):
    mailbox = here / "maildir" / "quill-a"
    mailbox.mkdir(parents=True)
    (mailbox / "1.").touch()
    outcome = show_run(your_task("workflow.mailbox")(mailbox, here / "out"))
    assert not outcome.succeeded
    assert "quill-a failed: quill-a/1. is empty: copy it again" in capsys.readouterr().out


def test_a_summary_names_mailboxes_but_no_folders():
    assert shortened(SUMMARY) == SHORT
