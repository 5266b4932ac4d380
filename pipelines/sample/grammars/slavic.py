"""Polish, Russian, Slovak, Ukrainian. Beside two to four, the nominative or the counting form."""

from pipelines.sample.grammars.grammar import Grammar

POLISH = Grammar(
    slots="m1 f1 n1 m2,n2 f2",
    endings={"+": "y a e e e", "*": "i a ie ie ie"},
    numbers="jeden/jedna/jedno, dwa/dwie, trzy, cztery",
    nouns="koło/koła:n, kwadrat/kwadraty:m, trójkąt/trójkąty:m, gwiazda/gwiazdy:f, "
    "pierścień/pierścienie:m, krzyż/krzyże:m, serce/serca:n, romb/romby:m",
    sizes="mał+, duż+",
    colours="czerwon+, pomarańczow+, żółt+, zielon+, niebiesk*, fioletow+, różow+, czarn+",
    textures="w paski, w kropki",
    phrase="{size} {colour} {noun} {texture}|{number} {size} {colour} {noun} {texture}",
    both=", | i ",
    places="w lewym górnym rogu, u góry, w prawym górnym rogu, po lewej, na środku, po prawej, "
    "w lewym dolnym rogu, na dole, w prawym dolnym rogu",
    backgrounds="na białym tle, na szarym tle, na jasnoniebieskim tle, na beżowym tle",
    charts="m1 f1 f1",
    frames={
        "list": "Na obrazku: {things}.|To jest rysunek, a na nim: {things}.",
        "at": "{a} {place_a}.|Na obrazku {place_a}: {a}.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a}, a {b} {place_b}.",
        "background": "{things} {background}.|{background}: {things}.",
        "bars": "Wykres słupkowy, liczba słupków: {number}; najwyższy jest {first}, a najniższy "
        "{second}.|Na tym wykresie słupków jest {number}: najwyższy jest {first}, a najniższy "
        "{second}.",
        "line": "Wykres liniowy, liczba punktów: {number}; linia jest {first} i <rośnie/opada>."
        "|Na tym wykresie linia jest {first} i idzie w <górę/dół>; punktów jest {number}.",
        "slices": "Wykres kołowy, liczba części: {number}; największa jest {first}, a najmniejsza "
        "{second}.|Koło podzielono na części, a jest ich {number}: największa jest {first}, a "
        "najmniejsza {second}.",
    },
)

RUSSIAN = Grammar(
    slots="m1 f1 n1 m2,n2 f2",
    endings={"+": "ый ая ое ых ые", "*": "ий яя ее их ие", "^": "ий ая ое их ие"},
    numbers="один/одна/одно, два/две, три, четыре",
    nouns="круг/круга:m, квадрат/квадрата:m, треугольник/треугольника:m, звезда/звезды:f, "
    "кольцо/кольца:n, крест/креста:m, сердце/сердца:n, ромб/ромба:m",
    sizes="маленьк^, большой/большая/большое/больших/большие",
    colours="красн+, оранжев+, жёлт+, зелён+, син*, фиолетов+, розов+, чёрн+",
    textures="в полоску, в горошек",
    phrase="{size} {colour} {noun} {texture}|{number} {size} {colour} {noun} {texture}",
    both=", | и ",
    places="в левом верхнем углу, вверху, в правом верхнем углу, слева, в центре, справа, "
    "в левом нижнем углу, внизу, в правом нижнем углу",
    backgrounds="на белом фоне, на сером фоне, на голубом фоне, на бежевом фоне",
    charts="m1 f1 f1",
    frames={
        "list": "На картинке: {things}.|Здесь изображено следующее: {things}.",
        "at": "{a} {place_a}.|На картинке {place_a} — {a}.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a}, а {b} {place_b}.",
        "background": "{things} {background}.|{background}: {things}.",
        "bars": "Столбчатая диаграмма, столбцов: {number}; самый высокий — {first}, самый низкий — "
        "{second}.|На этой диаграмме столбцов {number}: выше всех {first}, ниже всех {second}.",
        "line": "График с линией, точек: {number}; линия {first} и идёт <вверх/вниз>."
        "|На этом графике {first} линия <растёт/падает>, точек на ней {number}.",
        "slices": "Круговая диаграмма, частей: {number}; самая большая — {first}, самая маленькая "
        "— {second}.|Круг разделён на части, их {number}: больше всех {first}, меньше всех "
        "{second}.",
    },
)

SLOVAK = Grammar(
    slots="m1 f1 n1 m2 f2,n2",
    endings={"+": "ý á é é é", "*": "y a e e e"},
    numbers="jeden/jedna/jedno, dva/dve, tri, štyri",
    nouns="kruh/kruhy:m, štvorec/štvorce:m, trojuholník/trojuholníky:m, hviezda/hviezdy:f, "
    "prstenec/prstence:m, kríž/kríže:m, srdce/srdcia:n, kosoštvorec/kosoštvorce:m",
    sizes="mal+, veľk+",
    colours="červen+, oranžov+, žlt+, zelen+, modr+, fialov+, ružov+, čiern*",
    textures="pruhovan+, bodkovan+",
    phrase="{size} {texture} {colour} {noun}|{number} {size} {texture} {colour} {noun}",
    both=", | a ",
    places="vľavo hore, hore, vpravo hore, vľavo, v strede, vpravo, vľavo dole, dole, vpravo dole",
    backgrounds="na bielom pozadí, na sivom pozadí, na svetlomodrom pozadí, na béžovom pozadí",
    charts="m1 f1 f1",
    frames={
        "list": "Na obrázku: {things}.|Tu je nakreslené toto: {things}.",
        "at": "{a} {place_a}.|Na obrázku {place_a}: {a}.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a} a {b} {place_b}.",
        "background": "{things} {background}.|{background}: {things}.",
        "bars": "Stĺpcový graf, počet stĺpcov: {number}; najvyšší je {first}, najnižší je {second}."
        "|V tomto grafe je stĺpcov {number}: najvyšší z nich je {first} a najnižší {second}.",
        "line": "Čiarový graf, počet bodov: {number}; čiara je {first} a <stúpa/klesá>."
        "|V tomto grafe ide čiara <nahor/nadol>; je {first} a bodov má {number}.",
        "slices": "Koláčový graf, počet častí: {number}; najväčšia je {first}, najmenšia je "
        "{second}.|Kruh má častí {number}: najväčšia z nich je {first} a najmenšia {second}.",
    },
)

UKRAINIAN = Grammar(
    slots="m1 f1 n1 m2,n2 f2",
    endings={"+": "ий а е і і", "*": "ій я є і і"},
    numbers="один/одна/одне, два/дві, три, чотири",
    nouns="круг/круги:m, квадрат/квадрати:m, трикутник/трикутники:m, зірка/зірки:f, "
    "кільце/кільця:n, хрест/хрести:m, серце/серця:n, ромб/ромби:m",
    sizes="маленьк+, велик+",
    colours="червон+, помаранчев+, жовт+, зелен+, син*, фіолетов+, рожев+, чорн+",
    textures="у смужку, у горошок",
    phrase="{size} {colour} {noun} {texture}|{number} {size} {colour} {noun} {texture}",
    both=", | та ",
    places="у лівому верхньому куті, вгорі, у правому верхньому куті, ліворуч, у центрі, праворуч, "
    "у лівому нижньому куті, внизу, у правому нижньому куті",
    backgrounds="на білому тлі, на сірому тлі, на блакитному тлі, на бежевому тлі",
    charts="m1 f1 f1",
    frames={
        "list": "На малюнку: {things}.|Тут зображено таке: {things}.",
        "at": "{a} {place_a}.|На малюнку {place_a} — {a}.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a}, а {b} {place_b}.",
        "background": "{things} {background}.|{background}: {things}.",
        "bars": "Стовпчикова діаграма, стовпців: {number}; найвищий — {first}, найнижчий — "
        "{second}.|На цій діаграмі стовпців {number}: найвищий серед них {first}, а найнижчий "
        "{second}.",
        "line": "Графік із лінією, точок: {number}; лінія {first} і йде <вгору/вниз>."
        "|На цьому графіку {first} лінія <зростає/спадає>, точок на ній {number}.",
        "slices": "Кругова діаграма, частин: {number}; найбільша — {first}, найменша — {second}."
        "|Коло поділено на частини, їх {number}: найбільша з них {first}, а найменша {second}.",
    },
)
