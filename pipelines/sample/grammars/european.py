"""Finnish, Latvian, Greek, Georgian, Turkish."""

from pipelines.sample.grammars.grammar import Grammar

FINNISH = Grammar(  # beside a number, the partitive singular
    slots="1 2",
    endings={"+": "nen sta"},
    numbers="yksi, kaksi, kolme, neljä",
    nouns="ympyrä/ympyrää, neliö/neliötä, kolmio/kolmiota, tähti/tähteä, rengas/rengasta, "
    "risti/ristiä, sydän/sydäntä, vinoneliö/vinoneliötä",
    sizes="pieni/pientä, suuri/suurta",
    colours="punai+, oranssi/oranssia, keltai+, vihreä/vihreää, sininen/sinistä, "
    "violetti/violettia, vaaleanpunai+, musta/mustaa",
    textures="raidallinen/raidallista, pilkullinen/pilkullista",
    phrase="{size} {texture} {colour} {noun}|{number} {size} {texture} {colour} {noun}",
    both=", | ja ",
    places="vasemmassa yläkulmassa, ylhäällä, oikeassa yläkulmassa, vasemmalla, keskellä, "
    "oikealla, vasemmassa alakulmassa, alhaalla, oikeassa alakulmassa",
    backgrounds="valkoisella taustalla, harmaalla taustalla, vaaleansinisellä taustalla, "
    "beigellä taustalla",
    frames={
        "list": "Kuvassa on {things}.|Tässä näkyy {things}.",
        "at": "{place_a} on {a}.|Kuvassa näkyy {place_a} {a}.",
        "pair": "{place_a} on {a} ja {place_b} {b}.|{a} on {place_a}, {b} {place_b}.",
        "background": "{background} on {things}.|Kuva, jossa {background} on {things}.",
        "bars": "Pylväskaavio, jossa on {number} pylvästä; korkein on {first} ja matalin {second}."
        "|Kaavion {number} pylväästä korkein on {first} ja matalin {second}.",
        "line": "Viivakaavio, jossa on {number} pistettä; viiva on {first} ja <nousee/laskee>."
        "|Tässä kaaviossa {first} viiva kulkee <ylöspäin/alaspäin> {number} pisteen kautta.",
        "slices": "Ympyräkaavio, jossa on {number} lohkoa; suurin on {first} ja pienin {second}."
        "|Ympyrän {number} lohkosta suurin on {first} ja pienin {second}.",
    },
)

LATVIAN = Grammar(
    slots="m1 f1 m2 f2",
    endings={"+": "s a i as", "*": "š a i as"},
    numbers="viens/viena, divi/divas, trīs, četri/četras",
    nouns="aplis/apļi:m, kvadrāts/kvadrāti:m, trīsstūris/trīsstūri:m, zvaigzne/zvaigznes:f, "
    "gredzens/gredzeni:m, krusts/krusti:m, sirds/sirdis:f, rombs/rombi:m",
    sizes="maz+, liel+",
    colours="sarkan+, oranž+, dzelten+, zaļ*, zil+, violet+, rozā, meln+",
    textures="svītrain+, punktain+",
    phrase="{size} {texture} {colour} {noun}|{number} {size} {texture} {colour} {noun}",
    both=", | un ",
    places="augšējā kreisajā stūrī, augšā, augšējā labajā stūrī, kreisajā pusē, vidū, "
    "labajā pusē, apakšējā kreisajā stūrī, apakšā, apakšējā labajā stūrī",
    backgrounds="uz balta fona, uz pelēka fona, uz gaiši zila fona, uz bēša fona",
    charts="m1 f1 f1",
    frames={
        "list": "Attēlā ir {things}.|Šeit ir uzzīmēts: {things}.",
        "at": "{place_a} ir {a}.|Attēlā {place_a} atrodas {a}.",
        "pair": "{place_a} ir {a}, bet {place_b} ir {b}.|{a} ir {place_a}, {b} — {place_b}.",
        "background": "{things} {background}.|{background} ir {things}.",
        "bars": "Stabiņu diagramma, stabiņu skaits: {number}; augstākais ir {first}, zemākais — "
        "{second}.|Šajā diagrammā no {number} stabiņiem augstākais ir {first}, bet zemākais ir "
        "{second}.",
        "line": "Līniju diagramma ar {number} punktiem; līnija ir {first} un iet uz <augšu/leju>."
        "|Šajā diagrammā līnija ar {number} punktiem <kāpj/krīt>; tā ir {first}.",
        "slices": "Sektoru diagramma ar {number} daļām; lielākā ir {first}, mazākā — {second}."
        "|No {number} apļa daļām lielākā ir {first}, bet mazākā ir {second}.",
    },
)

GREEK = Grammar(
    slots="m1 f1 n1 m2 f2 n2",
    endings={"+": "ος η ο οι ες α"},
    numbers="ένας/μία/ένα, δύο, τρεις/τρεις/τρία, τέσσερις/τέσσερις/τέσσερα",
    nouns="κύκλος/κύκλοι:m, τετράγωνο/τετράγωνα:n, τρίγωνο/τρίγωνα:n, αστέρι/αστέρια:n, "
    "δαχτυλίδι/δαχτυλίδια:n, σταυρός/σταυροί:m, καρδιά/καρδιές:f, ρόμβος/ρόμβοι:m",
    sizes="μικρός/μικρή/μικρό/μικροί/μικρές/μικρά, μεγάλ+",
    colours="κόκκιν+, πορτοκαλί, κίτριν+, πράσιν+, μπλε, μοβ, ροζ, μαύρ+",
    textures="με ρίγες, με βούλες",
    phrase="{number} {size} {colour} {noun} {texture}",
    both=", | και ",
    places="πάνω αριστερά, πάνω, πάνω δεξιά, αριστερά, στο κέντρο, δεξιά, κάτω αριστερά, κάτω, "
    "κάτω δεξιά",
    backgrounds="σε λευκό φόντο, σε γκρι φόντο, σε γαλάζιο φόντο, σε μπεζ φόντο",
    charts="f1 f1 n1",
    frames={
        "list": "Στην εικόνα: {things}.|Εδώ φαίνονται τα εξής: {things}.",
        "at": "{place_a} στην εικόνα: {a}.|{a} {place_a} στο σχέδιο.",
        "pair": "{place_a} {a}, {place_b} {b}.|{a} {place_a} και {b} {place_b}.",
        "background": "{things} {background}.|{background}: {things}.",
        "bars": "Γράφημα με {number} ράβδους· η ψηλότερη είναι {first} και η χαμηλότερη {second}."
        "|Από τις {number} ράβδους του γραφήματος η πιο ψηλή είναι {first} και η πιο χαμηλή "
        "{second}.",
        "line": "Γράφημα με {number} σημεία· η γραμμή είναι {first} και <ανεβαίνει/κατεβαίνει>."
        "|Στο γράφημα αυτό η γραμμή <αυξάνεται/μειώνεται> σε {number} σημεία και είναι {first}.",
        "slices": "Γράφημα πίτας με {number} κομμάτια· το μεγαλύτερο είναι {first} και το "
        "μικρότερο {second}.|Από τα {number} κομμάτια της πίτας το πιο μεγάλο είναι {first} και το "
        "πιο μικρό {second}.",
    },
)

GEORGIAN = Grammar(  # beside a number, the singular
    numbers="ერთი, ორი, სამი, ოთხი",
    nouns="წრე, კვადრატი, სამკუთხედი, ვარსკვლავი, რგოლი, ჯვარი, გული, რომბი",
    sizes="პატარა, დიდი",
    colours="წითელი, ნარინჯისფერი, ყვითელი, მწვანე, ლურჯი, იისფერი, ვარდისფერი, შავი",
    textures="ზოლიანი, წერტილებიანი",
    phrase="{size} {texture} {colour} {noun}|{number} {size} {texture} {colour} {noun}",
    both=", | და ",
    places="ზედა მარცხენა კუთხეში, ზემოთ, ზედა მარჯვენა კუთხეში, მარცხნივ, შუაში, მარჯვნივ, "
    "ქვედა მარცხენა კუთხეში, ქვემოთ, ქვედა მარჯვენა კუთხეში",
    backgrounds="თეთრ ფონზე, ნაცრისფერ ფონზე, ცისფერ ფონზე, კრემისფერ ფონზე",
    frames={
        "list": "სურათზე არის {things}.|აქ ჩანს {things}.",
        "at": "{place_a} არის {a}.|სურათზე {place_a} ჩანს {a}.",
        "pair": "{place_a} არის {a}, {place_b} კი {b}.|{a} არის {place_a}, ხოლო {b} — {place_b}.",
        "background": "{background} არის {things}.|{things} {background}.",
        "bars": "დიაგრამა {number} სვეტით; ყველაზე მაღალი არის {first}, ყველაზე დაბალი კი "
        "{second}.|ამ დიაგრამის {number} სვეტიდან უმაღლესი არის {first}, უდაბლესი კი {second}.",
        "line": "დიაგრამა {number} წერტილით; {first} ხაზი <იზრდება/მცირდება>."
        "|ამ დიაგრამაზე {first} ხაზი {number} წერტილზე <მაღლა ადის/დაბლა ჩადის>.",
        "slices": "წრიული დიაგრამა {number} ნაწილით; ყველაზე დიდი არის {first}, ყველაზე პატარა კი "
        "{second}.|წრის {number} ნაწილიდან უდიდესი არის {first}, უმცირესი კი {second}.",
    },
)

TURKISH = Grammar(  # beside a number, the singular
    numbers="bir, iki, üç, dört",
    nouns="daire, kare, üçgen, yıldız, halka, haç, kalp, eşkenar dörtgen",
    sizes="küçük, büyük",
    colours="kırmızı, turuncu, sarı, yeşil, mavi, mor, pembe, siyah",
    textures="çizgili, benekli",
    phrase="{size} {texture} {colour} {number} {noun}|{number} {size} {texture} {colour} {noun}",
    both=", | ve ",
    places="sol üst köşede, üstte, sağ üst köşede, solda, ortada, sağda, sol alt köşede, altta, "
    "sağ alt köşede",
    backgrounds="beyaz arka planda, gri arka planda, açık mavi arka planda, bej arka planda",
    frames={
        "list": "Resimde {things} var.|Burada {things} görülüyor.",
        "at": "{place_a} {a} var.|Resme bakınca {place_a} {a} görülüyor.",
        "pair": "{place_a} {a}, {place_b} {b} var.|Burada {a} {place_a}, {b} ise {place_b}.",
        "background": "{background} {things} var.|Resimde, {background}, {things} görülüyor.",
        "bars": "{number} sütunlu bir grafik; en yüksek sütun {first}, en alçak sütun {second}."
        "|Bu grafikteki {number} sütunun en uzunu {first}, en kısası {second} renkte.",
        "line": "{number} noktalı bir çizgi grafik; {first} çizgi <yükseliyor/düşüyor>."
        "|Bu grafikte {first} çizgi {number} nokta boyunca <artıyor/azalıyor>.",
        "slices": "{number} dilimli bir pasta grafik; en büyük dilim {first}, en küçük dilim "
        "{second}.|Bu pastanın {number} diliminden en irisi {first}, en ufağı {second} renkte.",
    },
)
