"""Arabic, Hindi, Urdu, Bengali."""

from pipelines.sample.grammars.grammar import Grammar

ARABIC = Grammar(  # one, two (the dual, without a number), and a plural that is feminine singular
    slots="m1 f1 m2 f2 m3 f3",
    classes="1233",
    endings={"+": "- ة ان تان ة ة"},
    numbers="واحد/واحدة, اثنان/اثنتان, ثلاثة/ثلاث, أربعة/أربع",
    nouns="دائرة/دائرتان/دوائر:f, مربع/مربعان/مربعات:m, مثلث/مثلثان/مثلثات:m, نجمة/نجمتان/نجوم:f, "
    "حلقة/حلقتان/حلقات:f, صليب/صليبان/صلبان:m, قلب/قلبان/قلوب:m, معين/معينان/معينات:m",
    sizes="صغير+, كبير+",
    colours="أحمر/حمراء/أحمران/حمراوان/حمراء/حمراء, برتقالي+, "
    "أصفر/صفراء/أصفران/صفراوان/صفراء/صفراء, أخضر/خضراء/أخضران/خضراوان/خضراء/خضراء, "
    "أزرق/زرقاء/أزرقان/زرقاوان/زرقاء/زرقاء, بنفسجي+, وردي+, "
    "أسود/سوداء/أسودان/سوداوان/سوداء/سوداء",
    textures="مخطط+, منقط+",
    phrase="{noun} {colour} {size} {texture}|{noun} {colour} {size} {texture}"
    "|{number} {noun} {colour} {size} {texture}",
    both="، | و",
    places="في أعلى اليسار, في الأعلى, في أعلى اليمين, على اليسار, في الوسط, على اليمين, "
    "في أسفل اليسار, في الأسفل, في أسفل اليمين",
    backgrounds="على خلفية بيضاء, على خلفية رمادية, على خلفية زرقاء فاتحة, على خلفية بيج",
    charts="m1 m1 f1",
    frames={
        "list": "في الصورة {things}.|هنا في هذا الرسم: {things}.",
        "at": "{place_a} {a}.|في هذه الصورة {place_a}: {a}.",
        "pair": "{place_a} {a}، و{place_b} {b}.|{a} {place_a}، و{b} {place_b}.",
        "background": "{things} {background}.|{background}: {things}.",
        "bars": "رسم بياني عدد أعمدته {number}؛ أعلى عمود فيه {first} وأدنى عمود {second}."
        "|في هذا الرسم أعمدة عددها {number}، أطولها {first} وأقصرها {second}.",
        "line": "رسم بياني بخط {first} <صاعد/هابط> عدد نقاطه {number}."
        "|الخط في هذا الرسم {first} ويتجه إلى <الأعلى/الأسفل> عبر نقاط عددها {number}.",
        "slices": "رسم دائري عدد شرائحه {number}؛ أكبر شريحة {first} وأصغر شريحة {second}."
        "|في هذه الدائرة شرائح عددها {number}، أكبرها {first} وأصغرها {second}.",
    },
)

HINDI = Grammar(  # these nouns are masculine; a line is feminine
    slots="1 2 f",
    endings={"+": "ा े ी"},
    numbers="एक, दो, तीन, चार",
    nouns="वृत्त, वर्ग, त्रिभुज, तारा/तारे, छल्ला/छल्ले, क्रॉस, दिल, समचतुर्भुज",
    sizes="छोट+, बड़+",
    colours="लाल, नारंगी, पील+, हर+, नील+, बैंगनी, गुलाबी, काल+",
    textures="धारीदार, बिंदीदार",
    phrase="{number} {size} {texture} {colour} {noun}",
    both=", | और ",
    places="ऊपर बाएँ कोने में, ऊपर, ऊपर दाएँ कोने में, बाईं ओर, बीच में, दाईं ओर, "
    "नीचे बाएँ कोने में, नीचे, नीचे दाएँ कोने में",
    backgrounds="सफ़ेद पृष्ठभूमि पर, धूसर पृष्ठभूमि पर, हल्की नीली पृष्ठभूमि पर, बेज पृष्ठभूमि पर",
    charts="1 f 1",
    frames={
        "list": "चित्र में दिखाया गया है: {things}।|यहाँ देखिए: {things}।",
        "at": "चित्र में {place_a} {a}।|{place_a} देखिए: {a}।",
        "pair": "{place_a} {a} और {place_b} {b}।|{a} {place_a}, जबकि {b} {place_b}।",
        "background": "{background} {things}।|{things}, {background}।",
        "bars": "{number} स्तंभों वाला चार्ट; सबसे ऊँचा स्तंभ {first} और सबसे नीचा {second} है।"
        "|इस चार्ट के {number} स्तंभों में सबसे लंबा {first} है और सबसे छोटा {second}।",
        "line": "{number} बिंदुओं वाला रेखा चार्ट; {first} रेखा <ऊपर/नीचे> जाती है।"
        "|इस चार्ट में {number} बिंदुओं से गुज़रती {first} रेखा <बढ़/घट> रही है।",
        "slices": "{number} टुकड़ों वाला पाई चार्ट; सबसे बड़ा टुकड़ा {first} और सबसे छोटा {second} है।"
        "|इस वृत्त के {number} टुकड़ों में सबसे बड़ा {first} है और सबसे छोटा {second}।",
    },
)

URDU = Grammar(  # as Hindi
    slots="1 2 f",
    endings={"+": "ا ے ی"},
    numbers="ایک, دو, تین, چار",
    nouns="دائرہ/دائرے, مربع, مثلث, ستارہ/ستارے, چھلا/چھلے, کراس, دل, معین",
    sizes="چھوٹ+, بڑ+",
    colours="سرخ, نارنجی, پیل+, سبز, نیل+, جامنی, گلابی, کال+",
    textures="دھاری دار, نقطے دار",
    phrase="{number} {size} {texture} {colour} {noun}",
    both="، | اور ",
    places="اوپر بائیں کونے میں, اوپر, اوپر دائیں کونے میں, بائیں طرف, درمیان میں, دائیں طرف, "
    "نیچے بائیں کونے میں, نیچے, نیچے دائیں کونے میں",
    backgrounds="سفید پس منظر پر, سرمئی پس منظر پر, ہلکے نیلے پس منظر پر, خاکی پس منظر پر",
    charts="1 f 1",
    frames={
        "list": "تصویر میں دکھایا گیا ہے: {things}۔|یہاں دیکھیے: {things}۔",
        "at": "تصویر میں {place_a} {a}۔|{place_a} دیکھیے: {a}۔",
        "pair": "{place_a} {a} اور {place_b} {b}۔|{a} {place_a}، جبکہ {b} {place_b}۔",
        "background": "{background} {things}۔|{things}، {background}۔",
        "bars": "{number} ستونوں والا چارٹ؛ سب سے اونچا ستون {first} اور سب سے نیچا {second} ہے۔"
        "|اس چارٹ کے {number} ستونوں میں سب سے لمبا {first} ہے اور سب سے چھوٹا {second}۔",
        "line": "{number} نقطوں والا چارٹ؛ {first} لکیر <اوپر/نیچے> جاتی ہے۔"
        "|اس چارٹ میں {number} نقطوں سے گزرتی {first} لکیر <بڑھ/گھٹ> رہی ہے۔",
        "slices": "{number} ٹکڑوں والا چارٹ؛ سب سے بڑا ٹکڑا {first} اور سب سے چھوٹا {second} ہے۔"
        "|اس دائرے کے {number} ٹکڑوں میں سب سے بڑا {first} ہے اور سب سے چھوٹا {second}۔",
    },
)

BENGALI = Grammar(  # the classifier টি is part of the number
    numbers="একটি, দুটি, তিনটি, চারটি",
    nouns="বৃত্ত, বর্গক্ষেত্র, ত্রিভুজ, তারা, বলয়, ক্রস, হৃদয়, রম্বস",
    sizes="ছোট, বড়",
    colours="লাল, কমলা, হলুদ, সবুজ, নীল, বেগুনি, গোলাপি, কালো",
    textures="ডোরাকাটা, বিন্দুযুক্ত",
    phrase="{number} {size} {texture} {colour} {noun}",
    both=", | এবং ",
    places="উপরের বাঁ কোণে, উপরে, উপরের ডান কোণে, বাঁ দিকে, মাঝখানে, ডান দিকে, নিচের বাঁ কোণে, "
    "নিচে, নিচের ডান কোণে",
    backgrounds="সাদা পটভূমিতে, ধূসর পটভূমিতে, হালকা নীল পটভূমিতে, বেইজ পটভূমিতে",
    frames={
        "list": "ছবিতে {things} আছে।|এখানে {things} দেখা যাচ্ছে।",
        "at": "{place_a} {a} আছে।|ছবিতে {place_a} {a} দেখা যায়।",
        "pair": "{place_a} {a}, আর {place_b} {b}।|{a} {place_a}, {b} {place_b}।",
        "background": "{background} {things}।|{background} {things} আঁকা হয়েছে।",
        "bars": "{number}টি স্তম্ভের চার্ট; সবচেয়ে উঁচু স্তম্ভটি {first}, সবচেয়ে নিচু স্তম্ভটি {second}।"
        "|এই চার্টের {number}টি স্তম্ভের মধ্যে সবচেয়ে লম্বাটি {first} আর সবচেয়ে খাটোটি {second}।",
        "line": "{number}টি বিন্দুর রেখাচিত্র; {first} রেখাটি <উপরে উঠছে/নিচে নামছে>।"
        "|এই রেখাচিত্রে {first} রেখাটি {number}টি বিন্দু ধরে <বাড়ছে/কমছে>।",
        "slices": "{number}টি অংশের পাই চার্ট; সবচেয়ে বড় অংশটি {first}, সবচেয়ে ছোট অংশটি {second}।"
        "|এই বৃত্তের {number}টি অংশের মধ্যে সবচেয়ে বড়টি {first} আর সবচেয়ে ছোটটি {second}।",
    },
)
