"""The gallery: every oddity found in real mailboxes, how often it occurs there, and the file that shows it.

Each is a function that changes a letter. It always changes the letter of the gallery, and others at random, as often as
in 13,725 messages of eleven real mailboxes. What happens anyway (threads, folders, copies), and what the corpus lacks
but other mail has (attachments, 8bit bodies), is in the gallery only: it has no number of `messages`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from enronlib.sample.dice import Dice
from enronlib.sample.letters import (
    Letter,
    address_list,
    angle_quotes,
    forwarded,
    header_date,
    inline_header,
    is_home,
    notes_block,
    original_message,
)
from enronlib.sample.people import FIRST_NAMES, HOME, NIGHTJAR, NO_ADDRESS, PLACES, crowd

MEASURED = 13_725  # messages


@dataclass(frozen=True)
class Quirk:
    """An oddity of the corpus: what it is, and the file that shows it, relative to the maildir.

    Where it takes two files, `also` is the second. Paths are as on systems that allow a name to end in a dot.
    """

    what: str
    path: str
    also: str = ""


Mischief = Callable[[Letter, Dice], None]

QUIRKS: dict[str, Quirk] = {}
MISCHIEF: dict[str, Mischief] = {}
CHANCES: list[tuple[float, Mischief]] = []  # how often a letter gets it
COPY_CHANCES: list[tuple[float, Mischief]] = []  # how often a second, altered copy is made


def quirk(path: str, *, messages: int = 0, also: str = "") -> Callable[[Mischief], Mischief]:
    """Put a function in the gallery, with its docstring as the description.

    `messages` of MEASURED real messages show the quirk, and about the same share of the invented ones will.
    """

    def put(mischief: Mischief) -> Mischief:
        name = mischief.__name__
        QUIRKS[name] = Quirk(" ".join((mischief.__doc__ or "").split()), path, also)
        MISCHIEF[name] = mischief
        if messages:
            (COPY_CHANCES if also else CHANCES).append((messages / MEASURED, mischief))
        return mischief

    return put


# -- where the files are


@quirk("sumwell-r/inbox/13.")
def ordinary(letter: Letter, dice: Dice) -> None:
    """An ordinary message, to compare the others with."""
    letter.write(f"{letter.to[0].first},", "This message is quite in order.", "Not every one is.", letter.sender.first)


@quirk("merriwhistle-a/1.")
def loose_message(letter: Letter, dice: Dice) -> None:
    """The message is in the mailbox itself, not in a folder."""
    letter.add("I could not decide on a folder for this.")


@quirk("merriwhistle-a/2_trash/choir/4.")
def nested_folder(letter: Letter, dice: Dice) -> None:
    """The message is in a folder inside a folder."""
    letter.add("Sopranos to the left, please.")


@quirk("quillfeather-m/agreements/harrow_finch/drafts/old/very_old/2.")
def deep_folder(letter: Letter, dice: Dice) -> None:
    """The message is five folders deep."""
    letter.add("This draft is superseded by the draft that superseded it.")


@quirk("ledgerby-o/invoices/old_/2.")
def odd_folder_name(letter: Letter, dice: Dice) -> None:
    """The name of the folder ends in an underscore."""
    letter.add("Please keep this one for the auditors.")


@quirk("flangeworth-h/truck/1140.")
def number_gap(letter: Letter, dice: Dice) -> None:
    """The number of the file is far above the number of files: numbers have gaps."""
    letter.add("the truck has a new clutch.")


# -- the header block


@quirk("sumwell-r/sent/2.")
def folded_to(letter: Letter, dice: Dice) -> None:
    """To is folded: its lines end in a comma and a space, and continue after a tab."""
    letter.headers["To"] = address_list([*letter.to, *crowd(dice, 12)])


@quirk("peppercrumb-l/inbox/5.", messages=255)
def folded_subject(letter: Letter, dice: Dice) -> None:
    """A long Subject is folded at a space."""
    subject = letter.headers["Subject"] or "Notice"
    blanks = " " * (50 if dice.chance(0.1) else 1)
    letter.headers["Subject"] = f"{subject} - please read before the meeting and bring your own\n{blanks}chair"


@quirk("quillfeather-m/inbox/5.", messages=3)
def folded_subject_tab(letter: Letter, dice: Dice) -> None:
    """The Subject is folded in the middle of an expression, and continues after a tab."""
    letter.headers["Subject"] = "Guaranty of Harrow and Finch in favor of Enron\n\t-Prairie Lantern"


@quirk("tanglewick-d/calendar/3.", messages=1)
def broken_header(letter: Letter, dice: Dice) -> None:
    """The Subject contains a bare line break: one line is neither a header nor the continuation of one.

    Many parsers stop there and read the other headers as body.
    """
    subject = letter.headers["Subject"]
    letter.headers["Subject"] = f"{subject} with the pipelines,\n re: the winter outlook\nTrading on the new screen"
    letter.headers.pop("To", None)


@quirk("brambleby-g/inbox/24.")
def line_before_header(letter: Letter, dice: Dice) -> None:
    """The first line is not a header, but the next ones are. Many parsers read all of them as body."""
    letter.first_line = "---- message 24 of the archive ----\n"


@quirk("inkpenny-b/deleted_items/3.", messages=696)
def missing_to(letter: Letter, dice: Dice) -> None:
    """There is no To, though X-To names somebody."""
    letter.headers.pop("To", None)
    for name in ("Cc", "Bcc"):
        letter.headers.pop(name, None)
    letter.headers["X-cc"] = ""
    letter.headers["X-To"] = dice.pick(("All Enron Worldwide@ENRON", "All Enron Houston@ENRON", "Floor 32@ENRON"))


@quirk("flangeworth-h/calendar/2.", messages=154)
def missing_to_and_x_to(letter: Letter, dice: Dice) -> None:
    """There is no To and X-To is empty: a note to oneself."""
    letter.headers.pop("To", None)
    letter.headers["X-To"] = ""


@quirk("sumwell-r/deleted_items/4.", messages=43)
def undisclosed_recipients(letter: Letter, dice: Dice) -> None:
    """X-To says only that the recipients are not disclosed."""
    letter.headers.pop("To", None)
    letter.headers["X-To"] = "undisclosed-recipients <undisclosed-recipients:;>"


@quirk("brambleby-g/sent_items/4.", messages=505)
def empty_subject(letter: Letter, dice: Dice) -> None:
    """The Subject is present but empty."""
    letter.headers["Subject"] = ""


@quirk("inkpenny-b/inbox/6.")
def cc_is_bcc(letter: Letter, dice: Dice) -> None:
    """Cc and Bcc are equal: the export wrote every Cc as Bcc too."""
    _copy_to(letter, dice)


@quirk("peppercrumb-l/deleted_items/6.", messages=24)
def cc_without_to(letter: Letter, dice: Dice) -> None:
    """There is a Cc and no To."""
    _copy_to(letter, dice)
    letter.headers.pop("To", None)
    letter.headers["X-To"] = ""


@quirk("merriwhistle-a/deleted_items/8.", messages=11)
def blind_copy(letter: Letter, dice: Dice) -> None:
    """X-bcc is not empty: a true blind copy, which Bcc does not show."""
    letter.headers["X-bcc"] = crowd(dice, 1)[0].outlook_entry


@quirk("ledgerby-o/inbox/8.", messages=2)
def x_cc_alone(letter: Letter, dice: Dice) -> None:
    """X-cc names somebody, and there is no Cc."""
    letter.headers.pop("Cc", None)
    letter.headers.pop("Bcc", None)
    letter.headers["X-cc"] = crowd(dice, 1)[0].name


@quirk("voltsworth-k/west_desk/7.", messages=1)
def latin_1_header(letter: Letter, dice: Dice) -> None:
    """Cc, Bcc and X-cc contain the byte 0xFC: ü in Latin-1, and not valid in UTF-8."""
    letter.headers["Cc"] = letter.headers["Bcc"] = "heidi.mücke@plovernational.example"
    letter.headers["X-cc"] = '"Heidi Mücke" <heidi.mücke@plovernational.example>'


@quirk("merriwhistle-a/all_documents/59.", messages=4)
def unknown_byte_header(letter: Letter, dice: Dice) -> None:
    """X-cc contains the byte 0xFF where an á was. No character set maps it so, and the body has a ? in its place."""
    letter.headers["X-cc"] = '"Cl\xffudia Pamplemoose" <claudia@umbratrading.example>, ' + letter.headers["X-From"]
    letter.add("Cl?udia will read this in Portuguese.")


@quirk("ledgerby-o/deleted_items/9.", messages=15)
def encoded_subject(letter: Letter, dice: Dice) -> None:
    """The Subject is an encoded word (RFC 2047) in which a character was lost."""
    letter.headers["Subject"] = "=?ANSI_X3.4-1968?Q?Re:_Interconex=3Fo_de_gasodutos?="


@quirk("brambleby-g/deleted_items/9.", messages=5)
def encoded_subject_control(letter: Letter, dice: Dice) -> None:
    """The Subject is two encoded words (RFC 2047), folded, with a control character that was an apostrophe."""
    letter.headers["Subject"] = "=?ANSI_X3.4-1968?Q?TODAY=01%s_SPECIAL:_A_BO?=\n =?ANSI_X3.4-1968?Q?AT_FOR_YOU!?="


@quirk("brambleby-g/all_documents/10.", messages=750)
def old_charset(letter: Letter, dice: Dice) -> None:
    """The character set has an old name of ASCII, ANSI_X3.4-1968."""
    letter.headers["Content-Type"] = "text/plain; charset=ANSI_X3.4-1968"


@quirk("inkpenny-b/deleted_items/18.", messages=3)
def crowd_in_to(letter: Letter, dice: Dice) -> None:
    """To has 933 addresses, and X-To is one line of tens of kilobytes."""
    everybody = crowd(dice, 933)
    letter.headers["To"] = address_list(everybody)
    letter.headers["X-To"] = ", ".join(person.outlook_entry for person in everybody)


@quirk("wobbleton-f/inbox/4.", messages=667)
def other_origin(letter: Letter, dice: Dice) -> None:
    """X-Origin is not the name of the mailbox."""
    letter.origin = dice.pick(("TRADING-FLOOR", "BRAMBLE-G", "LEAGUE-F", "Wobble-F"))


@quirk("cablestitch-n/inbox/6.", messages=300)
def no_address(letter: Letter, dice: Dice) -> None:
    """The sender is a placeholder: no.address@."""
    letter.headers["From"] = NO_ADDRESS.address


@quirk("peppercrumb-l/inbox/7.", messages=219)
def coded_at_sign(letter: Letter, dice: Dice) -> None:
    """The sender is a placeholder: 40enron@, the remains of an encoded at sign."""
    letter.headers["From"] = f"40enron@{HOME}"
    letter.headers["X-From"] = f"{letter.sender.name}@ENRON <IMCEANOTES-{letter.sender.first}+40ENRON@{HOME}>"


@quirk("tanglewick-d/inbox/7.", messages=564)
def middle_initial(letter: Letter, dice: Dice) -> None:
    """The sender's first name was lost to the middle initial: l..name@."""
    if is_home(letter.sender):
        letter.headers["From"] = f"{(letter.sender.initial or 'L.')[0]}..{letter.sender.last}@{HOME}".lower()


@quirk("wobbleton-f/deleted_items/6.", messages=4)
def invalid_sender(letter: Letter, dice: Dice) -> None:
    """The sender is not a valid address."""
    letter.headers["From"] = f"houston <.{letter.sender.last}@{HOME}>".lower()


@quirk("wobbleton-f/inbox/7.", messages=150)
def odd_to(letter: Letter, dice: Dice) -> None:
    """To contains pieces that are not addresses."""
    letter.headers["To"] = ", ".join([*filter(None, [letter.headers.get("To")]), f"e-mail <.cheryl@{HOME}>"])


@quirk("tanglewick-d/inbox/9.", messages=60)
def apostrophe_address(letter: Letter, dice: Dice) -> None:
    """An address contains an apostrophe."""
    letter.headers["To"] = ", ".join([*filter(None, [letter.headers.get("To")]), f"fergus.o'toffee@{HOME}"])


@quirk("tanglewick-d/inbox/215.", messages=1)
def vanishing_address(letter: Letter, dice: Dice) -> None:
    """Cc contains an address that some parsers lose."""
    letter.headers["Cc"] = letter.headers["Bcc"] = f'<"otto"@mailman.{HOME}@{HOME}>'
    letter.headers["X-cc"] = f'"Otto"@mailman.{HOME}'


@quirk("sumwell-r/inbox/6.", messages=592)
def gateway_address(letter: Letter, dice: Dice) -> None:
    """X-From contains an address as the mail gateway encodes it (IMCEANOTES)."""
    person = letter.sender
    coded = person.address.replace(".", "+2E").replace("@", "+40")
    letter.headers["X-From"] = f'"{person.name}" <{person.address}>@ENRON <IMCEANOTES-+3C{coded}+3E@{HOME}>'


@quirk("voltsworth-k/inbox/6.", messages=531)
def quoted_x_to(letter: Letter, dice: Dice) -> None:
    """X-To has addresses in single quotes."""
    letter.headers["X-To"] = ", ".join(f"'{person.address}'" for person in letter.to)


@quirk("inkpenny-b/sent/3.", messages=212)
def namesake(letter: Letter, dice: Dice) -> None:
    """A mailbox is not one person: this message in a folder of sent mail is from a namesake of the owner."""
    others = [name for name in FIRST_NAMES if name[0] == letter.sender.first[0]]
    if others and is_home(letter.sender):
        person = replace(letter.sender, first=dice.pick(others))
        letter.headers["From"], letter.headers["X-From"] = person.address, person.name


# -- dates


@quirk("quillfeather-m/deleted_items/11.", messages=7)
def year_0001(letter: Letter, dice: Dice) -> None:
    """The date is in the year 0001: a damaged 2001."""
    letter.headers["Date"] = header_date(letter.date).replace(f" {letter.date.year} ", " 0001 ")


@quirk("merriwhistle-a/all_documents/106.", messages=12)
def placeholder_date(letter: Letter, dice: Dice) -> None:
    """The date is a placeholder, 31 December 1979 in Los Angeles, which is the start of 1980 in Greenwich."""
    letter.headers["Date"] = "Mon, 31 Dec 1979 16:00:00 -0800 (PST)"


@quirk("wobbleton-f/deleted_items/9.", messages=10)
def future_date(letter: Letter, dice: Dice) -> None:
    """The date is years after the company's end."""
    year = 2012 if dice.chance(0.2) else 2004
    letter.headers["Date"] = header_date(letter.date.replace(year=year, day=min(letter.date.day, 28)))


# -- the encoding of the body


@quirk("sumwell-r/inbox/9.", messages=8985)
def no_final_newline(letter: Letter, dice: Dice) -> None:
    """The file does not end in a newline."""
    letter.ending = ""


@quirk("quillfeather-m/all_documents/12.", messages=380)
def quoted_printable(letter: Letter, dice: Dice) -> None:
    """The body is quoted-printable: = at a line end joins it to the next line, =20 is a space, =09 a tab, =3D an =."""
    letter.quoted_printable = True
    if dice.chance(0.5):
        old_charset(letter, dice)
    letter.add(
        "\tCounterparty\tLimit\n\tOxbow Marketing\t= 5 \n\n"
        "This is one long line, which had to be broken by the encoding and not by its writer, who never broke one."
    )


@quirk("brambleby-g/discussion_threads/8.", messages=180)
def notes_apostrophe(letter: Letter, dice: Dice) -> None:
    """The decoded body contains control characters.

    Lotus Notes wrote 0x01 and a comma for an apostrophe, 0x01 and a bracket for a dash.
    """
    letter.quoted_printable = True
    letter.add("We're glad - it's not often that we say so.")
    letter.replace("'", "\x01,")
    letter.replace(" - ", " \x01) ")


@quirk("peppercrumb-l/all_documents/6.", messages=2)
def notes_accent(letter: Letter, dice: Dice) -> None:
    """The decoded body contains 0x0F and an o where an ñ was."""
    letter.quoted_printable = True
    letter.add("The Espa\x0fol version follows ma\x0fana.")


@quirk("merriwhistle-a/discussion_threads/6.", messages=4)
def notes_bullets(letter: Letter, dice: Dice) -> None:
    """The decoded body contains 0x01 and 0x07 where bullets were."""
    letter.quoted_printable = True
    letter.add("\x01\x07 Growth\n\x01\x07 More growth\n\x01\x07 Lunch")


@quirk("ledgerby-o/inbox/11.", messages=55)
def lost_apostrophe(letter: Letter, dice: Dice) -> None:
    """A question mark is where an apostrophe was lost."""
    letter.add("I've seen yesterday's numbers and they aren't today's.")
    letter.replace("'", "?")


@quirk("ledgerby-o/deleted_items/12.", messages=142)
def looks_encoded(letter: Letter, dice: Dice) -> None:
    """The body has =20 at line ends but is not quoted-printable, so it must not be decoded.

    A part of it was quoted-printable before it was forwarded.
    """
    letter.add("Dear members,=20\nthe rate is still =3D 5 percent.=20\nBest wishes, =20\nThe Treasurer")


@quirk("cablestitch-n/inbox/8.", messages=103)
def rule_of_equals(letter: Letter, dice: Dice) -> None:
    """A line of the body ends in = although nothing is encoded: it is a horizontal rule."""
    letter.add("=" * 50 + "\nTicket closed\n" + "=" * 50)


@quirk("voltsworth-k/sent/4.")
def windows_apostrophe(letter: Letter, dice: Dice) -> None:
    """The body is declared as ASCII but has the apostrophes of Windows: the byte 0x92, written =92."""
    letter.charset, letter.quoted_printable = "cp1252", True
    letter.add("We're sure that it's what they'd want.")
    letter.replace("'", "’")


@quirk("peppercrumb-l/inbox/24.")
def cyrillic_body(letter: Letter, dice: Dice) -> None:
    """The body is 8bit text in KOI8-R: invalid as UTF-8, nonsense as Latin-1."""
    letter.charset = "koi8-r"
    letter.headers["Content-Type"] = "text/plain; charset=koi8-r"
    letter.write("Добрый день!", "Договор готов.", "С уважением,", "Северный газ")


# -- HTML in mail that says it is plain text

_PAGE = "<html>\n<body>\n{body}\n</body>\n</html>"
_STYLED_PAGE = (
    "<!DOCTYPE HTML PUBLIC>\n<HTML><HEAD><TITLE>Invisible title</TITLE>\n"
    "<style type=text/css>p {font-family: invisible}</style>\n"
    '<script language="JavaScript">\n<!--\nvar invisible = "word";\n//-->\n</script>\n</HEAD>\n'
    '<BODY bgcolor="#ffffff">\n<!-- an invisible remark -->\n'
    '<p><font face="Arial" size=2>{body}</font></p>\n</BODY></HTML>'
)
_TABLE_PAGE = (
    '<html><body><table width="600"><tr><td>Day</td><td>Price</td></tr><tr><td>Today</td><td>Cheap</td></tr>'
    '<tr><td colspan=2>{body}</td></tr></table><img src="http://ads.bargainbarge.example/invisible.gif"></body></html>'
)


@quirk("voltsworth-k/inbox/9.", messages=40)
def html(letter: Letter, dice: Dice) -> None:
    """The body is HTML, though its type is text/plain."""
    _put_into_html(letter, _PAGE)


@quirk("merriwhistle-a/inbox/10.", messages=45)
def html_script(letter: Letter, dice: Dice) -> None:
    """The body is HTML with a style sheet, a script and a comment."""
    _put_into_html(letter, _STYLED_PAGE)


@quirk("sumwell-r/deleted_items/12.", messages=25)
def html_table(letter: Letter, dice: Dice) -> None:
    """The body is an HTML table without spaces between its cells."""
    _put_into_html(letter, _TABLE_PAGE, "Day Price Today Cheap")


@quirk("voltsworth-k/deleted_items/10.", messages=10)
def html_quoted_printable(letter: Letter, dice: Dice) -> None:
    """The body is HTML and quoted-printable."""
    _put_into_html(letter, _STYLED_PAGE)
    letter.quoted_printable = True


@quirk("peppercrumb-l/deleted_items/11.", messages=40)
def html_after_text(letter: Letter, dice: Dice) -> None:
    """Plain text comes first, then a whole HTML page."""
    _put_into_html(letter, "The article is below, as it was sent.\n\n" + _PAGE, "The article is below as it was sent")


@quirk("wobbleton-f/inbox/11.", messages=49)
def html_fragment(letter: Letter, dice: Dice) -> None:
    """The body has a few HTML tags and no <html>."""
    page = "<center><b>Breaking news</b></center><br>\n<font color=green>{body}</font>\n"
    _put_into_html(letter, page, "Breaking news")


@quirk("inkpenny-b/inbox/12.", messages=25)
def html_entities(letter: Letter, dice: Dice) -> None:
    """HTML writes characters as entities: accents, curly apostrophes, spaces, soft hyphens."""
    entities = (
        "{body}<br>\n&nbsp;&ldquo;Caf&eacute;&rdquo;&nbsp;&amp;&nbsp;pi&ntilde;ata &copy; co&shy;op&shy;er&shy;ative"
    )
    _put_into_html(letter, _PAGE.replace("{body}", entities), "Café piñata cooperative")
    letter.add("I don't know who'd say no to it.")
    letter.replace("'", "’")


@quirk("inkpenny-b/deleted_items/13.", messages=3)
def html_inside_word(letter: Letter, dice: Dice) -> None:
    """An HTML tag is in the middle of a word."""
    initials = '<p><font size="6">W</font>elcome to the <b>L</b>eague</p>\n{body}'
    _put_into_html(letter, _PAGE.replace("{body}", initials), "Welcome to the League")


@quirk("quillfeather-m/inbox/24.")
def html_with_attachment(letter: Letter, dice: Dice) -> None:
    """The letter is HTML, and a text file is attached to it, which is not part of the letter."""
    letter.headers["Content-Type"] = 'multipart/mixed; boundary="=_parts"'
    _put_into_html(
        letter,
        f"--=_parts\nContent-Type: text/html\n\n{_PAGE}\n"
        '--=_parts\nContent-Type: text/plain; name="prices.txt"\nContent-Disposition: attachment\n\n'
        "attached words\n--=_parts--",
    )


# -- what was quoted and forwarded


@quirk("voltsworth-k/inbox/14.")
def outlook_quote(letter: Letter, dice: Dice) -> None:
    """A reply with the original message below, as Outlook quotes it."""
    letter.quote(_earlier(letter, "When will the plant be back?"), original_message)


@quirk("voltsworth-k/inbox/15.", messages=40)
def five_levels(letter: Letter, dice: Dice) -> None:
    """Five messages, each quoted in the next."""
    chain = _earlier(letter, "Is anybody there?", 9)
    for hours, text in enumerate(("Yes.", "Who is asking?", "I am.", "Then we are both here."), 5):
        answer = replace(chain, sender=chain.to[0], to=[chain.sender], date=letter.date - timedelta(hours=13 - hours))
        answer.write(text)
        answer.quote(chain, original_message)
        chain = answer
    letter.quote(chain, original_message)


@quirk("tanglewick-d/all_documents/14.")
def notes_quote(letter: Letter, dice: Dice) -> None:
    """A reply with the original message below, as Lotus Notes quotes it."""
    letter.quote(_earlier(letter, "Please check the path."), notes_block)


@quirk("brambleby-g/all_documents/15.")
def forwarded_chain(letter: Letter, dice: Dice) -> None:
    """A message that was forwarded twice."""
    first = _earlier(letter, "Pass it on.", 8)
    second = replace(first, sender=first.to[0], to=[first.sender], text="", said=[])
    second.quote(first, forwarded)
    letter.quote(second, forwarded)


@quirk("quillfeather-m/all_documents/15.")
def forwarded_only(letter: Letter, dice: Dice) -> None:
    """The body is a forwarded message with nothing added."""
    earlier = _earlier(letter, "For your files.")
    letter.write()
    letter.quote(earlier, forwarded)


@quirk("merriwhistle-a/inbox/15.")
def quoted_lines(letter: Letter, dice: Dice) -> None:
    """A reply with the original message below, each line after a >."""
    letter.quote(_earlier(letter, "May I bring a friend?\nShe sings alto."), angle_quotes)


@quirk("peppercrumb-l/inbox/15.", messages=200)
def header_in_body(letter: Letter, dice: Dice) -> None:
    """The header lines of an earlier message are in the body, with no marker before them."""
    letter.quote(_earlier(letter, "The order is out."), inline_header)


@quirk("wobbleton-f/inbox/16.", messages=56)
def inline_attachment(letter: Letter, dice: Dice) -> None:
    """A forwarded message is announced as an attachment in the text."""
    letter.add(
        f"--------- Inline attachment follows ---------\n\nFrom:  <{letter.to[0].address}>\n"
        f"To: {letter.sender.address}\nSubject: Standings\n\nSee for yourself."
    )


@quirk("voltsworth-k/inbox/17.", messages=1)
def german_header(letter: Letter, dice: Dice) -> None:
    """The header lines in the body are German."""
    letter.add("-----Urspr?ngliche Nachricht-----\nVon: M?cke\nGesendet: Dienstag\nBetreff: Strom\n\nBitte anrufen.")


# -- what bodies contain besides words of people


@quirk("inkpenny-b/inbox/17.", messages=923)
def attachment_line(letter: Letter, dice: Dice) -> None:
    """A line names an attachment that the corpus does not have."""
    letter.add(f"\n - {_file_name(dice)}")


@quirk("ledgerby-o/inbox/17.", messages=371)
def attachment_brackets(letter: Letter, dice: Dice) -> None:
    """An attachment is named in double angle brackets."""
    letter.add(f" <<{_file_name(dice)}>> ")


@quirk("peppercrumb-l/inbox/18.", messages=121)
def attachment_file(letter: Letter, dice: Dice) -> None:
    """An attachment is named with the word File in double angle brackets."""
    letter.add(f" << File: {_file_name(dice)} >> ")


@quirk("tanglewick-d/all_documents/18.", messages=170)
def see_attached_file(letter: Letter, dice: Dice) -> None:
    """An attachment is named in brackets in the text."""
    letter.add(f"(See attached file: {_file_name(dice)})")


@quirk("brambleby-g/deleted_items/18.", messages=419)
def image_marks(letter: Letter, dice: Dice) -> None:
    """[IMAGE] marks the places of pictures."""
    for _ in range(dice.number(1, 20)):
        letter.add("[IMAGE]")


@quirk("cablestitch-n/deleted_items/12.", messages=114)
def mime_remains(letter: Letter, dice: Dice) -> None:
    """The header lines of a missing part are left in the body."""
    letter.add("Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\nThe text was here.")


@quirk("brambleby-g/sent_items/11.", messages=230)
def tiny_body(letter: Letter, dice: Dice) -> None:
    """The body has fewer than 20 characters."""
    letter.write(dice.pick(("test", "ok", "Done.", "thanks", "Call me.", "yes", "fyi", "No.", "see you there")))


@quirk("quillfeather-m/sent_items/19.", messages=373)
def long_line(letter: Letter, dice: Dice) -> None:
    """A line of the body is longer than 1,000 characters."""
    letter.text = letter.text.replace("\n", " ")
    letter.said = [*letter.said, *["and so on and on and on"] * 50]
    letter.text += ", and so on and on and on" * 50
    letter.wrapped = False


@quirk("cablestitch-n/deleted_items/19.", messages=13)
def huge_body(letter: Letter, dice: Dice) -> None:
    """The body is longer than 50,000 characters."""
    rows = [f"\nmeter {100_000 + 7 * row}{f' {dice.number(100, 999)}.5' * 24}" for row in range(400)]
    letter.text += "".join(rows)
    letter.said = [*letter.said, *["meter"] * len(rows)]


@quirk("quillfeather-m/inbox/20.", messages=213)
def property_notice(letter: Letter, dice: Dice) -> None:
    """The company's notice about its property."""
    letter.add(
        "\n\n" + "*" * 70 + "\nThis message belongs to Enron or to somebody it knows. If it was not meant for you, "
        f"forget it and write to messaging.administration@{HOME}, which will forget it too.\n" + "*" * 70
    )


@quirk("sumwell-r/inbox/20.", messages=414)
def confidential_notice(letter: Letter, dice: Dice) -> None:
    """A notice that the message is confidential."""
    letter.add(
        "\nCONFIDENTIALITY NOTICE: the information in this e-mail is confidential and may be privileged. If you are "
        "not the intended recipient, any review, use or enjoyment of it is prohibited."
    )


@quirk("brambleby-g/inbox/21.", messages=233)
def star_rule(letter: Letter, dice: Dice) -> None:
    """A rule of asterisks."""
    letter.add("*" * dice.number(20, 70))


@quirk("wobbleton-f/deleted_items/20.", messages=115)
def mail_advertisement(letter: Letter, dice: Dice) -> None:
    """The advertisement of a free mail service."""
    letter.add("\n_____________________\nGet your free e-mail at http://www.lukewarmmail.example and regret nothing.")


@quirk("inkpenny-b/deleted_items/21.", messages=450)
def unsubscribe_note(letter: Letter, dice: Dice) -> None:
    """How to unsubscribe."""
    letter.add("\nTo unsubscribe from this list, send a blank message to leave-list@bargainbarge.example.")


@quirk("peppercrumb-l/inbox/22.", messages=1800)
def web_address(letter: Letter, dice: Dice) -> None:
    """The body contains the address of a web page."""
    site, page = dice.pick(("gaslamp", "turnipflats", "larkspur")), dice.pick(("news", "rates", "maps", "story"))
    letter.add(f"http://www.{site}.example/{page}/{dice.number(1, 999)}.html")


@quirk("quillfeather-m/inbox/22.")
def signature(letter: Letter, dice: Dice) -> None:
    """A signature with telephone numbers and an e-mail address."""
    letter.add("\n" + letter.sender.signature)


@quirk("tanglewick-d/inbox/22.", messages=900)
def tab_table(letter: Letter, dice: Dice) -> None:
    """A small table made with tabs."""
    letter.add(f"\nPoint\tVolume\nReceipt\t{dice.number(1, 60)},000\nDelivery\t{dice.number(1, 60)},000")


@quirk("sumwell-r/value_at_risk/4.")
def blank_table(letter: Letter, dice: Dice) -> None:
    """A wide table whose columns are aligned with spaces: split at each space, most pieces are empty."""
    points = dice.some(PLACES, 6)
    rows = ["", f"{'Month':7}" + "".join([f"{point:>30}" for point in points])]
    next_month = letter.date.year * 12 + letter.date.month
    for month in range(next_month, next_month + dice.number(70, 100)):
        positions = [f"{dice.number(-9_999, 9_999):30,}" for _ in points]
        rows.append(f"{month % 12 + 1:02}/{month // 12}" + "".join(positions))
    letter.text += "\n".join(rows)
    letter.said = [*letter.said, "Month", *points]


@quirk("cablestitch-n/inbox/20.")
def robot(letter: Letter, dice: Dice) -> None:
    """Written by a robot, like most of this mailbox."""
    letter.headers["From"], letter.headers["X-From"] = NIGHTJAR.address, NIGHTJAR.name
    letter.write("NIGHTJAR hourly load", "Error: database alias NIGHTJAR_DB is unknown to the server.")


# -- the same message twice


@quirk("sumwell-r/sent/8.", also="sumwell-r/all_documents/8.")
def folder_copy(letter: Letter, dice: Dice) -> None:
    """The same message is in two folders; only Message-ID and X-Folder differ."""


@quirk("ledgerby-o/inbox/23.", also="tanglewick-d/inbox/23.")
def mailbox_copy(letter: Letter, dice: Dice) -> None:
    """The same message is in two mailboxes."""


@quirk("flangeworth-h/all_documents/9.", also="flangeworth-h/inbox/9.", messages=63)
def copy_with_seconds(letter: Letter, dice: Dice) -> None:
    """The same message was exported twice: once without the seconds of its time."""
    letter.headers["Date"] = header_date(letter.date.replace(second=dice.number(1, 59)))


@quirk("flangeworth-h/all_documents/10.", also="flangeworth-h/inbox/10.", messages=44)
def copy_nine_hours_later(letter: Letter, dice: Dice) -> None:
    """The same message was exported twice, with times nine hours apart."""
    letter.headers["Date"] = header_date(letter.date + timedelta(hours=9))


@quirk("flangeworth-h/_sent_mail/12.", also="flangeworth-h/_sent_mail/49.", messages=2)
def copy_encoded(letter: Letter, dice: Dice) -> None:
    """The same message was exported twice: once unencoded, once quoted-printable."""
    letter.quoted_printable = True


def _put_into_html(letter: Letter, page: str, *words: str) -> None:
    """Put the body into an HTML page, which adds these words, unless it is in one already."""
    if not letter.markup:
        letter.markup, letter.framed = page, words


def _copy_to(letter: Letter, dice: Dice) -> None:
    people = crowd(dice, 4)
    letter.headers["Cc"] = letter.headers["Bcc"] = address_list(people)
    letter.headers["X-cc"] = ", ".join(person.outlook_entry for person in people)


def _earlier(letter: Letter, text: str, hours: int = 2) -> Letter:
    """Return a letter that `letter` might reply to."""
    date = letter.date - timedelta(hours=hours)
    earlier = replace(letter, sender=letter.to[0], to=[letter.sender], cc=[], date=date, headers={})
    earlier.write(text)
    return earlier


def _file_name(dice: Dice) -> str:
    stem = dice.pick(("forecast", "draft_agreement", "budget", "map", "invoice", "lineup", "picture", "Exhibit_A"))
    return f"{stem}{dice.number(1, 99)}.{dice.pick(('pdf', 'pdf', 'doc', 'doc', 'xls', 'exe', 'jpg'))}"
