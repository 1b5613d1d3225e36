"""Grading: submissions in, marks out, with `pytest --nbval` underneath.

The modules, in the order a submission passes through them. To change what is in the right column, change that module.

    cli             the commands `submit` and `grade`: options, and what they print
    submit          the student's side: packs assignment04_LastFirst.zip and warns about what is unsolved
    lessons         the pristine lessons: where checks, points and hidden tests come from
    intake          zips, folders and notebooks -> one Submission for each student
    reading         the bytes of a notebook -> Notebook, whatever an editor or a merge did to them
    senders         who handed in a file: names and IDs as Moodle, Canvas and Blackboard write them
    names           names as typed, and the file names made from them
    roster          the students of the course, by name and by ID
    transplant      Lesson + Notebook -> LessonPlan: the student's answers among the original checks
    scan            suspicious code in those answers, found without running it
    watch           inside the kernel: what the student's code calls, changes and looks at
    rounds          runs the plans of a submission, again without a cell that ended the kernel
    sandbox         what a submission can see: namespaces on Linux
    supervisor      what a submission may use: time, memory, processes, disk
    pytest_process  pytest with nbval, in a process of its own for each submission
    nbval_plugin    what nbval lacks as a grader; also used by a student's own `pytest --nbval`
    kernel          the kernel as nbval_plugin needs it; launch.py starts it with its limits
    attestation     inside the kernel: proof that a check ran, and signs of tampering
    marks           Record: the outcome of one cell; Marks of a student, ClassMarks of a class
    grade           a whole class: all of the above, several submissions at a time
    resume          finished marks on disk, for `grade --resume`
    decisions       what the instructor decided, marks by hand and late days: read from a CSV, applied, asked for
    returned        the executed notebooks that students get back
    export          marks and feedback in the format of Moodle, Canvas and Blackboard
    report          the table, the CSV, the feedback pages and the class page
    page            the page about the class, for a browser
    likeness        which answers are alike
    by_hand         all answers to a question that a person marks, side by side
    scoreboard      the table at the end of a student's own run
    formatting      text made safe for Markdown, spreadsheets and the terminal

A change to how cells are matched or judged needs a submission in `tests/zoo` with the mark a fair human would give.
"""

__all__ = ["CELL_SECONDS"]

CELL_SECONDS = 60  # time limit for a cell, the same in a student's own run and in grading
