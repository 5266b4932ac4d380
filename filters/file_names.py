"""Is this caption only the name of a file?"""

import re

from filters.caption_text import DIGIT, CaptionText

_CAMERA = (
    "img|image|dsc|dscn|dscf|dsci|pict|pic|photo|foto|mvi|mov|vid|video|gopr|dji|cimg|imgp|hpim|sam"
    "|pxl|scan|burst|mvimg|fb_img|received|signal|whatsapp image|wa|snapchat|pano|untitled|unnamed"
    "|download|file|upload|attachment|bild|imagen|immagine|obraz|изображение|фото|图片|写真|画像|사진"
)
_SCREEN = (
    "screen ?shot|screen[_-]?shot|bildschirmfoto|capture d.?[ée]cran|captura de (?:pantalla|ecr[ãa]"
    "|tela)|schermata|schermafbeelding|zrzut ekranu|skærmbillede|skjermbilde|skärmavbild|skärmbild"
    "|näyttökuva|kuvakaappaus|captur[ăa] de ecran|snímka obrazovky|ekrānuzņēmums|στιγμιότυπο"
    "|снимок экрана|скриншот|знімок екрана|ekran (?:görüntüsü|resmi|alintisi)|tangkapan layar"
    "|ảnh chụp màn hình|لقطة شاشة|スクリーンショット"
    "|屏幕截图|屏幕快照|截屏|截图|螢幕截圖|스크린샷|화면 캡처"
)
_AT = "at|um|à|kl|alle|om|o|в|da|de|de la"  # before the time of day
_ENDINGS = (
    "jpe?g|jpe|jfif|png|gif|webp|tiff?|bmp|heic|heif|avif|svg|eps|psd|ai|raw|cr2|nef|arw|dng|orf"
    "|pdf|mp4|mov|avi|docx?|pptx?|zip"
)
_LONGEST = 255  # bytes, in most file systems
_ENDING = re.compile(rf"\w[)\]]?\.(?:{_ENDINGS})(?:[ _]?\(?\d{{1,3}}\)?)?\s*\Z")
_TAIL = 16  # characters
_FILE_NAME = re.compile(
    "|".join(
        (
            rf"_?(?:{_CAMERA})[ _#-]*\d{{2,}}(?:[\d _().:-]|at\b|wa|copy|edit(?:ed)?|x)*",
            rf"(?:{_SCREEN})\W{{0,3}}(?:[\d _().:,-]|(?<!\w)(?:{_AT})(?!\w))*\d"
            r" ?(?:[ap]\.?m\.?)?\W{0,3}",
            r"[ps]\d{6,}|(?:dscp?|_mg|_dsc|_igp|_r|[a-z]{3}_)_?\d{4,}(?:[ _(-]+\d{1,3}\)?)?",
            r"\d{8}[_-]\d{4,}\w*|\d{3,}_\d{4,}\w*",
            r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",  # a UUID
            r"(?=[a-f]*\d)[0-9a-f]{12,}",  # a hash
            r"(?=\D*\d)[^\W_]+(?:[-_.][^\W_]+){3,}",  # words strung together, and a number
            r"[^\W_]+(?:_+[^\W_]+)+",  # words strung together by underscores
        )
    )
)
# 20 letters and digits without a space, of both cases: an id.
_RANDOM = re.compile(r"(?=[\w-]*[0-9][\w-]*[0-9])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[A-Za-z0-9_-]{20,}")


def is_file_name(caption: CaptionText) -> bool:
    """Whether the whole caption is a file's name, as cameras, telephones and programs make them.

    >>> texts = "IMG_0001", "red-fox.JPG", "Screenshot 2024-01-02", "Route 66"
    >>> [is_file_name(CaptionText.of(text)) for text in texts]
    [True, True, True, False]
    """
    folded = caption.folded
    if len(folded) > _LONGEST:
        return False
    if "." in folded[-_TAIL:] and _ENDING.search(folded[-_TAIL:]):
        return True
    if DIGIT not in caption.classes and "_" not in folded:
        return False
    bare = folded.strip()
    return bool(_FILE_NAME.fullmatch(bare) or _RANDOM.fullmatch(caption.plain.strip()))
