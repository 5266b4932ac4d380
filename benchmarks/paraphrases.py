"""Further sentences for the facts of sample pictures, for the tiny teacher to learn from."""

from collections.abc import Mapping

PARAPHRASES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "list": (
            "The image shows {things}.",
            "A drawing with {things} in it.",
            "This scene contains {things}.",
        ),
        "at": (
            "We see {a} {place_a} of the drawing.",
            "{place_a} of this image, someone drew {a}.",
            "A scene that shows {a} {place_a}.",
        ),
        "pair": (
            "The image shows {a} {place_a} and {b} {place_b}.",
            "A drawing with {a} {place_a}; {b} can be found {place_b}.",
            "{place_a}, the scene contains {a}; {place_b}, it contains {b}.",
        ),
        "background": (
            "The image shows {things} {background}.",
            "{background}, we find {things}.",
            "A scene with {things}, all of it {background}.",
        ),
        "bars": (
            "The graph shows {number} bars, of which the longest is {first} and the shortest "
            "{second}.",
            "A diagram: the biggest bar is {first}, the smallest bar is {second}, and there are "
            "{number} in all.",
            "Among the {number} bars we see, the {first} one rises highest and the {second} one "
            "stays lowest.",
        ),
        "line": (
            "This graph shows {number} points, joined by one {first} line that <climbs/drops>.",
            "A diagram whose line is {first}: it has {number} points and <increases/decreases>.",
            "Through {number} points runs the line of this graph, {first} and going "
            "<upwards/downwards>.",
        ),
        "slices": (
            "The pie is cut into {number} slices: {first} is the biggest, {second} the smallest.",
            "This round diagram shows {number} slices, and the widest is {first}, the narrowest "
            "{second}.",
            "A graph: the biggest slice is {first}, the smallest slice is {second}, and there are "
            "{number} in all.",
        ),
    },
    "ar": {
        "list": (
            "يظهر في اللوحة {things}.",
            "يحتوي المشهد على ما يلي: {things}.",
            "هذه صورة فيها {things}.",
        ),
        "at": (
            "يظهر {place_a} من اللوحة {a}.",
            "هناك {a} {place_a}.",
            "يوجد {place_a} في هذا المشهد {a}.",
        ),
        "pair": (
            "يظهر {place_a} {a}، بينما يظهر {place_b} {b}.",
            "هناك {a} {place_a}، وهناك أيضا {b} {place_b}.",
            "تحتوي اللوحة على ما يلي: {place_a} {a} ثم {place_b} {b}.",
        ),
        "background": (
            "يظهر في اللوحة {things} {background}.",
            "هذا مشهد {background} فيه {things}.",
            "هناك {background} ما يلي: {things}.",
        ),
        "bars": (
            "يعرض المخطط عدة أعمدة ({number}): العمود الأكبر {first} والعمود الأصغر {second}.",
            "العمود الأطول لونه {first} والعمود الأقصر لونه {second}، ومجموع الأعمدة {number}.",
            "مخطط أعمدة: يرتفع عمود {first} فوق غيره، وينخفض عمود {second} دون غيره، والعدد "
            "{number}.",
        ),
        "line": (
            "يعرض المخطط خطا لونه {first} <يرتفع/ينخفض>، ومجموع نقاطه {number}.",
            "هناك خط {first} <يزداد/يتناقص>، وله من النقاط {number}.",
            "مخطط خطي: النقاط {number}، واللون {first}، والاتجاه نحو <الصعود/الهبوط>.",
        ),
        "slices": (
            "يعرض المخطط عدة شرائح ({number}): الشريحة الأوسع {first} والشريحة الأضيق {second}.",
            "دائرة مقسمة، الشريحة الكبرى فيها {first} والشريحة الصغرى فيها {second}، ومجموع "
            "الشرائح {number}.",
            "مخطط دائري: تحتل شريحة {first} أكبر مساحة، وتحتل شريحة {second} أقل مساحة، والعدد "
            "{number}.",
        ),
    },
    "bn": {
        "list": ("এই চিত্রটি {things} দেখায়।", "কেউ {things} এঁকেছে।", "দৃশ্যটিতে রয়েছে {things}।"),
        "at": (
            "এই চিত্রটি {place_a} {a} দেখায়।",
            "কেউ {place_a} {a} এঁকেছে।",
            "দৃশ্যটির {place_a} রয়েছে {a}।",
        ),
        "pair": (
            "এই চিত্রটি {place_a} {a} এবং {place_b} {b} দেখায়।",
            "কেউ {place_a} {a} এঁকেছে, অন্যদিকে {place_b} {b}।",
            "দৃশ্যটির {place_a} রয়েছে {a}, কিন্তু {place_b} রয়েছে {b}।",
        ),
        "background": (
            "এই চিত্রটি {background} {things} দেখায়।",
            "{background} রয়েছে {things}, এমন একটি দৃশ্য।",
            "ছবিতে {things} আছে, সবই {background}।",
        ),
        "bars": (
            "লেখচিত্রটি {number}টি স্তম্ভ দেখায়: {first} স্তম্ভটি সবচেয়ে বড়, {second} স্তম্ভটি সবচেয়ে ছোট।",
            "চিত্রে মোট {number}টি স্তম্ভ আছে, {first} রঙেরটি সবার উপরে ওঠে এবং {second} রঙেরটি "
            "সবার নিচে থাকে।",
            "সবচেয়ে দীর্ঘ স্তম্ভের রং {first}, সবচেয়ে খাটো স্তম্ভের রং {second}, আর স্তম্ভের "
            "সংখ্যা {number}।",
        ),
        "line": (
            "লেখচিত্রটি {number}টি বিন্দু ও একটি {first} রেখা দেখায়, যা <উঁচু/নিচু> হতে থাকে।",
            "{first} রেখাটি {number}টি বিন্দু জুড়ে ক্রমশ <বৃদ্ধি/হ্রাস> পায়।",
            "রেখার রং {first}, বিন্দুর সংখ্যা {number}, আর রেখাটি <উপরের/নিচের> দিকে যায়।",
        ),
        "slices": (
            "লেখচিত্রটি {number}টি অংশ দেখায়: {first} অংশটি সবচেয়ে চওড়া, {second} অংশটি সবচেয়ে সরু।",
            "বৃত্তটি মোট {number}টি অংশে ভাগ করা, {first} রঙেরটি সবচেয়ে বেশি জায়গা নেয় এবং "
            "{second} রঙেরটি সবচেয়ে কম।",
            "সবচেয়ে বড় অংশের রং {first}, সবচেয়ে ছোট অংশের রং {second}, আর অংশের সংখ্যা {number}।",
        ),
    },
    "zh": {
        "list": ("这幅画展示了{things}。", "图片里可以看到{things}。", "画面包含{things}。"),
        "at": (
            "在{place_a}可以看到{a}。",
            "画面{place_a}画了{a}。",
            "这幅画的{place_a}出现了{a}。",
        ),
        "pair": (
            "这幅画{place_a}有{a}，而{place_b}有{b}。",
            "可以看到{place_a}画了{a}，{place_b}画了{b}。",
            "画面包含两部分：{place_a}的{a}和{place_b}的{b}。",
        ),
        "background": (
            "画面为{background}，包含{things}。",
            "在{background}上可以看到{things}。",
            "这张图片是{background}，里面有{things}。",
        ),
        "bars": (
            "图表显示了{number}根柱子：最长的一根是{first}，最短的一根是{second}。",
            "图中最大的柱子为{first}，最小的柱子为{second}，总共{number}根。",
            "柱形图里画了{number}根柱子，其中{first}那根高过其他，{second}那根低于其他。",
        ),
        "line": (
            "图表显示一条{first}的线，共{number}个点，数值不断<增加/减少>。",
            "{number}个点由{first}线条相连，整体<走高/走低>。",
            "这幅曲线图里，线是{first}，有{number}个点，呈<增长/下跌>趋势。",
        ),
        "slices": (
            "圆形图表显示了{number}块：最宽的一块是{first}，最窄的一块是{second}。",
            "图中占比最多的部分为{first}，占比最少的部分为{second}，总共{number}块。",
            "整个圆被切成{number}块，其中{first}那块比别的都大，{second}那块比别的都小。",
        ),
    },
    "da": {
        "list": (
            "Tegningen viser {things}.",
            "Et billede med {things}.",
            "Scenen indeholder {things}.",
        ),
        "at": (
            "Tegningen viser {a} {place_a}.",
            "{place_a} i scenen finder man {a}.",
            "Der er tegnet {a} {place_a}.",
        ),
        "pair": (
            "Tegningen viser {a} {place_a}, mens {b} står {place_b}.",
            "{a} {place_a}, {b} {place_b}.",
            "{place_a} finder man {a}, {place_b} finder man {b}.",
        ),
        "background": (
            "Tegningen viser {things} {background}.",
            "{background} har nogen tegnet {things}.",
            "Et billede med {things}, alt sammen {background}.",
        ),
        "bars": (
            "Grafen viser {number} søjler: den længste er {first}, den korteste {second}.",
            "I figuren ser man {number} søjler, hvor den største søjle er {first}, og den mindste "
            "er {second}.",
            "Diagrammets højeste søjle er {first}, dets korteste er {second}, og i alt er der "
            "{number}.",
        ),
        "line": (
            "Grafen viser en {first} kurve med {number} punkter, som <vokser/aftager>.",
            "En {first} kurve <klatrer/synker> fra punkt til punkt; der er {number} punkter.",
            "Man ser {number} punkter og en {first} kurve, der peger <op/ned>.",
        ),
        "slices": (
            "Grafen viser {number} stykker: det bredeste er {first}, det smalleste {second}.",
            "Lagkagen er skåret i {number} stykker, hvor det største stykke er {first}, og det "
            "mindste er {second}.",
            "Diagrammets største stykke er {first}, dets mindste er {second}, og i alt er der "
            "{number}.",
        ),
    },
    "nl": {
        "list": (
            "De tekening toont {things}.",
            "Een plaatje met {things} erop.",
            "In deze scène heeft iemand {things} getekend.",
        ),
        "at": (
            "De afbeelding toont {place_a} {a}.",
            "{place_a} op de tekening vind je {a}.",
            "Dit plaatje bevat {a}, en wel {place_a}.",
        ),
        "pair": (
            "De tekening toont {place_a} {a} en {place_b} {b}.",
            "{place_a} vind je {a}, terwijl je {place_b} {b} ziet.",
            "Dit plaatje bevat {a}, getekend {place_a}, en ook {b}, getekend {place_b}.",
        ),
        "background": (
            "De afbeelding toont {things} {background}.",
            "Een tekening met {things}, alles {background}.",
            "{background} heeft iemand {things} getekend.",
        ),
        "bars": (
            "De grafiek toont {number} staven: {first} is de langste, {second} de kortste.",
            "In deze staafgrafiek zie je {number} staven, waarvan de grootste {first} en de "
            "kleinste {second} is.",
            "De hoogste staaf van de grafiek is {first}, de kortste is {second}; samen zijn het "
            "er {number}.",
        ),
        "line": (
            "De grafiek toont een lijn met {number} punten; die is {first} en <neemt toe/neemt "
            "af>.",
            "{first} is de lijn van deze grafiek, die door {number} punten gaat en <klimt/zakt>.",
            "Je ziet {number} punten, verbonden door een lijn die {first} is en naar "
            "<boven/beneden> gaat.",
        ),
        "slices": (
            "De grafiek toont een cirkel met {number} delen: {first} is het grootste, {second} "
            "het kleinste.",
            "De taart is in {number} delen gesneden, waarvan het breedste {first} en het smalste "
            "{second} is.",
            "Het grootste deel van de grafiek is {first}, het kleinste deel is {second}; samen "
            "zijn het er {number}.",
        ),
    },
    "fi": {
        "list": (
            "Piirroksessa on nähtävissä {things}.",
            "Kuvaan on piirretty {things}.",
            "Näkymässä on seuraavat kuviot: {things}.",
        ),
        "at": (
            "{place_a} piirroksessa on nähtävissä {a}.",
            "Siellä {place_a} sijaitsee {a}.",
            "Tässä kuvassa {a} sijaitsee {place_a}.",
        ),
        "pair": (
            "Piirroksessa on nähtävissä {place_a} {a} ja {place_b} {b}.",
            "{place_a} sijaitsee {a}, kun taas {place_b} sijaitsee {b}.",
            "Tässä kuvassa {a} sijaitsee {place_a} ja vastaavasti {b} {place_b}.",
        ),
        "background": (
            "Tähän on piirretty {things} {background}.",
            "Piirroksessa näkyy {things} {background}.",
            "{background} näkyy piirroksessa {things}.",
        ),
        "bars": (
            "Diagrammi näyttää {number} pylvästä: pisin on {first}, lyhyin on {second}.",
            "Tämän kuvaajan suurin pylväs on {first} ja pienin pylväs {second}; yhteensä niitä on "
            "{number}.",
            "{first} pylväs yltää ylimmäs ja {second} pylväs jää alimmaksi, kun pylväitä on "
            "{number}.",
        ),
        "line": (
            "Diagrammi näyttää {number} pistettä, ja niiden {first} viiva <kasvaa/vähenee>.",
            "Kuvaajan {first} viiva <kohoaa/putoaa>; pisteitä siinä on {number}.",
            "Viivan väri on {first}, pisteiden määrä on {number} ja suunta on <ylös/alas>.",
        ),
        "slices": (
            "Diagrammi näyttää {number} lohkoa: levein on {first}, kapein on {second}.",
            "Tämän kuvaajan suurin lohko on {first} ja pienin lohko {second}; yhteensä niitä on "
            "{number}.",
            "{first} lohko vie eniten tilaa ja {second} lohko vähiten, kun lohkoja on {number}.",
        ),
    },
    "fr": {
        "list": (
            "L'image montre {things}.",
            "Un dessin avec {things}.",
            "Cette scène contient {things}.",
        ),
        "at": (
            "Le dessin montre {a} {place_a}.",
            "{place_a} de la scène, il y a {a}.",
            "{place_a}, quelqu'un a dessiné {a}.",
        ),
        "pair": (
            "L'image montre {a} {place_a} ; elle montre aussi {b} {place_b}.",
            "{place_a}, il y a {a} ; {place_b}, il y a {b}.",
            "Dans ce dessin on a mis {a} {place_a}, puis {b} {place_b}.",
        ),
        "background": (
            "L'image montre {things} {background}.",
            "{background}, quelqu'un a dessiné {things}.",
            "Une scène avec {things}, le tout {background}.",
        ),
        "bars": (
            "Ce diagramme montre {number} barres : la plus longue est {first}, la plus courte "
            "{second}.",
            "La barre la plus haute est {first}, la barre la plus courte est {second}, et il y en "
            "a {number} en tout.",
            "On voit {number} barres, dont la plus élevée, {first}, et la plus basse, {second}.",
        ),
        "line": (
            "Ce diagramme montre une courbe {first} de {number} points qui <augmente/diminue>.",
            "Une courbe {first} passe par {number} points et va vers le <haut/bas>.",
            "On voit {number} points reliés par une courbe {first}, qui <grimpe/chute>.",
        ),
        "slices": (
            "Ce camembert montre {number} parts, dont la plus grosse est {first} et la plus mince "
            "{second}.",
            "La part la plus grande est {first}, la part la plus petite est {second}, et il y en "
            "a {number} en tout.",
            "On voit un cercle coupé en {number} parts : {first} pour la plus grande, {second} "
            "pour la plus petite.",
        ),
    },
    "ka": {
        "list": (
            "ნახატზე გამოსახულია {things}.",
            "სურათი შეიცავს შემდეგ ფიგურებს: {things}.",
            "ამ სცენაში გვაქვს {things}.",
        ),
        "at": (
            "{place_a} ნახატზე გამოსახულია {a}.",
            "{a} მოთავსებულია {place_a}.",
            "აი, რა დახატეს {place_a}: {a}.",
        ),
        "pair": (
            "ნახატზე {place_a} გამოსახულია {a} და {place_b} — {b}.",
            "{place_a} დახატულია {a}, მაშინ როცა {place_b} დახატულია {b}.",
            "სურათი ასეთია: {place_a} — {a}; {place_b} — {b}.",
        ),
        "background": (
            "ნახატზე {background} გამოსახულია {things}.",
            "აი, რა დახატეს {background}: {things}.",
            "სცენა, სადაც {background} გვაქვს {things}.",
        ),
        "bars": (
            "გრაფიკზე ჩანს {number} სვეტი: ყველაზე გრძელია {first}, ყველაზე მოკლეა {second}.",
            "გრაფიკის ყველაზე დიდი სვეტი არის {first}, ყველაზე პატარა სვეტი არის {second}, სულ კი "
            "{number} სვეტია.",
            "{first} სვეტი ყველას აღემატება, {second} სვეტი კი ყველაზე დაბალია; სულ არის {number}.",
        ),
        "line": (
            "გრაფიკზე ჩანს {number} წერტილი და {first} ხაზი, რომელიც <მატულობს/კლებულობს>.",
            "{first} ხაზი გადის {number} წერტილზე და მიემართება <ზემოთ/ქვემოთ>.",
            "გრაფიკის {first} ხაზი <აღმავალია/დაღმავალია>; სულ მას {number} წერტილი აქვს.",
        ),
        "slices": (
            "გრაფიკზე ჩანს {number} ნაწილი: ყველაზე განიერია {first}, ყველაზე ვიწროა {second}.",
            "გრაფიკის ყველაზე დიდი ნაწილი არის {first}, ყველაზე პატარა ნაწილი არის {second}, სულ "
            "კი {number} ნაწილია.",
            "წრეში {first} ნაწილი ყველაზე დიდ ადგილს იკავებს, {second} ნაწილი კი — ყველაზე "
            "მცირეს; სულ არის {number}.",
        ),
    },
    "de": {
        "list": (
            "Das Bild zeigt Folgendes: {things}.",
            "Eine Zeichnung mit diesem Inhalt: {things}.",
            "{things} – das ist auf der Abbildung gezeichnet.",
        ),
        "at": (
            "{place_a} in der Zeichnung erkennt man: {a}.",
            "{a}, {place_a} auf der Abbildung gezeichnet.",
            "Das Bild zeigt {place_a} Folgendes: {a}.",
        ),
        "pair": (
            "Das Bild zeigt zweierlei: {place_a} {a}, {place_b} dagegen {b}.",
            "{place_a} in der Zeichnung: {a}; {place_b}: {b}.",
            "{a}, und zwar {place_a}; außerdem {b}, nämlich {place_b}.",
        ),
        "background": (
            "Das Bild zeigt {background} Folgendes: {things}.",
            "{things}, alles {background} gezeichnet.",
            "Eine Szene {background}; sie enthält: {things}.",
        ),
        "bars": (
            "Das Balkendiagramm zeigt {number} Balken: {first} ist der längste, {second} der "
            "kürzeste.",
            "In dieser Grafik sieht man {number} Balken, wobei der größte Balken {first} und der "
            "kleinste {second} ist.",
            "Der höchste Balken der Grafik ist {first}, der kürzeste ist {second}, und insgesamt "
            "sind es {number}.",
        ),
        "line": (
            "Das Liniendiagramm zeigt {number} Punkte, und seine Linie ist {first}: Sie geht nach "
            "<oben/unten>.",
            "{first} ist die Linie dieser Grafik; sie hat {number} Punkte und <nimmt zu/nimmt ab>.",
            "Man sieht eine Linie mit {number} Punkten, die <aufwärts/abwärts> verläuft und "
            "{first} ist.",
        ),
        "slices": (
            "Das Kreisdiagramm zeigt {number} Teile: {first} ist der größte, {second} der "
            "kleinste.",
            "Der Kreis ist in {number} Teile geteilt, wobei der größte Teil {first} und der "
            "kleinste {second} ist.",
            "Der breiteste Teil der Grafik ist {first}, der schmalste ist {second}, und insgesamt "
            "sind es {number}.",
        ),
    },
    "el": {
        "list": (
            "Η εικόνα δείχνει τα παρακάτω: {things}.",
            "{things}, αυτά περιέχει η σκηνή.",
            "Ένα σχέδιο που περιέχει: {things}.",
        ),
        "at": (
            "Η εικόνα δείχνει {place_a} το εξής: {a}.",
            "Αυτό που βλέπουμε {place_a} είναι {a}.",
            "Ό,τι έχει ζωγραφιστεί {place_a} είναι {a}.",
        ),
        "pair": (
            "Αυτό που βλέπουμε {place_a} είναι {a}, ενώ {place_b} είναι {b}.",
            "Η εικόνα δείχνει τα παρακάτω: {place_a} {a}, αλλά {place_b} {b}.",
            "Στο σχέδιο, {place_a}: {a}· {place_b}: {b}.",
        ),
        "background": (
            "Αυτό που βλέπουμε {background} είναι {things}.",
            "{things}, όλα {background}.",
            "Η εικόνα δείχνει {background} τα παρακάτω: {things}.",
        ),
        "bars": (
            "Το διάγραμμα δείχνει {number} ράβδους: η μακρύτερη είναι {first}, η κοντύτερη "
            "{second}.",
            "Η μεγαλύτερη ράβδος είναι {first}, η μικρότερη ράβδος είναι {second} και συνολικά "
            "υπάρχουν {number}.",
            "Βλέπουμε {number} ράβδους, όπου η {first} φτάνει πιο ψηλά και η {second} μένει πιο "
            "χαμηλά.",
        ),
        "line": (
            "Το διάγραμμα δείχνει {number} σημεία, όπου η {first} γραμμή <υψώνεται/πέφτει>.",
            "Η {first} γραμμή περνά από {number} σημεία και πηγαίνει προς τα <πάνω/κάτω>.",
            "Βλέπουμε πώς η {first} γραμμή <μεγαλώνει/μικραίνει>· τα σημεία της είναι {number}.",
        ),
        "slices": (
            "Το διάγραμμα δείχνει {number} κομμάτια: το πλατύτερο είναι {first}, το στενότερο "
            "{second}.",
            "Το μεγαλύτερο κομμάτι είναι {first}, το μικρότερο κομμάτι είναι {second} και "
            "συνολικά υπάρχουν {number}.",
            "Ο κύκλος χωρίζεται σε {number} κομμάτια, όπου το {first} πιάνει τον περισσότερο χώρο "
            "και το {second} τον λιγότερο.",
        ),
    },
    "hi": {
        "list": (
            "यह तस्वीर {things} दिखाती है।",
            "आप इस तस्वीर में {things} देख सकते हैं।",
            "एक दृश्य जिसमें यह सब है: {things}।",
        ),
        "at": (
            "यह तस्वीर {place_a} {a} दिखाती है।",
            "आप {place_a} {a} देख सकते हैं।",
            "{place_a} जो बना है, वह है {a}।",
        ),
        "pair": (
            "यह तस्वीर {place_a} {a} तथा {place_b} {b} दिखाती है।",
            "आप {place_a} {a} देख सकते हैं, और {place_b} {b}।",
            "चित्र में यह बना है: {place_a} {a}; {place_b} {b}।",
        ),
        "background": (
            "यह तस्वीर {background} {things} दिखाती है।",
            "आप {background} {things} देख सकते हैं।",
            "{background} यह सब बना है: {things}।",
        ),
        "bars": (
            "ग्राफ़ {number} स्तंभ दिखाता है: {first} स्तंभ सबसे बड़ा है, {second} स्तंभ सबसे छोटा है।",
            "आरेख में कुल {number} स्तंभ हैं, {first} वाला सबसे ऊपर तक जाता है और {second} वाला "
            "सबसे नीचे रह जाता है।",
            "सबसे लंबा स्तंभ {first} है, सबसे कम ऊँचा स्तंभ {second} है, और कुल स्तंभ {number} हैं।",
        ),
        "line": (
            "ग्राफ़ {number} बिंदु दिखाता है, और उसकी {first} रेखा <चढ़ती/उतरती> है।",
            "{first} रेखा {number} बिंदुओं को जोड़ती हुई <उठती/गिरती> जाती है।",
            "आरेख में कुल {number} बिंदु हैं; रेखा {first} है और उसका मान <अधिक/कम> होता जाता है।",
        ),
        "slices": (
            "ग्राफ़ {number} टुकड़े दिखाता है: {first} टुकड़ा सबसे चौड़ा है, {second} टुकड़ा सबसे पतला है।",
            "वृत्त में कुल {number} टुकड़े हैं, {first} वाला सबसे अधिक जगह लेता है और {second} वाला सबसे कम।",
            "पाई का सबसे बड़ा टुकड़ा {first} है, उसका सबसे छोटा टुकड़ा {second} है, और कुल टुकड़े {number} हैं।",
        ),
    },
    "id": {
        "list": (
            "Gambar ini menampilkan {things}.",
            "Kita bisa melihat {things} pada lukisan ini.",
            "Adegan ini berisi {things}.",
        ),
        "at": (
            "Gambar ini menampilkan {a} {place_a}.",
            "{place_a} kita bisa melihat {a}.",
            "Seseorang melukis {a} {place_a}.",
        ),
        "pair": (
            "Gambar ini menampilkan {a} {place_a} serta {b} {place_b}.",
            "{place_a} kita bisa melihat {a}, tetapi {place_b} {b}.",
            "Seseorang melukis {a} {place_a}, lalu {b} {place_b}.",
        ),
        "background": (
            "Kita bisa melihat {things} {background}.",
            "Seseorang melukis {things}, semuanya {background}.",
            "{background}, adegan ini menampilkan {things}.",
        ),
        "bars": (
            "Grafik ini menampilkan {number} batang: {first} untuk batang terpanjang, {second} "
            "untuk yang terpendek.",
            "Warna batang terbesar adalah {first}, warna batang terkecil adalah {second}, dan "
            "jumlahnya {number}.",
            "Ada {number} batang dalam bagan; batang {first} melebihi yang lain, batang {second} "
            "di bawah yang lain.",
        ),
        "line": (
            "Grafik ini menampilkan {number} titik dengan garis {first} yang <menanjak/merosot>.",
            "Warna garisnya {first}, jumlah titiknya {number}, dan arahnya ke <atas/bawah>.",
            "Ada {number} titik dalam bagan; garis {first} yang menghubungkannya makin "
            "<tinggi/rendah>.",
        ),
        "slices": (
            "Grafik ini menampilkan {number} bagian: {first} untuk bagian terlebar, {second} "
            "untuk yang tersempit.",
            "Warna bagian terbesar adalah {first}, warna bagian terkecil adalah {second}, dan "
            "jumlahnya {number}.",
            "Bagan bundar ini dipotong menjadi {number} bagian; {first} memakan tempat terbanyak, "
            "{second} tersedikit.",
        ),
    },
    "it": {
        "list": (
            "L'immagine mostra {things}.",
            "Un disegno con {things}.",
            "Questa scena contiene {things}.",
        ),
        "at": (
            "L'immagine mostra {a} {place_a}.",
            "{place_a} possiamo vedere {a}.",
            "Qualcuno ha disegnato {a} {place_a}.",
        ),
        "pair": (
            "L'immagine mostra {a} {place_a}, oltre a {b} {place_b}.",
            "{place_a} vediamo {a}; {place_b}, invece, vediamo {b}.",
            "Il disegno ha {a} {place_a}, mentre {place_b} contiene {b}.",
        ),
        "background": (
            "L'immagine mostra {things} {background}.",
            "{background} qualcuno ha disegnato {things}.",
            "Una scena con {things}, il tutto {background}.",
        ),
        "bars": (
            "Il diagramma mostra {number} barre: la più lunga è {first}, la più corta {second}.",
            "La barra più alta del grafico è {first}, la barra più piccola è {second}, e in tutto "
            "sono {number}.",
            "Vediamo {number} barre, di cui {first} la più grande e {second} la più bassa.",
        ),
        "line": (
            "Il diagramma mostra una linea {first} di {number} punti che <aumenta/diminuisce>.",
            "Una linea {first} passa per {number} punti e va verso <l'alto/il basso>.",
            "Vediamo {number} punti uniti da una linea {first}, che <si alza/si abbassa>.",
        ),
        "slices": (
            "Il diagramma mostra {number} fette, di cui la più larga è {first} e la più stretta "
            "{second}.",
            "La fetta più grande del grafico è {first}, la fetta più piccola è {second}, e in "
            "tutto sono {number}.",
            "Il cerchio è diviso in {number} fette: {first} quella più grande, {second} quella "
            "più piccola.",
        ),
    },
    "ja": {
        "list": (
            "この画像は{things}を示しています。",
            "図には{things}が見えます。",
            "{things}のある絵です。",
        ),
        "at": (
            "画像の{place_a}に{a}が見えます。",
            "この図では{a}は{place_a}に位置します。",
            "{place_a}に{a}を配置した絵です。",
        ),
        "pair": (
            "画像の{place_a}には{a}が、{place_b}には{b}が見えます。",
            "{place_a}に{a}を、{place_b}に{b}を配置した絵です。",
            "この図では{a}が{place_a}に位置し、{b}が{place_b}に位置します。",
        ),
        "background": (
            "この画像は{background}で、{things}が見えます。",
            "{background}に{things}を配置した絵です。",
            "図の中では、{background}に{things}が置かれています。",
        ),
        "bars": (
            "図表には棒が{number}本あり、最も長い棒が{first}で、最も短い棒が{second}です。",
            "{first}の棒がいちばん大きく、{second}の棒がいちばん小さい、"
            "全部で{number}本のグラフです。",
            "棒が{number}本描かれています。どれよりも高いのが{first}、"
            "どれよりも低いのが{second}です。",
        ),
        "line": (
            "図表には点が{number}個あり、{first}の線が<上向き/下向き>に伸びています。",
            "{first}の線で{number}個の点を結んだグラフで、値は<増えて/減って>いきます。",
            "線の色は{first}、点は{number}個、グラフは右へ行くほど<高く/低く>なります。",
        ),
        "slices": (
            "図表の円は{number}つの部分からなり、最も広い部分が{first}で、"
            "最も狭い部分が{second}です。",
            "{first}の部分がいちばん大きく、{second}の部分がいちばん小さい、"
            "全部で{number}つの円グラフです。",
            "円が{number}つに切られています。いちばん多くを占めるのが{first}、"
            "いちばん少ないのが{second}です。",
        ),
    },
    "ko": {
        "list": (
            "이 이미지는 {things}를 보여 줍니다.",
            "그림에 {things}가 그려져 있습니다.",
            "장면은 {things}로 이루어져 있습니다.",
        ),
        "at": (
            "이미지의 {place_a}에 {a}가 보입니다.",
            "이 그림은 {place_a}에 {a}를 담고 있습니다.",
            "{place_a}에서 {a}를 볼 수 있습니다.",
        ),
        "pair": (
            "이미지의 {place_a}에 {a}가 있고 {place_b}에 {b}가 있습니다.",
            "{place_a}에서 {a}를, {place_b}에서 {b}를 볼 수 있습니다.",
            "이 그림은 {place_a}에 {a}, 그리고 {place_b}에 {b}를 담고 있습니다.",
        ),
        "background": (
            "이 이미지는 {background} 앞의 {things}를 보여 줍니다.",
            "{background}에서 {things}를 볼 수 있습니다.",
            "그림은 {background}이고 {things}를 담고 있습니다.",
        ),
        "bars": (
            "도표에 막대 {number}개가 있으며, 가장 긴 막대가 {first}, 가장 짧은 막대가 "
            "{second}입니다.",
            "{first} 막대가 제일 높고 {second} 막대가 제일 낮으며 모두 {number}개입니다.",
            "막대그래프를 보면 {number}개 가운데 {first}이 최고이고 {second}이 최저입니다.",
        ),
        "line": (
            "도표에 점 {number}개가 있으며, {first} 선이 <증가/감소>합니다.",
            "{first} 선이 점 {number}개를 이으면서 점점 <높아/낮아>집니다.",
            "꺾은선을 보면 색은 {first}, 점은 {number}개, 방향은 <위쪽/아래쪽>입니다.",
        ),
        "slices": (
            "도표에 조각 {number}개가 있으며, 제일 큰 조각이 {first}, 제일 작은 조각이 "
            "{second}입니다.",
            "{first} 조각이 가장 넓고 {second} 조각이 가장 좁으며 모두 {number}개입니다.",
            "원을 {number}개로 나눈 그림에서 {first}이 최대이고 {second}이 최소입니다.",
        ),
    },
    "lv": {
        "list": (
            "Zīmējumā atrodas {things}.",
            "Attēls rāda šādas figūras: {things}.",
            "Ainu veido {things}.",
        ),
        "at": (
            "Zīmējumā {a} ir {place_a}.",
            "Tas, kas redzams {place_a}: {a}.",
            "{a} — tas ir uzzīmēts {place_a}.",
        ),
        "pair": (
            "Zīmējumā {place_a} atrodas {a} un {place_b} atrodas {b}.",
            "Attēls rāda: {place_a} — {a}; {place_b} — {b}.",
            "Kamēr {place_a} ir {a}, tikmēr {place_b} atrodas {b}.",
        ),
        "background": (
            "Zīmējumā {background} atrodas {things}.",
            "{things}, un viss tas {background}.",
            "Attēls rāda {background} šādas figūras: {things}.",
        ),
        "bars": (
            "Grafiks rāda stabiņus, to skaits ir {number}: garākais — {first}, īsākais — {second}.",
            "Lielākais stabiņš diagrammā ir {first}, mazākais stabiņš ir {second}, pavisam to ir "
            "{number}.",
            "{first} stabiņš sniedzas visaugstāk, {second} stabiņš paliek viszemāk; kopā tādu ir "
            "{number}.",
        ),
        "line": (
            "Grafiks rāda, kā {first} līnija <aug/samazinās>; punktu skaits ir {number}.",
            "{first} līnija <ceļas/slīd lejup> no punkta uz punktu, pavisam to ir {number}.",
            "Grafikā ir punkti, skaitā {number}, un {first} līnija, kas <pieaug/dilst>.",
        ),
        "slices": (
            "Grafiks rāda daļas, to skaits ir {number}: platākā — {first}, šaurākā — {second}.",
            "Lielākā daļa diagrammā ir {first}, mazākā daļa ir {second}, pavisam to ir {number}.",
            "{first} daļa aizņem visvairāk vietas, {second} daļa — vismazāk; kopā tādu ir "
            "{number}.",
        ),
    },
    "no": {
        "list": (
            "Tegningen viser {things}.",
            "Et bilde med {things}.",
            "Scenen inneholder {things}.",
        ),
        "at": (
            "Tegningen har {a} {place_a}.",
            "{place_a} i scenen finner man {a}.",
            "Noen har tegnet {a} {place_a}.",
        ),
        "pair": (
            "{a} {place_a}, {b} {place_b}.",
            "{place_a} finner man {a}, {place_b} finner man {b}.",
            "På tegningen er det {a} {place_a}, mens {b} er {place_b}.",
        ),
        "background": (
            "{background} har noen tegnet {things}.",
            "En tegning med {things}, alt sammen {background}.",
            "{background} kan du se {things}.",
        ),
        "bars": (
            "Grafen viser {number} søyler: den lengste er {first}, den korteste {second}.",
            "I figuren ser man {number} søyler, der den største søylen er {first} og den minste "
            "er {second}.",
            "Den høyeste søylen i diagrammet er {first}, den korteste er {second}, og i alt er "
            "det {number}.",
        ),
        "line": (
            "Grafen viser en {first} linje med {number} punkter som <øker/minker>.",
            "En {first} linje <klatrer/faller> fra punkt til punkt; det er {number} punkter.",
            "Man ser {number} punkter og en {first} linje som peker <opp/ned>.",
        ),
        "slices": (
            "Grafen viser {number} biter: den bredeste er {first}, den smaleste {second}.",
            "Kaken er delt i {number} biter, der den største biten er {first} og den minste er "
            "{second}.",
            "Den største biten i diagrammet er {first}, den minste er {second}, og i alt er det "
            "{number}.",
        ),
    },
    "pl": {
        "list": (
            "Obraz pokazuje takie figury: {things}.",
            "{things} – oto cała scena.",
            "Na ilustracji narysowano, co następuje: {things}.",
        ),
        "at": (
            "{place_a} narysowano coś takiego: {a}.",
            "To, co widać {place_a}, to {a}.",
            "{a} – oto, co jest {place_a}.",
        ),
        "pair": (
            "To, co widać {place_a}, to {a}, natomiast {place_b} – {b}.",
            "Na ilustracji {place_a}: {a}; {place_b}: {b}.",
            "Scena zawiera takie figury: {place_a} {a}, zaś {place_b} {b}.",
        ),
        "background": (
            "Obraz pokazuje {background} takie figury: {things}.",
            "{things}, wszystko {background}.",
            "To, co narysowano {background}, to {things}.",
        ),
        "bars": (
            "Diagram pokazuje słupki w liczbie {number}; najdłuższy to {first}, najkrótszy to "
            "{second}.",
            "Największy słupek na wykresie jest {first}, najmniejszy jest {second}, a wszystkich "
            "jest {number}.",
            "Słupek {first} sięga najwyżej, słupek {second} najniżej; razem jest ich {number}.",
        ),
        "line": (
            "Diagram pokazuje, jak {first} linia <wznosi się/spada>; liczba jej punktów to "
            "{number}.",
            "{first} linia <pnie się/obniża się> od punktu do punktu, a jest ich {number}.",
            "Wykres ma punkty w liczbie {number}, a jego {first} linia <zwiększa się/zmniejsza "
            "się>.",
        ),
        "slices": (
            "Diagram pokazuje części w liczbie {number}; najszersza to {first}, najwęższa to "
            "{second}.",
            "Największa część wykresu jest {first}, najmniejsza część jest {second}, a wszystkich "
            "jest {number}.",
            "Część {first} zajmuje najwięcej miejsca, część {second} najmniej; razem jest ich "
            "{number}.",
        ),
    },
    "pt": {
        "list": (
            "A imagem mostra {things}.",
            "Um desenho com {things}.",
            "Esta cena contém {things}.",
        ),
        "at": (
            "O desenho mostra {a} {place_a}.",
            "{place_a} podemos ver {a}.",
            "Alguém desenhou {a} {place_a}.",
        ),
        "pair": (
            "A imagem mostra {a} {place_a}, além de {b} {place_b}.",
            "{place_a} há {a}; já {place_b} há {b}.",
            "Podemos ver {a} {place_a}, enquanto {place_b} vemos {b}.",
        ),
        "background": (
            "A imagem mostra {things} {background}.",
            "{background}, alguém desenhou {things}.",
            "Uma cena com {things}, tudo {background}.",
        ),
        "bars": (
            "O diagrama mostra {number} barras: a mais longa é {first}, a mais curta {second}.",
            "A barra mais alta do gráfico é {first}, a barra menor é {second}, e no total há "
            "{number}.",
            "Vemos {number} barras no gráfico, sendo {first} a maior e {second} a mais baixa.",
        ),
        "line": (
            "O diagrama mostra uma linha {first} de {number} pontos que <aumenta/decresce>.",
            "Uma linha {first} passa por {number} pontos e vai para <cima/baixo>.",
            "Vemos {number} pontos unidos por uma linha {first}, que está <subindo/caindo>.",
        ),
        "slices": (
            "O diagrama mostra {number} fatias, das quais a mais larga é {first} e a mais fina "
            "{second}.",
            "A fatia maior do gráfico é {first}, a fatia menor é {second}, e no total há {number}.",
            "O gráfico de pizza está dividido em {number} fatias, sendo {first} a maior e "
            "{second} a menor.",
        ),
    },
    "ro": {
        "list": (
            "Imaginea arată {things}.",
            "Un desen cu {things}.",
            "Această scenă conține {things}.",
        ),
        "at": (
            "Desenul arată {a} {place_a}.",
            "{place_a} putem vedea {a}.",
            "Cineva a desenat {a} {place_a}.",
        ),
        "pair": (
            "Imaginea arată {a} {place_a}, dar și {b} {place_b}.",
            "{place_a} putem vedea {a}, iar {place_b}, {b}.",
            "Desenul conține {a} {place_a}, în timp ce {place_b} vedem {b}.",
        ),
        "background": (
            "Imaginea arată {things} {background}.",
            "{background}, cineva a desenat {things}.",
            "O scenă cu {things}, totul {background}.",
        ),
        "bars": (
            "Diagrama arată {number} bare: cea mai lungă e {first}, cea mai scurtă e {second}.",
            "Bara cea mai înaltă este {first}, bara cea mai scurtă este {second}, iar în total "
            "sunt {number}.",
            "Vedem {number} bare, {first} fiind cea mai mare și {second} fiind cea mai mică.",
        ),
        "line": (
            "Diagrama arată o linie {first} cu {number} puncte care merge în <sus/jos>.",
            "O linie {first} unește {number} puncte; valorile ei <se măresc/se micșorează>.",
            "Vedem {number} puncte și o linie {first} care <se înalță/se lasă>.",
        ),
        "slices": (
            "Diagrama arată {number} felii: cea mai mare e {first}, cea mai mică e {second}.",
            "Felia cea mai mare este {first}, felia cea mai mică este {second}, iar în total sunt "
            "{number}.",
            "Cercul este împărțit în {number} felii, {first} fiind cea mai mare și {second} fiind "
            "cea mai mică.",
        ),
    },
    "ru": {
        "list": (
            "Рисунок показывает такие фигуры: {things}.",
            "{things} — вот что нарисовано.",
            "Сцена, в которой есть {things}.",
        ),
        "at": (
            "{place_a} на рисунке есть {a}.",
            "То, что видно {place_a}, — это {a}.",
            "{a} — вот что находится {place_a}.",
        ),
        "pair": (
            "{place_a} на рисунке есть {a}, тогда как {place_b} есть {b}.",
            "То, что видно {place_a}, — это {a}; {place_b} — {b}.",
            "Изображение: {place_a} — {a}; {place_b} — {b}.",
        ),
        "background": (
            "На рисунке {background} есть {things}.",
            "{things}, и всё это {background}.",
            "То, что нарисовано {background}, — это {things}.",
        ),
        "bars": (
            "График показывает столбцы, всего их {number}: самый длинный — {first}, самый "
            "короткий — {second}.",
            "Самый большой столбец на диаграмме {first}, самый маленький {second}, а всего их "
            "{number}.",
            "{first} столбец поднимается выше других, {second} остаётся ниже других; число "
            "столбцов: {number}.",
        ),
        "line": (
            "Диаграмма показывает, как {first} линия <поднимается/опускается>; число её точек: "
            "{number}.",
            "{first} линия <взбирается/снижается> от точки к точке, всего их {number}.",
            "Точек на диаграмме {number}; линия, которая их соединяет, {first} и "
            "<возрастает/убывает>.",
        ),
        "slices": (
            "График показывает части круга, всего их {number}: самая широкая — {first}, самая "
            "узкая — {second}.",
            "Самая большая часть диаграммы {first}, самая маленькая {second}, а всего их {number}.",
            "{first} часть занимает больше всего места, {second} — меньше всего; число частей: "
            "{number}.",
        ),
    },
    "sk": {
        "list": (
            "Obrázok zobrazuje tieto tvary: {things}.",
            "{things} – to vidno na kresbe.",
            "Scéna, ktorá obsahuje takéto tvary: {things}.",
        ),
        "at": (
            "{place_a} v kresbe vidno toto: {a}.",
            "To, čo sa nachádza {place_a}: {a}.",
            "{a} – to je nakreslené {place_a}.",
        ),
        "pair": (
            "Na kresbe {place_a}: {a}; {place_b}: {b}.",
            "Obrázok zobrazuje {place_a} toto: {a}, kým {place_b} toto: {b}.",
            "{a} – to je {place_a}; {b} – to je {place_b}.",
        ),
        "background": (
            "Obrázok zobrazuje {background} tieto tvary: {things}.",
            "{things}, všetko {background}.",
            "To, čo je nakreslené {background}: {things}.",
        ),
        "bars": (
            "Diagram zobrazuje stĺpce v počte {number}; najdlhší je {first}, najkratší je "
            "{second}.",
            "Najväčší stĺpec grafu je {first}, najmenší stĺpec je {second}, spolu ich je {number}.",
            "{first} stĺpec siaha najvyššie, {second} stĺpec najnižšie; všetkých je {number}.",
        ),
        "line": (
            "Diagram zobrazuje, ako {first} čiara <rastie/padá>; počet jej bodov je {number}.",
            "{first} čiara <sa dvíha/sa znižuje> od bodu k bodu, spolu ich je {number}.",
            "Bodov je na diagrame {number}; spája ich {first} čiara, ktorá smeruje <hore/dole>.",
        ),
        "slices": (
            "Diagram zobrazuje časti v počte {number}; najširšia je {first}, najužšia je {second}.",
            "Najväčšia časť grafu je {first}, najmenšia časť je {second}, spolu ich je {number}.",
            "{first} časť zaberá najviac miesta, {second} časť najmenej; všetkých je {number}.",
        ),
    },
    "es": {
        "list": (
            "La imagen muestra {things}.",
            "Un dibujo con {things}.",
            "Esta escena contiene {things}.",
        ),
        "at": (
            "El dibujo muestra {a} {place_a}.",
            "{place_a} podemos ver {a}.",
            "Alguien dibujó {a} {place_a}.",
        ),
        "pair": (
            "La imagen muestra {a} {place_a}, además de {b} {place_b}.",
            "{place_a} hay {a}; en cambio, {place_b} hay {b}.",
            "Podemos ver {a} {place_a}, mientras que {place_b} vemos {b}.",
        ),
        "background": (
            "La imagen muestra {things} {background}.",
            "{background}, alguien dibujó {things}.",
            "Una escena con {things}, todo {background}.",
        ),
        "bars": (
            "El diagrama muestra {number} barras: la más larga es {first}, la más corta {second}.",
            "La barra más alta del gráfico es {first}, la barra más pequeña es {second}, y en "
            "total hay {number}.",
            "Vemos {number} barras en la gráfica, siendo {first} la más grande y {second} la más "
            "baja.",
        ),
        "line": (
            "El diagrama muestra una línea {first} de {number} puntos que <aumenta/disminuye>.",
            "Una línea {first} pasa por {number} puntos y va hacia <arriba/abajo>.",
            "Vemos {number} puntos unidos por una línea {first}, que <asciende/desciende>.",
        ),
        "slices": (
            "El diagrama muestra {number} partes, de las que la más ancha es {first} y la más "
            "estrecha {second}.",
            "La parte más grande del gráfico es {first}, la parte más pequeña es {second}, y en "
            "total hay {number}.",
            "La tarta está dividida en {number} partes, siendo {first} la más grande y {second} "
            "la más pequeña.",
        ),
    },
    "sv": {
        "list": (
            "Bilden visar {things}.",
            "En teckning med {things}.",
            "I den här scenen finns {things}.",
        ),
        "at": (
            "Bilden visar {a} {place_a}.",
            "{place_a} på teckningen ser man {a}.",
            "Någon har ritat {a} {place_a}.",
        ),
        "pair": (
            "Bilden visar {a} {place_a} och {b} {place_b}.",
            "{place_a} på teckningen finns {a}, medan {b} finns {place_b}.",
            "Man ser {a} {place_a} och dessutom {b} {place_b}.",
        ),
        "background": (
            "Bilden visar {things} {background}.",
            "{background} har någon ritat {things}.",
            "En teckning med {things}, allt {background}.",
        ),
        "bars": (
            "Grafen visar {number} staplar: den längsta är {first}, den kortaste {second}.",
            "I figuren ser man {number} staplar, där den största stapeln är {first} och den "
            "minsta är {second}.",
            "Diagrammets högsta stapel är {first}, dess kortaste är {second}, och totalt finns "
            "{number} stycken.",
        ),
        "line": (
            "Grafen visar en {first} linje med {number} punkter som <ökar/minskar>.",
            "En {first} linje <klättrar/faller> från punkt till punkt; punkterna är {number}.",
            "Man ser {number} punkter i en graf där en {first} linje pekar <uppåt/nedåt>.",
        ),
        "slices": (
            "Grafen visar {number} delar: den bredaste är {first}, den smalaste {second}.",
            "Tårtan är skuren i {number} delar, där den största delen är {first} och den minsta "
            "är {second}.",
            "Diagrammets största del är {first}, dess minsta är {second}, och totalt finns "
            "{number} stycken.",
        ),
    },
    "th": {
        "list": ("รูปนี้แสดง{things}", "ภาพวาดประกอบด้วย{things}", "เราเห็น{things}ในฉากนี้"),
        "at": ("รูปนี้แสดง{a}{place_a}", "มีคนวาด{a}ไว้{place_a}", "เมื่อมอง{place_a}จะพบ{a}"),
        "pair": (
            "รูปนี้แสดง{a}{place_a}กับ{b}{place_b}",
            "มีคนวาด{a}ไว้{place_a}และวาด{b}ไว้{place_b}",
            "เมื่อมอง{place_a}จะพบ{a} แต่เมื่อมอง{place_b}จะพบ{b}",
        ),
        "background": (
            "รูปนี้แสดง{things}{background}",
            "มีคนวาด{things}ไว้{background}",
            "ภาพวาด{background}ประกอบด้วย{things}",
        ),
        "bars": (
            "กราฟแสดง {number} แท่ง โดยแท่งที่ยาวที่สุดเป็น{first}และแท่งที่สั้นที่สุดเป็น{second}",
            "แท่งใหญ่สุดในแผนภาพคือ{first} แท่งเล็กสุดคือ{second} รวมทั้งหมด {number} แท่ง",
            "เราเห็น {number} แท่งในรูป {first}สูงกว่าแท่งอื่น ส่วน{second}เตี้ยกว่าแท่งอื่น",
        ),
        "line": (
            "แผนภาพแสดงเส้น{first}ที่มี {number} จุดซึ่ง<เพิ่มขึ้น/ตกลง>",
            "เส้น{first}เชื่อม {number} จุดและมุ่ง<ขึ้นข้างบน/ลงข้างล่าง>",
            "เราเห็น {number} จุดบนเส้น{first} ค่าของมัน<มากขึ้น/น้อยลง>เรื่อย ๆ",
        ),
        "slices": (
            "กราฟแสดง {number} ส่วน โดยส่วนที่กว้างที่สุดเป็น{first}และส่วนที่แคบที่สุดเป็น{second}",
            "ส่วนใหญ่สุดในแผนภาพคือ{first} ส่วนเล็กสุดคือ{second} รวมทั้งหมด {number} ส่วน",
            "เราเห็นวงกลมถูกตัดเป็น {number} ส่วน {first}กินพื้นที่มากกว่าส่วนอื่น {second}กินพื้นที่น้อยกว่าส่วนอื่น",
        ),
    },
    "tr": {
        "list": (
            "Bu çizim {things} içeriyor.",
            "Görselde {things} yer alıyor.",
            "Birisi {things} çizmiş.",
        ),
        "at": (
            "Görselde {place_a} {a} yer alıyor.",
            "{a} {place_a} duruyor.",
            "Birisi {place_a} {a} çizmiş.",
        ),
        "pair": (
            "Görselde {place_a} {a}, {place_b} ise {b} yer alıyor.",
            "{a} {place_a} duruyor, öte yandan {b} {place_b} duruyor.",
            "Birisi {place_a} {a} çizmiş, {place_b} ise {b}.",
        ),
        "background": (
            "Görselde {background} {things} yer alıyor.",
            "Birisi {background} {things} çizmiş.",
            "{things}, hepsi {background}.",
        ),
        "bars": (
            "Diyagramda {number} sütun var: {first} sütun en büyük, {second} sütun en küçük.",
            "Çizelgedeki en yüksek sütunun rengi {first}, en kısa sütunun rengi {second}; toplam "
            "{number} sütun var.",
            "{number} sütun arasında {first} olan en yukarı çıkıyor, {second} olan en aşağıda "
            "kalıyor.",
        ),
        "line": (
            "Diyagramda {number} nokta ve <yukarı/aşağı> giden {first} bir çizgi var.",
            "{first} çizgi {number} noktadan geçip <tırmanıyor/alçalıyor>.",
            "Çizelgedeki çizginin rengi {first}, nokta sayısı {number}; çizgi <çıkıyor/iniyor>.",
        ),
        "slices": (
            "Diyagramda {number} dilim var: {first} dilim en geniş, {second} dilim en dar.",
            "Çizelgedeki en büyük dilimin rengi {first}, en küçük dilimin rengi {second}; toplam "
            "{number} dilim var.",
            "Daire {number} dilime bölünmüş; {first} olan en çok yeri, {second} olan en az yeri "
            "kaplıyor.",
        ),
    },
    "uk": {
        "list": (
            "Картинка показує такі фігури: {things}.",
            "{things} — ось що намальовано.",
            "Сцена, у якій є {things}.",
        ),
        "at": (
            "{place_a} на картинці є {a}.",
            "Те, що видно {place_a}, — це {a}.",
            "{a} — ось що розташовано {place_a}.",
        ),
        "pair": (
            "{place_a} на картинці є {a}, тоді як {place_b} є {b}.",
            "Те, що видно {place_a}, — це {a}; {place_b} — {b}.",
            "Зображення: {place_a} — {a}; {place_b} — {b}.",
        ),
        "background": (
            "На картинці {background} є {things}.",
            "{things}, і все це {background}.",
            "Те, що намальовано {background}, — це {things}.",
        ),
        "bars": (
            "Графік показує стовпці, усього їх {number}: найдовший — {first}, найкоротший — "
            "{second}.",
            "Найбільший стовпець на діаграмі {first}, найменший {second}, а всього їх {number}.",
            "{first} стовпець здіймається вище за інші, {second} лишається нижче за інші; "
            "кількість стовпців: {number}.",
        ),
        "line": (
            "Діаграма показує, як {first} лінія <піднімається/опускається>; кількість її точок: "
            "{number}.",
            "{first} лінія <росте/падає> від точки до точки, усього їх {number}.",
            "Точок на діаграмі {number}; лінія, що їх з'єднує, {first} і "
            "<збільшується/зменшується>.",
        ),
        "slices": (
            "Графік показує частини кола, усього їх {number}: найширша — {first}, найвужча — "
            "{second}.",
            "Найбільша частина діаграми {first}, найменша {second}, а всього їх {number}.",
            "{first} частина займає найбільше місця, {second} — найменше; кількість частин: "
            "{number}.",
        ),
    },
    "ur": {
        "list": (
            "یہ خاکہ {things} دکھاتا ہے۔",
            "آپ اس تصویر میں {things} دیکھ سکتے ہیں۔",
            "ایک منظر جس میں یہ سب ہے: {things}۔",
        ),
        "at": (
            "یہ خاکہ {place_a} {a} دکھاتا ہے۔",
            "آپ {place_a} {a} دیکھ سکتے ہیں۔",
            "{place_a} جو بنا ہے، وہ ہے {a}۔",
        ),
        "pair": (
            "یہ خاکہ {place_a} {a} نیز {place_b} {b} دکھاتا ہے۔",
            "آپ {place_a} {a} دیکھ سکتے ہیں، اور {place_b} {b}۔",
            "تصویر میں یہ بنا ہے: {place_a} {a}؛ {place_b} {b}۔",
        ),
        "background": (
            "یہ خاکہ {background} {things} دکھاتا ہے۔",
            "آپ {background} {things} دیکھ سکتے ہیں۔",
            "{background} یہ سب بنا ہے: {things}۔",
        ),
        "bars": (
            "گراف {number} ستون دکھاتا ہے: {first} ستون سب سے بڑا ہے، {second} ستون سب سے چھوٹا "
            "ہے۔",
            "خاکے میں کل {number} ستون ہیں، {first} والا سب سے اوپر تک جاتا ہے اور {second} والا "
            "سب سے نیچے رہ جاتا ہے۔",
            "سب سے لمبا ستون {first} ہے، سب سے کم اونچا ستون {second} ہے، اور کل ستون {number} "
            "ہیں۔",
        ),
        "line": (
            "گراف {number} نقطے دکھاتا ہے، اور اس کی {first} لکیر <چڑھتی/اترتی> ہے۔",
            "{first} لکیر {number} نقطوں کو جوڑتی ہوئی <اٹھتی/گرتی> جاتی ہے۔",
            "خاکے میں کل {number} نقطے ہیں؛ لکیر {first} ہے اور اس کی قدر <زیادہ/کم> ہوتی جاتی ہے۔",
        ),
        "slices": (
            "گراف {number} ٹکڑے دکھاتا ہے: {first} ٹکڑا سب سے چوڑا ہے، {second} ٹکڑا سب سے پتلا "
            "ہے۔",
            "دائرے میں کل {number} ٹکڑے ہیں، {first} والا سب سے زیادہ جگہ لیتا ہے اور {second} "
            "والا سب سے کم۔",
            "پائی کا سب سے بڑا ٹکڑا {first} ہے، اس کا سب سے چھوٹا ٹکڑا {second} ہے، اور کل ٹکڑے "
            "{number} ہیں۔",
        ),
    },
    "vi": {
        "list": (
            "Bức tranh cho thấy {things}.",
            "Ta có thể nhìn thấy {things} trong ảnh.",
            "Khung cảnh này gồm {things}.",
        ),
        "at": (
            "Ta nhìn thấy {a} {place_a}.",
            "Bức ảnh cho thấy {a} {place_a}.",
            "{place_a} trong ảnh xuất hiện {a}.",
        ),
        "pair": (
            "Bức ảnh cho thấy {a} {place_a} và {b} {place_b}.",
            "{place_a} ta nhìn thấy {a}, trong khi {place_b} là {b}.",
            "Khung cảnh này gồm {a} {place_a} cùng với {b} {place_b}.",
        ),
        "background": (
            "Bức tranh cho thấy {things} {background}.",
            "{background}, ta có thể nhìn thấy {things}.",
            "Khung cảnh này gồm {things}, tất cả đều {background}.",
        ),
        "bars": (
            "Đồ thị cho thấy {number} cột: cột dài nhất có màu {first}, cột ngắn nhất có màu "
            "{second}.",
            "Màu {first} là của cột lớn nhất, màu {second} là của cột nhỏ nhất, tổng cộng "
            "{number} cột.",
            "Ta thấy {number} cột trong sơ đồ; cột màu {first} vượt lên trên hết, cột màu "
            "{second} thấp hơn cả.",
        ),
        "line": (
            "Đồ thị cho thấy một đường màu {first} với {number} điểm đang <leo cao/hạ thấp>.",
            "Màu {first} là của đường nối {number} điểm, và đường này <vươn lên/tụt xuống>.",
            "Ta thấy {number} điểm trong sơ đồ; đường màu {first} có xu hướng <gia tăng/suy giảm>.",
        ),
        "slices": (
            "Đồ thị cho thấy {number} phần: phần rộng nhất có màu {first}, phần hẹp nhất có màu "
            "{second}.",
            "Màu {first} là của phần to nhất, màu {second} là của phần bé nhất, tổng cộng "
            "{number} phần.",
            "Hình tròn được chia thành {number} phần; phần màu {first} chiếm nhiều chỗ nhất, phần "
            "màu {second} chiếm ít chỗ nhất.",
        ),
    },
}
"""Three patterns a frame (FRAMES) by language (ISO 639-1), in the notation of `Grammar.frames`.

They have the slots of the pattern to train on and stand beside it. Words have the forms that the
grammar gives them: things are named in the nominative, colours agree as `Grammar.charts` has it.
None is a held-out pattern, so what is learned from these can be judged with those.
"""

DIRECTIONS: Mapping[str, str] = {
    "en": "rises/falls",
    "ar": "الأعلى/الأسفل",
    "bn": "বাড়ছে/কমছে",
    "zh": "上/下",
    "da": "opad/nedad",
    "nl": "omhoog/omlaag",
    "fi": "ylöspäin/alaspäin",
    "fr": "croît/décroît",
    "ka": "მაღლა ადის/დაბლა ჩადის",
    "de": "steigt/fällt",
    "el": "αυξάνεται/μειώνεται",
    "hi": "बढ़/घट",
    "id": "meningkat/menurun",
    "it": "cresce/cala",
    "ja": "上昇/下降",
    "ko": "상승/하강",
    "lv": "kāpj/krīt",
    "no": "stiger/synker",
    "pl": "górę/dół",
    "pt": "cresce/diminui",
    "ro": "crește/scade",
    "ru": "растёт/падает",
    "sk": "nahor/nadol",
    "es": "crece/decrece",
    "sv": "uppåt/nedåt",
    "th": "สูงขึ้น/ต่ำลง",
    "tr": "artıyor/azalıyor",
    "uk": "зростає/спадає",
    "ur": "بڑھ/گھٹ",
    "vi": "tăng/giảm",
}
"""Plain words for up and down, which may stand in any sentence about a line. They are those of the
sentences held out as well: of the words for shapes, colours and places none is held out either,
only how they are put together."""
