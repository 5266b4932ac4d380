"""Words that stand where a caption should: "image", "untitled", "click to enlarge".

Whole captions are only words for a picture as such. Words that people use for what is in a picture
(a painting, a drawing, a frame) are left out in every language.
"""

from filters.caption_text import CaptionText
from filters.phrases import Phrases

_WHOLE = Phrases.of(
    {
        "en": "image | images | photo | photos | picture | pictures | pic | img | photograph"
        " | photography | fig | thumbnail | logo image | untitled | unnamed | no title"
        " | no caption | no description | alt | alt text | image alt | placeholder | banner image"
        " | featured image | header image | hero image | main image | cover image"
        " | profile picture | profile photo | product image | product photo | gallery image"
        " | default image | n a | null | none | undefined | image of | photo of | an image"
        " | a photo | a picture | the image | this image | my photo | blank image | sample image"
        " | image not found | unknown | icon image | image result | related image | view image"
        " | see photo | open image | test image | thumb | read more | click here",
        "ar": "صورة | صور | الصورة | بدون عنوان | بلا عنوان | صورة توضيحية | صورة مصغرة"
        " | صورة المنتج | اقرأ المزيد | لا توجد صورة",
        "bn": "ছবি | ছবিটি | চিত্র | শিরোনামহীন | ফটো | আরও পড়ুন | ছবি নেই",
        "zh": "图片 | 圖片 | 图像 | 圖像 | 照片 | 相片 | 未命名 | 无标题 | 無標題 | 缩略图 | 縮圖"
        " | 配图 | 封面图 | 头图 | 示意图 | 商品图片 | 产品图片 | 阅读更多 | 暂无图片",
        "da": "billede | billeder | foto | fotografi | uden titel | ingen titel | produktbillede"
        " | læs mere | intet billede",
        "nl": "afbeelding | afbeeldingen | foto | foto s | plaatje | zonder titel | naamloos"
        " | productafbeelding | lees meer",
        "fi": "kuva | kuvat | valokuva | nimetön | ei otsikkoa | tuotekuva | artikkelikuva"
        " | lue lisää | ei kuvaa",
        "fr": "image | images | photo | photos | photographie | sans titre | l image | une image"
        " | image du produit | photo du produit | vignette | image à la une | lire la suite"
        " | en savoir plus",
        "ka": "სურათი | სურათები | ფოტო | ფოტოსურათი | გამოსახულება | უსათაურო",
        "de": "bild | bilder | foto | fotos | photo | abbildung | ohne titel | unbenannt"
        " | das bild | ein bild | produktbild | titelbild | vorschaubild | symbolbild"
        " | beitragsbild | weiterlesen | mehr erfahren",
        "el": "εικόνα | εικόνες | φωτογραφία | φωτογραφίες | φωτο | χωρίς τίτλο | άτιτλο"
        " | διαβάστε περισσότερα",
        "hi": "छवि | तस्वीर | फोटो | फ़ोटो | इमेज | शीर्षकहीन | बिना शीर्षक | और पढ़ें",
        "id": "gambar | foto | tanpa judul | gambar produk | baca selengkapnya",
        "it": "immagine | immagini | foto | fotografia | senza titolo | un immagine | l immagine"
        " | immagine prodotto | leggi di più | leggi tutto",
        "ja": "画像 | 写真 | イメージ | 画像なし | 無題 | 名称未設定 | サムネイル"
        " | アイキャッチ画像 | 商品画像 | フォト | イメージ画像 | 続きを読む",
        "ko": "이미지 | 사진 | 제목 없음 | 무제 | 썸네일 | 상품 이미지 | 대표 이미지"
        " | 자세히 보기 | 더 보기 | 이미지 없음",
        "lv": "attēls | attēli | foto | fotogrāfija | bez nosaukuma | produkta attēls"
        " | lasīt vairāk",
        "no": "bilde | bilder | foto | fotografi | uten tittel | produktbilde | les mer"
        " | intet bilde",
        "pl": "zdjęcie | zdjęcia | foto | fotografia | bez tytułu | zdjęcie produktu | miniatura"
        " | czytaj więcej | czytaj dalej | brak zdjęcia",
        "pt": "imagem | imagens | foto | fotos | fotografia | sem título | uma imagem | a imagem"
        " | imagem do produto | leia mais | saiba mais | sem imagem",
        "ro": "imagine | imagini | foto | fotografie | poză | poze | fără titlu | imagine produs"
        " | citește mai mult",
        "ru": "изображение | изображения | фото | фотография | фотографии | картинка"
        " | без названия | без заголовка | фотка | фото товара | читать далее | подробнее"
        " | нет фото",
        "sk": "obrázok | obrázky | foto | fotografia | bez názvu | obrázok produktu | čítať viac"
        " | čítajte viac | bez obrázka",
        "es": "imagen | imágenes | foto | fotos | fotografía | sin título | una imagen"
        " | la imagen | imagen del producto | imagen destacada | leer más | sin imagen",
        "sv": "bild | bilder | foto | fotografi | utan titel | namnlös | produktbild | läs mer"
        " | ingen bild",
        "th": "รูปภาพ | ภาพ | รูป | ภาพถ่าย | ไม่มีชื่อ | ไม่มีชื่อเรื่อง | รูปถ่าย | ภาพประกอบ"
        " | อ่านต่อ | อ่านเพิ่มเติม | ไม่มีรูปภาพ | ไม่มีภาพ",
        "tr": "resim | resimler | görsel | görseller | fotoğraf | foto | başlıksız | isimsiz"
        " | adsız | ürün görseli | görüntü | devamını oku | resim yok",
        "uk": "зображення | фото | фотографія | фотографії | картинка | без назви | світлина"
        " | читати далі | докладніше | немає фото",
        "ur": "تصویر | تصاویر | فوٹو | بلا عنوان | بغیر عنوان | مزید پڑھیں",
        "vi": "hình ảnh | ảnh | bức ảnh | không có tiêu đề | chưa đặt tên | ảnh đại diện"
        " | ảnh sản phẩm | ảnh minh họa | đọc thêm | xem thêm | không có hình ảnh | không có ảnh",
    }
)
_WITHIN = Phrases.of(
    {
        "en": "stock photo | stock photos | stock image | stock images | stock photography"
        " | stock illustration | stock vector | stock footage | royalty free"
        " | vector illustration of | click to enlarge | click to view | click for larger"
        " | click here | click image | tap to enlarge | enlarge image | view larger image"
        " | view full size | image may contain | may be an image of"
        " | no photo description available | no image available | image not available"
        " | image unavailable | image coming soon | no photo available | photo coming soon"
        " | this image has an empty alt attribute | image could not be loaded"
        " | your browser does not support | getty images | all rights reserved | skip to content"
        " | sign up for | subscribe to our | follow us on | share on facebook | opens in new"
        " | image credit | photo credit | download free | free download | cookie policy"
        " | log in to",
        "ar": "انقر للتكبير | اضغط للتكبير | انقر هنا | اضغط هنا | قد تحتوي الصورة على"
        " | الصورة غير متوفرة | جميع الحقوق محفوظة | صورة مخزنة | صور مخزون",
        "bn": "বড় করতে ক্লিক করুন | এখানে ক্লিক করুন | সর্বস্বত্ব সংরক্ষিত | স্টক ফটো | ছবি পাওয়া যায়নি",
        "zh": "点击放大 | 點擊放大 | 点击查看 | 點擊查看 | 查看大图 | 查看大圖 | 点击这里"
        " | 图片加载失败 | 暫無圖片 | 图片可能包含 | 圖像可能包含 | 库存照片 | 库存图片"
        " | 版权所有 | 版權所有 | 素材图片 | 免版税",
        "da": "klik for at forstørre | klik for større | klik her | stockfoto | stockfotos"
        " | billede mangler | alle rettigheder forbeholdes | billedet kan indeholde",
        "nl": "klik om te vergroten | klik voor een grotere | klik hier | stockfoto | stockfoto s"
        " | geen afbeelding beschikbaar | afbeelding kan het volgende bevatten"
        " | alle rechten voorbehouden | rechtenvrije",
        "fi": "klikkaa suuremmaksi | klikkaa isommaksi | suurenna kuva | klikkaa tästä"
        " | kuvituskuva | kuvapankkikuva | kuvaa ei saatavilla | kuvassa voi olla"
        " | kaikki oikeudet pidätetään",
        "fr": "cliquez pour agrandir | cliquer pour agrandir | agrandir l image | cliquez ici"
        " | photo libre de droits | photos libres de droits | libre de droits | banque d images"
        " | l image contient peut être | image non disponible | aucune image"
        " | tous droits réservés | photo de stock",
        "ka": "დააჭირეთ გასადიდებლად | დააწკაპუნეთ | სურათი არ არის | ყველა უფლება დაცულია"
        " | სრულად ნახვა | სტოკ ფოტო",
        "de": "zum vergrößern klicken | klicken zum vergrößern | klicken sie hier | hier klicken"
        " | bild vergrößern | stockfoto | stockfotos | stockbild | stock foto | lizenzfreie"
        " | lizenzfreies | bild könnte enthalten | kein bild verfügbar | kein bild vorhanden"
        " | alle rechte vorbehalten",
        "el": "κάντε κλικ για μεγέθυνση | κλικ για μεγέθυνση | κάντε κλικ εδώ"
        " | φωτογραφία αρχείου | δεν υπάρχει εικόνα | η εικόνα ίσως περιέχει"
        " | με επιφύλαξη παντός δικαιώματος",
        "hi": "बड़ा करने के लिए क्लिक करें | यहाँ क्लिक करें | यहां क्लिक करें | स्टॉक फोटो"
        " | स्टॉक फ़ोटो | कोई छवि उपलब्ध नहीं | चित्र में ये शामिल हो सकता है"
        " | सर्वाधिकार सुरक्षित",
        "id": "klik untuk memperbesar | klik di sini | klik gambar | foto stok"
        " | gambar tidak tersedia | gambar mungkin berisi | hak cipta dilindungi | bebas royalti",
        "it": "clicca per ingrandire | fai clic per ingrandire | clicca qui | foto stock"
        " | foto d archivio | immagine stock | immagini stock | nessuna immagine disponibile"
        " | immagine non disponibile | l immagine può contenere | tutti i diritti riservati"
        " | esente da diritti",
        "ja": "クリックで拡大 | クリックして拡大 | クリックすると拡大 | 拡大画像 | 画像を拡大"
        " | こちらをクリック | ストックフォト | ストック写真 | 画像はありません | 画像準備中"
        " | noimage | 画像に含まれている可能性 | 無断転載 | ロイヤリティフリー | 写真素材",
        "ko": "클릭하면 확대 | 클릭하여 확대 | 클릭하시면 | 확대하려면 | 여기를 클릭 | 스톡 사진"
        " | 스톡 이미지 | 이미지 준비중 | 이미지 준비 중 | 로열티 프리 | 이미지에 포함될 수 있는",
        "lv": "noklikšķiniet lai palielinātu | spiediet lai palielinātu | spied šeit"
        " | krājuma foto | attēls nav pieejams | visas tiesības aizsargātas",
        "no": "klikk for å forstørre | klikk for større | klikk her | arkivfoto | stockfoto"
        " | bilde mangler | bildet kan inneholde | alle rettigheter forbeholdt",
        "pl": "kliknij aby powiększyć | powiększ zdjęcie | kliknij tutaj | zdjęcie stockowe"
        " | zdjęcia stockowe | zdjęcie poglądowe | brak obrazka | obraz może zawierać"
        " | wszelkie prawa zastrzeżone",
        "pt": "clique para ampliar | clique na imagem | clique aqui | banco de imagens"
        " | foto de stock | fotos de stock | imagem ilustrativa | imagem meramente ilustrativa"
        " | imagem indisponível | a imagem pode conter | todos os direitos reservados"
        " | livre de direitos",
        "ro": "click pentru a mări | faceți clic pentru | click aici | apasă aici"
        " | fotografie de stoc | imagini de stoc | imagine indisponibilă | imaginea poate conține"
        " | toate drepturile rezervate",
        "ru": "нажмите чтобы увеличить | нажмите для увеличения | кликните для увеличения"
        " | увеличить изображение | нажмите здесь | стоковое фото | стоковая фотография"
        " | стоковое изображение | нет изображения | изображение отсутствует"
        " | на изображении может находиться | все права защищены",
        "sk": "kliknite pre zväčšenie | kliknutím zväčšíte | kliknite sem | ilustračné foto"
        " | ilustračný obrázok | obrázok nie je k dispozícii | všetky práva vyhradené",
        "es": "haz clic para ampliar | haga clic para ampliar | clic para ampliar"
        " | pulsa para ampliar | haz clic aquí | haga clic aquí | foto de archivo"
        " | fotos de archivo | foto de stock | imagen de stock | banco de imágenes"
        " | imagen no disponible | la imagen puede contener | todos los derechos reservados"
        " | libre de derechos",
        "sv": "klicka för att förstora | klicka för större | förstora bilden | klicka här"
        " | stockfoto | arkivbild | genrebild | bild saknas | bilden kan innehålla"
        " | alla rättigheter förbehållna",
        "th": "คลิกเพื่อขยาย | คลิกเพื่อดู | คลิกที่นี่ | ภาพสต็อก | สต็อกโฟโต้ | อาจเป็นรูปภาพของ | สงวนลิขสิทธิ์",
        "tr": "büyütmek için tıklayın | büyütmek için tıkla | buraya tıklayın | tıklayınız"
        " | stok fotoğraf | stok görsel | görsel bulunamadı | temsili görsel"
        " | tüm hakları saklıdır | telifsiz",
        "uk": "натисніть щоб збільшити | натисніть для збільшення | натисніть тут | стокове фото"
        " | стокове зображення | зображення відсутнє | на зображенні може бути"
        " | усі права захищені | всі права захищені",
        "ur": "بڑا کرنے کے لیے کلک کریں | یہاں کلک کریں | اسٹاک فوٹو | کوئی تصویر دستیاب نہیں"
        " | جملہ حقوق محفوظ",
        "vi": "nhấn để phóng to | bấm để phóng to | nhấp để phóng to | click để phóng to"
        " | nhấp vào đây | bấm vào đây | ảnh stock | hình ảnh có thể chứa | bảo lưu mọi quyền",
    }
)


KEY_WORDS = _WHOLE.spaced.keys() | _WITHIN.spaced.keys()
"""Without any of these a caption in a script that spaces words is none."""


def is_boilerplate(caption: CaptionText) -> bool:
    """Whether the caption is a word for a picture, numbered or not, or has a web page's phrases.

    >>> texts = "Bild 3", "Klicka för större", "a picture book"
    >>> [is_boilerplate(CaptionText.of(text)) for text in texts]
    [True, True, False]
    """
    return _WHOLE.are_all_of(caption) or _WITHIN.are_in(caption)
