"""French, Spanish, Italian, Portuguese, Romanian."""

from pipelines.sample.grammars.grammar import Grammar

FRENCH = Grammar(
    slots="m1 f1 m2 f2",
    endings={"+": "- e s es", "*": "- - s s"},
    numbers="un/une, deux, trois, quatre",
    nouns="cercle/cercles:m, carré/carrés:m, triangle/triangles:m, étoile/étoiles:f, "
    "anneau/anneaux:m, croix:f, cœur/cœurs:m, losange/losanges:m",
    sizes="petit+, grand+",
    colours="rouge*, orange, jaune*, vert+, bleu+, violet/violette/violets/violettes, rose*, noir+",
    textures="à rayures, à pois",
    phrase="{number} {size} {noun} {colour} {texture}",
    both=", | et ",
    places="en haut à gauche, en haut, en haut à droite, à gauche, au centre, à droite, "
    "en bas à gauche, en bas, en bas à droite",
    backgrounds="sur fond blanc, sur fond gris, sur fond bleu clair, sur fond beige",
    charts="f1 f1 f1",
    frames={
        "list": "Sur cette image : {things}.|On voit ici {things}.",
        "at": "{a} {place_a} de l'image.|On trouve {a} {place_a}.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a} et {b} {place_b}.",
        "background": "{things} {background}.|{background}, on voit {things}.",
        "bars": "Un graphique à {number} barres ; la plus haute est {first} et la plus basse est "
        "{second}.|Parmi les {number} barres de ce graphique, la plus grande est {first} et la "
        "plus petite est {second}.",
        "line": "Un graphique de {number} points ; la courbe est {first} et elle <monte/descend>."
        "|La courbe de ce graphique <croît/décroît> sur {number} points et elle est {first}.",
        "slices": "Un diagramme circulaire en {number} parts ; la plus grande est {first} et la "
        "plus petite est {second}.|Ce disque a {number} parts : la plus large est {first}, la plus "
        "étroite est {second}.",
    },
)

SPANISH = Grammar(
    slots="m1 f1 m2 f2",
    endings={"+": "o a os as", "*": "- - s s"},
    numbers="un/una, dos, tres, cuatro",
    nouns="círculo/círculos:m, cuadrado/cuadrados:m, triángulo/triángulos:m, "
    "estrella/estrellas:f, anillo/anillos:m, cruz/cruces:f, corazón/corazones:m, rombo/rombos:m",
    sizes="pequeñ+, grande*",
    colours="roj+, naranja, amarill+, verde*, azul/azul/azules/azules, morad+, rosa, negr+",
    textures="a rayas, de lunares",
    phrase="{number} {noun} {size} {colour} {texture}",
    both=", | y ",
    places="arriba a la izquierda, arriba, arriba a la derecha, a la izquierda, en el centro, "
    "a la derecha, abajo a la izquierda, abajo, abajo a la derecha",
    backgrounds="sobre fondo blanco, sobre fondo gris, sobre fondo celeste, sobre fondo beige",
    charts="f1 f1 f1",
    frames={
        "list": "En la imagen hay {things}.|Aquí se ve lo siguiente: {things}.",
        "at": "{place_a} hay {a}.|{a} {place_a}, en esta imagen.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a} y {b} {place_b}.",
        "background": "{things} {background}.|{background} hay {things}.",
        "bars": "Un gráfico de {number} barras; la más alta es {first} y la más baja es {second}."
        "|De las {number} barras de este gráfico, la mayor es {first} y la menor es {second}.",
        "line": "Un gráfico de líneas con {number} puntos; la línea es {first} y <sube/baja>."
        "|La línea de este gráfico es {first} y <crece/decrece> a lo largo de {number} puntos.",
        "slices": "Un gráfico circular de {number} partes; la más grande es {first} y la más "
        "pequeña es {second}.|Este círculo tiene {number} partes: la mayor es {first} y la menor "
        "es {second}.",
    },
)

ITALIAN = Grammar(
    slots="m1 f1 m2 f2",
    endings={"+": "o a i e", "*": "e e i i"},
    numbers="un/una, due, tre, quattro",
    nouns="cerchio/cerchi:m, quadrato/quadrati:m, triangolo/triangoli:m, stella/stelle:f, "
    "anello/anelli:m, croce/croci:f, cuore/cuori:m, rombo/rombi:m",
    sizes="piccol+, grand*",
    colours="ross+, arancion*, giallo/gialla/gialli/gialle, verd*, blu, viola, rosa, ner+",
    textures="a righe, a pois",
    phrase="{number} {size} {noun} {colour} {texture}",
    both=", | e ",
    places="in alto a sinistra, in alto, in alto a destra, a sinistra, al centro, a destra, "
    "in basso a sinistra, in basso, in basso a destra",
    backgrounds="su sfondo bianco, su sfondo grigio, su sfondo azzurro, su sfondo beige",
    charts="f1 f1 f1",
    frames={
        "list": "Nell'immagine si vede: {things}.|Ecco che cosa c'è qui: {things}.",
        "at": "{a} {place_a} nell'immagine.|{place_a} nel disegno: {a}.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a} e {b} {place_b}.",
        "background": "{things} {background}.|{background}: {things}.",
        "bars": "Un grafico con {number} barre; la più alta è {first} e la più bassa è {second}."
        "|Delle {number} barre di questo grafico, la maggiore è {first} e la minore è {second}.",
        "line": "Un grafico con {number} punti; la linea è {first} e <sale/scende>."
        "|In questo grafico la linea è {first} e <cresce/cala> lungo {number} punti.",
        "slices": "Un grafico a torta con {number} fette; la più grande è {first} e la più piccola "
        "è {second}.|Questa torta ha {number} fette: la maggiore è {first} e la minore è {second}.",
    },
)

PORTUGUESE = Grammar(
    slots="m1 f1 m2 f2",
    endings={"+": "o a os as", "*": "- - s s"},
    numbers="um/uma, dois/duas, três, quatro",
    nouns="círculo/círculos:m, quadrado/quadrados:m, triângulo/triângulos:m, estrela/estrelas:f, "
    "anel/anéis:m, cruz/cruzes:f, coração/corações:m, losango/losangos:m",
    sizes="pequen+, grande*",
    colours="vermelh+, laranja, amarel+, verde*, azul/azul/azuis/azuis, rox+, cor-de-rosa, pret+",
    textures="com listras, com bolinhas",
    phrase="{number} {noun} {size} {colour} {texture}",
    both=", | e ",
    places="no canto superior esquerdo, em cima, no canto superior direito, à esquerda, no centro, "
    "à direita, no canto inferior esquerdo, embaixo, no canto inferior direito",
    backgrounds="sobre fundo branco, sobre fundo cinza, sobre fundo azul-claro, sobre fundo bege",
    charts="f1 f1 f1",
    frames={
        "list": "Na imagem há {things}.|Aqui vê-se o seguinte: {things}.",
        "at": "{place_a} há {a}.|{a} {place_a}, nesta imagem.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a} e {b} {place_b}.",
        "background": "{things} {background}.|{background} há {things}.",
        "bars": "Um gráfico de {number} barras; a mais alta é {first} e a mais baixa é {second}."
        "|Das {number} barras deste gráfico, a maior é {first} e a menor é {second}.",
        "line": "Um gráfico de linha com {number} pontos; a linha é {first} e <sobe/desce>."
        "|A linha deste gráfico é {first} e <cresce/diminui> ao longo de {number} pontos.",
        "slices": "Um gráfico circular com {number} fatias; a maior é {first} e a menor é {second}."
        "|Este círculo tem {number} fatias: a mais larga é {first} e a mais estreita é {second}.",
    },
)

ROMANIAN = Grammar(
    slots="n1 f1 2",  # these nouns are feminine or neuter: one plural for both
    numbers="un/o, două, trei, patru",
    nouns="cerc/cercuri:n, pătrat/pătrate:n, triunghi/triunghiuri:n, stea/stele:f, inel/inele:n, "
    "cruce/cruci:f, inimă/inimi:f, romb/romburi:n",
    sizes="mic/mică/mici, mare/mare/mari",
    colours="roșu/roșie/roșii, portocaliu/portocalie/portocalii, galben/galbenă/galbene, "
    "verde/verde/verzi, albastru/albastră/albastre, mov, roz, negru/neagră/negre",
    textures="cu dungi, cu buline",
    phrase="{number} {noun} {size} {colour} {texture}",
    both=", | și ",
    places="în stânga sus, sus, în dreapta sus, în stânga, în mijloc, în dreapta, în stânga jos, "
    "jos, în dreapta jos",
    backgrounds="pe fundal alb, pe fundal gri, pe fundal bleu, pe fundal bej",
    charts="f1 f1 f1",
    frames={
        "list": "În imagine: {things}.|Iată ce se vede aici: {things}.",
        "at": "{a} {place_a}.|În imagine, {place_a}: {a}.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a} și {b} {place_b}.",
        "background": "{things} {background}.|{background}: {things}.",
        "bars": "Un grafic cu {number} bare; cea mai înaltă este {first}, iar cea mai joasă este "
        "{second}.|Dintre cele {number} bare ale graficului, cea mai mare este {first}, iar cea "
        "mai mică este {second}.",
        "line": "Un grafic cu {number} puncte; linia este {first} și <urcă/coboară>."
        "|În acest grafic linia este {first} și <crește/scade> de-a lungul a {number} puncte.",
        "slices": "O diagramă circulară cu {number} felii; cea mai mare este {first}, iar cea mai "
        "mică este {second}.|Dintre cele {number} felii ale cercului, cea mai lată este {first}, "
        "iar cea mai îngustă este {second}.",
    },
)
