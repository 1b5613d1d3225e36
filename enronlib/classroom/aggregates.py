"""Numbers from the real Enron corpus, to show beside those of the invented mail. No message and no name is in them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["real_corpus"]


def real_corpus(key: str) -> Any:
    """Return what was counted in 55,907 real messages of 137 mailboxes.

    These are the parts of the Enron corpus that two public repositories hold (`real_corpus("sources")`): all folders of
    11 mailboxes, the inboxes of the others. Months are those of the `Date` header in UTC, hours and weekdays those in
    Houston; 194 messages that are dated outside 1997 to 2002 are left out of the three. Every word was used in at least
    30 mailboxes, so that none is a private matter.

    Numbers: `mailboxes`, `messages`, `words`, `different_words`. Series of counts:

        messages_per_month, words_per_month, ect_per_month   by month (a PeriodIndex; months without mail are absent)
        messages_per_hour_houston     by hour, 0 to 23
        messages_per_weekday          by weekday, Mon to Sun
        message_size_at_most_bytes    by the upper limit of the size: above the limit before it, at most this many bytes
        messages_per_mailbox          by rank, largest first
        rank_frequency                occurrences of the 2,000 most frequent words, by rank

    `top_words` is a DataFrame of the 400 most frequent words that are not stop words, by rank, with the columns `word`,
    `occurrences`, `messages` and `mailboxes` (in how many it occurs). `about` and `sources` are text.

    Raises KeyError for any other key.
    """
    aggregates = _aggregates()
    if key not in aggregates:
        raise KeyError(f"{key!r}; the keys are {', '.join(aggregates)}")
    value = aggregates[key]
    if key == "top_words":
        return pd.DataFrame(value, index=pd.RangeIndex(1, len(value) + 1, name="rank"))
    if key in ("messages_per_mailbox", "rank_frequency"):
        return pd.Series(value, index=pd.RangeIndex(1, len(value) + 1, name="rank"), name=key)
    if not isinstance(value, dict | list) or key == "sources":
        return value
    counts = pd.Series(value, name=key)
    if key.endswith("_month"):
        counts.index = pd.PeriodIndex(counts.index, freq="M", name="month")
    elif key.endswith("_bytes"):
        counts.index = counts.index.astype(int)
    return counts


@cache
def _aggregates() -> dict[str, Any]:
    text = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
