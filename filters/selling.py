"""Does this caption sell something: a price, a call to buy?"""

import re

from filters.caption_text import DIGIT, CaptionText
from filters.phrases import Phrases

_CALLS = Phrases.of(
    {
        "en": "buy now | buy online | buy it now | shop online | order now"
        " | order online | order today | add to cart | add to basket | add to bag"
        " | add to wishlist | free shipping | free delivery | fast shipping | sale price"
        " | limited offer | limited time offer | limited stock | money back guarantee"
        " | on sale now | now on sale | clearance sale | discount code | coupon code | promo code"
        " | while stocks last | view price",
        "ar": "اشتر الآن | اشتري الآن | تسوق الآن | اطلب الآن | أضف إلى السلة"
        " | أضف إلى عربة التسوق | شحن مجاني | توصيل مجاني | عرض خاص | احجز الآن",
        "bn": "এখনই কিনুন | এখনই অর্ডার করুন | কার্টে যোগ করুন | ফ্রি ডেলিভারি | বিশেষ অফার | কার্টে যুক্ত করুন",
        "zh": "立即购买 | 立即購買 | 马上购买 | 加入购物车 | 加入購物車 | 立即下单 | 免运费"
        " | 免運費 | 包邮 | 特价 | 特價 | 限时优惠 | 優惠價 | 优惠价 | 现货 | 厂家直销 | 抢购"
        " | 點此購買",
        "da": "køb nu | køb online | bestil nu | læg i kurv | læg i kurven | fri fragt"
        " | gratis fragt | tilbudspris",
        "nl": "koop nu | nu kopen | bestel nu | nu bestellen | bestel online | koop online"
        " | in winkelwagen | in winkelmand | gratis verzending",
        "fi": "osta nyt | osta heti | tilaa nyt | tilaa heti | lisää ostoskoriin"
        " | ilmainen toimitus",
        "fr": "achetez maintenant | acheter maintenant | acheter en ligne | achetez en ligne"
        " | commandez maintenant | commander maintenant | ajouter au panier | livraison gratuite"
        " | livraison offerte | code promo | réservez maintenant",
        "ka": "იყიდე ახლავე | იყიდეთ ახლავე | შეუკვეთე ახლავე | კალათაში დამატება"
        " | უფასო მიწოდება | სპეციალური შეთავაზება",
        "de": "jetzt kaufen | jetzt bestellen | online kaufen | online bestellen | hier kaufen"
        " | günstig kaufen | in den warenkorb | kostenloser versand | versandkostenfrei"
        " | sonderangebot | jetzt buchen | rabattcode | gutscheincode | jetzt shoppen",
        "el": "αγοράστε τώρα | αγορά τώρα | αγόρασε τώρα | παραγγείλτε τώρα | προσθήκη στο καλάθι"
        " | δωρεάν αποστολή | δωρεάν μεταφορικά | ειδική προσφορά",
        "hi": "अभी खरीदें | अभी ख़रीदें | अभी ऑर्डर करें | ऑनलाइन खरीदें | कार्ट में जोड़ें"
        " | मुफ्त डिलीवरी | मुफ़्त डिलीवरी | मुफ्त शिपिंग | विशेष ऑफर",
        "id": "beli sekarang | beli online | pesan sekarang | belanja sekarang"
        " | tambah ke keranjang | masukkan keranjang | gratis ongkir | jual murah | ready stock",
        "it": "acquista ora | compra ora | compra online | acquista online | ordina ora"
        " | aggiungi al carrello | spedizione gratuita | consegna gratuita | prenota ora"
        " | codice sconto",
        "ja": "今すぐ購入 | 今すぐ買う | 今すぐ注文 | カートに入れる | カートに追加 | 送料無料"
        " | 送料込み | 激安 | 特価 | 即納 | 在庫あり | 在庫限り | 最安値 | 期間限定セール"
        " | お買い得 | ご購入はこちら | ご注文はこちら | 通販 | 税込 | ポイント還元",
        "ko": "지금 구매 | 지금 구매하세요 | 구매하기 | 바로 구매 | 바로구매 | 장바구니에 담기"
        " | 장바구니 담기 | 무료 배송 | 무료배송 | 특가 | 최저가 | 지금 주문 | 주문하기"
        " | 할인코드 | 지금 주문하세요",
        "lv": "pērc tagad | pirkt tagad | pasūti tagad | pasūtīt tagad | pievienot grozam"
        " | ielikt grozā | bezmaksas piegāde | īpašs piedāvājums",
        "no": "kjøp nå | kjøp online | bestill nå | legg i handlekurv | legg i handlekurven"
        " | gratis frakt | fri frakt | tilbudspris",
        "pl": "kup teraz | kup online | kup już | zamów teraz | zamów online | dodaj do koszyka"
        " | darmowa dostawa | darmowa wysyłka | oferta specjalna | kod rabatowy",
        "pt": "compre agora | comprar agora | compre online | comprar online | encomende agora"
        " | adicionar ao carrinho | frete grátis | envio grátis | portes grátis",
        "ro": "cumpără acum | cumpărați acum | comandă acum | comandați acum | comandă online"
        " | adaugă în coș | transport gratuit | livrare gratuită",
        "ru": "купить сейчас | купите сейчас | купить онлайн | купить недорого | купи сейчас"
        " | заказать сейчас | закажите сейчас | заказать онлайн | добавить в корзину"
        " | бесплатная доставка | специальное предложение | интернет магазин",
        "sk": "kúpte teraz | kúpiť teraz | kúp teraz | objednajte teraz | objednať teraz"
        " | pridať do košíka | vložiť do košíka | doprava zdarma | špeciálna ponuka | zľavový kód",
        "es": "compra ahora | comprar ahora | compre ahora | comprar online | compra online"
        " | pide ahora | ordena ahora | añadir al carrito | agregar al carrito | envío gratis"
        " | envío gratuito | reserva ahora | código de descuento",
        "sv": "köp nu | köp online | beställ nu | beställ här | lägg i varukorg"
        " | lägg i varukorgen | fri frakt | gratis frakt",
        "th": "ซื้อเลย | ซื้อตอนนี้ | ซื้อออนไลน์ | หยิบใส่ตะกร้า | เพิ่มลงตะกร้า | ใส่ตะกร้า"
        " | ส่งฟรี | จัดส่งฟรี | ราคาพิเศษ | พร้อมส่ง | โปรโมชั่น",
        "tr": "hemen al | şimdi al | satın al | hemen satın | şimdi satın | sepete ekle"
        " | sipariş ver | hemen sipariş | ücretsiz kargo | kargo bedava | özel fırsat"
        " | indirimli fiyat",
        "uk": "купити зараз | купуйте зараз | купити онлайн | замовити зараз | замовляйте зараз"
        " | замовити онлайн | додати в кошик | додати до кошика | безкоштовна доставка"
        " | спеціальна пропозиція | інтернет магазин",
        "ur": "ابھی خریدیں | ابھی آرڈر کریں | آن لائن خریدیں | کارٹ میں شامل کریں"
        " | ٹوکری میں شامل کریں | مفت ڈیلیوری | مفت ترسیل | خصوصی پیشکش",
        "vi": "mua ngay | mua hàng ngay | mua online | đặt hàng ngay | đặt ngay | thêm vào giỏ"
        " | thêm vào giỏ hàng | miễn phí vận chuyển | giao hàng miễn phí | freeship"
        " | ưu đãi đặc biệt",
    }
)
_ALONE = Phrases.of(
    {
        "en": "shop now | on sale | for sale | in stock | out of stock | sold out"
        " | best price | special offer | new arrival | best seller",
        "da": "tilbud | udsalg | udsolgt | på lager",
        "nl": "aanbieding | uitverkocht | op voorraad | te koop",
        "fi": "tarjous | loppuunmyyty | varastossa | myynnissä",
        "fr": "soldes | promotion | en stock | en promotion | rupture de stock | à vendre",
        "de": "sonderangebot | ausverkauft | auf lager | zu verkaufen",
        "el": "προσφορά | εκπτώσεις | εξαντλήθηκε | πωλείται",
        "id": "diskon | promo | stok habis | dijual",
        "it": "offerta | offerta speciale | saldi | esaurito | in vendita",
        "ja": "セール | 売り切れ | 完売",
        "ko": "세일 | 품절",
        "lv": "izpārdots | pārdod",
        "no": "tilbud | utsolgt | på lager | til salgs",
        "pl": "promocja | wyprzedaż | wyprzedane | na sprzedaż",
        "pt": "promoção | oferta | esgotado | à venda",
        "ro": "ofertă | promoție | stoc epuizat | de vânzare",
        "ru": "распродажа | в наличии | нет в наличии",
        "sk": "výpredaj | vypredané | na predaj",
        "es": "oferta | ofertas | rebajas | agotado | en venta",
        "sv": "slutsåld | i lager | till salu",
        "th": "ลดราคา | ราคาถูก | ขายดี",
        "tr": "indirim | tükendi | satılık",
        "uk": "розпродаж | в наявності",
        "vi": "giảm giá | khuyến mãi | hết hàng",
        "zh": "促销 | 打折 | 特价 | 售罄 | 促銷",
        "ar": "تخفيضات | للبيع | نفذت الكمية",
        "hi": "बिक्री के लिए",
        "bn": "বিক্রয়ের জন্য",
        "ur": "برائے فروخت",
        "ka": "იყიდება | ფასდაკლება",
    }
)
_SIGN = r"[$€£¥₹₽₺₩฿₴₾₫₪₦₱৳₨]"
_CODE = (
    r"usd|eur|gbp|jpy|cny|rmb|inr|rub|uah|pln|sek|nok|dkk|chf|try|thb|idr|vnd|krw|brl|aud|cad|czk"
    r"|ron|gel|euros?|eur[oò]|dollars?|руб(?:\.|л\w*)?|р\.|грн\.?|zł(?:ot\w+)?|kr\.?|tl|lei|ლარი|บาท|बाट"
    r"|रुपये|रु\.?|টাকা|روپے|ريال|درهم|جنيه|دينار|円|元|원|đ|đồng|vnđ|rp\.?|rs\.?"
)
_PENCE = r"\d{1,3}(?:[ .,'’]\d{3})*[.,]\d\d(?![\d])|\d+[.,]\d\d(?!\d)|\d+[.,][-–—]{1,2}"
_THOUSAND = r"\d{1,3}(?:[.,  ]\d{3})+(?!\d)"
_LABEL = (
    "price|cost|only|just|from|was|now|sale|prix|seulement|preis|nur|ab|statt|precio|sólo|solo|desde"
    "|prezzo|da|preço|apenas|por|preț|doar|prijs|slechts|vanaf|pris|kun|fra|endast|bara|från|hinta|vain"
    "|alk|cena|tylko|od|len|iba|цена|за|от|всего|ціна|від|лише|τιμή|μόνο|από|fiyat\\w*|sadece|giá|chỉ|harga"
    "|hanya|ราคา|เพียง|कीमत|मूल्य|दाम|केवल|দাম|মূল্য|মাত্র|قیمت|صرف|السعر|سعر|فقط|价格|價格|仅|售价|価格|定価|値段"
    "|가격|판매가|ფასი|cenu|tikai"
)
_NOT_SCALED = (
    r"(?!\s?(?:thou|mi[lo]|bi[l]|tri|mld|mrd|mln|mio|mia|bln|млн|млрд|тыс|тис|億|亿|万|萬|兆|억|만|조"
    r"|[km]\b|bn\b|lakh|crore|lac|करोड़|लाख|কোটি|লাখ|مليون|مليار|ملین|کروڑ|ล้าน|tỷ|triệu|juta|milj))"
)
# Every price has one of these, which are soon looked for.
_MONEY = (
    re.compile(_SIGN.replace("]", "%]")),
    re.compile(rf"\d[.,\s–—-]*(?:{_CODE})(?!\w)"),
    re.compile(r"[uegr](?:sd|ur|bp|[ps]\.?)\s?\d"),
)
_PRICE = re.compile(
    "|".join(
        (
            rf"{_SIGN}\s?(?:{_PENCE}){_NOT_SCALED}",
            rf"[¥₩₫]\s?{_THOUSAND}{_NOT_SCALED}",
            rf"(?<![\d.,])(?:{_PENCE})\s?(?:{_SIGN}|(?:{_CODE})(?!\w)){_NOT_SCALED}",
            rf"\d(?:[,.]\d{{3}})+\s?(?:円|원|元|đ|₫|vnđ|vnd)(?!\w){_NOT_SCALED}",
            rf"(?:usd|eur|gbp)\s?(?:{_PENCE}){_NOT_SCALED}",
            rf"(?<!\w)r[ps]\.?\s?(?:{_PENCE}|{_THOUSAND}){_NOT_SCALED}",
            rf"(?<!\w)(?:{_LABEL})\s?[:：.]?\s?{_SIGN}\s?\d[\d.,]*(?![\d.,]|\s?\w|-)",
            rf"(?<!\w)(?:{_LABEL})\s?[:：.]?\s?\d[\d., ]*\s?(?:{_SIGN}|(?:{_CODE})(?!\w))\s?\W*\Z",
            r"[-–−]?\d{1,2}\s?%\s?(?:off|discount|rabatt?|korting|alennus|de réduction|remise"
            r"|zniżki|de desconto|de descuento|di sconto|reducere|скидк\w+|знижк\w+|zľav\w+"
            r"|indirim|diskon|giảm|atlaid\w+|ფასდაკლება|έκπτωση|छूट|ছাড়|خصم|رعایت|할인|オフ|引き)",
        )
    ),
)


def has_price(caption: CaptionText) -> bool:
    """Whether something is priced: `$19.99`, `1 990,00 руб.`, `1,980円`, `only €5`, `20 % off`.

    Round sums pass where nothing says that they are asked for, and so do millions: `a $100 bill`.

    >>> texts = "now $19.99", "Preis: 5 €", "a $100 bill", "$3.75 billion"
    >>> [has_price(CaptionText.of(text)) for text in texts]
    [True, True, False, False]
    """
    if DIGIT not in caption.classes or not any(it.search(caption.folded) for it in _MONEY):
        return False
    return _PRICE.search(caption.folded) is not None


KEY_WORDS = _CALLS.spaced.keys() | _ALONE.spaced.keys()
"""Without any of these a caption in a script that spaces words does not call to buy."""


def calls_to_buy(caption: CaptionText) -> bool:
    """Whether the caption asks to buy, in any of the 30 languages, or says "Sold out" alone.

    >>> [calls_to_buy(CaptionText.of(t)) for t in ("Jetzt kaufen!", "今すぐ購入", "a shop")]
    [True, True, False]
    """
    return _CALLS.are_in(caption) or _ALONE.are_all_of(caption)
