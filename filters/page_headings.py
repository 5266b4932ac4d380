"""Words that head a table of contents or a list of references, in the 30 languages."""

from filters.caption_text import CaptionText
from filters.phrases import Phrases

_CONTENTS = Phrases.of(
    {
        "en": "contents | table of contents | list of contents | brief contents | on this page"
        " | in this article | list of figures | list of tables | list of illustrations | index",
        "ar": "المحتويات | جدول المحتويات | قائمة المحتويات | فهرس المحتويات | الفهرس | محتويات"
        " | قائمة الجداول | قائمة الأشكال",
        "bn": "সূচিপত্র | সূচি | বিষয়সূচি | সূচীপত্র | চিত্রের তালিকা | সারণির তালিকা",
        "zh": "目录 | 目錄 | 目次 | 内容目录 | 本页目录 | 图目录 | 表目录"
        " | 插图清单 | 表格清单 | 索引",
        "da": "indhold | indholdsfortegnelse | indholdsoversigt | figuroversigt | tabeloversigt"
        " | stikordsregister",
        "nl": "inhoud | inhoudsopgave | inhoudstafel | lijst van figuren | lijst van tabellen"
        " | trefwoordenregister",
        "fi": "sisällys | sisällysluettelo | sisältö | kuvaluettelo | taulukkoluettelo | hakemisto",
        "fr": "table des matières | sommaire | contenu | liste des tableaux | table des figures"
        " | liste des figures | liste des illustrations",
        "ka": "სარჩევი | შინაარსი | ცხრილების სია | ნახატების სია",
        "de": "inhalt | inhaltsverzeichnis | inhaltsübersicht | auf dieser seite"
        " | tabellenverzeichnis | abbildungsverzeichnis | stichwortverzeichnis | sachregister",
        "el": "περιεχόμενα | πίνακας περιεχομένων | κατάλογος πινάκων | κατάλογος σχημάτων"
        " | ευρετήριο",
        "hi": "विषय सूची | विषयसूची | अनुक्रमणिका | अनुक्रम | सामग्री | चित्रों की सूची | तालिकाओं की सूची",
        "id": "daftar isi | daftar tabel | daftar gambar | isi",
        "it": "indice | sommario | indice generale | contenuti | elenco delle tabelle"
        " | elenco delle figure | indice analitico",
        "ja": "目次 | もくじ | 表目次 | 図目次 | 表一覧 | 図一覧 | 索引",
        "ko": "차례 | 목차 | 표 목차 | 그림 목차 | 표 목록 | 그림 목록 | 찾아보기",
        "lv": "saturs | satura rādītājs | tabulu saraksts | attēlu saraksts",
        "no": "innhold | innholdsfortegnelse | innholdsoversikt | figurliste | tabelliste"
        " | stikkordregister",
        "pl": "spis treści | spis tabel | spis rysunków | spis ilustracji | skorowidz",
        "pt": "sumário | índice | conteúdo | índice geral | tabela de conteúdos | lista de tabelas"
        " | lista de figuras | índice remissivo",
        "ro": "cuprins | tabla de materii | lista tabelelor | lista figurilor",
        "ru": "содержание | оглавление | список таблиц | список иллюстраций | список рисунков"
        " | предметный указатель",
        "sk": "obsah | zoznam tabuliek | zoznam obrázkov | register",
        "es": "índice | contenido | contenidos | tabla de contenidos | tabla de contenido"
        " | índice general | lista de tablas | índice de tablas | índice de figuras"
        " | lista de figuras",
        "sv": "innehåll | innehållsförteckning | figurförteckning | tabellförteckning"
        " | sakregister",
        "th": "สารบัญ | สารบัญตาราง | สารบัญภาพ | สารบัญรูป | เนื้อหา | ดัชนี",
        "tr": "içindekiler | içerik | tablolar listesi | şekiller listesi | dizin",
        "uk": "зміст | перелік таблиць | список таблиць | перелік рисунків | покажчик",
        "ur": "فہرست | فہرست مضامین | مندرجات | فہرست مندرجات",
        "vi": "mục lục | nội dung | danh mục bảng | danh sách bảng | danh mục hình",
    }
)

_REFERENCES = Phrases.of(
    {
        "en": "references | bibliography | works cited | literature | literature cited | sources"
        " | further reading | reference list | endnotes",
        "ar": "المراجع | المصادر | قائمة المراجع | مراجع | مصادر | المصادر والمراجع | ببليوغرافيا",
        "bn": "তথ্যসূত্র | গ্রন্থপঞ্জি | গ্রন্থপঞ্জী | সহায়ক গ্রন্থ",
        "zh": "参考文献 | 參考文獻 | 参考资料 | 參考資料 | 引用文献 | 参考书目 | 书目",
        "da": "litteratur | litteraturliste | referencer | kilder | kildehenvisninger"
        " | bibliografi",
        "nl": "literatuur | literatuurlijst | referenties | bronnen | bibliografie"
        " | bronvermelding",
        "fi": "lähteet | kirjallisuus | lähdeluettelo | viitteet | kirjallisuusluettelo",
        "fr": "références | bibliographie | références bibliographiques | sources | ouvrages cités",
        "ka": "ლიტერატურა | გამოყენებული ლიტერატურა | ბიბლიოგრაფია | წყაროები | სქოლიო",
        "de": "literatur | literaturverzeichnis | quellen | quellenverzeichnis | bibliographie"
        " | bibliografie | einzelnachweise | weiterführende literatur",
        "el": "βιβλιογραφία | αναφορές | παραπομπές | πηγές | βιβλιογραφικές αναφορές",
        "hi": "संदर्भ | सन्दर्भ | संदर्भ सूची | ग्रंथ सूची | सन्दर्भ ग्रन्थ",
        "id": "daftar pustaka | referensi | pustaka | rujukan | bibliografi | daftar referensi",
        "it": "bibliografia | riferimenti | riferimenti bibliografici | fonti"
        " | note bibliografiche",
        "ja": "参考文献 | 文献 | 引用文献 | 参照文献 | 文献一覧 | 出典",
        "ko": "참고 문헌 | 참고문헌 | 인용 문헌 | 각주 | 출처",
        "lv": "literatūra | literatūras saraksts | izmantotā literatūra | atsauces | bibliogrāfija",
        "no": "litteratur | litteraturliste | referanser | kilder | kildeliste | bibliografi",
        "pl": "bibliografia | literatura | przypisy | źródła | piśmiennictwo",
        "pt": "referências | bibliografia | referências bibliográficas | fontes",
        "ro": "bibliografie | referințe | referințe bibliografice | surse",
        "ru": "литература | список литературы | библиография | источники | примечания | ссылки"
        " | список источников",
        "sk": "literatúra | zoznam literatúry | použitá literatúra | referencie | bibliografia"
        " | zdroje",
        "es": "referencias | bibliografía | referencias bibliográficas | fuentes | obras citadas",
        "sv": "referenser | litteratur | litteraturförteckning | källor | källförteckning",
        "th": "เอกสารอ้างอิง | บรรณานุกรม | อ้างอิง | รายการอ้างอิง",
        "tr": "kaynakça | kaynaklar | referanslar | bibliyografya",
        "uk": "література | список літератури | бібліографія | джерела | примітки",
        "ur": "حوالہ جات | کتابیات | مصادر | مآخذ",
        "vi": "tài liệu tham khảo | tham khảo | thư mục | nguồn tham khảo",
    }
)


def heads_contents(line: CaptionText) -> bool:
    """Whether the line says that a table of contents follows, and nothing else.

    >>> [heads_contents(CaptionText.of(line)) for line in ("目次", "CONTENTS 4", "Contents of it")]
    [True, True, False]
    """
    return _CONTENTS.are_all_of(line)


def heads_references(line: CaptionText) -> bool:
    """Whether the line says that a list of references follows, and nothing else.

    >>> [heads_references(CaptionText.of(line)) for line in ("9. Literatur", "Literatur heute")]
    [True, False]
    """
    return _REFERENCES.are_all_of(line)
