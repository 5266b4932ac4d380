"""English, German, Dutch, Swedish, Danish, Norwegian (Bokmål)."""

from pipelines.sample.grammars.grammar import Grammar

ENGLISH = Grammar(
    numbers="a, two, three, four",
    nouns="circle/circles, square/squares, triangle/triangles, star/stars, ring/rings, "
    "cross/crosses, heart/hearts, diamond/diamonds",
    sizes="small, large",
    colours="red, orange, yellow, green, blue, purple, pink, black",
    textures="striped, dotted",
    phrase="{number} {size} {texture} {colour} {noun}",
    both=", | and ",
    places="in the top left corner, at the top, in the top right corner, on the left, "
    "in the middle, on the right, in the bottom left corner, at the bottom, "
    "in the bottom right corner",
    backgrounds="on a white background, on a grey background, on a light blue background, "
    "on a beige background",
    frames={
        "list": "A picture of {things}.|Here you can see {things}.",
        "at": "{a} {place_a} of the picture.|The picture has {a} {place_a}.",
        "pair": "{a} {place_a}, {b} {place_b}.|{place_a} you see {a}, and {place_b} {b}.",
        "background": "{things} {background}.|Drawn {background}: {things}.",
        "bars": "A bar chart with {number} bars; the highest is {first} and the lowest is "
        "{second}.|This chart has {number} bars: the {first} bar is the tallest, the {second} bar "
        "the shortest.",
        "line": "A line chart with {number} points; its {first} line goes <up/down>."
        "|The {first} line of this chart <rises/falls> over {number} points.",
        "slices": "A pie chart with {number} slices; the largest is {first} and the smallest is "
        "{second}.|Of the {number} slices of this pie, the {first} one is the largest and the "
        "{second} one the smallest.",
    },
)

GERMAN = Grammar(
    slots="m1 f1 n1 2 p",
    endings={"+": "er e es e -"},
    numbers="ein/eine/ein, zwei, drei, vier",
    nouns="Kreis/Kreise:m, Quadrat/Quadrate:n, Dreieck/Dreiecke:n, Stern/Sterne:m, Ring/Ringe:m, "
    "Kreuz/Kreuze:n, Herz/Herzen:n, Raute/Rauten:f",
    sizes="klein+, groß+",
    colours="rot+, orangefarben+, gelb+, grün+, blau+, violett+, rosafarben+, schwarz+",
    textures="gestreift+, gepunktet+",
    phrase="{number} {size} {texture} {colour} {noun}",
    both=", | und ",
    places="oben links, oben, oben rechts, links, in der Mitte, rechts, unten links, unten, "
    "unten rechts",
    backgrounds="auf weißem Hintergrund, auf grauem Hintergrund, auf hellblauem Hintergrund, "
    "auf beigefarbenem Hintergrund",
    charts="p p p",
    frames={
        "list": "Auf dem Bild: {things}.|Hier zu sehen: {things}.",
        "at": "{a} {place_a}.|Auf dem Bild {place_a}: {a}.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a} und {b} {place_b}.",
        "background": "{things} {background}.|{background}: {things}.",
        "bars": "Ein Diagramm mit {number} Balken; der höchste ist {first}, der niedrigste "
        "{second}.|Von den {number} Balken dieses Diagramms ist der höchste {first} und der "
        "niedrigste {second}.",
        "line": "Ein Diagramm mit {number} Punkten; die Linie ist {first} und <steigt/fällt>."
        "|In diesem Diagramm <steigt/fällt> die Linie über {number} Punkte; sie ist {first}.",
        "slices": "Ein Kreisdiagramm mit {number} Teilen; der größte ist {first}, der kleinste "
        "{second}.|Von den {number} Teilen dieses Kreises ist der größte {first} und der kleinste "
        "{second}.",
    },
)

DUTCH = Grammar(
    slots="c1,2 n1,p",
    numbers="een, twee, drie, vier",
    nouns="cirkel/cirkels:c, vierkant/vierkanten:n, driehoek/driehoeken:c, ster/sterren:c, "
    "ring/ringen:c, kruis/kruisen:n, hart/harten:n, ruit/ruiten:c",
    sizes="kleine/klein, grote/groot",
    colours="rode/rood, oranje, gele/geel, groene/groen, blauwe/blauw, paarse/paars, roze, "
    "zwarte/zwart",
    textures="gestreepte/gestreept, gestippelde/gestippeld",
    phrase="{number} {size} {texture} {colour} {noun}",
    both=", | en ",
    places="linksboven, bovenaan, rechtsboven, links, in het midden, rechts, linksonder, onderaan, "
    "rechtsonder",
    backgrounds="op een witte achtergrond, op een grijze achtergrond, "
    "op een lichtblauwe achtergrond, op een beige achtergrond",
    charts="p p p",
    frames={
        "list": "Op de afbeelding zie je {things}.|Hier is het volgende te zien: {things}.",
        "at": "{a} {place_a} in beeld.|{place_a} zie je {a}.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a} en {b} {place_b}.",
        "background": "{things} {background}.|{background} zie je {things}.",
        "bars": "Een staafdiagram met {number} staven; de hoogste is {first} en de laagste is "
        "{second}.|Van de {number} staven in dit diagram is de hoogste {first} en de laagste "
        "{second}.",
        "line": "Een lijndiagram met {number} punten; de lijn is {first} en <stijgt/daalt>."
        "|In dit diagram loopt de lijn <omhoog/omlaag> langs {number} punten; ze is {first}.",
        "slices": "Een cirkeldiagram met {number} delen; het grootste is {first} en het kleinste "
        "is {second}.|Van de {number} delen van deze cirkel is het grootste {first} en het "
        "kleinste {second}.",
    },
)

SWEDISH = Grammar(
    slots="c1 n1 2",
    endings={"+": "- t a"},
    numbers="en/ett, två, tre, fyra",
    nouns="cirkel/cirklar:c, kvadrat/kvadrater:c, triangel/trianglar:c, stjärna/stjärnor:c, "
    "ring/ringar:c, kors:n, hjärta/hjärtan:n, romb/romber:c",
    sizes="liten/litet/små, stor+",
    colours="röd/rött/röda, orange, gul+, grön+, blå/blått/blå, lila, rosa, svart/svart/svarta",
    textures="randig+, prickig+",
    phrase="{number} {size} {texture} {colour} {noun}",
    both=", | och ",
    places="uppe till vänster, upptill, uppe till höger, till vänster, i mitten, till höger, "
    "nere till vänster, nedtill, nere till höger",
    backgrounds="på vit bakgrund, på grå bakgrund, på ljusblå bakgrund, på beige bakgrund",
    charts="c1 c1 c1",
    frames={
        "list": "På bilden syns {things}.|Här kan man se {things}.",
        "at": "{a} {place_a} i bilden.|{place_a} finns {a}.",
        "pair": "{place_a} syns {a} och {place_b} {b}.|{a} {place_a}, {b} {place_b}.",
        "background": "{things} {background}.|{background} finns {things}.",
        "bars": "Ett stapeldiagram med {number} staplar; den högsta är {first} och den lägsta är "
        "{second}.|Av diagrammets {number} staplar är den högsta {first} och den lägsta {second}.",
        "line": "Ett linjediagram med {number} punkter; linjen är {first} och <stiger/sjunker>."
        "|I diagrammet går linjen <uppåt/nedåt> genom {number} punkter och den är {first}.",
        "slices": "Ett cirkeldiagram med {number} delar; den största är {first} och den minsta är "
        "{second}.|Av cirkelns {number} delar är den största {first} och den minsta {second}.",
    },
)

DANISH = Grammar(
    slots="c1 n1 2",
    endings={"+": "- t e", "*": "- - e"},
    numbers="en/et, to, tre, fire",
    nouns="cirkel/cirkler:c, kvadrat/kvadrater:n, trekant/trekanter:c, stjerne/stjerner:c, "
    "ring/ringe:c, kors:n, hjerte/hjerter:n, rombe/romber:c",
    sizes="lille/lille/små, stor+",
    colours="rød+, orange, gul+, grøn/grønt/grønne, blå/blåt/blå, lilla, lyserød+, sort*",
    textures="stribet/stribet/stribede, prikket/prikket/prikkede",
    phrase="{number} {size} {texture} {colour} {noun}",
    both=", | og ",
    places="øverst til venstre, øverst, øverst til højre, til venstre, i midten, til højre, "
    "nederst til venstre, nederst, nederst til højre",
    backgrounds="på hvid baggrund, på grå baggrund, på lyseblå baggrund, på beige baggrund",
    charts="c1 c1 n1",
    frames={
        "list": "På billedet ses {things}.|Her kan man se {things} på et billede.",
        "at": "{a} {place_a} i billedet.|På billedet ser man {a} {place_a}.",
        "pair": "{place_a} i billedet ses {a}, og {place_b} {b}."
        "|Der er {a} {place_a} og {b} {place_b} i billedet.",
        "background": "{things} {background}.|{background} ses {things}.",
        "bars": "Et søjlediagram med {number} søjler; den højeste er {first}, og den laveste er "
        "{second}.|Af diagrammets {number} søjler er den højeste {first} og den laveste {second}.",
        "line": "Et diagram med {number} punkter, hvor kurven er {first} og <stiger/falder>."
        "|I diagrammet går kurven <opad/nedad> gennem {number} punkter, og den er {first}.",
        "slices": "Et cirkeldiagram med {number} stykker, hvoraf det største er {first} og det "
        "mindste er {second}.|Af cirklens {number} stykker er det største {first} og det mindste "
        "{second}.",
    },
)

NORWEGIAN = Grammar(
    slots="c1 n1 2",
    endings={"+": "- t e", "*": "- - e"},
    numbers="en/et, to, tre, fire",
    nouns="sirkel/sirkler:c, kvadrat/kvadrater:n, trekant/trekanter:c, stjerne/stjerner:c, "
    "ring/ringer:c, kors:n, hjerte/hjerter:n, rombe/romber:c",
    sizes="liten/lite/små, stor+",
    colours="rød/rødt/røde, oransje, gul+, grønn/grønt/grønne, blå/blått/blå, lilla, rosa, svart*",
    textures="stripete, prikkete",
    phrase="{number} {size} {texture} {colour} {noun}",
    both=", | og ",
    places="øverst til venstre, øverst, øverst til høyre, til venstre, i midten, til høyre, "
    "nederst til venstre, nederst, nederst til høyre",
    backgrounds="på hvit bakgrunn, på grå bakgrunn, på lyseblå bakgrunn, på beige bakgrunn",
    charts="c1 c1 c1",
    frames={
        "list": "På bildet ser vi {things}.|Her på bildet kan du se {things}.",
        "at": "{a} {place_a} i bildet.|På bildet vises {a} {place_a}.",
        "pair": "{place_a} i bildet ser vi {a}, og {place_b} {b}."
        "|Bildet viser {a} {place_a} og {b} {place_b}.",
        "background": "{things} {background}.|Bildet viser {things} {background}.",
        "bars": "Et søylediagram med {number} søyler; den høyeste er {first}, og den laveste er "
        "{second}.|Av diagrammets {number} søyler er den høyeste {first} og den laveste {second}.",
        "line": "Et diagram med {number} punkter, der linjen er {first} og går <oppover/nedover>."
        "|I dette diagrammet <stiger/synker> linjen gjennom {number} punkter, og fargen "
        "er {first}.",
        "slices": "Et kakediagram med {number} biter, der den største er {first} og den minste er "
        "{second}.|Av kakens {number} biter er den største {first} og den minste {second}.",
    },
)
