"""Pages of books, reports and web sites, written for this test, in many scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.caption_text import CaptionText
from filters.page_headings import heads_contents, heads_references
from filters.page_text import citation_share, contents_share, is_headed_as_references, page_key

CONTENTS = {
    "en": """
        Contents
        Preface . . . . . . . . . . . . . . . . . . . . . . . . vii
        1 Bees and their neighbours . . . . . . . . . . . . . . 1
        1.1 A year in the hive . . . . . . . . . . . . . . . . . 4
        1.2 What drones are for . . . . . . . . . . . . . . . . 9
        2 Honey . . . . . . . . . . . . . . . . . . . . . . . . 23
        iv""",
    "en, a later page without its heading": """
        5.3 Tools that a beginner needs ........ 88
        5.4 Smoke ........ 90
        5.5 Gloves and veils ........ 91
        6 When a swarm leaves ........ 97
        6.1 Signs of it ........ 98""",
    "en, without dots": """
        Chapter 1: The coast 3
        Chapter 2: Two rivers 17
        Chapter 3: The mill 31
        Contents
        Chapter 4: Winter 58""",
    "de": """
        Inhaltsverzeichnis
        1 Einleitung 1
        2 Die Stadt am Fluss 7
        2.1 Brücken 9
        2.2 Märkte und Mühlen 14
        3 Nach dem Hochwasser 31
        Anhang 57""",
    "fr": """
        Table des matières
        Avant-propos ................................ 5
        Première partie : les vents ................. 11
        Le mistral .................................. 13
        La tramontane ............................... 29
        Index ....................................... 201""",
    "ru": """
        Оглавление
        Предисловие . . . . . . . . . . . . . . . . . 3
        Глава 1. Птицы наших лесов . . . . . . . . . . 8
        Глава 2. Кто прилетает зимой . . . . . . . . . 27
        Глава 3. Кормушки своими руками . . . . . . . 45""",
    "el": """
        Περιεχόμενα
        1. Το λιμάνι ........ 5
        2. Τα καΐκια ........ 19
        2.1 Πανιά και σχοινιά ........ 22
        3. Ο φάρος ........ 40""",
    "zh": """
        目录
        第一章 茶的历史…………………………1
        第二章 采茶与制茶………………………15
        第三章 茶具……………………………38
        参考文献………………………………90""",
    "ja": """
        目次
        第1章 はじめに ・・・・・・・・・・ 1
        第2章 庭の木 ・・・・・・・・・・ 8
        第3章 石と水 ・・・・・・・・・・ 21
        索引 ・・・・・・・・・・ 77""",
    "ko": """
        차 례
        1. 산에 오르기 전에 ........ 3
        2. 지도 읽기 ........ 12
        3. 날씨 ........ 25
        4. 응급 처치 ........ 40""",
    "th": """
        สารบัญ
        บทที่ ๑ ข้าวไทย ................ ๑
        บทที่ ๒ การปลูก ................ ๑๒
        บทที่ ๓ ฤดูเก็บเกี่ยว ................ ๒๘""",
    "ar": """
        جدول المحتويات
        مقدمة ............................ 5
        الفصل الأول: الواحات ............... 9
        الفصل الثاني: النخيل ................ 34
        الفصل الثالث: طرق القوافل ............ 61""",
    "hi": """
        विषय-सूची
        १. बरसात से पहले ........ ३
        २. खेत की तैयारी ........ ११
        ३. बीज ........ १९
        ४. कटाई ........ ३६""",
    "bn": """
        সূচিপত্র
        নদীর কথা ........ ৫
        নৌকা ও মাঝি ........ ১৮
        ইলিশ ........ ৩৩""",
    "ka": """
        სარჩევი
        1. ვაზი ........ 4
        2. რთველი ........ 15
        3. მარანი ........ 27""",
    "tr, as a web page lists it": """
        İçindekiler
        1. Giriş
        2. Çay bahçeleri
        2.1 Toplama
        2.2 Kurutma
        3. Demleme""",
    "pt, of tables": """
        Lista de tabelas
        O porto e o mar
        3.1 Marés por mês . . . . . . . . . . . . 14
        3.2 Barcos por porto . . . . . . . . . . . 16
        vii""",
}

REFERENCES = {
    "es": """
        Bibliografía
        Aranda, M. Pozos y acequias. Madrid, 1979, 33–58.
        Bermejo, L. El agua del valle. Granada, 1991, 12–19.
        Cuesta, R. Molinos. Toledo, 1988, 5–27.""",
    "en": """
        References
        [1] J. Farrow and L. Pike. Drift of sand along shallow shores. Coastal Notes,
        12(3):45–61, 1998.
        [2] M. Ode. On tides. Northern Press, 2nd edition, 2004. ISBN 978-1-23456-789-7.
        [3] R. Tamm, S. Ilves et al. Measuring waves with cheap floats. 2016.
        doi:10.5555/abc.123""",
    "en, a later page without its heading": """
        Karlin, P. (2011). Birds of the salt marsh. Field Notes 7(2), 101–120.
        Lowe, A. B., & Reed, C. (1987). How eels find rivers. Fresh Water 19, 3–14.
        Mori, T. (2002). Counting moths by lamp. Night Life 4(1), 55–71.
        https://doi.org/10.5555/moths""",
    "de": """
        Literaturverzeichnis
        Ahrens, K.: Die Deiche der Westküste. In: Küstenblätter 14 (1979), S. 33–58.
        Boll, M.; Petersen, H.: Watt und Wind. 3. Aufl. Husum 1991, S. 12–19.
        Claasen, E.: Sturmfluten. In: Küstenblätter 22 (1988), S. 5–27.""",
    "fr": """
        Bibliographie
        Garrel, P. (1994). Les sources du plateau. Revue des eaux, 8(2), 17–39.
        Hubin, A. et Caze, L. (2008). Puits et citernes. Revue des eaux, 22(1), 4–18.
        Vernet, S. (2015). Boire la pluie. Éditions du Causse, p. 120–133.""",
    "ru": """
        Список литературы
        1. Березин А. П. Льды Белого моря // Северный вестник. 1974. № 3. С. 14–29.
        2. Ланская И. В. Зимние дороги. М., 1988. 214 с. ISBN 5-00-000000-0.
        3. Орлов К. С., Титова Н. А. Ветер и снег // Метеорология. 2003. Т. 8. С. 101–117.""",
    "zh": """
        参考文献
        [1] 王明, 李娟. 江南水乡的桥[J]. 建筑纪事, 1998, 12(3): 45-52.
        [2] 陈浩. 古桥修缮手册[M]. 北京: 河畔出版社, 2006: 101-130.
        [3] 赵琳. 石拱桥的声音[J]. 建筑纪事, 2013, 27(1): 8-15.""",
    "ja": """
        参考文献
        [1] 佐藤一郎「里山の水路」『農村研究』12(3)、1998年、45–52頁。
        [2] 高橋花子『棚田を歩く』川辺書房、2006年、ISBN 978-4-00-000000-0。
        [3] 小林健「ため池の生きもの」『農村研究』27(1)、2013年、8–15頁。""",
    "ar": """
        المراجع
        [1] حداد، ل. (1998). مياه الواحات. مجلة الصحراء، 12(3)، 45–61.
        [2] منصور، ر. (2007). حفر الآبار القديمة. مجلة الصحراء، 21(1)، 9–30.
        [3] الخطيب، س. (2014). doi:10.5555/wells.77""",
    "hi": """
        संदर्भ
        [1] शर्मा, क. (१९९८). तालाबों का इतिहास. जल पत्रिका, १२(३), ४५–६१.
        [2] वर्मा, प. (२००६). बावड़ी. जल पत्रिका, २०(१), ८–१९.
        [3] गुप्ता, र. (२०१३). https://example.org/talab""",
    "ko": """
        참고 문헌
        [1] 김지훈. 논둑의 풀. 농촌 연구, 12(3), 45–52, 1998.
        [2] 박서연. 저수지의 새. 농촌 연구, 20(1), 8–19, 2006.
        [3] 최민호. 물길. 2013. doi:10.5555/water.9""",
}

OTHERS = {
    "a story": """
        The lamp in the harbour went out in 1911, and nobody could say why. A. Moore, who
        kept it, had gone to bed at ten. By the time he woke the boats were on the rocks,
        and the whole town stood on the quay. Years later, in 1934, he told the story again,
        and that time it was the wind.""",
    "a history with many years": """
        In 1871 the railway came, in 1874 the gas works, and between 1879 and 1883 the three
        bridges. The flood of 1890 took one of them. It was built again in 1892 under mayor
        J. Holt, who had lost his own house, and stood until the war of 1914–1918.""",
    "steps": """
        1. Wash the beans and leave them in water over night.
        2. Cut two onions and fry them until they are brown.
        3. Add the beans, a carrot and a litre of water.
        4. Cook for 90 minutes.
        5. Season with salt and serve with bread.""",
    "questions, numbered": """
        1. What does a bee see?
        2. Why do leaves fall?
        3. How far can a wolf walk in a night?
        4. Who built the first lighthouse?""",
    "a table of data": """
        Town Inhabitants
        Alder 812
        Birch 640
        Cedar 1204
        Elm 377
        Fir 955
        Oak 418""",
    "a timeline": """
        The first mill 1611
        A second wheel 1702
        Steam 1848
        The fire 1890
        The museum 1974""",
    "a timeline, numbered": """
        1. The first mill 1611
        2. A second wheel 1702
        3. Steam 1848
        4. The fire 1890
        5. The museum 1974""",
    "a ranking": """
        1. Cedar 1204
        2. Fir 955
        3. Alder 812
        4. Birch 640
        5. Oak 418""",
    "a price list": """
        Bread 3.20
        Butter 2.75
        Eggs, ten 4.10
        Milk 1.35
        Honey 6.90""",
    "a recipe with a short list of contents": """
        Contents
        1. Dough
        2. Filling
        Mix the flour with the salt, then rub in the butter until it looks like crumbs.
        Add water by the spoon. Knead it as little as you can, and let it rest for an hour.
        Meanwhile peel the apples, cut them into slices and mix them with sugar and lemon.
        Roll out the dough, line the tin with it and fill in the apples.
        Bake it until the edge is brown, which takes about forty minutes.""",
    "a text that cites": """
        That eels return to the river of their birth has often been said (Lowe 1987) and was
        doubted for as long (Mori 2002). We marked four hundred of them and waited. After six
        years eleven had come back, which is more than chance would bring, but less than the
        books promise. Food, salt and the moon have all been named as what leads them.""",
    "a changelog": """
        2.1 (2016-04-01): faster start, fewer windows
        2.0 (2015-11-12): a new file format
        1.9 (2015-02-20): fonts for Thai
        1.8 (2014-09-03): smaller downloads""",
    "Chinese prose": """
        1911年，港口的灯塔熄灭了，没有人知道原因。守塔人说，那天晚上十点他就睡了。
        等他醒来，船已经撞上了礁石，全镇的人都站在码头上。1934年他又讲起这件事，
        这一次他说是风的缘故。""",
    "Russian prose": """
        В 1871 году сюда провели железную дорогу, в 1874 построили газовый завод, а между 1879
        и 1883 годами — три моста. Наводнение 1890 года унесло один из них. Его отстроили через
        два года, и он простоял до самой войны.""",
    "dialogue with dots": """
        “And then ...” she said.
        “Then what?”
        “Then the light ... went out.”
        Nobody spoke for a while.""",
    "code": """
        def add(a, b):
            return a + b
        for n in range(10):
            print(add(n, 1))""",
    "nothing": "",
}


def _lines(text: str) -> list[CaptionText]:
    return CaptionText.column([line for line in text.split("\n") if line.strip()])


@pytest.mark.parametrize("name", CONTENTS)
def test_tables_of_contents_are_found(name: str) -> None:
    assert contents_share(_lines(CONTENTS[name]), 0.0) > 0.5
    assert citation_share(_lines(CONTENTS[name])) < 0.3


def test_links_tell_contents_from_steps() -> None:
    lines = _lines(OTHERS["questions, numbered"])
    assert [contents_share(lines, share) for share in (0.0, 0.49, 0.5, 1.0)] == [0, 0, 1, 1]


@pytest.mark.parametrize("name", REFERENCES)
def test_lists_of_references_are_found(name: str) -> None:
    lines = _lines(REFERENCES[name])
    assert citation_share(lines) > 0.6
    assert contents_share(lines, 0.0) <= 0.5
    assert is_headed_as_references(lines) == ("without its heading" not in name)


@pytest.mark.parametrize("name", OTHERS)
def test_other_pages_are_neither(name: str) -> None:
    lines = _lines(OTHERS[name])
    assert contents_share(lines, 0.0) <= 0.5
    assert citation_share(lines) <= 0.3
    assert not is_headed_as_references(lines)


@pytest.mark.parametrize(
    ("line", "contents", "references"),
    [
        ("目录", True, False),
        ("CONTENTS", True, False),
        ("Daftar Pustaka", False, True),
        ("7. Källor", False, True),
        ("Kaynakça", False, True),
        ("KAYNAKÇA", False, True),
        ("İÇİNDEKİLER", True, False),
        ("حوالہ جات", False, True),
        ("The contents of the box", False, False),
        ("Literatur und Leben", False, False),
        ("", False, False),
    ],
)
def test_headings(line: str, contents: bool, references: bool) -> None:
    assert heads_contents(CaptionText.of(line)) == contents
    assert heads_references(CaptionText.of(line)) == references


def test_the_same_page_in_other_documents() -> None:
    page = "Terms of use\nNothing here is real.\n3"
    assert page_key(page) == page_key("TERMS OF USE — Nothing here is real. 14")
    assert page_key(page) != page_key("Terms of use\nNothing there is real.\n3")
    assert page_key("円は赤い。 3") == page_key("円は赤い 12")


@given(st.lists(st.text(max_size=60), max_size=20))
def test_shares_are_shares(texts: list[str]) -> None:
    lines = CaptionText.column([text.replace("\n", " ") for text in texts])
    assert 0 <= contents_share(lines, 0.0) <= 1
    assert 0 <= citation_share(lines) <= 1


@given(st.lists(st.sampled_from(["abcd", "1999", "(3)", "7–12", "A.", ".", "…"]), max_size=80))
def test_shares_are_shares_of_what_looks_like_it(words: list[str]) -> None:
    lines = CaptionText.column([" ".join(words[at : at + 5]) for at in range(0, len(words), 5)])
    assert 0 <= contents_share(lines, 0.0) <= 1
    assert 0 <= citation_share(lines) <= 1
