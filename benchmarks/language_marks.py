"""Words that tell a language from one close to it and that the texts at hand have too few of."""

MARKS: dict[str, str] = {
    "ms id": """
        kerana boleh bahawa ialah anda awak kamu beliau mereka kereta basikal motosikal kedai
        syarikat mesyuarat televisyen polis universiti kualiti pejabat kakitangan kanak-kanak
        budak perempuan lelaki emak ayah bapa adik abang kakak datuk nenek guru murid pelajar
        sekolah hospital doktor jururawat ubat wang ringgit harga murah mahal bas teksi lori
        tren kapal lapangan terbang tiket beg kasut baju seluar stoking tudung cermin pisau sudu
        garpu pinggan mangkuk gelas cawan botol peti sejuk dapur bilik tandas tingkap pintu
        kerusi meja almari lampu kipas tilam bantal selimut berus gigi sabun tuala epal oren
        tembikai betik nanas mempelam timun lobak kubis kentang bawang ayam daging lembu kambing
        ikan udang ketam sotong telur susu keju roti mentega kek coklat gula garam kicap sos
        minyak teh kopi jus ais Isnin Selasa Rabu Khamis Jumaat Sabtu Ahad Januari Mac Ogos
        Disember pagi petang malam semalam esok lusa minggu bulan tahun jam minit saat dahulu
        kemudian sekarang nanti sentiasa selalu kadang-kadang tidak bukan belum sudah telah
        sedang akan hendak mahu perlu mesti cuba berbeza berbanding pelbagai kebanyakan setiap
        semua beberapa sesetengah sebuah seorang seekor sebatang sehelai sebiji sekeping merah
        biru hijau kuning jingga ungu kelabu hitam putih perang bersebelahan berhampiran di
        hadapan di belakang di antara di dalam di luar ketawa menangis berjalan berlari melompat
        berenang mengayuh menaiki memandu terbang duduk berdiri berbaring tidur bangun makan
        minum masak basuh cuci memakai memegang membawa melihat mendengar bercakap berbual
        bersembang bermain belajar mengajar bekerja berehat negara bandar bandaraya kampung
        pekan jalan raya lebuh raya sungai tasik pantai pulau gunung bukit hutan padang ladang
        sawah kebun taman bunga pokok daun rumput burung kucing anjing gajah harimau ular cuaca
        hujan panas sejuk angin awan langit matahari salji ribut banjir bola sepak badminton
        permainan filem muzik lagu gambar lukisan surat khabar majalah buku pen kertas komputer
        telefon bimbit laman web muat turun tetapan kata laluan papan kekunci tetikus
    """,
    "nn no da sv": """
        eg meg du deg han honom ho henne vi oss de dykk dei ikkje noko nokon nokre ingen
        ingenting kva kven kvar korleis kvifor kor når frå til mellom gjennom utan vore vere
        vert blir vart blei var er ein ei eit den det dette denne desse min mi mitt sin si sitt
        vår vårt dykkar deira heim heime ute inne oppe nede berre også òg saman saman med mykje
        mange meir mest fleire flest lite mindre minst større størst gamal gammal gamalt ny nytt
        liten lita små stor raud raudt raude blå blått gul grøn grønt kvit kvitt svart grå brun
        jente jenta jenter jentene gut guten gutar gutane kvinne kvinna kvinner kvinnene mann
        mannen menn mennene barn barnet borna unge ungane mor far bror syster systrer bestemor
        bestefar folk menneske menneska hund hunden hundar hundane katt katten kattar hest
        hesten hestar ku kua kyr sau sauen sauer fugl fuglen fuglar fisk fisken fiskar tre treet
        trea skog skogen skogar fjell fjellet fjella fjord fjorden fjordar elv elva elvar vatn
        vatnet sjø sjøen strand stranda strender øy øya øyar himmel himmelen sol sola måne månen
        stjerne stjerner snø snøen regn regnet vind vinden hus huset husa dør døra dører
        vindauge vindauget vindauga tak taket veg vegen vegar gate gata gater bru brua bruer
        kyrkje kyrkja kyrkjer skule skulen skular butikk butikken butikkar bil bilen bilar båt
        båten båtar sykkel sykkelen syklar tog toget bord bordet stol stolen stolar seng senga
        senger bok boka bøker blome blomen blomar gras graset eple eplet epla brød brødet mjølk
        mjølka ost osten kjøt kjøtet middag frukost kveld kvelden morgon morgonen dag dagen
        dagar natt natta netter veke veka veker månad månaden månader år året åra gjer gjera
        gjorde gjort gjev gje gav gjeve tek ta tok teke kjem kome kom kome gå går gjekk gått
        står stå stod stått sit sitje sat sete ligg liggje låg lege ser sjå såg sett høyrer
        høyre høyrde seier seie sa sagt spør spørje spurde veit vite visste et ete åt drikk
        drikke drakk søv sove sov les lese las skriv skrive skreiv spring springe sprang leikar
        leike lærer lære byggjer byggje køyrer køyre køyrde kjøper kjøpe selje seljer ventar
        vente arbeider arbeide brukar bruke fleirtal høve verksemd moglegheit løysing utdanning
        opplysning samfunn kjærleik fridom rettar tryggleik eigen eiga eige eigne sjølv sjølve
        annan anna andre kvarandre alltid aldri ofte sidan medan fordi dersom enn eller om at
        som då nå no her der
    """,
    "cs sk": """
        který která které kteří jsem jsi jsme jste jsou byl byla bylo byli být není nejsou
        protože aby když kde jak proč než také také ještě už jen jenom velmi velký malý starý
        nový mladý hezký dobrý lepší nejlepší červený modrý zelený žlutý bílý černý šedý hnědý
        oranžový dítě děti holka dívka kluk chlapec muž žena lidé člověk kůň pes kočka pták ryba
        kráva prase ovce slepice strom les hora řeka jezero moře pláž nebe slunce měsíc hvězda
        sníh déšť vítr dům dveře okno střecha cesta silnice ulice most kostel škola obchod auto
        loď kolo vlak letadlo stůl židle postel kniha květina tráva jablko chléb mléko sýr maso
        večeře snídaně oběd den noc ráno večer týden měsíc rok dnes včera zítra pondělí úterý
        středa čtvrtek pátek sobota neděle leden únor březen květen červen červenec srpen září
        říjen listopad prosinec dělá jde jede stojí sedí leží vidí slyší říká ptá se ví jí pije
        spí čte píše běží hraje si učí se staví řídí kupuje prodává čeká pracuje používá nese
        drží dívá se usmívá se směje se před mezi skrz pro při přes pod nad vedle kolem proti
        uvnitř venku nahoře dole
    """,
    "be ru uk": """
        які якая якое якія ён яна яно яны мы вы што хто дзе як чаму калі таму або але толькі
        таксама вельмі вялікі маленькі стары новы малады прыгожы добры лепшы чырвоны сіні зялёны
        жоўты белы чорны шэры карычневы дзіця дзеці дзяўчына хлопец мужчына жанчына людзі
        чалавек конь сабака кот птушка рыба карова дрэва лес гара рака возера мора неба сонца
        месяц зорка снег дождж вецер дом дзверы акно дах дарога вуліца мост царква школа крама
        машына лодка цягнік самалёт стол крэсла ложак кніга кветка трава яблык хлеб малако сыр
        мяса дзень ноч раніца вечар тыдзень год сёння учора заўтра ідзе едзе стаіць сядзіць
        ляжыць бачыць кажа ведае есць п'е спіць чытае піша бяжыць гуляе вучыцца працуе чакае
        трымае глядзіць
    """,
}
"""Words in no order, by their language and then those of ours that are close to it."""
