"""The word count as an mrjob job: https://mrjob.readthedocs.io. Its input is a list of message files, one per line."""

from collections.abc import Iterator

from mrjob.job import MRJob

from enronlib.engines import words_of


class WordCount(MRJob):  # type: ignore[misc]
    def mapper(self, _: object, file: str) -> Iterator[tuple[str, int]]:
        for word in words_of(file):
            yield word, 1

    def combiner(self, word: str, counts: Iterator[int]) -> Iterator[tuple[str, int]]:
        yield word, sum(counts)

    def reducer(self, word: str, counts: Iterator[int]) -> Iterator[tuple[str, int]]:
        yield word, sum(counts)


if __name__ == "__main__":
    WordCount.run()
