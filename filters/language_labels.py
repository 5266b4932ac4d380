"""What a fastText model's labels stand for, whichever scheme they are in."""

from collections.abc import Mapping

from schemas.languages import LANGUAGES, normalise_tag

_MEMBERS: Mapping[str, str] = {  # ISO 639-3 and what we call it: varieties, then languages not ours
    "ar": "arz ars ary apc apd acm acq acw acx aeb ajp afb ayl",
    "zh": "yue wuu hak nan gan cdo cjy czh hsn lzh",
    "hr": "hrv bos bs sh hbs cnr",
    "lv": "lvs",
    "cs": "ces cze", "ms": "msa zsm zlm may", "jv": "jav", "su": "sun", "gl": "glg", "ca": "cat",
    "oc": "oci", "hu": "hun", "et": "est ekk", "lt": "lit", "sl": "slv", "sq": "sqi als alb",
    "is": "isl ice", "fo": "fao", "af": "afr", "lb": "ltz", "eu": "eus baq", "cy": "cym wel",
    "ga": "gle", "tl": "tgl fil", "sw": "swa swh", "az": "aze azj", "mt": "mlt", "eo": "epo",
    "la": "lat", "tk": "tuk", "uz": "uzb uzn", "so": "som", "ku": "kur kmr",
    "co": "cos", "ht": "hat", "ha": "hau", "be": "bel", "bg": "bul", "sr": "srp",
    "mk": "mkd mac", "kk": "kaz", "ky": "kir",
    "tg": "tgk", "mn": "mon khk", "tt": "tat", "fa": "fas pes prs per", "ps": "pus pbt pbu",
    "ug": "uig", "mr": "mar", "ne": "nep npi", "sa": "san",
}  # fmt: skip

_CODES = {member: code for code, members in _MEMBERS.items() for member in members.split()}
_ALEMANNIC = "__label__als"  # lid.176 has Wikipedia's `als`, where ISO 639-3 means Albanian


def language_of_label(label: str) -> str:
    """The code, as we write it, of the language that a model's label names.

    Takes ISO 639-1 and 639-3, with a script or without, with fastText's prefix or without; all
    Chinese varieties are `zh`, all Arabic ones `ar`. A language that is not ours keeps its code.

    >>> labels = "__label__nob_Latn", "__label__yue_Hant", "ces_Latn", "__label__nn", "gom"
    >>> [language_of_label(label) for label in labels]
    ['no', 'zh', 'cs', 'nn', 'gom']
    """
    if label == _ALEMANNIC:
        return "gsw"
    code = normalise_tag(label.removeprefix("__label__"))
    return code if code in LANGUAGES else _CODES.get(code, code)


def labels_script(label: str) -> str:
    """The ISO 15924 code in a label such as `srp_Cyrl`, or nothing.

    >>> labels_script("__label__srp_Cyrl"), labels_script("__label__sr")
    ('Cyrl', '')
    """
    _, _, script = label.removeprefix("__label__").partition("_")
    return script
