"""Chinese, Japanese, Korean, Thai, Vietnamese, Indonesian: classifiers, no agreement."""

from pipelines.sample.grammars.grammar import Grammar

CHINESE = Grammar(  # the gender is the classifier: g 个, k 颗
    slots="g1 k1 g2 k2",
    numbers="一个/一颗, 两个/两颗, 三个/三颗, 四个/四颗",
    nouns="圆形:g, 正方形:g, 三角形:g, 星星:k, 圆环:g, 十字:g, 爱心:k, 菱形:g",
    sizes="小, 大",
    colours="红色, 橙色, 黄色, 绿色, 蓝色, 紫色, 粉色, 黑色",
    textures="带条纹, 带圆点",
    phrase="{number}{colour}{texture}的{size}{noun}",
    both="、|和",
    places="左上角, 上方, 右上角, 左边, 中间, 右边, 左下角, 下方, 右下角",
    backgrounds="白色背景, 灰色背景, 浅蓝色背景, 米色背景",
    frames={
        "list": "图中有{things}。|这里画着{things}。",
        "at": "{place_a}有{a}。|{a}位于图片的{place_a}。",
        "pair": "{place_a}是{a}，{place_b}是{b}。|{a}在{place_a}，{b}在{place_b}。",
        "background": "{background}上有{things}。|画在{background}上的是{things}。",
        "bars": "这张柱状图有{number}根柱子，最高的是{first}，最低的是{second}。"
        "|在{number}根柱子中，{first}的柱子最高，{second}的柱子最矮。",
        "line": "这张折线图有{number}个点，{first}的线在<上升/下降>。"
        "|图中{first}的折线经过{number}个点，一路向<上/下>。",
        "slices": "这张饼图分成{number}块，最大的是{first}，最小的是{second}。"
        "|饼图的{number}块里，{first}的最大，{second}的最小。",
    },
)

JAPANESE = Grammar(  # p: a colour as a noun
    slots="1,2 p",
    numbers="1つの, 2つの, 3つの, 4つの",
    nouns="円, 正方形, 三角形, 星, 輪, 十字, ハート, ひし形",
    sizes="小さな, 大きな",
    colours="赤い/赤色, オレンジ色の/オレンジ色, 黄色い/黄色, 緑色の/緑色, 青い/青色, 紫色の/紫色, "
    "ピンク色の/ピンク色, 黒い/黒色",
    textures="縞模様の, 水玉模様の",
    phrase="{number}{size}{colour}{texture}{noun}",
    both="、|と",
    places="左上, 上, 右上, 左, 中央, 右, 左下, 下, 右下",
    backgrounds="白い背景, 灰色の背景, 水色の背景, ベージュの背景",
    charts="p p p",
    frames={
        "list": "絵の中に{things}があります。|ここには{things}が描かれています。",
        "at": "{place_a}に{a}があります。|{a}が{place_a}に描かれています。",
        "pair": "{place_a}に{a}、{place_b}に{b}があります。"
        "|{a}は{place_a}に、{b}は{place_b}にあります。",
        "background": "{background}の上に{things}があります。"
        "|{things}が{background}に描かれています。",
        "bars": "{number}本の棒グラフで、一番高い棒は{first}、一番低い棒は{second}です。"
        "|このグラフの{number}本の棒のうち、最も高いのは{first}、最も低いのは{second}です。",
        "line": "{number}個の点がある折れ線グラフで、{first}の線が<上がって/下がって>います。"
        "|この折れ線は{first}で、{number}個の点を通って<上昇/下降>しています。",
        "slices": "{number}つに分かれた円グラフで、一番大きい部分は{first}、"
        "一番小さい部分は{second}です。"
        "|円グラフの{number}つの部分のうち、最大は{first}、最小は{second}です。",
    },
)

KOREAN = Grammar(  # p: a colour as a noun
    slots="1,2 p",
    numbers="한 개, 두 개, 세 개, 네 개",
    nouns="원, 정사각형, 삼각형, 별, 고리, 십자가, 하트, 마름모",
    sizes="작은, 큰",
    colours="빨간/빨간색, 주황색, 노란/노란색, 초록색, 파란/파란색, 보라색, 분홍색, 검은/검은색",
    textures="줄무늬, 물방울무늬",
    phrase="{size} {colour} {texture} {noun} {number}",
    both=", |와 ",
    places="왼쪽 위, 위쪽, 오른쪽 위, 왼쪽, 가운데, 오른쪽, 왼쪽 아래, 아래쪽, 오른쪽 아래",
    backgrounds="흰색 배경, 회색 배경, 하늘색 배경, 베이지색 배경",
    charts="p p p",
    frames={
        "list": "그림에 {things}가 있습니다.|여기에는 {things}가 보입니다.",
        "at": "{place_a}에 {a}가 있습니다.|{a}가 그림의 {place_a}에 놓여 있습니다.",
        "pair": "{place_a}에는 {a}, {place_b}에는 {b}가 있습니다."
        "|{a}는 {place_a}에, {b}는 {place_b}에 있습니다.",
        "background": "{background} 위에 {things}가 있습니다.|{background}에 그려진 {things}.",
        "bars": "막대가 {number}개인 그래프로, "
        "가장 높은 막대는 {first}, 가장 낮은 막대는 {second}입니다."
        "|이 그래프의 막대 {number}개 중에서 제일 큰 것은 {first}이고 "
        "제일 작은 것은 {second}입니다.",
        "line": "점이 {number}개인 꺾은선 그래프로, {first} 선이 <올라/내려>갑니다."
        "|이 그래프의 선은 {first}이며 점 {number}개를 지나 <상승/하강>합니다.",
        "slices": "조각이 {number}개인 원그래프로, "
        "가장 큰 조각은 {first}, 가장 작은 조각은 {second}입니다."
        "|원그래프의 조각 {number}개 중 제일 넓은 것은 {first}이고 "
        "제일 좁은 것은 {second}입니다.",
    },
)

THAI = Grammar(  # the gender is the classifier: w วง, r รูป, d ดวง
    slots="w1 r1 d1 w2 r2 d2",
    numbers="หนึ่งวง/หนึ่งรูป/หนึ่งดวง, สองวง/สองรูป/สองดวง, สามวง/สามรูป/สามดวง, สี่วง/สี่รูป/สี่ดวง",
    nouns="วงกลม:w, สี่เหลี่ยมจัตุรัส:r, สามเหลี่ยม:r, ดาว:d, วงแหวน:w, กากบาท:r, หัวใจ:d, สี่เหลี่ยมขนมเปียกปูน:r",
    sizes="ขนาดเล็ก, ขนาดใหญ่",
    colours="สีแดง, สีส้ม, สีเหลือง, สีเขียว, สีน้ำเงิน, สีม่วง, สีชมพู, สีดำ",
    textures="ลายทาง, ลายจุด",
    phrase="{noun}{texture}{colour}{size}{number}",
    both=" |และ",
    places="ที่มุมบนซ้าย, ด้านบน, ที่มุมบนขวา, ด้านซ้าย, ตรงกลาง, ด้านขวา, ที่มุมล่างซ้าย, ด้านล่าง, ที่มุมล่างขวา",
    backgrounds="บนพื้นหลังสีขาว, บนพื้นหลังสีเทา, บนพื้นหลังสีฟ้าอ่อน, บนพื้นหลังสีเบจ",
    frames={
        "list": "ในภาพมี{things}|ตรงนี้มองเห็น{things}",
        "at": "{place_a}มี{a}|{a}อยู่{place_a}ของภาพ",
        "pair": "{place_a}มี{a} ส่วน{place_b}มี{b}|{a}อยู่{place_a} และ{b}อยู่{place_b}",
        "background": "{things}{background}|{background}มี{things}",
        "bars": "แผนภูมิแท่งมี {number} แท่ง แท่งที่สูงที่สุดคือ{first} แท่งที่เตี้ยที่สุดคือ{second}"
        "|ในบรรดาแท่งทั้ง {number} แท่ง แท่ง{first}สูงที่สุด แท่ง{second}เตี้ยที่สุด",
        "line": "กราฟเส้นมี {number} จุด เส้น{first}<พุ่งขึ้น/ลดลง>"
        "|ในกราฟนี้เส้น{first}ลากผ่าน {number} จุดและ<สูงขึ้น/ต่ำลง>",
        "slices": "แผนภูมิวงกลมมี {number} ส่วน ส่วนที่ใหญ่ที่สุดคือ{first} ส่วนที่เล็กที่สุดคือ{second}"
        "|วงกลมนี้แบ่งเป็น {number} ส่วน ส่วน{first}ใหญ่ที่สุด ส่วน{second}เล็กที่สุด",
    },
)

VIETNAMESE = Grammar(  # hình and ngôi are the classifiers
    numbers="một, hai, ba, bốn",
    nouns="hình tròn, hình vuông, hình tam giác, ngôi sao, hình vành khuyên, hình chữ thập, "
    "hình trái tim, hình thoi",
    sizes="nhỏ, lớn",
    colours="đỏ, cam, vàng, xanh lá cây, xanh dương, tím, hồng, đen",
    textures="kẻ sọc, chấm bi",
    phrase="{number} {noun} {size} màu {colour} {texture}",
    both=", | và ",
    places="ở góc trên bên trái, ở phía trên, ở góc trên bên phải, ở bên trái, ở chính giữa, "
    "ở bên phải, ở góc dưới bên trái, ở phía dưới, ở góc dưới bên phải",
    backgrounds="trên nền trắng, trên nền xám, trên nền xanh nhạt, trên nền be",
    frames={
        "list": "Trong hình có {things}.|Ở đây người ta vẽ {things}.",
        "at": "{place_a} có {a}.|{a} nằm {place_a} của bức tranh.",
        "pair": "{place_a} có {a}, {place_b} có {b}.|{a} nằm {place_a}, còn {b} nằm {place_b}.",
        "background": "{things} {background}.|{background} có {things}.",
        "bars": "Biểu đồ có {number} cột; cột cao nhất màu {first}, cột thấp nhất màu {second}."
        "|Trong {number} cột của biểu đồ, cột màu {first} cao nhất còn cột màu {second} thấp nhất.",
        "line": "Biểu đồ đường có {number} điểm; đường màu {first} đi <lên/xuống>."
        "|Đường màu {first} trong biểu đồ này <tăng/giảm> dần qua {number} điểm.",
        "slices": "Biểu đồ tròn có {number} phần; phần lớn nhất màu {first}, phần nhỏ nhất màu "
        "{second}.|Trong {number} phần của biểu đồ tròn, phần màu {first} lớn nhất còn phần màu "
        "{second} nhỏ nhất.",
    },
)

INDONESIAN = Grammar(
    numbers="sebuah, dua buah, tiga buah, empat buah",
    nouns="lingkaran, persegi, segitiga, bintang, cincin, salib, hati, belah ketupat",
    sizes="kecil, besar",
    colours="merah, oranye, kuning, hijau, biru, ungu, merah muda, hitam",
    textures="bergaris-garis, berbintik-bintik",
    phrase="{number} {noun} {size} berwarna {colour} {texture}",
    both=", | dan ",
    places="di pojok kiri atas, di bagian atas, di pojok kanan atas, di sebelah kiri, di tengah, "
    "di sebelah kanan, di pojok kiri bawah, di bagian bawah, di pojok kanan bawah",
    backgrounds="dengan latar putih, dengan latar abu-abu, dengan latar biru muda, "
    "dengan latar krem",
    frames={
        "list": "Di gambar ini ada {things}.|Yang terlihat di sini adalah {things}.",
        "at": "{place_a} ada {a}.|{a} terletak {place_a} gambar.",
        "pair": "{place_a} ada {a}, sedangkan {place_b} ada {b}."
        "|{a} berada {place_a} dan {b} berada {place_b}.",
        "background": "{things} {background}.|Gambar {background} yang berisi {things}.",
        "bars": "Diagram batang dengan {number} batang; yang tertinggi berwarna {first} dan yang "
        "terendah berwarna {second}.|Dari {number} batang di diagram ini, batang {first} paling "
        "tinggi dan batang {second} paling pendek.",
        "line": "Diagram garis dengan {number} titik; garis yang berwarna {first} itu <naik/turun>."
        "|Garis {first} pada diagram ini terus <meningkat/menurun> melewati {number} titik.",
        "slices": "Diagram lingkaran dengan {number} bagian; yang terbesar berwarna {first} dan "
        "yang terkecil berwarna {second}.|Dari {number} bagian lingkaran, bagian {first} paling "
        "besar dan bagian {second} paling kecil.",
    },
)
