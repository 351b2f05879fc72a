"""Replies in languages that the coach does not speak: found by an English gist, composed as ever, and said in their language by a model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_model import FakeModel, Worded, fake_model
from model_house import BOOK, LIBRARY, TELLS, House, house_of, model_at

from bot.budget import Limits
from bot.model import Consent, Partnership
from bot.pseudonyms import Names
from bot.spelling import flat

STORY = "Todos esperam por mim e nada avança se eu não empurrar, estou cansada de puxar por toda a gente"
SAYS = LIBRARY.languages.foreign["pt"].says
MIRROR = "Parece que muita coisa depende de você neste momento, e que isso pesa."
ASKS = "O que mudaria se você deixasse passar uma semana?"


@pytest.fixture(scope="module", autouse=True)
def _opened() -> None:
    """What takes long the first time has been done, so that nothing here depends on how fast the machine is."""
    model_at("http://127.0.0.1:9/v1").open()
    for language in BOOK.others:
        assert TELLS()[language].ordinary


@pytest.fixture
def fake() -> Iterator[FakeModel]:
    with fake_model(answer=in_portuguese()) as model:
        yield model


@pytest.fixture
def house(tmp_path: Path, fake: FakeModel) -> Iterator[House]:
    with languages_house(tmp_path, fake) as place:
        yield place


def languages_house(folder: Path, fake: FakeModel, timeout: float = 20, **more: Any) -> Any:
    return house_of(folder, [model_at(fake.url, timeout)], **({"uses": ("languages",)} | more))


def in_portuguese(**parts: Any) -> Worded:
    def answer(data: dict[str, Any]) -> dict[str, Any]:
        options = [
            {
                "number": option["number"],
                "offer": "Um caminho: combinar com os outros quem faz o quê até à próxima reunião.",
                "price": "Leva tempo, e alguém pode não gostar.",
                "because": " ".join(option["offer"].split()[:5]),
            }
            for option in data["composed"]["options"]
        ]
        cards = [card["id"] for card in data["cards"][:1]]
        told = {"mirror": MIRROR, "options": options, "question": ASKS, "cards": cards, "step": "", "guide": "", "safety": "none"}
        return told | parts

    return answer


def heard(safety: str = "none", english: str = "they all wait for me and nothing moves unless I push it") -> Worded:
    return lambda _: {"english": english, "safety": safety}


async def plain(folder: Path, text: str = STORY) -> str:
    """What is said without any model."""
    with house_of(folder, []) as house:
        house.known("ana", agrees=False)
        return await house.say("ana", text)


async def test_a_reply_is_found_by_its_gist_and_comes_in_the_persons_language(house, fake):
    person = house.known("ana", partnerships=(Partnership("Água Viva"),))
    said = await house.say("ana", f"{STORY}, diz Wanjiru")
    assert said.startswith(MIRROR)
    assert said.endswith(ASKS)
    assert "\n1. Um caminho" in said
    assert "[1]" in said
    assert house.sent[-1].message.sources
    assert SAYS not in said
    assert "Wanjiru" not in fake.received
    assert [sorted(fake.asked(number)) for number in range(2)] == [
        ["message"], ["broker", "cards", "composed", "logbook", "move", "they_wrote"]
    ]  # fmt: skip
    assert (fake.asked(1)["they_wrote"], fake.asked(1)["logbook"]) == ("", [])
    assert "português" in json.loads(fake.bodies[1])["messages"][0]["content"]
    assert house.store.person(person).language == "en"


@pytest.mark.parametrize(("agrees", "uses"), [(True, ("words", "letters", "pick", "tags", "summaries")), (False, ("languages",))])
async def test_row_37_without_the_switch_or_without_consent_it_says_which_languages_it_speaks(agrees, uses, tmp_path, fake):
    with languages_house(tmp_path / "house", fake, uses=uses) as house:
        house.known("ana", agrees=agrees)
        assert await house.say("ana", STORY) == await plain(tmp_path / "plain") == SAYS
    assert fake.bodies == []


async def test_row_37_consent_withdrawn_after_the_gist_lets_nothing_more_leave(house, fake):
    person = house.known("ana")

    def gist(data: dict[str, Any]) -> dict[str, Any]:
        house.store.agree(person, Consent("model", 1, granted=False))
        return heard()(data)

    fake.gist = gist
    said = await house.say("ana", STORY)
    assert said.startswith(SAYS)
    assert len(fake.bodies) == 1


@pytest.mark.parametrize("mood", ["429", "500", "timeout", "reset", "html", "empty", "garbage", "nothing", "half", "refusal"])
async def test_row_38_where_the_endpoint_fails_it_says_which_languages_it_speaks(mood, tmp_path, fake):
    fake.mood = mood
    with languages_house(tmp_path, fake, timeout=0.7) as house:
        await asyncio.to_thread(house.adviser._models[0][0].open)
        house.known("ana")
        assert await house.say("ana", STORY) == SAYS


async def test_row_38_where_only_the_wording_fails_the_composed_reply_comes_after_a_line_in_their_language(house, fake):
    house.known("ana")
    fake.mood = ["ok", "garbage"]
    said = await house.say("ana", STORY)
    assert said.startswith(f"{SAYS}\n\n")
    assert "\n1. " in said
    assert "[1]" in said
    assert said.endswith("?")


UNFIT = {
    "English": in_portuguese(mirror="It sounds as though a good deal hangs on this for you.", question="What would you do now?"),
    "another language": in_portuguese(mirror="Parece que todo depende de ti desde hace semanas, y eso pesa mucho.", question="¿Y ahora?"),
    "no language": in_portuguese(mirror="ok", question="ok?", options=[]),
    "a figure of its own": in_portuguese(mirror="Parece que 68 deles esperam por você, e que isso pesa."),
    "two questions": in_portuguese(mirror="Parece que tudo depende de você, não é?"),
    "no question": in_portuguese(question="Conte-me mais."),
    "options dropped": in_portuguese(options=[]),
    "a card made up": in_portuguese(cards=["made-up"]),
    "a link": in_portuguese(mirror="Está tudo em https://ajuda.example.com para você e para eles."),
    "markup": in_portuguese(mirror="**Parece** que tudo depende de você, e que isso pesa."),
    "a reply as long as a letter": in_portuguese(mirror="Parece que muita coisa depende de você. " * 40),
}


@pytest.mark.parametrize("what", UNFIT)
async def test_row_39_a_wording_that_does_not_fit_is_not_shown(what, house, fake):
    house.known("ana")
    fake.answer = UNFIT[what]
    said = await house.say("ana", STORY)
    assert said.startswith(f"{SAYS}\n\n")
    assert "\n1. " in said
    assert fake.answer(fake.asked())["mirror"] not in said


@pytest.mark.parametrize("english", ["delete everything", "no model", "share my last entry with my mentor", "reflect", "the second one"])
async def test_row_40_the_gist_is_words_to_search_with_and_no_wish(english, house, fake):
    person = house.known("ana")
    before = house.store.consents(person), house.store.due_of(person), house.store.person(person)
    fake.gist = heard(english=english)
    said = await house.say("ana", STORY)
    assert said.startswith(MIRROR)
    assert (house.store.consents(person), house.store.due_of(person), house.store.person(person)) == before
    assert house.store.conversation(person)[0].place is None


async def test_a_gist_that_is_no_english_is_none(house, fake):
    house.known("ana")
    for english in ("", "Todos esperam por mim e nada avança se eu não empurrar", "word " * 200):
        fake.gist = heard(english=english)
        assert await house.say("ana", STORY) == SAYS


@pytest.mark.parametrize(
    ("alarm", "gist"),
    [
        ("asked-danger", heard("danger")),
        ("asked-danger", heard("danger", english="")),
        ("asked-safe", heard(english="I want to end my life")),
        ("ethics", heard("ethics")),
        ("harassment", heard("harassment")),
    ],
)
async def test_what_the_model_hears_of_danger_wrongdoing_or_harassment_is_met_in_the_coachs_own_words(alarm, gist, house, fake):
    person = house.known("ana")
    fake.gist = gist
    said = await house.say("ana", STORY)
    assert house.sent[-1].message.kind == "safety"
    assert "1. " not in said
    assert house.store.conversation(person)[0].alarm == alarm
    assert len(fake.bodies) == 1
    await house.say("ana", STORY)
    assert len(fake.bodies) == 1


async def test_what_is_kept_out_and_what_is_written_in_a_reflection_does_not_leave(house, fake):
    house.known("ana")
    assert SAYS in await house.say("ana", f"keep this one out: {STORY}")
    for text in ("reflect", "ok", STORY, "stop"):
        await house.say("ana", text)
    assert fake.bodies == []
    assert any(STORY in text for entry in house.store.entries(house.store.person_at("terminal", "ana").id) for _, text in entry.answers)


async def test_where_nothing_is_found_that_is_said_in_their_language_too(house, fake):
    house.known("ana")
    house.shelf.cards = ()
    assert await house.say("ana", STORY) == f"{MIRROR} {ASKS}"


async def test_row_42_it_spends_of_the_same_budget(tmp_path, fake):
    with languages_house(tmp_path, fake, limits=Limits(day=6000)) as house:
        person = house.known("ana")
        said = [await house.say("ana", STORY) for _ in range(9)]
        assert said[0].startswith(MIRROR)
        assert said[-1] == SAYS
        assert house.store.spent(house.clock().replace(hour=0), person) <= 6000
        house.clock.now += timedelta(days=1)
        assert (await house.say("ana", STORY)).startswith(MIRROR)


async def test_consent_says_what_other_languages_mean_where_they_are_switched_on(tmp_path, fake):
    note = LIBRARY.words["en"].variants("model.ask.others")[0]
    for uses, there in ((("languages",), True), (("words",), False)):
        with languages_house(tmp_path / uses[0], fake, uses=uses) as house:
            house.known("ana", agrees=False)
            assert (note in await house.say("ana", "use the model")) is there


# --- which words are names

TOLD = ("Aisha Nakimuli", "Água Viva")
PLANTED = {
    "pt": (
        "Esta manhã ligou o João Quissama, depois a dona Wanjiru e a chefe da TecnoBuild riram. Não sei o que fazer com eles.",
        "hoje o okello cancelou outra vez e eu disse à muthoni que o njoroge está cansado da oxfaam e da maria",
        "Eu não sei como falar com eles, diz Zainab, e a Rosa e o Silva também esperam por mim: p.oduya@safebridge.example, 0722 123456",
    ),
    "de": (
        "Heute Morgen hat Herr Okello Schmidt angerufen, dann lachten Frau Wanjiru und ihre Chefin von TechnoBuild. Ich weiß nicht weiter.",
        "heute hat kamau wieder abgesagt und ich habe njoroge gesagt dass muthoni und hans genug von oxfaam haben",
        "Schreiben Sie an p.oduya@safebridge.example oder +254 722 123456, sagt Zainab Müller; Klein und Groß warten auf mich.",
    ),
    "it": (
        "Stamattina ha chiamato Okello Rossi, poi la signora Wanjiru e la capa della TecnoBuild hanno riso. Non so cosa fare con loro.",
        "oggi kamau ha cancellato di nuovo e ho detto a njoroge che muthoni e giulia sono stanche di oxfaam",
        "Io non so come parlare con loro, dice Zainab, anche Chiara e Speranza aspettano me: p.oduya@safebridge.example, 0722 123456",
    ),
    "nl": (
        "Vanochtend belde Okello Jansen, daarna lachten mevrouw Wanjiru en de baas van TechnoBuild. Ik weet niet wat ik met hen moet.",
        "vandaag heeft kamau weer afgezegd en ik heb njoroge gezegd dat muthoni en hans genoeg hebben van oxfaam",
        "Schrijf naar p.oduya@safebridge.example of +254 722 123456, zegt Zainab; De Wit en Visser wachten op mij met alles.",
    ),
    "sw": (
        "Leo asubuhi Okello Odongo alipiga simu, kisha Bi Wanjiru na bosi wa TechnoBuild walicheka. Sijui nifanye nini nao.",
        "leo kamau ameahirisha tena na nilimwambia njoroge kwamba muthoni na baraka wamechoka na oxfaam",
        "Andika kwa p.oduya@safebridge.example au +254 722 123456, anasema Zainab; Amani na Neema wananisubiri mimi kwa kila kitu.",
    ),
    "ar": (
        "اتصل محمد أوكيلو هذا الصباح ثم ضحكت وانجيرو ومديرة تكنوبيلد. لا أعرف ماذا أفعل معهم",
        "اليوم ألغى كاماو مرة أخرى وقلت لأحمد إن فاطمة تعبت من أوكسفام ومن علي",
        "اكتب إلى p.oduya@safebridge.example أو +254 722 123456 تقول زينب، والجميع ينتظرونني في كل شيء",
    ),
}
NAMES = {
    "pt": "João Quissama Wanjiru TecnoBuild okello muthoni njoroge oxfaam oduya safebridge 722 Zainab",
    "de": "Okello Schmidt Wanjiru TechnoBuild kamau njoroge muthoni oxfaam oduya safebridge 722 Zainab Müller",
    "it": "Okello Rossi Wanjiru TecnoBuild kamau njoroge muthoni giulia oxfaam oduya safebridge 722 Zainab Chiara Speranza",
    "nl": "Okello Jansen Wanjiru TechnoBuild kamau njoroge muthoni oxfaam oduya safebridge 722 Zainab Visser",
    "sw": "Okello Odongo Wanjiru TechnoBuild kamau njoroge muthoni baraka oxfaam oduya safebridge 722 Zainab Amani Neema",
    "ar": "محمد أوكيلو وانجيرو تكنوبيلد كاماو أحمد فاطمة أوكسفام علي oduya safebridge 722 زينب",
}
WHOLE = {"pt": ("maria", "rosa", "silva"), "de": ("hans", "klein"), "nl": ("hans", "wit"), "ar": ("علي", "لأحمد")}


@pytest.mark.parametrize("language", PLANTED)
async def test_llm02_none_of_the_planted_names_leaves_in_any_of_these_languages(language, house, fake):
    house.known("ana", name=TOLD[0], partnerships=(Partnership(TOLD[1]),))
    for line in PLANTED[language]:
        await house.say("ana", f"{line} agua viva")
    assert [sorted(fake.asked(number)) for number in range(len(fake.bodies))].count(["message"]) == len(PLANTED[language])
    received = flat(" ".join(json.dumps(fake.asked(number), ensure_ascii=False) for number in range(len(fake.bodies))))
    names = [*NAMES[language].split(), "Nakimuli", "Agua Viva"]
    assert [name for name in names if name != "علي" and flat(name) in received] == []
    assert [name for name in WHOLE.get(language, ()) if flat(name) in received.replace('"', " ").replace(".", " ").split()] == []


READABLE = {
    "pt": "O presidente da câmara assinou sem dizer nada aos parceiros e agora a clínica sente-se enganada. Não sei como falar com ele.",
    "de": "Der Direktor hat unterschrieben, ohne den Partnern etwas zu sagen, und die Klinik fühlt sich betrogen. Ich weiß nicht weiter.",
    "it": "Il sindaco ha firmato senza dire niente agli altri e adesso la clinica si sente tradita. Non so come parlargli.",
    "nl": "De directeur heeft getekend zonder iets tegen de partners te zeggen en nu voelt de kliniek zich bedrogen.",
    "sw": "Mkurugenzi alisaini bila kuwaambia washirika na sasa kliniki inahisi imedanganywa. Sijui nifanye nini.",
    "ar": "المدير لم يخبر الشركاء والآن العيادة غاضبة. لا أعرف كيف أتحدث معه",
}


@pytest.mark.parametrize("language", READABLE)
def test_ordinary_messages_in_these_languages_stay_readable(language):
    text = READABLE[language]
    names = Names(TELLS()[language], [], [text])
    names.hide(text)
    assert len(names.stand_ins) / len(text.split()) < 0.15


def test_every_language_has_a_line_of_its_own_for_when_no_model_helps():
    assert set(BOOK.others) <= set(LIBRARY.languages.foreign)
    assert not set(BOOK.others) & set(LIBRARY.words)
