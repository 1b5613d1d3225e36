"""The alterations that a few lines of quirks.toml cannot describe: functions with the names of its entries."""

from dataclasses import replace
from datetime import timedelta

from enronlib.sample.dice import Dice
from enronlib.sample.letters import (
    Letter,
    address_list,
    forwarded,
    header_date,
    original_message,
)
from enronlib.sample.people import FIRST_NAMES, HOME, PLACES, crowd


def ordinary(letter: Letter, dice: Dice) -> None:
    letter.write(f"{letter.to[0].first},", "This message is quite in order.", "Not every one is.", letter.sender.first)


def folded_to(letter: Letter, dice: Dice) -> None:
    letter.headers["To"] = address_list([*letter.to, *crowd(dice, 12)])


def folded_subject(letter: Letter, dice: Dice) -> None:
    subject = letter.headers["Subject"] or "Notice"
    spaces = " " * (50 if dice.chance(0.1) else 1)
    letter.headers["Subject"] = f"{subject} - please read before the meeting and bring your own\n{spaces}chair"


def broken_header(letter: Letter, dice: Dice) -> None:
    subject = letter.headers["Subject"]
    letter.headers["Subject"] = f"{subject} with the pipelines,\n re: the winter outlook\nTrading on the new screen"
    letter.headers.pop("To", None)


def missing_to(letter: Letter, dice: Dice) -> None:
    letter.headers.pop("To", None)
    for name in ("Cc", "Bcc"):
        letter.headers.pop(name, None)
    letter.headers["X-cc"] = ""
    letter.headers["X-To"] = dice.pick(("All Enron Worldwide@ENRON", "All Enron Houston@ENRON", "Floor 32@ENRON"))


def cc_is_bcc(letter: Letter, dice: Dice) -> None:
    _copy_to(letter, dice)


def cc_without_to(letter: Letter, dice: Dice) -> None:
    _copy_to(letter, dice)
    letter.headers.pop("To", None)
    letter.headers["X-To"] = ""


def blind_copy(letter: Letter, dice: Dice) -> None:
    letter.headers["X-bcc"] = crowd(dice, 1)[0].outlook_entry


def x_cc_alone(letter: Letter, dice: Dice) -> None:
    letter.headers.pop("Cc", None)
    letter.headers.pop("Bcc", None)
    letter.headers["X-cc"] = crowd(dice, 1)[0].name


def unknown_byte_header(letter: Letter, dice: Dice) -> None:
    letter.headers["X-cc"] = '"Cl\xffudia Pamplemoose" <claudia@umbratrading.example>, ' + letter.headers["X-From"]
    letter.add("Cl?udia will read this in Portuguese.")


def crowd_in_to(letter: Letter, dice: Dice) -> None:
    everybody = crowd(dice, 933)
    letter.headers["To"] = address_list(everybody)
    letter.headers["X-To"] = ", ".join(person.outlook_entry for person in everybody)


def other_origin(letter: Letter, dice: Dice) -> None:
    letter.origin = dice.pick(("TRADING-FLOOR", "BRAMBLE-G", "LEAGUE-F", "Wobble-F"))


def coded_at_sign(letter: Letter, dice: Dice) -> None:
    letter.headers["From"] = f"40enron@{HOME}"
    letter.headers["X-From"] = f"{letter.sender.name}@ENRON <IMCEANOTES-{letter.sender.first}+40ENRON@{HOME}>"


def middle_initial(letter: Letter, dice: Dice) -> None:
    if letter.sender.is_home:
        letter.headers["From"] = f"{(letter.sender.initial or 'L.')[0]}..{letter.sender.last}@{HOME}".lower()


def invalid_sender(letter: Letter, dice: Dice) -> None:
    letter.headers["From"] = f"houston <.{letter.sender.last}@{HOME}>".lower()


def gateway_address(letter: Letter, dice: Dice) -> None:
    person = letter.sender
    coded = person.address.replace(".", "+2E").replace("@", "+40")
    letter.headers["X-From"] = f'"{person.name}" <{person.address}>@ENRON <IMCEANOTES-+3C{coded}+3E@{HOME}>'


def quoted_x_to(letter: Letter, dice: Dice) -> None:
    letter.headers["X-To"] = ", ".join(f"'{person.address}'" for person in letter.to)


def namesake(letter: Letter, dice: Dice) -> None:
    others = [name for name in FIRST_NAMES if name[0] == letter.sender.first[0]]
    if others and letter.sender.is_home:
        person = replace(letter.sender, first=dice.pick(others))
        letter.headers["From"], letter.headers["X-From"] = person.address, person.name


def year_0001(letter: Letter, dice: Dice) -> None:
    letter.headers["Date"] = header_date(letter.date).replace(f" {letter.date.year} ", " 0001 ")


def future_date(letter: Letter, dice: Dice) -> None:
    year = 2012 if dice.chance(0.2) else 2004
    letter.headers["Date"] = header_date(letter.date.replace(year=year, day=min(letter.date.day, 28)))


def quoted_printable(letter: Letter, dice: Dice) -> None:
    letter.quoted_printable = True
    if dice.chance(0.5):
        letter.headers["Content-Type"] = "text/plain; charset=ANSI_X3.4-1968"
    letter.add(
        "\tCounterparty\tLimit\n\tOxbow Marketing\t= 5 \n\n"
        "This is one long line, which had to be broken by the encoding and not by its writer, who never broke one."
    )


def five_levels(letter: Letter, dice: Dice) -> None:
    chain = earlier_letter(letter, "Is anybody there?", 9)
    for hours, text in enumerate(("Yes.", "Who is asking?", "I am.", "Then we are both here."), 5):
        answer = replace(chain, sender=chain.to[0], to=[chain.sender], date=letter.date - timedelta(hours=13 - hours))
        answer.write(text)
        answer.quote(chain, original_message)
        chain = answer
    letter.quote(chain, original_message)


def forwarded_chain(letter: Letter, dice: Dice) -> None:
    first = earlier_letter(letter, "Pass it on.", 8)
    second = replace(first, sender=first.to[0], to=[first.sender], text="", said=[])
    second.quote(first, forwarded)
    letter.quote(second, forwarded)


def inline_attachment(letter: Letter, dice: Dice) -> None:
    letter.add(
        f"--------- Inline attachment follows ---------\n\nFrom:  <{letter.to[0].address}>\n"
        f"To: {letter.sender.address}\nSubject: Standings\n\nSee for yourself."
    )


def image_marks(letter: Letter, dice: Dice) -> None:
    for _ in range(dice.number(1, 20)):
        letter.add("[IMAGE]")


def tiny_body(letter: Letter, dice: Dice) -> None:
    letter.write(dice.pick(("test", "ok", "Done.", "thanks", "Call me.", "yes", "fyi", "No.", "see you there")))


def long_line(letter: Letter, dice: Dice) -> None:
    letter.text = letter.text.replace("\n", " ")
    letter.said = [*letter.said, *["and so on and on and on"] * 50]
    letter.text += ", and so on and on and on" * 50
    letter.wrapped = False


def huge_body(letter: Letter, dice: Dice) -> None:
    rows = [f"\nmeter {100_000 + 7 * row}{f' {dice.number(100, 999)}.5' * 24}" for row in range(400)]
    letter.text += "".join(rows)
    letter.said = [*letter.said, *["meter"] * len(rows)]


def star_rule(letter: Letter, dice: Dice) -> None:
    letter.add("*" * dice.number(20, 70))


def web_address(letter: Letter, dice: Dice) -> None:
    site, page = dice.pick(("gaslamp", "turnipflats", "larkspur")), dice.pick(("news", "rates", "maps", "story"))
    letter.add(f"http://www.{site}.example/{page}/{dice.number(1, 999)}.html")


def signature(letter: Letter, dice: Dice) -> None:
    letter.add("\n" + letter.sender.signature)


def tab_table(letter: Letter, dice: Dice) -> None:
    letter.add(f"\nPoint\tVolume\nReceipt\t{dice.number(1, 60)},000\nDelivery\t{dice.number(1, 60)},000")


def blank_table(letter: Letter, dice: Dice) -> None:
    points = dice.some(PLACES, 6)
    rows = ["", f"{'Month':7}" + "".join([f"{point:>30}" for point in points])]
    next_month = letter.date.year * 12 + letter.date.month
    for month in range(next_month, next_month + dice.number(70, 100)):
        positions = [f"{dice.number(-9_999, 9_999):30,}" for _ in points]
        rows.append(f"{month % 12 + 1:02}/{month // 12}" + "".join(positions))
    letter.text += "\n".join(rows)
    letter.said = [*letter.said, "Month", *points]


def copy_with_seconds(letter: Letter, dice: Dice) -> None:
    letter.headers["Date"] = header_date(letter.date.replace(second=dice.number(1, 59)))


def copy_nine_hours_later(letter: Letter, dice: Dice) -> None:
    letter.headers["Date"] = header_date(letter.date + timedelta(hours=9))


def _copy_to(letter: Letter, dice: Dice) -> None:
    people = crowd(dice, 4)
    letter.headers["Cc"] = letter.headers["Bcc"] = address_list(people)
    letter.headers["X-cc"] = ", ".join(person.outlook_entry for person in people)


def earlier_letter(letter: Letter, text: str, hours: int = 2) -> Letter:
    """Return a letter that `letter` might reply to."""
    date = letter.date - timedelta(hours=hours)
    earlier = replace(letter, sender=letter.to[0], to=[letter.sender], cc=[], date=date, headers={})
    earlier.write(text)
    return earlier


def file_name(dice: Dice) -> str:
    """Return the name of an attachment."""
    stem = dice.pick(("forecast", "draft_agreement", "budget", "map", "invoice", "lineup", "picture", "Exhibit_A"))
    return f"{stem}{dice.number(1, 99)}.{dice.pick(('pdf', 'pdf', 'doc', 'doc', 'xls', 'exe', 'jpg'))}"
