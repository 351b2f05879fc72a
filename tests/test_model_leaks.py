"""What leaves, and what is left behind: names, injected orders, and what libraries would tell others of their own accord."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PROJECT
from fake_model import FakeModel, fake_model, worded
from hypothesis import given
from hypothesis import strategies as st
from model_house import TELLS, House, house_of, model_at

from bot.model import Consent, Entry, Partnership, PersonId, Quote, VoiceNote
from bot.pseudonyms import Names
from bot.spelling import flat

INJECTIONS = yaml.safe_load((Path(__file__).parent / "injections.yaml").read_text(encoding="utf-8"))

# Fifty names of people and organisations, none of them told to the coach as names but the first few.
TOLD = ("Aisha Nakimuli", "Water for Turkana", "Puentes del Sur")
PLANTED = {
    "en": [
        "this morning Okello Odongo called, and then Mrs Wanjiru and her deputy at SafeBridge Holdings laughed about it.",
        "Grace said no. We met Kipchoge, Achieng' and O'Rourke in Lodwar with people from the Turkana Pastoralists Forum.",
        "kamau cancelled again and i told njoroge that muthoni is tired of oxfaam and of acme-lodestar",
        "Write to p.oduya@safebridge.example or +254 722 123456, or @oduya_p, says Zainab from UNWATERX.",
    ],
    "fr": [
        "Ce matin Aminata Diallo a appelé, puis M. Ouédraogo et la directrice de Santé Plus Sahel ont ri.",
        "On a vu Koffi, N'Guessan et Jean-Baptiste à Bobo-Dioulasso avec le Réseau Faso Dimbé.",
        "fatoumata a encore annulé et j'ai dit à boubacar que thierry en a assez de technibuild",
        "Claire Traoré pense que d'Almeida et l'Union Benkadi vont partir.",
    ],
    "es": [
        "Esta mañana llamó Xiomara Quispe, y luego el señor Huamán y la jefa de Agua Clara Andina se rieron.",
        "Vimos a Itzel, Cuauhtémoc y a Iñaki en Ayacucho con la Red Ñandutí.",
        "javier canceló otra vez y le dije a yolanda que rigoberto está harto de technoconstruye",
        "Pilar dice que Dolores y Ángel Mamani se van a Caritas Ucayali.",
    ],
}
NAMES = {
    "en": """
        Okello Odongo Wanjiru SafeBridge Holdings Grace Kipchoge Achieng Rourke Lodwar Turkana Pastoralists Kamau
        Njoroge Muthoni Oxfaam Lodestar Oduya Zainab UNWATERX 722 123456 safebridge
    """.split(),  # noqa: SIM905 - fifty names read best as they are
    "fr": """
        Aminata Diallo Ouédraogo Sahel Koffi Guessan Baptiste Bobo Dioulasso Faso Dimbé Fatoumata Boubacar Thierry
        Technibuild Claire Traoré Almeida Benkadi
    """.split(),  # noqa: SIM905 - fifty names read best as they are
    "es": """
        Xiomara Quispe Huamán Andina Itzel Cuauhtémoc Iñaki Ayacucho Ñandutí Javier Yolanda Rigoberto Technoconstruye
        Pilar Dolores Ángel Mamani Caritas Ucayali Puentes
    """.split(),  # noqa: SIM905 - fifty names read best as they are
}


@pytest.fixture
def fake() -> Iterator[FakeModel]:
    with fake_model() as model:
        yield model


@pytest.fixture
def house(tmp_path: Path, fake: FakeModel) -> Iterator[House]:
    with house_of(tmp_path, [model_at(fake.url)]) as place:
        yield place


@pytest.mark.parametrize("language", ["en", "fr", "es"])
async def test_llm02_none_of_the_planted_names_leaves(language, house, fake):
    person = house.known("aisha", language=language, name=TOLD[0], partnerships=(Partnership(TOLD[1]), Partnership(TOLD[2])))
    lines = PLANTED[language]
    for n, line in enumerate(lines[1:3]):
        entry = Entry(f"e{n}", "crossing", house.clock().date(), house.clock(), (("moment", line),), partnership=TOLD[1])
        house.store.add_entry(person, entry)
    await house.say("aisha", f"{lines[0]} {lines[3]} water for turkana")
    assert fake.bodies
    assert len(fake.asked()["logbook"]) == 2
    assert planted(language, fake) == []


@pytest.mark.parametrize(("language", "asked"), [("en", "sum up March"), ("fr", "le bilan de mars"), ("es", "resume marzo")])
async def test_llm02_none_of_the_planted_names_leaves_with_a_month(language, asked, tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)], uses=("summaries",)) as house:
        person = house.known("aisha", language=language, name=TOLD[0], partnerships=(Partnership(TOLD[1]), Partnership(TOLD[2])))
        for n, line in enumerate(PLANTED[language]):
            entry = Entry(f"e{n}", "crossing", house.clock().date(), house.clock(), (("moment", line),), partnership=TOLD[1])
            house.store.add_entry(person, entry)
        await house.say("aisha", asked)
    assert fake.bodies
    assert planted(language, fake) == []


def planted(language: str, fake: FakeModel) -> list[str]:
    """The planted names that arrived. Figures are looked for in the data alone: a fence or a header may hold any."""
    received = flat(fake.received)
    data = " ".join(json.dumps(fake.asked(number)) for number in range(len(fake.bodies)))
    names = [*NAMES[language], *(word for name in TOLD for word in name.split() if word not in ("for", "del", "Water", "Sur"))]
    return [name for name in names if flat(name) in (data if name.isdigit() else received)]


@pytest.mark.parametrize("language", ["en", "fr", "es"])
async def test_llm02_none_of_the_planted_names_leaves_with_an_entry_that_is_marked(language, tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)], uses=("tags",)) as house:
        house.known("aisha", language=language, name=TOLD[0], partnerships=(Partnership(TOLD[1]), Partnership(TOLD[2])))
        for line in PLANTED[language]:
            await house.say("aisha", f"{line} water for turkana", entry=True)
        house.clock.now += timedelta(hours=1)
        await house.manager.tick()
    assert len(fake.bodies) == len(PLANTED[language])
    assert planted(language, fake) == []


# Names in odd places, each with what must not be left of it. What is known to be missed stands in docs/model.md.
ODD = [
    ("en", "the okello family left with the wanjiru people, and a kamau came by", "okello wanjiru kamau"),
    ("en", "i told oduya's deputy about safebridge's money, O’Mwangi’s wife knows", "oduya safebridge mwangi"),
    ("en", "P. Oduya and J.K. Mwangi signed, then K. A. Otieno", "P. J.K. oduya mwangi otieno"),
    ("en", "O K E L L O said so, and OKELLO SHOUTED AT WANJIRU", "okello wanjiru O.K.E"),
    (
        "en",
        "p.oduya@safebridge.example, <kamau@x.org>; see safebridge.org/oduya, https://x.example/~njoroge",
        "oduya safebridge kamau njoroge",
    ),
    ("en", "call 0722 123 456 or 722.123.456 or +254-722-123456 or (0722) 123456", "123"),
    ("en", "#SaveOkello and #okelloMustGo and @okello_must_go and okello2024", "okello"),
    ("en", "Grace was late. Joy left. Will left the room. Mercy told Faith that Hope lied", "Grace Joy Will Mercy Faith Hope"),
    ("en", "he is called baraka and her name is pendo, mzee kibaki says", "baraka pendo kibaki"),
    ("en", "okello/wanjiru, okello-wanjiru; “okello”, (wanjiru)", "okello wanjiru"),
    ("en", "Ο Γιάννης and Мария, محمد and 王伟 said no", "Γιάννης Мария محمد 王伟"),
    ("fr", "la traoré et le koffi de la mairie, mme diallo et m. diarra", "traoré koffi diallo diarra"),
    ("fr", "d'almeida, N'Guessan et n'guessan, l'ouédraogo, L’UNICEF", "almeida guessan ouédraogo unicef"),
    ("fr", "jean-baptiste et JEAN-BAPTISTE, Aimé est venu. Claire dit non", "baptiste Aimé Claire"),
    ("fr", "M. K. Ouattara chez technibuild, #PartageonsKoffi", "ouattara technibuild koffi K."),
    ("es", "la quispe y la xiomara, el javier del municipio, don rigoberto", "quispe xiomara javier rigoberto"),
    ("es", "Ángel y Paz no vinieron. Paz no vino. Sta. Rosa", "Ángel Paz Rosa"),
    ("es", "huamán, Huaman y HUAMÁN; ¿iñaki? ¡Iñaki!", "huamán iñaki"),
    (
        "es",
        "S. Quispe R. de technoconstruye, #FueraHuamán, xiomara.quispe@aguaclara.example",
        "quispe technoconstruye huamán xiomara aguaclara",
    ),
]


@pytest.mark.parametrize(("language", "text", "gone"), ODD, ids=[row[1][:24] for row in ODD])
def test_a_name_in_an_odd_place_is_hidden_and_comes_back(language, text, gone):
    names = Names(TELLS()[language], ["Aisha Nakimuli"], [text])
    hidden = names.hide(text)
    assert [name for name in gone.split() if flat(name) in flat(hidden)] == []
    assert not names.leaks(hidden)
    assert flat(names.restore(hidden)) == flat(text)


def test_ordinary_messages_stay_readable():
    """About one word in twenty is hidden without need; a model could make nothing of a text full of stand-ins."""
    words = hidden = 0
    for path in sorted(Path(__file__).with_name("scenarios").glob("*.yaml")):
        script = yaml.safe_load(path.read_text(encoding="utf-8"))
        for turn in script["turns"]:
            text, language = turn.get("say") or "", script["people"].get(turn.get("who"), {}).get("language") or "en"
            names = Names(TELLS()[language], [], [text])
            names.hide(text)
            words += len(text.split())
            hidden += len(names.stand_ins)
    assert hidden / words < 0.08


async def test_names_come_back_into_the_words_of_the_model(house, fake):
    house.known("aisha")
    fake.answer = lambda data: worded(data) | {"mirror": f"It sounds as though {data['they_wrote'].split()[0]} weighs on you."}
    assert (await house.say("aisha", "Wanjiru signed without telling the partners and the clinic feels cheated")).startswith(
        "It sounds as though Wanjiru weighs on you."
    )
    assert "Wanjiru" not in fake.received


@given(st.text(max_size=300))
def test_whatever_is_hidden_comes_back_unharmed(text):
    names = Names(TELLS()["en"], ["Aisha", "Water Works"], [text])
    hidden = names.hide(text)
    assert "aisha" not in flat(hidden).split()
    again = names.restore(hidden)
    assert flat(again) == flat(names.restore(names.hide(again)))


# --- row 40


def obeying(data: dict[str, Any]) -> dict[str, Any]:
    """A model that does whatever it reads."""
    text = " ".join([data["they_wrote"], *data["logbook"]])
    return worded(data) | {"mirror": f"Done. {text[-200:]} https://evil.example/x ![p](https://evil.example/p)", "cards": ["admin"]}


MOVED = {"en": "they all wait for me to move", "fr": "ils attendent tous que je bouge", "es": "todos esperan a que yo me mueva"}
COMMENTED = {
    "en": "My mentor wrote under my entry: {}",
    "fr": "Mon mentor a écrit sous ma note : {}",
    "es": "Mi mentora escribió bajo mi nota: {}",
}


def standing(house: House, person: PersonId) -> tuple[Any, ...]:
    """All that an injected order might want to change."""
    return (
        house.store.consents(person), house.store.entries(person), house.store.person(person).partnerships, house.store.due_of(person),
        house.store.intentions(person),
    )  # fmt: skip


async def by_hand(house: House, who: str, row: dict[str, str]) -> str:
    """It stands in the message, in a note of theirs and in an operator's document, all at once."""
    person = house.store.person_at("terminal", who).id
    house.shelf.quoted = (Quote("manual.pdf", "page 1", row["text"][:80], 0.9),)
    entry = Entry("e1", "crossing", house.clock().date(), house.clock(), (("moment", row["text"]),))
    house.store.add_entry(person, entry)
    before = standing(house, person)
    said = await house.say(who, f"{MOVED[row['language']]}\n{row['text']}")
    assert standing(house, person) == before
    return said.replace(row["text"][:80], "")  # a document is quoted word for word, with its file and page


async def by_voice(house: House, who: str, row: dict[str, str]) -> str:
    """Somebody else's comment on a note, read out in a voice note, and then talked about."""
    person = house.store.person_at("terminal", who).id
    house.shelf.quoted = ()
    house.store.agree(person, Consent("transcription", 1, granted=True))
    before = standing(house, person)
    words = f"{MOVED[row['language']]}. {COMMENTED[row['language']].format(row['text'])}"
    await house.say(who, "", brought="voice", voice=VoiceNote("terminal", who, words))
    await house.manager.tick()
    await house.heard()
    choices = [choice.id for choice in house.sent[-1].message.choices if choice.id.startswith("voice:discuss")]
    said = await house.say(who, "", press=choices[0]) if choices else "it was taken for an order to a program, and set aside"
    assert standing(house, person) == before
    return said


@pytest.mark.parametrize("route", [by_hand, by_voice])
async def test_row_40_and_llm01_an_injected_order_changes_nothing_whatever_the_model_makes_of_it(route, tmp_path, fake):
    assert len(INJECTIONS) >= 60
    assert {row["language"] for row in INJECTIONS} == {"en", "fr", "es"}
    fake.answer = obeying
    with house_of(tmp_path, [model_at(fake.url)]) as house:
        house.known("victim", name="Bartholomew")
        for n, row in enumerate(INJECTIONS):
            house.known(f"p{n}", language=row["language"])
            said = await route(house, f"p{n}", row)
            assert said
            assert "evil.example" not in said
            assert "Bartholomew" not in said
        assert "Bartholomew" not in fake.received
        assert len(fake.bodies) > 30
        for number in range(len(fake.bodies)):
            fake.asked(number)  # every text stands inside the fence, whatever it holds


# --- row 41

OPENS = """
import asyncio, logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from bot.llm import Langchain, Turns
async def ask():
    data = "==x==\\n" + sys.argv[2] + "\\n==x=="
    answer = await Langchain("openai:fake", "127.0.0.1", sys.argv[1], "sk-canarykey").ask(Turns("told", data))
    print(answer.value.question)
asyncio.run(ask())
import time; time.sleep(1)
"""


def test_row_41_nothing_else_is_contacted_and_no_text_is_logged_whatever_the_environment_says():
    with fake_model() as model, fake_model() as sink:
        base = f"http://127.0.0.1:{sink.port}"
        said = json.dumps(
            {"they_wrote": "CANARYTEXT", "logbook": [], "cards": [{"id": "x"}], "composed": {"mirror": "m", "options": [], "question": "q"}}
        )
        loud = {
            "LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_ENDPOINT": base, "LANGCHAIN_ENDPOINT": base,
            "LANGSMITH_API_KEY": "k", "LANGCHAIN_API_KEY": "k", "LANGSMITH_OTEL_ENABLED": "true", "OPENAI_LOG": "debug",
            "OTEL_EXPORTER_OTLP_ENDPOINT": base, "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
            "HTTP_PROXY": base, "HTTPS_PROXY": base, "ALL_PROXY": base, "http_proxy": base, "https_proxy": base, "OPENAI_PROXY": base,
            "OPENAI_BASE_URL": base, "OPENAI_API_BASE": base, "NO_PROXY": "", "no_proxy": "",
        }  # fmt: skip
        ran = subprocess.run(
            [sys.executable, "-c", OPENS, model.url, said],
            env=os.environ | loud | {"PYTHONPATH": str(PROJECT)},
            cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        assert "What would be a first sign" in ran.stdout
        assert "CANARYTEXT" not in ran.stderr
        assert "canarykey" not in ran.stderr
        assert "good deal" not in ran.stderr
        assert len(model.bodies) == 1
        assert sink.bodies == []


def test_llm03_every_library_is_installed_by_its_hash():
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==\S+(.*(?:\n    .*)*)", lock, re.MULTILINE)
    assert len(pinned) > 100
    assert [name for name, rest in pinned if "--hash=sha256:" not in rest] == []
    assert {"openai", "langchain", "langchain-openai", "pyspellchecker"} <= {name for name, _ in pinned}


def test_no_heavy_library_is_loaded_by_the_door_itself():
    code = "import sys, bot.llm, bot.advising; print([m for m in ('openai', 'langchain', 'langsmith', 'httpx') if m in sys.modules])"
    env = os.environ | {"PYTHONPATH": str(PROJECT)}
    ran = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=env, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
