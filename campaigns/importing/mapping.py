"""What the columns of a file mean: guessed from their names, corrected by people, applied to every row."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.importing.document import DocumentError, loads
from campaigns.importing.person import EMAIL, PersonError
from campaigns.segments import fields as asked
from integrations.braze.elements import GUID, SUBSCRIPTION_LIMIT
from integrations.braze.profile import NAMES, OPT_INS, SUBSCRIPTION_ID

LEAVE_OUT = ""
CUSTOM = "custom:"  # in front of the name of any other custom attribute
USER_ID = "external_id"
FIELDS: dict[str, Promise] = {  # Braze's names of what a person has besides custom attributes
    USER_ID: gettext_lazy("User id"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "country": gettext_lazy("Country"),
    "language": gettext_lazy("Language"),
    "time_zone": gettext_lazy("Time zone"),
    "home_city": gettext_lazy("City"),
}
ROKT: dict[str, Promise] = {  # Rokt's attributes, called as segments call them
    name: capfirst(format_lazy("{words} ({name})", words=asked.FIELDS[field].label, name=name))
    for name, field in sorted(({name: name.partition(":")[2] for name in NAMES} | OPT_INS).items())
}
KNOWN_AS = {  # as they are left by ``squashed``
    USER_ID: "externalid userid customerid brazeuserid brazeexternalid externaluserid subscriberid id uid "
    "benutzerid nutzerid kundenid kundennummer idutilisateur idclient idusuario idcliente idutente "
    "用户id 用户编号 ユーザーid",
    "first_name": "firstname givenname forename vorname prenom nombre nome 名 名字",
    "last_name": "lastname surname familyname nachname familienname nom nomdefamille apellido apellidos "
    "cognome 姓 姓氏",
    "email": "email emailaddress mail mailadresse emailadresse adresseemail courriel correo "
    "correoelectronico 电子邮件 邮箱 メール メールアドレス",
    "country": "country countrycode land pays pais paese 国家 国",
    "language": "language lang languagecode sprache langue idioma lingua 语言 言語",
    "time_zone": "timezone tz zeitzone fuseauhoraire zonahoraria fusoorario 时区 タイムゾーン",
    "home_city": "homecity city town stadt ort ville ciudad citta 城市 都市",
}
BARE = "account calendar subscription subscriber optin"  # Rokt's names that mean nothing else without "rokt"
SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
LINE_BREAK = re.compile(r"[\x00-\x1f\x7f]")
ATTRIBUTE_LIMIT = 255
EXAMPLE = "06423672-b6ba-4536-aa36-f5733866ade2"  # what a subscription id looks like


def squashed(name: str) -> str:
    """Return a name without case, accents, spaces and punctuation."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def meanings() -> dict[str, str]:
    """Return squashed name -> meaning, for every name that is known."""
    known = {squashed(word): field for field, words in KNOWN_AS.items() for word in words.split()}
    for name in NAMES:
        bare = squashed(name.partition(":")[2])
        known[squashed(name)] = name
        if bare.startswith(tuple(BARE.split())):
            known.setdefault(bare, name)
    return known


def said(meaning: str) -> str:
    """Return what a column means, as the question about it says it."""
    if meaning.startswith(CUSTOM):
        return _("custom attribute “%(name)s”") % {"name": meaning.removeprefix(CUSTOM)}
    return str({**FIELDS, **ROKT}.get(meaning, meaning))


def guess(columns: Iterable[str]) -> dict[str, str]:
    """Return column -> meaning; what is not recognised, or would be there twice, is left out."""
    known = meanings()
    mapping: dict[str, str] = {}
    for column in columns:
        meaning = known.get(squashed(column), LEAVE_OUT)
        mapping[column] = LEAVE_OUT if meaning in mapping.values() else meaning
    return mapping


def faults(mapping: Mapping[str, str]) -> dict[str, str]:
    """Return column -> what is wrong with its meaning; under an empty name what is wrong with the whole."""
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for column, meaning in mapping.items():
        if meaning == LEAVE_OUT:
            continue
        if meaning in taken:
            found[column] = _("The column “%(other)s” means this already.") % {"other": taken[meaning]}
        elif fault := meaning_fault(meaning):
            found[column] = fault
        taken[meaning] = column
    if USER_ID not in taken:
        found[""] = _("Say which column holds the user id: without it nobody can be recognised.")
    return found


def meaning_fault(meaning: str) -> str:
    """Return why there is no such meaning, or an empty text."""
    if meaning in FIELDS or meaning in NAMES:
        return ""
    name = meaning.removeprefix(CUSTOM)
    if name == meaning or not name.strip():
        return _("Give the custom attribute a name.")
    if name in NAMES:
        return _("“%(name)s” is in the list; choose it there.") % {"name": name}
    if len(name) > ATTRIBUTE_LIMIT or not name.isprintable() or name != name.strip() or name.startswith("$"):
        return _("This cannot be the name of a custom attribute in Braze.")
    return ""


def from_cells(mapping: Mapping[str, str], columns: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    """Return what a row of a table says of a person, in Braze's words; an empty cell says nothing."""
    return {
        meaning: from_cell(meaning, cell)
        for column, cell in zip(columns, cells, strict=True)
        if (meaning := mapping.get(column, LEAVE_OUT)) and cell.strip()
    }


def from_cell(meaning: str, cell: str) -> Any:
    """Return the value of a cell: as it stands, and for Rokt's attributes a list."""
    if meaning not in NAMES:
        return cell
    if cell.lstrip().startswith("["):
        try:
            return loads(f'{{"cell":{cell}}}'.encode())["cell"]
        except DocumentError:
            return [cell]
    return [item for part in cell.split("|") if (item := part.strip())]


def assembled(said: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """Return what is said of a person (meaning -> value) in the shape of a Braze export, bad values left out."""
    document: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for meaning, value in said.items():
        if meaning == USER_ID:
            document[USER_ID] = identity(value)
        elif meaning in FIELDS:
            take_field(document, meaning, value, problems)
        elif meaning in NAMES:
            take_attribute(attributes, meaning, value, problems)
        else:
            attributes[meaning.removeprefix(CUSTOM)] = value
    if attributes:
        document["custom_attributes"] = attributes
    return document


def identity(value: object) -> object:
    """Return the user id, or refuse what a spreadsheet has made of one."""
    if isinstance(value, str) and value != value.strip():
        raise PersonError(_("The user id begins or ends with a space."))
    if isinstance(value, str) and SHORTENED.fullmatch(value):
        raise PersonError(
            _("The user id “%(value)s” is a number that a spreadsheet has shortened; make the column a text.")
            % {"value": value}
        )
    return value


def take_field(document: dict[str, Any], name: str, value: object, problems: list[str]) -> None:
    """Add a field of one line; None empties it, and anything odd is left out and told."""
    if value is None or (isinstance(value, str) and not LINE_BREAK.search(value)):
        document[name] = value
    else:
        problems.append(_("%(name)s is left out: it is not one line of text.") % {"name": FIELDS[name]})


def take_attribute(attributes: dict[str, Any], name: str, value: Any, problems: list[str]) -> None:
    """Add one of Rokt's attributes, unless nothing in it can be used: that must not replace what is known."""
    kept = subscription_ids(value, problems) if name == SUBSCRIPTION_ID and isinstance(value, list) else value
    items = kept if isinstance(kept, list) else [kept]
    if value and not any(is_readable(name, item) for item in items):
        problems.append(_("%(name)s is left out: nothing in it can be read.") % {"name": ROKT[name]})
    else:
        attributes[name] = kept


def subscription_ids(value: list[Any], problems: list[str]) -> list[str]:
    """Return the subscription ids that are some, each once."""
    ids = [item for item in value if isinstance(item, str) and GUID.fullmatch(item)]
    once = list({item.lower(): item for item in ids}.values())
    bad_count = len(value) - len(ids)
    if bad_count:
        problems.append(
            ngettext(
                "%(count)d subscription id is left out: it is not like %(example)s.",
                "%(count)d subscription ids are left out: they are not like %(example)s.",
                bad_count,
            )
            % {"count": bad_count, "example": EXAMPLE}
        )
    if len(once) > SUBSCRIPTION_LIMIT:
        problems.append(
            _("Only the first %(limit)d subscription ids are taken.") % {"limit": SUBSCRIPTION_LIMIT}
        )
    return once[:SUBSCRIPTION_LIMIT]


def is_readable(name: str, item: Any) -> bool:
    """Return whether this is a GUID, or a value with a suffix."""
    if not isinstance(item, str):
        return False
    _value, slash, suffix = item.rpartition("/")
    return bool(GUID.fullmatch(item)) if name == SUBSCRIPTION_ID else bool(slash and suffix)


def cell_fault(meaning: str, value: Any) -> str:
    """Return in a few words why a sample does not fit a meaning, or an empty text."""
    if meaning == "email":
        return "" if isinstance(value, str) and EMAIL.fullmatch(value) else _("not an e-mail address")
    if meaning == USER_ID:
        try:
            identity(value)
        except PersonError as fault:
            return str(fault)
    if meaning not in NAMES:
        return ""
    items = value if isinstance(value, list) else [value]
    if meaning == SUBSCRIPTION_ID:
        is_fine = all(is_readable(meaning, item) for item in items)
        return "" if is_fine else _("not like %(example)s") % {"example": EXAMPLE}
    return next(filter(None, (item_fault(meaning, item) for item in items)), "")


def item_fault(meaning: str, item: Any) -> str:
    """Return why this is not one value of a subscription, or an empty text."""
    if not is_readable(meaning, item):
        return _("no suffix after a slash, such as “shop/f5733866ade2”")
    if meaning in OPT_INS and item.rpartition("/")[0].lower() not in {"true", "false"}:
        return _("neither True nor False")
    return ""
