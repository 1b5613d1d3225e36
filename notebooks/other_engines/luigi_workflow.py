"""The words of the Enron mail, counted with plain Luigi, to compare with:

luigi --module luigi_workflow TopWords --maildir maildir --out out --local-scheduler --workers 2
"""

from pathlib import Path

import luigi
from luigi.util import requires

from enronlib import corpus, steps


class ProcessMailbox(luigi.Task):
    maildir = luigi.PathParameter()
    out = luigi.PathParameter()
    mailbox = luigi.Parameter()

    def output(self):
        return luigi.LocalTarget(self.out / f"processed/{self.mailbox}.parquet")

    def run(self):
        steps.process_mailbox(self.maildir / self.mailbox, Path(self.output().path))


@requires(ProcessMailbox)
class MapMailbox(luigi.Task):
    def output(self):
        return luigi.LocalTarget(self.out / f"results/words/{self.mailbox}.txt")

    def run(self):
        steps.map_mailbox(Path(self.input().path), Path(self.output().path))


class Count(luigi.Task):
    maildir = luigi.PathParameter()
    out = luigi.PathParameter()

    def requires(self):
        return [self.clone(MapMailbox, mailbox=mailbox.name) for mailbox in corpus.mailboxes(self.maildir)]

    def output(self):
        return luigi.LocalTarget(self.out / "results/count.txt")

    def run(self):
        steps.reduce_counts([Path(target.path) for target in self.input()], Path(self.output().path))


@requires(Count)
class TopWords(luigi.Task):
    def output(self):
        return luigi.LocalTarget(self.out / "results/top_words.png")

    def run(self):
        steps.draw_top_words(Path(self.input().path), Path(self.output().path))
