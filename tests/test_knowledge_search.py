"""What is found is about the message; what is not about ours is refused; nothing raises, nothing is kept."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.card import CARDS
from knowledge.gloss import glosses_of
from knowledge.index import GLOSSARIES, glossaries
from knowledge.search import Finder
from knowledge.words import Words, languages_of, words_in

GATE = yaml.safe_load(Path(__file__).with_name("knowledge_gate.yaml").read_text(encoding="utf-8"))
HOSTILE = [
    "partner-led",
    "a AND",
    "*",
    "l'accord",
    '"',
    '""',
    "",
    " \n\t",
    "NEAR(a b)",
    "title: partner",
    "-partner",
    "partner*",
    "(((",
    "^a + b",
    "'; DROP TABLE en; --",
    "🙂🙂🙂",
    "\0",
    "they \0 argue",
    "\ud800 lone \udfff",
    "a" * 1_000_000,
    "they argue " * 100_000,
    "\u202eمرحبا بالعالم",
    "我们的合作伙伴不说话",
    "½ ² Ⅷ ﬁ ß İ ǅ",
    "_ __ ___",
]


@pytest.fixture(scope="module")
def by_words() -> Finder:
    return Finder.by_words()


def test_a_message_finds_the_card_about_it(finder):
    for message, card in {
        "my colleagues keep waiting for me before they decide anything": "they-wait-for-me",
        "our only contact at the water company is leaving, she knew everything": "key-person-leaves",
        "je suis épuisée, je porte tout le groupe sur mon dos": "worn-out-broker",
        "un socio manda correos furiosos a todos": "attacks-by-email",
    }.items():
        assert card in [passage.card for passage in finder.find(message, k=3)], message


def test_passages_come_best_first_and_no_more_than_wanted(finder):
    passages = finder.find("the ministry and the company do not trust each other", k=7)
    scores = [passage.score for passage in passages]
    assert len(passages) == 7
    assert len({passage.card for passage in passages}) == 7
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] <= scores[0] <= 1


def test_a_clear_message_scores_as_clear_and_a_vague_one_below(finder):
    clear = finder.find("How do I get a journal going, which headings do I use, and how often should I write in my logbook?")
    vague = finder.find("I don't know what to do about it all")
    assert clear[0].score >= finder.CLEAR
    assert vague[0].score < finder.CLEAR


def test_what_a_long_story_asks_is_found_among_all_that_it_tells_besides(finder):
    story = (
        "We sit in the old town hall by the harbour, the roof leaks, Samuel drove me home on Tuesday, my daughter starts school soon and "
        "it rained all day. One partner attacks everyone by email. The next meeting is on the 14th, with a brewery, two councils and the "
        "fishers' union."
    )
    best = finder.find(story)[0]
    assert (best.card, best.score >= Finder.CLEAR) == ("attacks-by-email", True)


VAGUE = ["it's complicated", "everything is a mess with them", "c'est compliqué tout ça", "es un lío todo", "hard week"]


@pytest.mark.parametrize("message", VAGUE)
def test_a_message_that_says_nothing_in_particular_is_no_hit_and_not_refused(finder, message):
    found = finder.find(message)
    assert found
    assert found[0].score < finder.CLEAR / 2 + 0.01


def test_topics_are_ranked_once_each_and_belong_to_the_best_card_first(finder):
    ranking = finder.rank("any list i can follow for wrapping up?", k=400)
    assert len(ranking.topics) == len(set(ranking.topics)) > 250
    best = finder.passage(ranking.cards[0][0])
    assert ranking.topics[0] in best.topics
    assert len(finder.rank("any list i can follow for wrapping up?", k=3).topics) == 3


def test_a_passage_speaks_the_language_asked_for_or_english(finder):
    french, none = finder.passage("trust-takes-time", "fr"), finder.passage("trust-takes-time", "sw")
    assert french.title != none.title
    assert none == finder.passage("trust-takes-time", "en")
    assert finder.passage("no-such-card", "en") is None
    spanish = finder.find("they do not trust each other", "es")[0]
    assert spanish.title == finder.passage(spanish.card, "es").title != finder.passage(spanish.card, "en").title


def test_phase_and_kind_of_broker_only_break_ties(finder):
    message = "they do not trust each other"
    plain = finder.find(message, k=400)
    scores = {passage.card: passage.score for passage in plain}
    for phase in ("scoping-building", "sustaining-outcomes"):
        faceted = finder.find(message, phases=(phase,), broker="internal", k=400)
        assert {passage.card for passage in faceted} == {passage.card for passage in plain}
        assert faceted[0].card == plain[0].card
        assert all(abs(passage.score - scores[passage.card]) < 0.12 for passage in faceted)


@pytest.mark.parametrize("message", HOSTILE, ids=range(len(HOSTILE)))
def test_no_message_raises(finder, by_words, message):
    for one in (finder, by_words):
        one.find(message)
        one.rank(message)
        one.legs(message)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=st.text(st.characters(), max_size=300))
def test_row_52_no_text_at_all_raises(by_words, message):
    by_words.rank(message)
    assert by_words.legs(message).keys() == {"lexical", "fused", "shipped"}


@pytest.mark.parametrize("message", ["", " ", "?!", "🙂", "\0", "*"])
def test_a_message_without_a_word_finds_nothing(finder, by_words, message):
    assert finder.find(message) == ()
    assert by_words.find(message) == ()


def test_nine_in_ten_of_other_peoples_business_is_refused_and_hardly_anything_of_ours(finder):
    ours = [message for message in GATE["ours"] if not finder.rank(message).topics]
    others = [message for message in GATE["others"] if finder.rank(message).topics]
    assert len(ours) <= 0.04 * len(GATE["ours"]), ours
    assert len(others) <= 0.1 * len(GATE["others"]), others


def test_by_words_alone_nearly_nine_in_ten_are_refused_and_hardly_anything_of_ours(by_words):
    ours = [message for message in GATE["ours"] if not by_words.rank(message).topics]
    others = [message for message in GATE["others"] if by_words.rank(message).topics]
    assert len(ours) <= 0.05 * len(GATE["ours"]), ours
    assert len(others) <= 0.12 * len(GATE["others"]), others


def test_the_messages_of_the_gate_are_not_its_own_anchors():
    anchors = yaml.safe_load((CARDS.parent / "offtopic.yaml").read_text(encoding="utf-8"))
    known = {" ".join(words_in(line)) for lines in anchors.values() for line in lines}
    assert not known & {" ".join(words_in(message)) for message in GATE["others"]}


def test_the_same_message_finds_the_same_in_any_order_and_in_any_thread(finder, knowledge_home):
    messages = [*GATE["ours"][:12], *GATE["others"][:4]]
    first = [finder.rank(message) for message in messages]
    assert [finder.rank(message) for message in reversed(messages)] == first[::-1]
    found: list[list[object]] = [[] for _ in range(4)]

    def search(own):
        own += [finder.rank(message) for message in messages]

    threads = [threading.Thread(target=search, args=(own,)) for own in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [first] * 4
    assert [Finder.open(knowledge_home).rank(message) for message in messages] == first


def test_what_is_searched_for_is_written_nowhere(finder, knowledge_home, capfd):
    canary = "zyzzyvacanary"
    finder.find(f"they do not trust {canary} since {canary} told the donor", "fr")
    finder.rank(f"{canary} {canary}")
    with pytest.raises(AttributeError):
        finder.nothing(canary)
    for path in (knowledge_home / "index").rglob("*"):
        if path.is_file():
            assert canary.encode() not in path.read_bytes(), path
    assert capfd.readouterr() == ("", "")


def test_a_message_longer_than_the_model_reads_is_read_to_its_end(finder):
    start = "Today was a quiet day at the office and I wrote some letters and had lunch. " * 40
    end = "I want to start a journal: which headings should my logbook have, and how often do I write in it? " * 12
    assert {passage.card for passage in finder.find(start + end, k=5)} & {"journal-headings", "keeping-a-logbook"}


def test_words_are_found_with_and_without_their_accents():
    assert words_in("L'Évaluation n’est pas TERMINÉE, œuvre") == words_in("l evaluation n est pas terminee oeuvre")


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("the partners do not talk to each other", "en"),
        ("les partenaires ne se parlent pas du tout", "fr"),
        ("los socios no se hablan y no sé qué hacer con ellos", "es"),
    ],
)
def test_common_words_tell_the_language(message, language):
    assert languages_of(words_in(message))[0] == language


@pytest.mark.parametrize(("message", "language"), [("nadie quiere decidir", "es"), ("personne ne répond", "fr"), ("nobody replies", "en")])
def test_where_common_words_do_not_tell_the_cards_do(by_words, message, language):
    words: Words = by_words._index.words
    assert {words.find(message, hint).language for hint in ("en", "fr", "es")} == {language}


GLOSSES = glosses_of(glossaries())


@pytest.mark.parametrize(
    ("language", "message", "english"),
    [
        ("fr", "Ma directrice n'écoute personne", "my director not listen nobody"),
        ("fr", "les partenaires ne paient rien", "partner not pay nothing"),
        ("es", "la empresa prometió un camión", "company promise one truck"),
        ("es", "prometieron plata y nada", "promise money nothing"),
        ("fr", "marre de Kinshasa", "fed up kinshasa"),
        ("es", "", ""),
    ],
)
def test_a_message_is_glossed_word_by_word_whatever_its_endings_and_names_stay(language, message, english):
    assert GLOSSES[language].english(message) == english


@settings(max_examples=100)
@given(message=st.text(st.characters(), max_size=200))
def test_any_text_can_be_glossed(message):
    for gloss in GLOSSES.values():
        assert gloss.english(message) == gloss.english(message.upper()) or not message.isascii()


@pytest.mark.parametrize("path", GLOSSARIES, ids=lambda path: path.stem)
def test_every_entry_of_a_glossary_has_both_languages_and_is_text(path):
    glossary = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [english for english, forms in glossary.items() if not isinstance(english, str) or len(forms) != 2] == []
    assert [english for english, forms in glossary.items() if not all(isinstance(form, str) for form in forms)] == []


def test_importing_the_search_imports_nothing_heavy():
    heavy = ("chromadb", "onnxruntime", "onnx", "tokenizers", "safetensors", "snowballstemmer")
    code = f"import sys, knowledge.search, knowledge.evaluate; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CARDS.parent.parent, check=True)
    assert done.stdout.strip() == "[]"


def test_the_search_by_words_needs_nothing_that_is_not_in_the_core():
    code = (
        "import sys\n"
        "for name in ('chromadb', 'onnxruntime', 'onnx', 'tokenizers', 'safetensors'):\n"
        "    sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from tempfile import TemporaryDirectory\n"
        "from knowledge.search import Finder\n"
        "with TemporaryDirectory() as home:\n"
        "    finder = Finder.open(Path(home))\n"
        "    print(finder.missing, finder.find('they do not trust each other')[0].card, finder.find('python script to sort a list'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CARDS.parent.parent, check=True)
    assert "chromadb" in done.stdout
    assert "trust" in done.stdout
    assert done.stdout.strip().endswith("()")
