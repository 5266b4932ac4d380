"""Sentences written down by hand, apart from the grammars that must make them."""

from itertools import pairwise

import pytest

from pipelines.sample.charts import NUMBERS
from pipelines.sample.grammars import FRAMES, GRAMMARS, name_thing, say_fact
from pipelines.sample.scenes import (
    BACKGROUNDS,
    BOTTOM,
    COLOURS,
    KINDS,
    LEFT,
    PLACES,
    RIGHT,
    TEXTURES,
    TOP,
    Fact,
    Thing,
)
from schemas.languages import ALL

CIRCLE = Thing("circle", "red", True, "plain", 1)
STARS = Thing("star", "black", False, "plain", 3)
SQUARES = Thing("square", "blue", False, "plain", 2)
HEART = Thing("heart", "yellow", False, "striped", 1)
CROSSES = Thing("cross", "green", True, "dotted", 4)
RING = Thing("ring", "pink", False, "plain", 1)

SIDES = Fact("pair", (CIRCLE, STARS), (LEFT, RIGHT))
UNDER = Fact("list", (SQUARES, HEART))
PLACED = Fact("at", (HEART,), (PLACES.index("top right"),))
GREY = Fact("background", (CROSSES, RING), background="grey")
BARS = Fact("bars", number=5, colours=("yellow", "black"))
FALLS = Fact("falling", number=4, colours=("blue",))

SAID = {
    "en": (
        "A large red circle on the left, three small black stars on the right.",
        "A picture of two small blue squares and a small striped yellow heart.",
        "Four large dotted green crosses and a small pink ring on a grey background.",
        "A line chart with 4 points; its blue line goes down.",
    ),
    "ar": (
        "على اليسار دائرة حمراء كبيرة، وعلى اليمين ثلاث نجوم سوداء صغيرة.",
        "في الصورة مربعان أزرقان صغيران وقلب أصفر صغير مخطط.",
        "أربعة صلبان خضراء كبيرة منقطة وحلقة وردية صغيرة على خلفية رمادية.",
        "رسم بياني بخط أزرق هابط عدد نقاطه 4.",
    ),
    "bn": (
        "বাঁ দিকে একটি বড় লাল বৃত্ত, আর ডান দিকে তিনটি ছোট কালো তারা।",
        "ছবিতে দুটি ছোট নীল বর্গক্ষেত্র এবং একটি ছোট ডোরাকাটা হলুদ হৃদয় আছে।",
        "ধূসর পটভূমিতে চারটি বড় বিন্দুযুক্ত সবুজ ক্রস এবং একটি ছোট গোলাপি বলয়।",
        "4টি বিন্দুর রেখাচিত্র; নীল রেখাটি নিচে নামছে।",
    ),
    "zh": (
        "左边是一个红色的大圆形，右边是三颗黑色的小星星。",
        "图中有两个蓝色的小正方形和一颗黄色带条纹的小爱心。",
        "灰色背景上有四个绿色带圆点的大十字和一个粉色的小圆环。",
        "这张折线图有4个点，蓝色的线在下降。",
    ),
    "da": (
        "Til venstre i billedet ses en stor rød cirkel, og til højre tre små sorte stjerner.",
        "På billedet ses to små blå kvadrater og et lille stribet gult hjerte.",
        "Fire store prikkede grønne kors og en lille lyserød ring på grå baggrund.",
        "Et diagram med 4 punkter, hvor kurven er blå og falder.",
    ),
    "nl": (
        "Links een grote rode cirkel, rechts drie kleine zwarte sterren.",
        "Op de afbeelding zie je twee kleine blauwe vierkanten en een klein gestreept geel hart.",
        "Vier grote gestippelde groene kruisen en een kleine roze ring op een grijze achtergrond.",
        "Een lijndiagram met 4 punten; de lijn is blauw en daalt.",
    ),
    "fi": (
        "Vasemmalla on suuri punainen ympyrä ja oikealla kolme pientä mustaa tähteä.",
        "Kuvassa on kaksi pientä sinistä neliötä ja pieni raidallinen keltainen sydän.",
        "Harmaalla taustalla on neljä suurta pilkullista vihreää ristiä ja pieni "
        "vaaleanpunainen rengas.",
        "Viivakaavio, jossa on 4 pistettä; viiva on sininen ja laskee.",
    ),
    "fr": (
        "À gauche un grand cercle rouge, à droite trois petites étoiles noires.",
        "Sur cette image : deux petits carrés bleus et un petit cœur jaune à rayures.",
        "Quatre grandes croix vertes à pois et un petit anneau rose sur fond gris.",
        "Un graphique de 4 points ; la courbe est bleue et elle descend.",
    ),
    "ka": (
        "მარცხნივ არის დიდი წითელი წრე, მარჯვნივ კი სამი პატარა შავი ვარსკვლავი.",
        "სურათზე არის ორი პატარა ლურჯი კვადრატი და პატარა ზოლიანი ყვითელი გული.",
        "ნაცრისფერ ფონზე არის ოთხი დიდი წერტილებიანი მწვანე ჯვარი და პატარა ვარდისფერი რგოლი.",
        "დიაგრამა 4 წერტილით; ლურჯი ხაზი მცირდება.",
    ),
    "de": (
        "Links ein großer roter Kreis, rechts drei kleine schwarze Sterne.",
        "Auf dem Bild: zwei kleine blaue Quadrate und ein kleines gestreiftes gelbes Herz.",
        "Vier große gepunktete grüne Kreuze und ein kleiner rosafarbener Ring auf grauem "
        "Hintergrund.",
        "Ein Diagramm mit 4 Punkten; die Linie ist blau und fällt.",
    ),
    "el": (
        "Αριστερά ένας μεγάλος κόκκινος κύκλος, δεξιά τρία μικρά μαύρα αστέρια.",
        "Στην εικόνα: δύο μικρά μπλε τετράγωνα και μία μικρή κίτρινη καρδιά με ρίγες.",
        "Τέσσερις μεγάλοι πράσινοι σταυροί με βούλες και ένα μικρό ροζ δαχτυλίδι σε γκρι φόντο.",
        "Γράφημα με 4 σημεία· η γραμμή είναι μπλε και κατεβαίνει.",
    ),
    "hi": (
        "बाईं ओर एक बड़ा लाल वृत्त और दाईं ओर तीन छोटे काले तारे।",
        "चित्र में दिखाया गया है: दो छोटे नीले वर्ग और एक छोटा धारीदार पीला दिल।",
        "धूसर पृष्ठभूमि पर चार बड़े बिंदीदार हरे क्रॉस और एक छोटा गुलाबी छल्ला।",
        "4 बिंदुओं वाला रेखा चार्ट; नीली रेखा नीचे जाती है।",
    ),
    "id": (
        "Di sebelah kiri ada sebuah lingkaran besar berwarna merah, sedangkan di sebelah kanan "
        "ada tiga buah bintang kecil berwarna hitam.",
        "Di gambar ini ada dua buah persegi kecil berwarna biru dan sebuah hati kecil berwarna "
        "kuning bergaris-garis.",
        "Empat buah salib besar berwarna hijau berbintik-bintik dan sebuah cincin kecil berwarna "
        "merah muda dengan latar abu-abu.",
        "Diagram garis dengan 4 titik; garis yang berwarna biru itu turun.",
    ),
    "it": (
        "A sinistra un grande cerchio rosso, a destra tre piccole stelle nere.",
        "Nell'immagine si vede: due piccoli quadrati blu e un piccolo cuore giallo a righe.",
        "Quattro grandi croci verdi a pois e un piccolo anello rosa su sfondo grigio.",
        "Un grafico con 4 punti; la linea è blu e scende.",
    ),
    "ja": (
        "左に1つの大きな赤い円、右に3つの小さな黒い星があります。",
        "絵の中に2つの小さな青い正方形と1つの小さな黄色い縞模様のハートがあります。",
        "灰色の背景の上に4つの大きな緑色の水玉模様の十字と1つの小さなピンク色の輪があります。",
        "4個の点がある折れ線グラフで、青色の線が下がっています。",
    ),
    "ko": (
        "왼쪽에는 큰 빨간 원 한 개, 오른쪽에는 작은 검은 별 세 개가 있습니다.",
        "그림에 작은 파란 정사각형 두 개와 작은 노란 줄무늬 하트 한 개가 있습니다.",
        "회색 배경 위에 큰 초록색 물방울무늬 십자가 네 개와 작은 분홍색 고리 한 개가 있습니다.",
        "점이 4개인 꺾은선 그래프로, 파란색 선이 내려갑니다.",
    ),
    "lv": (
        "Kreisajā pusē ir liels sarkans aplis, bet labajā pusē ir trīs mazas melnas zvaigznes.",
        "Attēlā ir divi mazi zili kvadrāti un maza svītraina dzeltena sirds.",
        "Četri lieli punktaini zaļi krusti un mazs rozā gredzens uz pelēka fona.",
        "Līniju diagramma ar 4 punktiem; līnija ir zila un iet uz leju.",
    ),
    "no": (
        "Til venstre i bildet ser vi en stor rød sirkel, og til høyre tre små svarte stjerner.",
        "På bildet ser vi to små blå kvadrater og et lite stripete gult hjerte.",
        "Fire store prikkete grønne kors og en liten rosa ring på grå bakgrunn.",
        "Et diagram med 4 punkter, der linjen er blå og går nedover.",
    ),
    "pl": (
        "Po lewej duże czerwone koło, po prawej trzy małe czarne gwiazdy.",
        "Na obrazku: dwa małe niebieskie kwadraty i małe żółte serce w paski.",
        "Cztery duże zielone krzyże w kropki i mały różowy pierścień na szarym tle.",
        "Wykres liniowy, liczba punktów: 4; linia jest niebieska i opada.",
    ),
    "pt": (
        "À esquerda um círculo grande vermelho, à direita três estrelas pequenas pretas.",
        "Na imagem há dois quadrados pequenos azuis e um coração pequeno amarelo com listras.",
        "Quatro cruzes grandes verdes com bolinhas e um anel pequeno cor-de-rosa sobre fundo "
        "cinza.",
        "Um gráfico de linha com 4 pontos; a linha é azul e desce.",
    ),
    "ro": (
        "În stânga un cerc mare roșu, în dreapta trei stele mici negre.",
        "În imagine: două pătrate mici albastre și o inimă mică galbenă cu dungi.",
        "Patru cruci mari verzi cu buline și un inel mic roz pe fundal gri.",
        "Un grafic cu 4 puncte; linia este albastră și coboară.",
    ),
    "ru": (
        "Слева большой красный круг, справа три маленькие чёрные звезды.",
        "На картинке: два маленьких синих квадрата и маленькое жёлтое сердце в полоску.",
        "Четыре больших зелёных креста в горошек и маленькое розовое кольцо на сером фоне.",
        "График с линией, точек: 4; линия синяя и идёт вниз.",
    ),
    "sk": (
        "Vľavo veľký červený kruh, vpravo tri malé čierne hviezdy.",
        "Na obrázku: dva malé modré štvorce a malé pruhované žlté srdce.",
        "Štyri veľké bodkované zelené kríže a malý ružový prstenec na sivom pozadí.",
        "Čiarový graf, počet bodov: 4; čiara je modrá a klesá.",
    ),
    "es": (
        "A la izquierda un círculo grande rojo, a la derecha tres estrellas pequeñas negras.",
        "En la imagen hay dos cuadrados pequeños azules y un corazón pequeño amarillo a rayas.",
        "Cuatro cruces grandes verdes de lunares y un anillo pequeño rosa sobre fondo gris.",
        "Un gráfico de líneas con 4 puntos; la línea es azul y baja.",
    ),
    "sv": (
        "Till vänster syns en stor röd cirkel och till höger tre små svarta stjärnor.",
        "På bilden syns två små blå kvadrater och ett litet randigt gult hjärta.",
        "Fyra stora prickiga gröna kors och en liten rosa ring på grå bakgrund.",
        "Ett linjediagram med 4 punkter; linjen är blå och sjunker.",
    ),
    "th": (
        "ด้านซ้ายมีวงกลมสีแดงขนาดใหญ่หนึ่งวง ส่วนด้านขวามีดาวสีดำขนาดเล็กสามดวง",
        "ในภาพมีสี่เหลี่ยมจัตุรัสสีน้ำเงินขนาดเล็กสองรูปและหัวใจลายทางสีเหลืองขนาดเล็กหนึ่งดวง",
        "กากบาทลายจุดสีเขียวขนาดใหญ่สี่รูปและวงแหวนสีชมพูขนาดเล็กหนึ่งวงบนพื้นหลังสีเทา",
        "กราฟเส้นมี 4 จุด เส้นสีน้ำเงินลดลง",
    ),
    "tr": (
        "Solda büyük kırmızı bir daire, sağda üç küçük siyah yıldız var.",
        "Resimde iki küçük mavi kare ve küçük çizgili sarı bir kalp var.",
        "Gri arka planda dört büyük benekli yeşil haç ve küçük pembe bir halka var.",
        "4 noktalı bir çizgi grafik; mavi çizgi düşüyor.",
    ),
    "uk": (
        "Ліворуч великий червоний круг, праворуч три маленькі чорні зірки.",
        "На малюнку: два маленькі сині квадрати та маленьке жовте серце у смужку.",
        "Чотири великі зелені хрести у горошок та маленьке рожеве кільце на сірому тлі.",
        "Графік із лінією, точок: 4; лінія синя і йде вниз.",
    ),
    "ur": (
        "بائیں طرف ایک بڑا سرخ دائرہ اور دائیں طرف تین چھوٹے کالے ستارے۔",
        "تصویر میں دکھایا گیا ہے: دو چھوٹے نیلے مربع اور ایک چھوٹا دھاری دار پیلا دل۔",
        "سرمئی پس منظر پر چار بڑے نقطے دار سبز کراس اور ایک چھوٹا گلابی چھلا۔",
        "4 نقطوں والا چارٹ؛ نیلی لکیر نیچے جاتی ہے۔",
    ),
    "vi": (
        "Ở bên trái có một hình tròn lớn màu đỏ, ở bên phải có ba ngôi sao nhỏ màu đen.",
        "Trong hình có hai hình vuông nhỏ màu xanh dương và một hình trái tim nhỏ màu vàng kẻ sọc.",
        "Bốn hình chữ thập lớn màu xanh lá cây chấm bi và một hình vành khuyên nhỏ màu hồng "
        "trên nền xám.",
        "Biểu đồ đường có 4 điểm; đường màu xanh dương đi xuống.",
    ),
}


@pytest.mark.parametrize("language", ALL)
def test_words_agree(language: str) -> None:
    said = tuple(say_fact(fact, GRAMMARS[language]) for fact in (SIDES, UNDER, GREY, FALLS))
    assert said == SAID[language]


@pytest.mark.parametrize(
    ("language", "fact", "held_out", "sentence"),
    [
        ("de", BARS, False,
         "Ein Diagramm mit 5 Balken; der höchste ist gelb, der niedrigste schwarz."),
        ("pl", PLACED, True, "Na obrazku w prawym górnym rogu: małe żółte serce w paski."),
        ("sk", SIDES, True, "Veľký červený kruh vľavo a tri malé čierne hviezdy vpravo."),
        ("ru", BARS, True, "На этой диаграмме столбцов 5: выше всех жёлтый, ниже всех чёрный."),
        ("hi", FALLS, True, "इस चार्ट में 4 बिंदुओं से गुज़रती नीली रेखा घट रही है।"),
        ("en", PLACED, True,
         "The picture has a small striped yellow heart in the top right corner."),
        ("lv", BARS, True, "Šajā diagrammā no 5 stabiņiem augstākais ir dzeltens, bet zemākais ir "
         "melns."),
        ("fi", SIDES, True, "Suuri punainen ympyrä on vasemmalla, kolme pientä mustaa tähteä "
         "oikealla."),
    ],
)  # fmt: skip
def test_other_sentences_agree_too(
    language: str, fact: Fact, held_out: bool, sentence: str
) -> None:
    assert say_fact(fact, GRAMMARS[language], held_out=held_out) == sentence


def test_the_languages_are_those_of_the_table() -> None:
    assert tuple(GRAMMARS) == ALL
    assert set(SAID) == set(ALL)


def _all_facts() -> list[Fact]:
    facts = [Fact("list", (SQUARES, HEART)), Fact("list", (SQUARES, HEART, RING))]
    facts += [Fact("at", (HEART,), (place,)) for place in range(len(PLACES))]
    facts += [Fact("pair", (HEART, RING), places) for places in ((LEFT, RIGHT), (TOP, BOTTOM))]
    facts += [Fact("background", (RING,), background=name) for name in BACKGROUNDS]
    facts += [
        Fact(frame, number=number, colours=(first, second))
        for frame in ("bars", "slices", "rising", "falling")
        for number in NUMBERS
        for first, second in pairwise(COLOURS)
    ]
    return facts


@pytest.mark.parametrize("language", ALL)
def test_each_language_says_each_fact_in_two_ways_of_its_own(language: str) -> None:
    grammar = GRAMMARS[language]
    assert tuple(grammar.frames) == FRAMES
    facts = _all_facts()
    train = [say_fact(fact, grammar) for fact in facts]
    held_out = [say_fact(fact, grammar, held_out=True) for fact in facts]
    assert len({*train, *held_out}) == 2 * len(facts)
    for said in train + held_out:
        assert not set(said) & set("{}|/<>+*^_"), said
        assert "  " not in said


@pytest.mark.parametrize("language", ALL)
def test_every_thing_has_its_own_name(language: str) -> None:
    things = [
        Thing(kind, colour, large, texture, count)
        for kind in KINDS
        for colour in COLOURS
        for large in (False, True)
        for texture in TEXTURES
        for count in (1, 2, 3, 4)
    ]
    names = {name_thing(thing, GRAMMARS[language]) for thing in things}
    assert len(names) == len(things)
    assert not {mark for name in names for mark in name} & set("{}|/<>+*^_:")


@pytest.mark.parametrize("language", ALL)
def test_the_lists_have_as_many_words_as_there_are_meanings(language: str) -> None:
    grammar = GRAMMARS[language]
    sizes = [
        len(words.split(", "))
        for words in (grammar.numbers, grammar.nouns, grammar.sizes, grammar.colours)
    ]
    assert sizes == [4, len(KINDS), 2, len(COLOURS)]
    assert len(grammar.textures.split(", ")) == len(TEXTURES) - 1
    assert len(grammar.places.split(", ")) == len(PLACES) == len(set(grammar.places.split(", ")))
    assert len(grammar.backgrounds.split(", ")) == len(BACKGROUNDS)
    assert len(grammar.charts.split()) == 3
