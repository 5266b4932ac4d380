"""Which small numbers does a text say in words? For all 30 languages, as far as they decline them.

Cardinals from 0 to 20, the tens, 100 and 1000, and the ordinals that do not begin like their
cardinals. Chinese and Japanese numerals are read as they are.
"""

import re
from collections.abc import Mapping
from functools import cache

from filters.caption_text import CaptionText

_LETTER = r"[\w\u0900-\u0dff]"
_VALUES = (*range(21), *range(30, 100, 10), 100)

# By language the words of each value, with ` | ` between values; a last hyphen stands for any
# ending, `_` for a space.
_WORDS: Mapping[str, str] = {
    "en": "zero nil nought no none | one first once a an single | two second- twice both pair"
    " doubl- | three third- triple | four- | five fifth- | six- | seven- | eight- | nine ninth- |"
    " ten tenth- decade- | eleven- | twelve twelfth- dozen noon midday midnight | thirteen- |"
    " fourteen- | fifteen- | sixteen- | seventeen- | eighteen- | nineteen- | twent- | thirt- |"
    " fort- fourt- | fift- | sixt- | sevent- | eight- | ninet- | hundred- century cent-",
    "ar": "صفر | واحد أحد إحدى أول اول | اثن إثن ثاني ثنا ين ان | ثلاث ثالث | أربع اربع رابع | خمس"
    " خامس | ست سادس | سبع سابع | ثمان ثامن | تسع تاسع | عشر عاشر | عشر | عشر | عشر | عشر | عشر |"
    " عشر | عشر | عشر | عشر | عشرون عشرين عشرينات | ثلاثون ثلاثين | أربعون أربعين | خمسون خمسين |"
    " ستون ستين | سبعون سبعين | ثمانون ثمانين | تسعون تسعين | مئة مائة مئات قرن مئوي",
    "bn": "শূন্য- | এক- প্রথম- | দুই- দু- দ্বি- দ্বিতীয়- | তিন- তৃতীয়- | চার- চতুর্থ- | পাঁচ-"
    " পঞ্চম- | ছয়- ছয়- ষষ্ঠ- | সাত- সপ্তম- | আট- অষ্টম- | নয়- নয়- নবম- | দশ- | এগার- | বার- |"
    " তের- | চৌদ্দ- | পনের- | ষোল- | সতের- | আঠার- | উনিশ- | বিশ- কুড়ি- | ত্রিশ- | চল্লিশ- |"
    " পঞ্চাশ- | ষাট- | সত্তর- | আশি- | নব্বই- | শত- একশ- শ",
    "da": "nul | en et én ét første ene | to anden andet andre begge par | tre tredje | fire"
    " fjerde | fem femte | seks sjette | syv- | otte- ottende | ni niende | ti tiende | elleve-"
    " ellevte | tolv- dusin middag midnat | tretten- | fjorten- | femten- | seksten- | sytten- |"
    " atten- | nitten- | tyv- | tredi- | fyrre- | halvtreds- | tres- | halvfjerds- | firs- |"
    " halvfems- | hundred- århundred-",
    "de": "null | ein- erst- | zwei- zwo beid- zweit- | drei- dritt- | vier- | fünf- | sechs- |"
    " sieben- siebt- | acht- | neun- | zehn- | elf- | zwölf- dutzend- mittag- mitternacht- |"
    " dreizehn- | vierzehn- | fünfzehn- | sechzehn- | siebzehn- | achtzehn- | neunzehn- | zwanzig-"
    " | dreißig- dreissig- | vierzig- | fünfzig- | sechzig- | siebzig- | achtzig- | neunzig- |"
    " hundert- jahrhundert- einhundert-",
    "el": "μηδέν- μηδεν- | ένα ένας μία μια ενός μιας πρώτ- πρωτ- | δύο δυο δεύτερ- δευτέρ- | τρία"
    " τρεις τριών τρια- τρι- τρίτ- | τέσσερ- τεσσάρων τετρα- τέταρτ- | πέντε πεντα- πέμπτ- | έξι"
    " εξα- έκτ- | επτά εφτά έβδομ- επτα- | οκτώ οχτώ όγδο- οκτα- | εννέα εννιά ένατ- | δέκα δεκα-"
    " δέκατ- | έντεκα ενδέκατ- | δώδεκα δωδέκατ- μεσημέρι μεσάνυχτα | δεκατρ- | δεκατέσσερ- |"
    " δεκαπέντε- | δεκαέξι- δεκάξι- | δεκαεπτά δεκαεφτά | δεκαοκτώ δεκαοχτώ | δεκαεννέα δεκαεννιά"
    " | είκοσι- εικοσ- | τριάντα- τριαντα- | σαράντα- σαραντα- | πενήντα- πενηντα- | εξήντα-"
    " εξηντα- | εβδομήντα- | ογδόντα- | ενενήντα- | εκατό- εκατοντ- αιών- αιώνα",
    "es": "cero | un una uno primer- | dos segund- ambos ambas par doble | tres tercer- trio |"
    " cuatro cuart- | cinco quint- | seis sext- | siete séptim- | ocho octav- | nueve noven- |"
    " diez décim- decena | once undécim- | doce docena mediodía medianoche | trece | catorce |"
    " quince quincena | dieciséis | diecisiete | dieciocho | diecinueve | veint- | treint- |"
    " cuarent- | cincuent- | sesent- | setent- | ochent- | novent- | cien ciento- cent- siglo",
    "fi": "nolla | yksi yhde yhtä yhte ensimmäi ykkö yhden | kaksi kahde kahta kahte toinen toise"
    " toista kahdek kaksin | kolme kolma kolmas | neljä neli- | viisi viide viittä viite | kuusi"
    " kuude kuutta kuute | seitsem | kahdeks | yhdeks | kymmen | yksitoista yhdentoista yhtätoista"
    " yhdellätoista | kaksitoista kahdentoista kahtatoista tusina keskipäiv keskiyö puoliyö |"
    " kolmetoista kolmentoista | neljätoista neljäntoista | viisitoista viidentoista | kuusitoista"
    " kuudentoista | seitsemäntoista | kahdeksantoista | yhdeksäntoista | kaksikymmen kahdenkymmen"
    " kahtakymmen | kolmekymmen kolmenkymmen | neljäkymmen nelikymmen neljänkymmen | viisikymmen"
    " viidenkymmen | kuusikymmen kuudenkymmen | seitsemänkymmen | kahdeksankymmen | yhdeksänkymmen"
    " | sata sada satoja satoi sadoi",
    "fr": "zéro | un une premi- | deux deuxièm- second- double paire | trois troisièm- trio |"
    " quatre quatrièm- quart- | cinq- | six- sixièm- | sept- septièm- | huit- | neuf neuvièm- |"
    " dix- dizaine | onze- onzièm- | douz- midi minuit | treiz- | quatorz- | quinz- | seiz- |"
    " dix-sept- | dix-huit- | dix-neuf- | vingt- | trent- | quarant- | cinquant- | soixant- |"
    " soixante-dix- septante | quatre-vingt- huitante octante | quatre-vingt-dix- nonante | cent-"
    " siècle-",
    "hi": "शून्य | एक पहल प्रथम | दो दूसर दोन द्वि | तीन तीसर तृतीय | चार चौथ चतुर्थ | पाँच पांच"
    " पाचव | छह छः छ: छठ छे | सात | आठ | नौ | दस | ग्यारह | बारह दोपहर | तेरह | चौदह | पंद्रह"
    " पन्द्रह | सोलह | सत्रह सतरह | अठारह अट्ठारह | उन्नीस | बीस | तीस | चालीस | पचास | साठ |"
    " सत्तर | अस्सी | नब्बे | सौ सैकड़ सैकड शत",
    "id": "nol kosong | satu se- pertama | dua kedua- sepasang | tiga ketiga- | empat keempat- |"
    " lima kelima- | enam keenam- | tujuh ketujuh- | delapan kedelapan- | sembilan kesembilan- |"
    " sepuluh kesepuluh- | sebelas kesebelas- | dua_belas selusin lusin | tiga_belas | empat_belas"
    " | lima_belas | enam_belas | tujuh_belas | delapan_belas | sembilan_belas | dua_puluh- |"
    " tiga_puluh- | empat_puluh- | lima_puluh- | enam_puluh- | tujuh_puluh- | delapan_puluh- |"
    " sembilan_puluh- | seratus ratus- abad",
    "it": "zero | un un' uno una prim- | due second- entramb- doppi- paio coppia | tre terz- trio"
    " | quattro quart- | cinque quint- | sei sest- | sette settim- | otto ottav- | nove non- |"
    " dieci decim- decina | undic- | dodic- dozzina mezzogiorno mezzanotte | tredic- | quattordic-"
    " | quindic- | sedic- | diciassett- | diciott- | diciannov- | vent- | trent- | quarant- |"
    " cinquant- | sessant- | settant- | ottant- | novant- | cent- secol-",
    "ka": "ნულ- | ერთ- პირველ- | ორ- მეორ- | სამ- მესამ- | ოთხ- მეოთხ- | ხუთ- მეხუთ- | ექვს-"
    " მეექვს- | შვიდ- მეშვიდ- | რვა- მერვ- რვ- | ცხრა- მეცხრ- | ათ- მეათ- | თერთმეტ- მეთერთმეტ- |"
    " თორმეტ- მეთორმეტ- | ცამეტ- | თოთხმეტ- | თხუთმეტ- | თექვსმეტ- | ჩვიდმეტ- | თვრამეტ- |"
    " ცხრამეტ- | ოც- | ოცდაათ- | ორმოც- | ორმოცდაათ- | სამოც- | სამოცდაათ- | ოთხმოც- | ოთხმოცდაათ-"
    " | ას- საუკუნ-",
    "ko": "영 제로 | 한 하나- 하루- 첫- 일단 일주- | 두 둘- 두번- 이틀- 이중 양 | 세 셋- 석 세번-"
    " 사흘- | 네 넷- 네번- 나흘- 사방 | 다섯- 닷새- | 여섯- | 일곱- | 여덟- | 아홉- | 열 열번- |"
    " 열한- 십일- | 열두- 열둘- 십이- 정오- 자정- | 열세- 열셋- 십삼- | 열네- 열넷- 십사- |"
    " 열다섯- 십오- | 열여섯- 십육- | 열일곱- 십칠- | 열여덟- 십팔- | 열아홉- 십구- | 스무- 스물-"
    " 이십- | 서른- 삼십- | 마흔- 사십- | 쉰- 오십- | 예순- 육십- | 일흔- 칠십- | 여든- 팔십- |"
    " 아흔- 구십- | 백- 수백- 세기-",
    "lv": "null- | vien- pirm- | div- otr- ab- | trīs- trij- treš- tre- tri- | četr- ceturt- |"
    " piec- piekt- | seš- sest- | septiņ- septī- | astoņ- asto- | deviņ- devī- | desmit- |"
    " vienpadsmit- | divpadsmit- ducis pusdienlaik- pusnakt- | trīspadsmit- | četrpadsmit- |"
    " piecpadsmit- | sešpadsmit- | septiņpadsmit- | astoņpadsmit- | deviņpadsmit- | divdesmit- |"
    " trīsdesmit- | četrdesmit- | piecdesmit- | sešdesmit- | septiņdesmit- | astoņdesmit- |"
    " deviņdesmit- | simt- gadsimt- simts",
    "nl": "nul | een één eerst- | twee- beid- | drie- derde- | vier- | vijf- | zes- | zeven- |"
    " acht- | negen- | tien- | elf- | twaalf- dozijn middag middernacht | dertien- | veertien- |"
    " vijftien- | zestien- | zeventien- | achttien- | negentien- | twintig- | dertig- | veertig- |"
    " vijftig- | zestig- | zeventig- | tachtig- | negentig- | honderd- eeuw-",
    "no": "null | en et én ett ei første ene | to annen annet andre begge par | tre tredje | fire"
    " fjerde | fem femte | seks sjette | syv- sju- | åtte- | ni niende | ti tiende | elleve-"
    " ellevte | tolv- dusin midnatt middag | tretten- | fjorten- | femten- | seksten- | sytten- |"
    " atten- | nitten- | tjue- tyve- | tretti- tredve- | førti- | femti- | seksti- | sytti- |"
    " åtti- | nitti- | hundre- århundre-",
    "pl": "zero zer- | jed- pierwsz- raz | dw- drug- oba oboje obaj obie par- | trzy trzej trzech"
    " trzem- trójk- trzeci- troje | czter- czwart- | pięć pięci- piąt- | sześć sześci- szóst- |"
    " siedem siedmi- siódm- | osiem ośmi- ósm- | dziewięć dziewięci- dziewiąt- | dziesięć"
    " dziesięci- dziesiąt- | jedenast- | dwunast- dwanaście tuzin- południe północ | trzynast- |"
    " czternast- | piętnast- | szesnast- | siedemnast- | osiemnast- | dziewiętnast- | dwadzieścia"
    " dwudziest- | trzydzie- trzydziest- | czterdzie- czterdziest- | pięćdziesiąt- pięćdziesięci-"
    " | sześćdziesiąt- sześćdziesięci- | siedemdziesiąt- siedemdziesięci- | osiemdziesiąt-"
    " osiemdziesięci- | dziewięćdziesiąt- dziewięćdziesięci- | sto stu setn- stulec- wiek-",
    "pt": "zero | um uma primeir- | dois duas segund- ambos ambas par dupl- | três terceir- trio |"
    " quatro quart- | cinco quint- | seis sext- | sete sétim- | oito oitav- | nove non- | dez"
    " décim- dezena | onze | doze dúzia meio-dia meia-noite | treze | catorze quatorze | quinze |"
    " dezasseis dezesseis | dezassete dezessete | dezoito | dezanove dezenove | vint- | trint- |"
    " quarent- | cinquent- cinqüent- | sessent- | setent- | oitent- | novent- | cem cento cent-"
    " século-",
    "ro": "zero | un o una unu unul prim- întâi | doi două doua ambele ambii dubl- pereche | trei"
    " treia treilea trio | patru patrulea patra sfert | cinci- | șase- şase- | șapte- şapte- |"
    " opt- | nouă noua | zece- zecea | unsprezece- | doisprezece- douăsprezece- amiază miezul |"
    " treisprezece- | paisprezece- | cincisprezece- | șaisprezece- şaisprezece- | șaptesprezece- |"
    " optsprezece- | nouăsprezece- | douăzeci- | treizeci- | patruzeci- | cincizeci- | șaizeci-"
    " şaizeci- | șaptezeci- şaptezeci- | optzeci- | nouăzeci- | sută sut- secol-",
    "ru": "нол- нул- | один одн- перв- раз единиц- | два две дву- двух- двум- втор- дво- оба обе"
    " обо- пар- | три трех- трёх- трем- трём- трет- трое тро- | четыр- четв- четырё- | пят- |"
    " шест- | семь семи- седьм- семер- | восемь восьм- восем- | девят- | десят- | одиннадцат- |"
    " двенадцат- дюжин- полдень полноч- полдн- | тринадцат- | четырнадцат- | пятнадцат- |"
    " шестнадцат- | семнадцат- | восемнадцат- | девятнадцат- | двадцат- | тридцат- | сорок- |"
    " пятьдесят- пятидесят- | шестьдесят- шестидесят- | семьдесят- семидесят- | восемьдесят-"
    " восьмидесят- | девяност- | сто ста сот- столет- век-",
    "sk": "nul- | jed- prv- raz | dv- druh- oba obe dvoj- pár- | tri traja troch trom- tret- troj-"
    " | štyri- štyro- štvrt- | päť- piat- pät- | šesť- šiest- šest- | sedem- siedm- sedm- | osem-"
    " ôsm- osm- | deväť- deviat- devät- | desať- desiat- desat- | jedenás- | dvanás- tucet-"
    " poludni- polnoc- | trinás- | štrnás- | pätnás- | šestnás- | sedemnás- | osemnás- | devätnás-"
    " | dvadsa- dvadsia- | tridsa- tridsia- | štyridsa- štyridsia- | päťdesia- | šesťdesia- |"
    " sedemdesia- | osemdesia- | deväťdesia- | sto sto- stoviek storoč-",
    "sv": "noll | en ett första ena | två andra båda par dubbel- | tre tredje | fyra fjärde | fem"
    " femte | sex sjätte | sju- sjunde | åtta- åttonde | nio- nionde | tio- tionde | elva- elfte |"
    " tolv- tolfte dussin midnatt | tretton- | fjorton- | femton- | sexton- | sjutton- | arton- |"
    " nitton- | tjugo- | trettio- | fyrtio- | femtio- | sextio- | sjuttio- | åttio- | nittio- |"
    " hundra- århundra-",
    "th": "ศูนย์ | หนึ่ง แรก เดียว | สอง คู่ ทั้งคู่ | สาม | สี่ | ห้า | หก | เจ็ด | แปด | เก้า |"
    " สิบ | สิบเอ็ด | สิบสอง เที่ยง โหล | สิบสาม | สิบสี่ | สิบห้า | สิบหก | สิบเจ็ด | สิบแปด |"
    " สิบเก้า | ยี่สิบ | สามสิบ | สี่สิบ | ห้าสิบ | หกสิบ | เจ็ดสิบ | แปดสิบ | เก้าสิบ | ร้อย"
    " ศตวรรษ",
    "tr": "sıfır- | bir- ilk tek | iki- çift | üç- | dört- dörd- | beş- | altı- | yedi- | sekiz- |"
    " dokuz- | on on- | on_bir- | on_iki- düzine öğle- gece | on_üç- | on_dört- | on_beş- |"
    " on_altı- | on_yedi- | on_sekiz- | on_dokuz- | yirmi- | otuz- | kırk- | elli- | altmış- |"
    " yetmiş- | seksen- | doksan- | yüz-",
    "uk": "нул- | один одн- перш- раз | два дві двох двом- двома дво- друг- обид- оби- пар- | три"
    " трьо- трет- троє трой- | чотир- четв- | п'ят- пят- п’ят- | шіст- шест- шост- | сім сем-"
    " сьом- | вісім восьм- вісьм- | дев'ят- девят- дев’ят- | десят- | одинадцят- | дванадцят-"
    " дюжин- опівдні опівночі полудень північ | тринадцят- | чотирнадцят- | п'ятнадцят-"
    " п’ятнадцят- | шістнадцят- | сімнадцят- | вісімнадцят- | дев'ятнадцят- дев’ятнадцят- |"
    " двадцят- | тридцят- | сорок- | п'ятдесят- п’ятдесят- п'ятидесят- п’ятидесят- | шістдесят-"
    " шістдесят- | сімдесят- | вісімдесят- | дев'яност- дев’яност- | сто ста сот- столітт- вік-",
    "ur": "صفر | ایک پہل اول | دو دوسر | تین تیسر | چار چوتھ | پانچ | چھ چھٹ | سات | آٹھ | نو | دس"
    " | گیارہ | بارہ دوپہر | تیرہ | چودہ | پندرہ | سولہ | سترہ | اٹھارہ | انیس | بیس | تیس | چالیس"
    " | پچاس | ساٹھ | ستر | اسی | نوے | سو صد",
    "vi": "zero | một nhất đầu mốt | hai nhì đôi | ba | bốn | năm lăm | sáu | bảy bẩy | tám | chín"
    " | mười mươi chục | mười_một | mười_hai tá trưa | mười_ba | mười_bốn | mười_lăm mười_năm |"
    " mười_sáu | mười_bảy | mười_tám | mười_chín | hai_mươi | ba_mươi | bốn_mươi | năm_mươi |"
    " sáu_mươi | bảy_mươi | tám_mươi | chín_mươi | trăm",
}  # fmt: skip

_SCALES_IN: Mapping[str, str] = {
    "en": "thousand- million- billion- trillion- k m bn tn mln",
    "ar": "ألف آلاف الف مليون ملايين مليار بليون تريليون",
    "bn": "হাজার- লাখ- লক্ষ- কোটি- মিলিয়ন- বিলিয়ন-",
    "da": "tusind- million- mio milliard- mia",
    "de": "tausend- million- mio milliard- mrd billion- tsd",
    "el": "χίλι- χιλι- εκατομμ- εκατ δισ- τρισ-",
    "es": "mil miles millar- millón- millon- mill billon- billón",
    "fi": "tuhan tuhat miljoon miljard milj mrd",
    "fr": "mille- millier- million- milliard- billion- md mds m",
    "hi": "हज़ार- हजार- लाख- करोड़- मिलियन- बिलियन-",
    "id": "ribu- seribu juta- miliar- triliun milyar",
    "it": "mille mila migliai- milion- miliard- mln mld",
    "ka": "ათას- მილიონ- მილიარდ- მლნ მლრდ",
    "ko": "천- 만- 억-",
    "lv": "tūksto- miljon- miljard- milj mljrd",
    "nl": "duizend- miljoen- miljard- mln mld",
    "no": "tusen- million- millioner milliard- mill mrd",
    "pl": "tysiąc- tysięcy tys milion- miliard- mln mld bilion-",
    "pt": "mil milhar- milh- bilh- milhões mi bi mld",
    "ro": "mie mii milion- milioane miliard- mil mld",
    "ru": "тысяч- тыс миллион- млн миллиард- млрд триллион-",
    "sk": "tisíc- milión- milion- mil miliard- mld",
    "sv": "tusen- miljon- miljard- mn mkr mdr md",
    "th": "พัน หมื่น แสน ล้าน",
    "tr": "bin- milyon- milyar- trilyon mn",
    "uk": "тисяч- тис мільйон- млн мільярд- млрд",
    "ur": "ہزار- لاکھ- کروڑ- ملین- بلین- ارب-",
    "vi": "nghìn ngàn triệu tỷ tỉ",
    "zh": "千 万 萬 亿 億",
    "ja": "千 万 億",
}

_NOT_AFTER = {"vi": "(?<!thứ )(?<!phần )"}
"""After these are days of the week, and the hundred of per cent."""

_INSIDE = frozenset(["ar", "fi", "ja", "th", "zh"])
"""Where a word may stand inside another: articles, prefixes, compounds, no spaces at all."""

_ROMAN = re.compile(r"(?<!\w)([ivx]{1,6})(?:[eº]|er|[eè]me|esimo)?(?!\w)")
_LEAST_NOT_ROMAN = 40  # XL may be a size
_ROMANS = {"i": 1, "v": 5, "x": 10}

_NUMERALS = {char: n for n, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = re.compile(f"[{''.join(_NUMERALS)}{''.join(_SCALES)}]{{1,12}}")


def says(number: int, folded: str, language: str) -> bool:
    """Whether a text has a word or a Roman numeral for `number`, or for its tens and its ones.

    Args:
      number: at least 0.
      folded: a text's `CaptionText.folded`.
      language: one of the 30.

    >>> says(42, "zweiundvierzig", "de"), says(24, "二十四个", "zh"), says(5, "a dog", "en")
    (True, True, False)
    >>> says(14, "louis xiv", "fr")
    True
    """
    if language in ("zh", "ja"):
        return number in {_value(numeral) for numeral in _NUMERAL.findall(folded)}
    if number == 1000:
        return says_scale(folded, language)
    if number < _LEAST_NOT_ROMAN and number in map(_roman_value, _ROMAN.findall(folded)):
        return True
    if number in _VALUES:
        return _pattern(number, language).search(folded) is not None
    if not 20 < number < 100:
        return False
    tens, ones = (
        _pattern(part, language, inside=True) for part in (number // 10 * 10, number % 10)
    )
    return tens.search(folded) is not None and ones.search(folded) is not None


def says_scale(folded: str, language: str) -> bool:
    """Whether a text has a word for a thousand, a million or more."""
    return _found(_SCALES_IN[language], language).search(folded) is not None


def _value(numeral: str) -> int:
    """What Han numerals below ten thousand stand for, in places (二〇一九) or scales (二十四)."""
    if not any(char in _SCALES for char in numeral):
        return int("".join([str(_NUMERALS[char]) for char in numeral]))
    value, ones = 0, 0
    for char in numeral:
        if char in _SCALES:
            value, ones = value + (ones or 1) * _SCALES[char], 0
        else:
            ones = _NUMERALS[char]
    return value + ones


def _roman_value(numeral: str) -> int:
    values = [_ROMANS[letter] for letter in numeral]
    following = [*values[1:], 0]
    return sum(-its if its < after else its for its, after in zip(values, following, strict=True))


@cache
def _pattern(number: int, language: str, inside: bool = False) -> re.Pattern[str]:
    return _found(_WORDS[language].split(" | ")[_VALUES.index(number)], language, inside)


@cache
def _found(entry: str, language: str, inside: bool = False) -> re.Pattern[str]:
    words = [word.replace("_", " ") for word in CaptionText.of(entry).folded.split()]
    if inside or language in _INSIDE:
        return re.compile("|".join([re.escape(word.rstrip("-")) for word in words]))
    forms = [word[:-1] if word.endswith("-") else f"{word}(?!{_LETTER})" for word in words]
    return re.compile(f"{_NOT_AFTER.get(language, '')}(?<!{_LETTER})(?:{'|'.join(forms)})")
