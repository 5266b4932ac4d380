"""The words that documents need besides those of their sentences, in the 30 languages."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in a document in one language.

    Attributes:
      contents: heads a table of contents.
      references: heads a list of what was cited.
      table: before the number of a table.
      figure: before the number of a figure.
      chart: names a chart in its alternative text.
      shape: heads a column of things.
      place: heads a column of where they are.
      number: heads a column of how many they are.
      authors: names of people who are cited.
      imprint: sentences that stand in many documents alike.
    """

    contents: str
    references: str
    table: str
    figure: str
    chart: str
    shape: str
    place: str
    number: str
    authors: tuple[str, ...]
    imprint: str


def _words(words: str, authors: str, imprint: str) -> Words:
    """Returns a row of the table; words have a bar between, authors a comma."""
    contents, references, table, figure, chart, shape, place, number = words.split(" | ")
    people = tuple(authors.split(", "))
    return Words(contents, references, table, figure, chart, shape, place, number, people, imprint)


WORDS: Mapping[str, Words] = {
    "en": _words(
        "Contents | References | Table | Figure | Chart | Shape | Place | Number",
        "Carter, Hughes, Moore",
        "This document was made by a program and describes nothing real. Anyone may use, copy and "
        "change it without asking. It is given as it is, without any warranty.",
    ),
    "ar": _words(
        "المحتويات | المراجع | جدول | شكل | مخطط | الشكل | الموضع | العدد",
        "حداد, منصور, الخطيب",
        "أُعدّ هذا المستند بواسطة برنامج حاسوبي ولا يصف شيئًا حقيقيًا. يجوز لأي شخص استعماله ونسخه "
        "وتعديله دون استئذان. وهو مقدَّم كما هو دون أي ضمان.",
    ),
    "bn": _words(
        "সূচিপত্র | তথ্যসূত্র | সারণি | চিত্র | লেখচিত্র | আকৃতি | অবস্থান | সংখ্যা",
        "সেন, রহমান, দত্ত",
        "এই নথিটি একটি প্রোগ্রাম তৈরি করেছে এবং এতে বাস্তব কিছুর বর্ণনা নেই। যে কেউ অনুমতি ছাড়াই এটি ব্যবহার, "
        "অনুলিপি ও পরিবর্তন করতে পারেন। এটি যেমন আছে তেমনই দেওয়া হলো, কোনো নিশ্চয়তা ছাড়া।",
    ),
    "zh": _words(
        "目录 | 参考文献 | 表 | 图 | 图表 | 形状 | 位置 | 数量",
        "王明, 李娟, 陈浩",
        "本文件由程序生成，所述内容并非真实事物。任何人都可以不经许可使用、复制和修改本文件。"
        "本文件按原样提供，不作任何保证。",
    ),
    "da": _words(
        "Indhold | Litteratur | Tabel | Figur | Diagram | Form | Placering | Antal",
        "Holm, Krogh, Bech",
        "Dette dokument er lavet af et program og beskriver ikke noget virkeligt. Enhver må bruge, "
        "kopiere og ændre det uden at spørge. Det gives, som det er, uden nogen garanti.",
    ),
    "nl": _words(
        "Inhoud | Literatuur | Tabel | Figuur | Grafiek | Vorm | Plaats | Aantal",
        "de Vries, Bakker, Smit",
        "Dit document is door een programma gemaakt en beschrijft niets dat echt bestaat. Iedereen "
        "mag het zonder te vragen gebruiken, kopiëren en veranderen. Het wordt gegeven zoals het "
        "is, zonder enige garantie.",
    ),
    "fi": _words(
        "Sisällys | Lähteet | Taulukko | Kuva | Kaavio | Muoto | Paikka | Määrä",
        "Laine, Niemi, Korpela",
        "Tämän asiakirjan on tehnyt ohjelma, eikä se kuvaa mitään todellista. Kuka tahansa saa "
        "käyttää, kopioida ja muuttaa sitä lupaa kysymättä. Se annetaan sellaisenaan ilman mitään "
        "takuuta.",
    ),
    "fr": _words(
        "Table des matières | Références | Tableau | Figure | Graphique | Forme | Emplacement"
        " | Nombre",
        "Garnier, Lemoine, Roux",
        "Ce document a été produit par un programme et ne décrit rien de réel. Chacun peut "
        "l'utiliser, le copier et le modifier sans rien demander. Il est fourni tel quel, sans "
        "aucune garantie.",
    ),
    "ka": _words(
        "სარჩევი | ლიტერატურა | ცხრილი | ნახატი | დიაგრამა | ფიგურა | ადგილი | რაოდენობა",
        "ბერიძე, კაპანაძე, ლომიძე",
        "ეს დოკუმენტი პროგრამამ შექმნა და არაფერ ნამდვილს არ აღწერს. ნებისმიერს შეუძლია მისი "
        "გამოყენება, კოპირება და შეცვლა ნებართვის გარეშე. ის მოცემულია ისეთი, როგორიც არის, "
        "ყოველგვარი გარანტიის გარეშე.",
    ),
    "de": _words(
        "Inhalt | Literatur | Tabelle | Abbildung | Diagramm | Form | Ort | Anzahl",
        "Vogel, Brandt, Keller",
        "Dieses Dokument wurde von einem Programm erstellt und beschreibt nichts Wirkliches. Jeder "
        "darf es verwenden, kopieren und verändern, ohne zu fragen. Es wird so gegeben, wie es "
        "ist, ohne jede Gewährleistung.",
    ),
    "el": _words(
        "Περιεχόμενα | Βιβλιογραφία | Πίνακας | Εικόνα | Διάγραμμα | Σχήμα | Θέση | Πλήθος",
        "Παππάς, Νικολάου, Δήμου",
        "Αυτό το έγγραφο δημιουργήθηκε από ένα πρόγραμμα και δεν περιγράφει τίποτα πραγματικό. "
        "Οποιοσδήποτε μπορεί να το χρησιμοποιήσει, να το αντιγράψει και να το αλλάξει χωρίς άδεια. "
        "Παρέχεται ως έχει, χωρίς καμία εγγύηση.",
    ),
    "hi": _words(
        "विषय-सूची | संदर्भ | तालिका | चित्र | आरेख | आकृति | स्थान | संख्या",
        "शर्मा, वर्मा, गुप्ता",
        "यह दस्तावेज़ एक प्रोग्राम ने बनाया है और किसी वास्तविक चीज़ का वर्णन नहीं करता। कोई भी बिना पूछे "
        "इसका उपयोग कर सकता है, इसकी नकल बना सकता है और इसे बदल सकता है। यह जैसा है वैसा ही दिया "
        "गया है, बिना किसी गारंटी के।",
    ),
    "id": _words(
        "Daftar Isi | Daftar Pustaka | Tabel | Gambar | Grafik | Bentuk | Letak | Jumlah",
        "Santoso, Wijaya, Lestari",
        "Dokumen ini dibuat oleh sebuah program dan tidak menggambarkan sesuatu yang nyata. Siapa "
        "pun boleh memakai, menyalin, dan mengubahnya tanpa meminta izin. Dokumen ini diberikan "
        "apa adanya, tanpa jaminan apa pun.",
    ),
    "it": _words(
        "Indice | Bibliografia | Tabella | Figura | Grafico | Forma | Posizione | Numero",
        "Ferri, Conti, Greco",
        "Questo documento è stato prodotto da un programma e non descrive nulla di reale. Chiunque "
        "può usarlo, copiarlo e modificarlo senza chiedere. È fornito così com'è, senza alcuna "
        "garanzia.",
    ),
    "ja": _words(
        "目次 | 参考文献 | 表 | 図 | グラフ | 形 | 位置 | 個数",
        "佐藤, 高橋, 小林",
        "この文書はプログラムが作成したもので、実在のものを述べてはいません。"
        "誰でも許可なく使用し、複製し、変更することができます。"
        "現状のまま、いかなる保証もなく提供されます。",
    ),
    "ko": _words(
        "차례 | 참고 문헌 | 표 | 그림 | 도표 | 모양 | 위치 | 개수",
        "김지훈, 박서연, 최민호",
        "이 문서는 프로그램이 만든 것으로 실제로 있는 것을 설명하지 않습니다. 누구나 허락 없이 "
        "사용하고 복사하고 고칠 수 있습니다. 아무런 보증 없이 있는 그대로 제공됩니다.",
    ),
    "lv": _words(
        "Saturs | Literatūra | Tabula | Attēls | Diagramma | Forma | Vieta | Skaits",
        "Bērziņš, Kalniņa, Ozols",
        "Šo dokumentu ir izveidojusi programma, un tas neapraksta neko īstu. Ikviens drīkst to "
        "lietot, kopēt un mainīt, neprasot atļauju. Tas tiek sniegts tāds, kāds tas ir, bez "
        "jebkādas garantijas.",
    ),
    "no": _words(
        "Innhold | Litteratur | Tabell | Figur | Diagram | Form | Plassering | Antall",
        "Dahl, Lund, Moen",
        "Dette dokumentet er laget av et program og beskriver ikke noe virkelig. Hvem som helst "
        "kan bruke, kopiere og endre det uten å spørre. Det gis som det er, uten noen form for "
        "garanti.",
    ),
    "pl": _words(
        "Spis treści | Bibliografia | Tabela | Rysunek | Wykres | Kształt | Miejsce | Liczba",
        "Nowak, Zieliński, Wójcik",
        "Ten dokument został utworzony przez program i nie opisuje niczego prawdziwego. Każdy może "
        "go używać, kopiować i zmieniać bez pytania o zgodę. Jest udostępniany taki, jaki jest, "
        "bez żadnej gwarancji.",
    ),
    "pt": _words(
        "Sumário | Referências | Tabela | Figura | Gráfico | Forma | Posição | Quantidade",
        "Ferreira, Almeida, Lopes",
        "Este documento foi feito por um programa e não descreve nada de real. Qualquer pessoa "
        "pode usá-lo, copiá-lo e alterá-lo sem pedir licença. É fornecido tal como está, sem "
        "qualquer garantia.",
    ),
    "ro": _words(
        "Cuprins | Bibliografie | Tabelul | Figura | Grafic | Formă | Poziție | Număr",
        "Ionescu, Dumitru, Stoica",
        "Acest document a fost creat de un program și nu descrie nimic real. Oricine îl poate "
        "folosi, copia și modifica fără să ceară voie. Este oferit așa cum este, fără nicio "
        "garanție.",
    ),
    "ru": _words(
        "Содержание | Литература | Таблица | Рисунок | График | Фигура | Место | Количество",
        "Орлов, Белова, Титов",
        "Этот документ создан программой и не описывает ничего настоящего. Любой может "
        "использовать, копировать и изменять его без разрешения. Он предоставляется как есть, без "
        "каких-либо гарантий.",
    ),
    "sk": _words(
        "Obsah | Literatúra | Tabuľka | Obrázok | Graf | Tvar | Miesto | Počet",
        "Kováč, Horváthová, Bielik",
        "Tento dokument vytvoril program a neopisuje nič skutočné. Ktokoľvek ho môže bez opýtania "
        "používať, kopírovať a meniť. Poskytuje sa taký, aký je, bez akejkoľvek záruky.",
    ),
    "es": _words(
        "Índice | Bibliografía | Tabla | Figura | Gráfico | Forma | Posición | Cantidad",
        "Navarro, Vega, Serrano",
        "Este documento lo ha creado un programa y no describe nada real. Cualquiera puede usarlo, "
        "copiarlo y cambiarlo sin pedir permiso. Se ofrece tal como está, sin ninguna garantía.",
    ),
    "sv": _words(
        "Innehåll | Referenser | Tabell | Figur | Diagram | Form | Plats | Antal",
        "Lindqvist, Ekman, Sjöberg",
        "Det här dokumentet har gjorts av ett program och beskriver inget verkligt. Vem som helst "
        "får använda, kopiera och ändra det utan att fråga. Det ges som det är, utan någon "
        "garanti.",
    ),
    "th": _words(
        "สารบัญ | เอกสารอ้างอิง | ตาราง | รูป | แผนภูมิ | รูปร่าง | ตำแหน่ง | จำนวน",
        "สมชาย, วิภา, ประเสริฐ",
        "เอกสารนี้สร้างขึ้นโดยโปรแกรมและไม่ได้บรรยายถึงสิ่งที่มีอยู่จริง ทุกคนสามารถใช้ คัดลอก "
        "และแก้ไขเอกสารนี้ได้โดยไม่ต้องขออนุญาต เอกสารนี้ให้ไว้ตามสภาพโดยไม่มีการรับประกันใด ๆ",
    ),
    "tr": _words(
        "İçindekiler | Kaynakça | Tablo | Şekil | Grafik | Biçim | Konum | Sayı",
        "Yılmaz, Kaya, Demir",
        "Bu belge bir program tarafından hazırlanmıştır ve gerçek bir şeyi anlatmaz. Herkes onu "
        "izin istemeden kullanabilir, kopyalayabilir ve değiştirebilir. Hiçbir garanti verilmeden "
        "olduğu gibi sunulur.",
    ),
    "uk": _words(
        "Зміст | Література | Таблиця | Рисунок | Графік | Фігура | Місце | Кількість",
        "Шевчук, Бондар, Мороз",
        "Цей документ створила програма, і він не описує нічого справжнього. Будь-хто може "
        "використовувати, копіювати та змінювати його без дозволу. Він надається як є, без жодних "
        "гарантій.",
    ),
    "ur": _words(
        "فہرست | حوالہ جات | جدول | تصویر | خاکہ | شکل | مقام | تعداد",
        "احمد, قریشی, ملک",
        "یہ دستاویز ایک پروگرام نے بنائی ہے اور کسی حقیقی چیز کو بیان نہیں کرتی۔ کوئی بھی شخص اسے "
        "بغیر اجازت استعمال، نقل اور تبدیل کر سکتا ہے۔ یہ جوں کی توں بغیر کسی ضمانت کے پیش کی گئی "
        "ہے۔",
    ),
    "vi": _words(
        "Mục lục | Tài liệu tham khảo | Bảng | Hình | Biểu đồ | Hình dạng | Vị trí | Số lượng",
        "Nguyễn, Trần, Lê",
        "Tài liệu này do một chương trình tạo ra và không mô tả điều gì có thật. Bất kỳ ai cũng có "
        "thể sử dụng, sao chép và thay đổi tài liệu mà không cần xin phép. Tài liệu được cung cấp "
        "nguyên trạng, không kèm bất kỳ bảo đảm nào.",
    ),
}
