"""From text to words."""

import re

TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def tokens(text: str) -> list[str]:
    """Return the words of `text`, case-folded, in order.

    A word is a run of letters, with apostrophes inside it but not around it: `Don't` gives `don't`, `2nd_try` gives
    `nd` and `try`. Everything else parts words: blanks, digits, punctuation and the control characters that old mail
    programs left behind.
    """
    return TOKEN.findall(text.casefold())


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
# The letters that tokens() parts from a contraction or a possessive written with other marks.
_LETTERS = "s t d m ll re ve"

_WORDS = " ".join((
    _ARTICLES, _PRONOUNS, _AUXILIARIES, _CONJUNCTIONS, _PREPOSITIONS, _ADVERBS, _CONTRACTIONS, _LETTERS,
))  # fmt: skip

STOP_WORDS = frozenset(_WORDS.split()) | frozenset(_WORDS.replace("'", "’").split())
