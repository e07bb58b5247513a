"""Rules on a Chinese sentence and the English that it translates. Each says what it does not keep.

No rule understands a sentence. What can be compared by letters is compared: what is locked
(``app.chinese.locked``), and the small words that turn a meaning. They can refuse a translation and never
prove one.
"""

from __future__ import annotations

# Tables of wordings: a line for each alternative reads better than four.
# ruff: noqa: E501
import re
from collections.abc import Callable, Iterable, Iterator

from app.check.attribution import clauses
from app.check.rules import RuleOutcome
from app.chinese.glossary import Glossary
from app.chinese.locked import LATIN, QUOTED, Sides, bare, bound_kept, name_pattern, spelled_out
from app.chinese.numbers import CJK, ChineseNumber, narrowed, without_vague
from app.digest import Whose
from index.read.text.sentences import split_sentences
from index.spans import Span

SHORTEST, LONGEST = 0.7, 4.0  # Chinese characters for each English word that is not locked
_CHINESE_QUOTED = re.compile(r"[“「『\"‘'《][^“”「」『』\"‘’《》]{1,60}[”」』\"’'》]")

# Numbers that are said vaguely, and how much they are at least.
_VAGUE = re.compile(
    r"\b(?:(?P<many>tens|dozens|hundreds|thousands|millions|billions|trillions)"
    r"(?: of (?P<of>thousands|millions|billions|trillions))?"
    r"|(?:several|a few|many|some) (?P<few>hundred|thousand|million|billion))\b",
    re.I,
)
_MUCH = {
    "ten": 10,
    "dozen": 10,
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
# English words that are no numbers, and say one: "both" may be 两者.
_HINTS: dict[int, re.Pattern[str]] = {
    value: re.compile(rf"\b(?:{words})", re.I)
    for value, words in {
        2: "both|pair|couple|dual|bi|second|two|twice|double|duplicat|either|neither|between|each other|former"
        "|latter|hal[fv]|squared?|quadratic|versus|vs|mutual|2d|twin|against",
        3: "third|tri|three|cubic|3d|thrice",
        4: "fourth|quad|quarter|4d",
        5: "fifth|penta|quint",
        6: "sixth|hexa",
        7: "seventh",
        8: "eighth|oct",
        9: "ninth",
        10: "tenth|deca|tens|dozen",
        100: "hundred|cent(?:ury|uries|enn)|a hundred",
        1000: "thousand|a thousand|millenni",
        10**4: "thousand",
        10**6: "million|a million",
        10**9: "billion|a billion",
    }.items()
}

_NOT = re.compile(
    r"\b(?:not|never|without|neither|nobody|nothing|nowhere|cannot|none|no)\b|n['’]t\b", re.I
)
_NO_NOT = re.compile(
    r"\bnot (?:only|just|merely|least|to mention)\b|\bno (?:doubt|matter)\b|\bwhether or not\b|\bif not\b"
    r"|\b(?:no|not) (?:less|more|fewer|later|earlier) than\b|\bno longer than\b"
    r"|(?<=\bno )(?P<first>[\w-]+(?: [\w-]+)?),? (?:and|or) no\b|\bno\. ?(?=[0-9])",
    re.I,
)
_NEGATIVE_IDEA = re.compile(
    r"\b(?:un(?!der|til|i[tvqof])\w{3,}|non\w*|nor|in(?:dependen|correct|sufficien|complete|consisten|accura|visib"
    r"|effect|efficien|valid|equal|dispens|stab|homogen|abil)\w*|im(?:possib|practic|perfect|balanc)\w*|ir(?:relevan|respecti)\w*"
    r"|dis(?:connect|agree|similar|regard|pens|card)\w*|\w+less(?:ly)?|eschew\w*|obviat\w*|avoid\w*|prevent\w*"
    r"|hinder\w*|fail\w*|lack\w*|miss\w*|absen\w+|free|instead|rather|despite|few|little|hardly|barely|rarely"
    r"|seldom|too|limit\w*|remov\w*|exclu\w*|except|freez\w*|frozen|fixed|remains?|still|zero|empty|ablat\w*|wrong"
    r"|false|neglect\w*|ignor\w*|omit\w*|skip\w*|shortcoming\w*|worse|inferior|less|fewer|below|weak\w*|alone"
    r"|essential|deficien\w*|scarc\w*|loss|reject\w*|refus\w*|stop\w*|intact|raw|poor\w*|constrain\w*|anomal\w*)\b",
    re.I,
)
_CHINESE_NOT = re.compile("[不没无無未非勿否难]|缺乏|缺少|避免|免|摒弃|摈弃|失败|排除")
_CHINESE_NO_NOT = re.compile(
    "不仅|不但|不只|不止|不同|不断|不过|不少|不久|不管|不论|不妨|不错|不等式|不可或缺|不可缺少|无论|无疑|无线|"
    "未来|非常|除非|莫非|是否|否则|能否|可否|难道|难题|免费"
)
# A negation in form, that does not count as one that was added: unsupervised, infinite, at least.
_CHINESE_WEAK_NOT = re.compile(
    "无监督|无限|无穷|无向|未知|非线性|非负|非参数|不足|不确定|不超过|不多于|不少于|不大于|不小于|不低于|不高于|"
    "不到|不变|不得不|困难|难|缺乏|缺少|避免|免|摒弃|摈弃|失败|排除|不再"
)

# Directions: English, and the Chinese that says it or its opposite. A word that names no direction
# by itself ("more") is not here.
_DIRECTIONS: tuple[tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (
        re.compile(rf"\b(?:{one})\b", re.I),
        re.compile(chinese_one),
        re.compile(rf"\b(?:{other})\b", re.I),
        re.compile(chinese_other),
    )
    for one, chinese_one, other, chinese_other in (
        (
            r"higher|highest|increas\w*|rais(?:e[sd]?|ing)|rises?|rising|grow(?:s|n|ing)?",
            "高|增|升|涨|更大|较大|更多|较多|更强|扩大|大于|多于|提|成长|生长|越来越|日益|最大|最多",
            r"lower(?! bound| layer| level)|lowest|decreas\w*|reduc\w*|declin\w*|diminish\w*|drops?|dropped",
            "低|减|降|跌|更少|较少|更小|较小|缩|下滑|少于|小于|削弱|最少|最小|化简|简化|归",
        ),
        ("larger|largest|bigger|greater|greatest", "大|多|高|强", "smaller|smallest|fewer|fewest", "小|少|低|弱"),
        (
            r"better|best|outperform\w*|superior|surpass\w*|improv\w*|exceed\w*",
            "好|优|佳|超|胜|更强|较强|提|改|高于|更高|较高|领先|进步|增|完善|大于|多于|最强|最高",
            r"worse|worst|inferior|underperform\w*|degrad\w*|worsen\w*|deteriorat\w*",
            "差|劣|逊|坏|恶化|退化|不如|降|低|弱|损|糟",
        ),
        (
            r"fast(?:er|est)|quick(?:er|ly)|accelerat\w*|speed[- ]?ups?",
            "快|迅|加速|提速|高速|缩短",
            r"slow(?:er|est)|slow(?:s|ed)? down",
            "慢|缓",
        ),
        ("(?<!no )longer|longest", "长|久", "shorter|shortest", "短"),
        ("stronger|strongest", "强", "weaker|weakest", "弱"),
        ("easier|easily|simpler|simplest", "易|简|轻松|方便|便于", r"harder|hardest|difficult\w*", "难|困"),
        (r"maxim(?:um|al|i[sz]\w+)", "最大|极大|最多|最高|最长|上限", r"minim(?:um|al|i[sz]\w+)", "最小|极小|最少|最低|最短|下限|微"),
        ("positives?|positively", "正|阳|积极|肯定", "negatives?|negatively", "负|阴|消极|否定"),
        ("inputs?", "输入", "outputs?", "输出"),
        (r"encod\w+", "编码", r"decod\w+", "解码|译码"),
        (r"similar\w*|same|identical", "(?<!不)同|相似|类似|一样|一致|近似", "different|differently|differs?|dissimilar", "不同|差|异|区别"),
        ("upper", "上", "lower (?:bound|layer|level)s?", "下|低"),
        ("earlier", "早|先|前|以往|过去", "later", "晚|后|迟"),
        (r"accept(?:s|ed|ing)?", "接受|采纳|认可|录用", r"reject\w*", "拒|否|驳"),
    )
)  # fmt: skip
_COMPARED = re.compile(
    r"\b(?:outperform\w*|surpass\w*|exceed\w*|(?:is|are|was|were) (?:better|worse|faster|slower|higher|lower) than)\b",
    re.I,
)
_NAMES = re.compile(r"[A-Z][\w-]*")
_TURNED_ROUND = re.compile("相比|比起|相较|较之|对比|被|不如|低于|逊|落后")
_NO_DIRECTION = re.compile(
    "大大|极大地|大幅|大量|大约|大概|大多|大部分|至少|最多|多少|至多|多个|多种|许多|很多|多样|小时"
)

# A small word of the English, and the Chinese of which one must be there.
_QUALIFIERS: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"\b(?:{english})\b", re.I), re.compile(chinese))
    for name, english, chinese in (
        (
            "may",
            r"(?<!in )(?-i:may)|might|possibly|perhaps|probably|(?:most |more )?likely",
            "可能|或许|也许|恐|大概|未必|有望|可以|可(?=[被由用在以])|往往|容易|可能性",
        ),
        ("could", r"could", "可能|可以|能|可|会|会否|将"),
        ("should", r"should", "应|该|须|需|要|得|宜"),
        ("potentially", r"potential(?:ly)?", "潜|可能|有望"),
        ("suggest", r"suggests?|suggested|seems?|seemed|appears? to|appeared to|apparently", "表明|暗示|提示|似|看来|显得|看起来|意味|建议|提出|显示|指出|好像|说明"),
        ("significantly", r"significant(?:ly)?|substantial(?:ly)?|considerabl[ey]|dramatic(?:ally)?", "显著|明显|大幅|大大|极大|很多|得多|许多|重大|重要|远远|远比|大量|相当|巨大|极为|十分|非常"),
        ("tend", r"tends?|tended", "倾向|往往|趋|易|常"),
        ("believe", r"believe[sd]?|expect(?:s|ed)?|hypothesi[sz]ed?s?|conjecture[sd]?|presumably|assume[sd]?", "认为|相信|预|期|假设|假定|猜|推测|估|应该|设|望"),
        ("only", r"only|solely|exclusively|merely", "仅|只|唯|单|才|完全|纯|不过|光"),
        ("some", r"some|certain|several|partially|partly", "一些|某|有些|有的|部分|若干|几|有时|多个|多种|一定|多|些|局部|个别|不完全"),
        ("sometimes", r"sometimes|occasionally", "有时|偶"),
        ("often", r"often|frequently|usually|typically|generally|commonly", "常|往往|经|一般|多半|普遍|频|惯|大多|典型|总体|容易|广泛"),
        ("mostly", r"mostly|mainly|largely|primarily|predominantly", "主要|大多|多|大部分|基本|大体|大都|很大程度|首要"),
        ("all", r"(?<!after )(?<!at )(?<!of )all|every|each|always|entirely|completely|(?<!without )any|whole", "所有|每|各|全|都|均|任|一切|总|完|整|始终|彻底|皆|逐|各自|一直|分别|无论|什么"),
        ("at least", r"at least", "至少|不少于|不低于|起码|最少|以上|最低"),
        ("up to", r"up to|at most", "最多|至多|高达|多达|长达|最高|最大|不超过|直到|最长|上限|达|以内|以下|至|止"),
        ("except", r"except|unless", "除|例外"),
        ("within", r"within(?= (?:about |only )?[0-9])", "内|不超过|不到|之差|相差|差距|范围"),
    )
)  # fmt: skip
_CAUTION = re.compile(
    r"\b(?:may|might|can|could|would|should|possib\w*|probab\w*|perhaps|likel\w*|potential\w*|chance\w*|if|whether"
    r"|suggest\w*|seem\w*|appear\w*|tend\w*|expect\w*|believ\w*|hypothe\w*|risk\w*|presum\w*|plausib\w*|arguabl\w*|able|as \w+ as)\b",
    re.I,
)
_CHINESE_CAUTION = re.compile("可能(?!性)|或许|也许|大概(?![0-9约])|似乎|恐怕")

_CHATTER = re.compile(
    r"以下是|如下[:：]|(?:译文|翻译|中文|答案|回答|注意?|说明|原文|解释)[:：]|^\s*(?:好的|当然|抱歉|对不起|没问题)|作为(?:一个|一名)?\s*(?:AI|人工智能|语言模型|翻译)"
    r"|here is|translation:|sure[,!]|</?en>|术语",
    re.I,
)
_MARKUP = re.compile(r"\\.?|\*\*|[$`]|^#+")
_STOPS = re.compile(
    r"[。！？!?](?!\s*[”」』\"）)]*$)|[。！？!?][”」』\"）)]*$|(?<=[\u4e00-\u9fff])\.(?=\s|$)"
)
_OTHER_SCRIPTS = re.compile(r"[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff\u0e00-\u0e7f]")


def _lost(sides: Sides, *kinds: str) -> Iterator[str]:
    yield from (lock.text for lock in sides.lost if lock.kind in kinds)


def citations(sides: Sides) -> Iterator[str]:
    """Every "[12]" and "(Vaswani et al., 2017)" stands there; "et al." may be 等."""
    yield from _lost(sides, "citation")


def formulas(sides: Sides) -> Iterator[str]:
    """Formulas, symbols, code and addresses stand there letter for letter, spaces aside."""
    yield from _lost(sides, "formula", "symbol", "code", "address")


def quotations(sides: Sides) -> Iterator[str]:
    """Quoted words stand there; ordinary ones may be translated, in quotation marks."""
    yield from _lost(sides, "words")
    ordinary = list(QUOTED.finditer(sides.english))
    if len(_CHINESE_QUOTED.findall(sides.chinese)) < len(ordinary):
        yield from (match.group() for match in ordinary[:1])


def pointers(sides: Sides) -> Iterator[str]:
    """ "Table 2" is 表 2, "November 22" is 11 月 22 日."""
    yield from _lost(sides, "pointer", "month")


def names(sides: Sides) -> Iterator[str]:
    """Names, acronyms and versions stand there, or what the glossary calls them."""
    yield from _lost(sides, "name")


def invented_names(sides: Sides) -> Iterator[str]:
    """No word in Latin letters stands in the Chinese that is not in the English."""
    there = {bare(word) for word in LATIN.findall(sides.english)}
    there |= {bare(word) for word in re.findall(r"[\w'’.+&/-]+", sides.english)}
    for term in sides.glossary.occurrences(sides.english):
        there |= {bare(word) for name in term.chinese for word in LATIN.findall(name)}
    yield from (word for word in sides.letters if bare(word) not in there)


def numbers(sides: Sides) -> Iterator[str]:
    """Every number is said, with its sign and unit, as often; in digits or Chinese characters.

    "5 million" may be 500万, "three" 三 or 3, "half" 一半 or 50%. "One" need not be said.
    """
    yield from (number.text for number, said in sides.numbers if said is None)
    there = [_much(match) for match in _VAGUE.finditer(sides.english_rest)]
    said = list(without_vague(sides.rest)[1])
    said += [1000] * len(re.findall("成千上万|成百上千", sides.rest))
    for match, much in zip(_VAGUE.finditer(sides.english_rest), there, strict=True):
        if much not in said:
            yield match.group()


def _much(match: re.Match[str]) -> int:
    if match["few"]:
        return _MUCH[match["few"].lower()]
    times = _MUCH[match["of"].lower().removesuffix("s")] if match["of"] else 1
    return _MUCH[match["many"].lower().removesuffix("s")] * times


def added_numbers(sides: Sides) -> Iterator[str]:
    """No number is said that the English does not say.

    Characters are more than a number often: 两 for "both", 三 for "triple", 一 for "a".
    """
    used = [said for _, said in sides.numbers if said is not None]
    for number in sides.chinese_numbers:
        if number in used or (not number.in_digits and _is_hinted(number, sides.english)):
            continue
        if _is_said_as_one(number, sides.english):
            continue
        yield number.text
    there = {_much(match) for match in _VAGUE.finditer(sides.english_rest)}
    for much in without_vague(sides.rest)[1]:
        if much not in there and not (
            much == 10 and re.search(r"\b(?:dozens|tens)\b", sides.english)
        ):
            yield f"{much}"


def _is_hinted(number: ChineseNumber, english: str) -> bool:
    if number.value in (0, 1):
        return True
    hint = _HINTS.get(int(number.value)) if number.value.denominator == 1 else None
    return hint is not None and bool(hint.search(english))


def _is_said_as_one(number: ChineseNumber, english: str) -> bool:
    return number.value == 1 and bool(
        re.search(r"\b(?:an?|one|single|first|once)\b", english, re.I)
    )


def bounds(sides: Sides) -> Iterator[str]:
    """ "Over 2", "up to 5", "about 30" stay so, and no bound is added."""
    for number, said in sides.numbers:
        if said is None or bound_kept(number, said, sides.english):
            continue
        yield f"{number.bound or said.bound} {number.text}"


def negation(sides: Sides) -> Iterator[str]:
    """As many negations as in the English: 不, 没, 无, 未, 非 for not, no, never, without.

    None is added, unless the English has a word that may be said so ("fails", "lack", "independent").
    """
    english = _NO_NOT.sub(" ", sides.english_rest)
    there = _NOT.findall(english)
    chinese = _CHINESE_NO_NOT.sub("", re.sub("既不(.{1,24}?)也不", r"不\1", sides.rest))
    if len(_CHINESE_NOT.findall(chinese)) < len(there):
        yield from dict.fromkeys(word.lower() for word in there)
        return
    added = _CHINESE_NOT.findall(_CHINESE_WEAK_NOT.sub("", chinese))
    allowed = len(there) + len(_NEGATIVE_IDEA.findall(english)) + (len(there) > 0)
    if len(added) > allowed:
        yield added[0]


# A number that says by how much: "0.9 BLEU worse", "12% brighter than".
_DIFFERENCE = re.compile(
    r"\s*(?:[\w%¤-]+\s+){0,2}?(?P<way>worse|better|higher|lower|more|less|fewer|faster|slower|larger"
    r"|smaller|longer|shorter)\b(?!\s+and\b)",
    re.I,
)
_DIFFERS = re.compile(r"[差低高优好多少快慢大小长短增减降升提超落胜逊强弱比]")


def comparison(sides: Sides) -> Iterator[str]:
    """A direction is kept: higher 高, lower 低, better 优, worse 差, increase 增, decrease 减.

    So is a difference ("0.9 BLEU worse" is no 0.9 BLEU), and which of two names outperforms the
    other, where their order shows it.
    """
    chinese = _NO_DIRECTION.sub("", sides.rest)
    for one, chinese_one, other, chinese_other in _DIRECTIONS:
        up, down = one.search(sides.english_rest), other.search(sides.english_rest)
        if up and not chinese_one.search(chinese):
            yield up.group().lower()
        if down and not chinese_other.search(chinese):
            yield down.group().lower()
    for number, said in sides.numbers:
        difference = _DIFFERENCE.match(sides.english_rest[number.end :])
        if said is not None and difference:
            clause = re.split(r"[，。；,;]", sides.rest[said.end :])[0]
            before = re.split(r"[，。；,;]", sides.rest[: said.start])[-1]
            # "在 0.9 BLEU 上更差" is worse at 0.9 BLEU, and not by as much.
            at_it = re.search(r"在\s*$", before) and re.match(r"[\s¤\w]{0,8}?上", clause)
            if at_it or not _DIFFERS.search(before + clause):
                yield f"{number.text} {difference['way'].lower()}"
    yield from _crossed(sides)


def _crossed(sides: Sides) -> Iterator[str]:
    """Comparisons whose two names stand the other way round, without a word that turns them."""
    chinese = narrowed(sides.chinese)

    def place(name: str) -> int:
        found = re.search(name_pattern(name), chinese, re.I)
        return found.start() if found else -1

    for match in _COMPARED.finditer(sides.english):
        before = _NAMES.findall(sides.english[: match.start()])
        after = _NAMES.findall(sides.english[match.end() :])
        first = next((place(name) for name in reversed(before) if place(name) >= 0), -1)
        second = next((place(name) for name in after if place(name) >= 0), -1)
        if 0 <= second < first and not _TURNED_ROUND.search(chinese):
            yield match.group().lower()


# Whose work a clause speaks of: the words, and what before them makes them no subject.
_CHINESE_WHOSE = re.compile(
    "(?P<own>我们|本文|本研究|本工作|本论文|本篇|(?<!的)作者|笔者|所提(?:出的)?(?=方法|模型|算法|系统|框架))"
    "|(?P<others>等人|前人|他人"
    "|(?:以往|以前|先前|此前|过去|现有|已有|既有|前述|上述|早期|传统|其他)[\u4e00-\u9fff¤]{0,8}?(?:工作|研究|方法|文献|模型|系统|算法|技术|学者|方案|论文))"
)
_CHINESE_BESIDE = re.compile(
    "(?:与|和|跟|同|较|比|对|对于|针对|基于|于|像|除|除了|如|超过|超越|胜过)(?:所有|大多数|这些)?$"
)
_CHINESE_AGENT = re.compile("[被由]$")


def attribution(sides: Sides) -> Iterator[str]:
    """The authors' work is not made that of others (以往, 现有, 等人), nor theirs the authors' (我们, 本文).

    Compared where both sentences say of some clause whose work it speaks of.
    """
    english = {one.whose for one in clauses(sides.english, is_claim=True) if one.whose}
    chinese: dict[Whose, str] = {}
    for clause in re.split("[，。；：,;:]", narrowed(sides.chinese)):
        subject: re.Match[str] | None = None
        for match in _CHINESE_WHOSE.finditer(clause):
            before = clause[: match.start()]
            if _CHINESE_AGENT.search(before):
                subject = match
                break
            if subject is None and not _CHINESE_BESIDE.search(before):
                subject = match
        if subject is not None:
            chinese.setdefault("own" if subject["own"] else "others", subject.group())
    if english and not english & {*chinese}:
        yield from chinese.values()


def qualifiers(sides: Sides) -> Iterator[str]:
    """A "may", "suggest", "only", "some" or "often" is not left out, and no 可能 is added."""
    for word, english, chinese in _QUALIFIERS:
        if english.search(sides.english_rest) and not chinese.search(sides.rest):
            yield word
    caution = _CHINESE_CAUTION.search(sides.rest)
    if caution and not _CAUTION.search(sides.english_rest):
        yield caution.group()


def language(sides: Sides) -> Iterator[str]:
    """It is Chinese and no other script; how many characters there must be, ``length`` says."""
    if not CJK.search(sides.rest):
        yield "no Chinese"
    if _OTHER_SCRIPTS.search(sides.chinese):
        yield "another script"


def english_words(sides: Sides) -> Iterator[str]:
    """No English word is left that is neither a name nor one of the glossary's."""
    named = {
        word for word in LATIN.findall(sides.english) if not word[1:].isalpha() or word[0].isupper()
    }
    for term in sides.glossary.occurrences(sides.english):
        named |= {word for name in term.chinese for word in LATIN.findall(name)}
    for span in spelled_out(sides.english):
        named |= set(LATIN.findall(sides.english[span.start : span.end]))
    yield from dict.fromkeys(word for word in sides.letters if word not in named)


def length(sides: Sides) -> Iterator[str]:
    """Neither half the sentence nor twice: Chinese characters for each English word."""
    words = len(re.findall(r"[A-Za-z][A-Za-z'’]+", sides.english_rest))
    characters = len(CJK.findall(sides.rest))
    if characters and not SHORTEST * words - 2 <= characters <= LONGEST * words + 6:
        yield f"{characters} characters for {words} words"


def one_sentence(sides: Sides) -> Iterator[str]:
    """No more sentences than the English has, on one line, and nothing said twice over."""
    there = len(list(split_sentences(sides.english, Span(0, len(sides.english)))))
    said = len(_STOPS.findall(sides.rest)) + (
        not re.search(r"[。！？!?][”」』\"）)]*$", sides.rest.strip())
    )
    if said > max(there, 1):
        yield f"{said} sentences"
    if "\n" in sides.chinese.strip():
        yield "several lines"
    again = re.search(r"([\u4e00-\u9fff]{8,}).*?\1", sides.chinese)
    if again:
        yield again[1]


def chatter(sides: Sides) -> Iterator[str]:
    """Nothing of the model's own: 以下是翻译, 译文：, "Here is", and no markup."""
    found = _CHATTER.search(sides.chinese)
    if found and found.group().lower() not in sides.english.lower():
        yield found.group()
    yield from dict.fromkeys(
        mark for mark in _MARKUP.findall(sides.chinese) if mark[0] not in sides.english
    )


RULES: dict[str, Callable[[Sides], Iterator[str]]] = {
    "language": language,
    "English words": english_words,
    "one sentence": one_sentence,
    "chatter": chatter,
    "length": length,
    "numbers": numbers,
    "added numbers": added_numbers,
    "bounds": bounds,
    "names": names,
    "invented names": invented_names,
    "formulas": formulas,
    "citations": citations,
    "quotations": quotations,
    "pointers": pointers,
    "negation": negation,
    "comparison": comparison,
    "attribution": attribution,
    "qualifiers": qualifiers,
}


def outcomes_of(
    english: str, chinese: str, glossary: Glossary | None = None
) -> tuple[RuleOutcome, ...]:
    """What every rule says of a translation, in the order of ``RULES``."""
    sides = Sides(english, chinese, glossary or Glossary({}))
    return tuple(RuleOutcome(name, tuple(rule(sides))) for name, rule in RULES.items())


def broken(english: str, chinese: str, glossary: Glossary | None = None) -> tuple[str, ...]:
    """The rules that a translation breaks, with the words at fault: ``numbers: 28.4``."""
    return shown(one for one in outcomes_of(english, chinese, glossary) if not one.held)


def shown(faults: Iterable[RuleOutcome]) -> tuple[str, ...]:
    """Outcomes for a person to read."""
    return tuple(f"{fault.rule}: {', '.join(fault.objections)}" for fault in faults)
