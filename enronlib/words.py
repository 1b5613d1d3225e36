"""From text to words."""

import re
import unicodedata

__all__ = ["MAIL_FURNITURE", "STOP_WORDS", "TOKEN", "tokens"]

TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

_ASCII_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*")  # the same for folded ASCII, and a third faster
_MAY_COMPOSE = re.compile(r".[^\x00-\x7f]{1,500}", re.DOTALL)  # a character and what could combine with it


def tokens(text: str) -> list[str]:
    r"""Return the words of `text`, case-folded, in order.

    A word is a run of letters, with apostrophes inside it but not around it: `Don't` gives `don't`, `2nd_try` gives
    `nd` and `try`. Everything else separates words: spaces, digits, punctuation and the control characters that old
    mail programs left behind. Soft hyphens and zero-width spaces, which only say where a line may break, are dropped.

    Accents written as separate combining characters are composed with their letters first (Unicode NFC). Characters
    that have no composed form separate words, such as the vowel signs of Hindi and the dot of a folded `İ`. Numerals
    such as `²` and `½` count as letters because Python's `\w` includes them. What is a letter depends on the Unicode
    version: 14.0 in Python 3.11, 15.0 in 3.12, 15.1 in 3.13.
    """
    if text.isascii():
        return _ASCII_TOKEN.findall(text.lower())
    composed = _MAY_COMPOSE.sub(_compose, text)
    return TOKEN.findall(composed.replace("\xad", "").replace("\u200b", "").casefold())


def _compose(match: re.Match[str]) -> str:
    """Return the match in NFC, in time quadratic in its length: a run of 300,000 accents would take 90 s."""
    return unicodedata.normalize("NFC", match[0])


# The closed word classes of English: words that hold sentences together and say little about their subject. The
# classes are those of the Snowball project's English list (M. Porter, snowballstem.org). A chart leaves them out, a
# count never.
_ARTICLES = "a an the"
_PRONOUNS = """
i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
it its itself they them their theirs themselves this that these those who whom whose which what one ones
anyone everyone someone anything everything something nothing each other others another such same own
"""
_AUXILIARIES = """
am is are was were be been being have has had having do does did doing done will would shall should can could may might
must ought cannot let get got
"""
_CONJUNCTIONS = "and or but nor if because as until while although though than whether unless since so yet"
_PREPOSITIONS = """
of at by for with without about against between among into onto through during before after above below to from up down
in out on off over under per via upon within toward towards along around across behind beyond near
"""
_ADVERBS = """
again further then once here there when where why how all any both few more most some no not only too very just also
now even still well much many however please
"""
_CONTRACTIONS = """
i'm i've i'd i'll you're you've you'd you'll he's he'd he'll she's she'd she'll it's it'd it'll we're we've we'd we'll
they're they've they'd they'll that's that'll there's here's what's who's where's how's let's
isn't aren't wasn't weren't hasn't haven't hadn't doesn't don't didn't won't wouldn't shan't shouldn't can't couldn't
mustn't mightn't needn't ain't
"""
# What tokens() makes of contractions and possessives written with another character than an apostrophe.
_LETTERS = "s t d m ll re ve"

_WORDS = " ".join((
    _ARTICLES, _PRONOUNS, _AUXILIARIES, _CONJUNCTIONS, _PREPOSITIONS, _ADVERBS, _CONTRACTIONS, _LETTERS,
))  # fmt: skip

STOP_WORDS = frozenset(_WORDS.split()) | frozenset(_WORDS.replace("'", "’").split())


# Mail furniture: words that are in a message because it is mail, not because of what its sender has to say. A chart
# leaves them out, a count never. The groups are closed lists by the rules below. Shares in brackets were measured on
# six mailboxes of the real corpus (8,019 messages): how many occurrences of the word are in addresses, links and quoted
# header lines. Names of people, weekdays and months stay, although up to half of them are in header lines: people
# write about each other and about dates. So does `date` (39 %), and so do the words of notices that programs add, such
# as `click` and `unsubscribe`: those are sentences.
#
# What `tokens` leaves of e-mail, p.m., initials and ordinal numbers (5th): no words that anybody uses alone.
_PIECES = "a b c d e f g h i j k l m n o p q r s t u v w x y z st nd rd th"
# Parts of links and of internet addresses (com 99 %, http 100 %, asp 97 %), with the four mail providers most common in
# them (aol 94 %, yahoo 79 %) and the top-level domain that RFC 2606 reserves for invented addresses, as in the sample.
_LINKS = """
http https ftp www com net org edu gov example htm html asp cfm cgi bin jsp php mailto href nbsp aol hotmail msn yahoo
"""
# Enron's own addresses, as the internet (@enron.com), Lotus Notes (/HOU/ECT@ECT, /Corp/Enron@ENRON, IMCEANOTES-…) and
# Microsoft Exchange (@EnronXGate, /O=ENRON/OU=NA/CN=RECIPIENTS) write them: enron 74 %, ect and hou 100 %, na 97 %.
# `corp` (49 %) is otherwise mostly the company's name, Enron Corp. The possessive `enron's` stays: it is in no address.
# Two subsidiaries gave their addresses ordinary words: @ENRON_DEVELOPMENT (81 %) and @Enron Communications (56 %).
_COMPANY_ADDRESSES = "enron corp ect ees hou lon na development communications enronxgate imceanotes ou cn recipients"
# Header lines of quoted and forwarded messages, as Outlook (-----Original Message-----, From, Sent, To, Subject) and
# Lotus Notes (Forwarded by … on … 05:28 PM, To, cc, bcc, Subject) write them, and subject prefixes: subject 91 %,
# original 87 %, sent 71 %, message 65 %, pm 50 %. `am`, `from`, `re` and `to` are stop words.
_QUOTED_HEADERS = "original message forwarded sent subject cc bcc fw fwd pm"
# The medium's own names; `e` of e-mail is above.
_MEDIUM = "mail mails email emails messages"
# What mail programs write for a picture ([IMAGE] 99 %, /images/ 92 %), the suffixes of attached files, and MIME.
_PROGRAMS = "image images gif jpg jpeg doc xls ppt pdf txt exe mime smtp charset"

MAIL_FURNITURE = frozenset(" ".join((_PIECES, _LINKS, _COMPANY_ADDRESSES, _QUOTED_HEADERS, _MEDIUM, _PROGRAMS)).split())
