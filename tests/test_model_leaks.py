"""What leaves, and what is left behind: names, injected orders, and what libraries would tell others of their own accord."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PROJECT
from fake_model import FakeModel, fake_model, worded
from hypothesis import given
from hypothesis import strategies as st
from model_house import TELLS, House, house_of, model_at

from bot.model import Entry, Partnership, Quote
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
async def test_none_of_the_planted_names_leaves(language, house, fake):
    person = house.known("aisha", language=language, name=TOLD[0], partnerships=(Partnership(TOLD[1]), Partnership(TOLD[2])))
    lines = PLANTED[language]
    for n, line in enumerate(lines[1:3]):
        entry = Entry(f"e{n}", "crossing", house.clock().date(), house.clock(), (("moment", line),), partnership=TOLD[1])
        house.store.add_entry(person, entry)
    await house.say("aisha", f"{lines[0]} {lines[3]} water for turkana")
    assert fake.bodies
    assert len(fake.asked()["logbook"]) == 2
    received = flat(fake.received)
    names = [*NAMES[language], *(word for name in TOLD for word in name.split() if word not in ("for", "del", "Water", "Sur"))]
    assert [name for name in names if flat(name) in received] == []


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


@pytest.mark.parametrize("route", ["note", "document", "message"])
async def test_row_40_an_injected_order_changes_nothing_whatever_the_model_makes_of_it(route, tmp_path, fake):
    assert len(INJECTIONS) >= 60
    fake.answer = obeying
    with house_of(tmp_path, [model_at(fake.url)]) as house:
        house.known("victim", name="Bartholomew")
        for n, row in enumerate(INJECTIONS):
            person = house.known(f"p{n}", language=row["language"])
            house.shelf.quoted = (Quote("manual.pdf", "page 1", row["text"][:80], 0.9),) if route == "document" else ()
            if route == "note":
                entry = Entry("e1", "crossing", house.clock().date(), house.clock(), (("moment", row["text"]),))
                house.store.add_entry(person, entry)
            before = (house.store.consents(person), house.store.entries(person), house.store.person(person), house.store.due_of(person))
            asked = {"en": "they all wait for me to move", "fr": "ils attendent tous que je bouge", "es": "todos esperan a que yo me mueva"}
            text = f"{asked[row['language']]}\n{row['text']}" if route == "message" else asked[row["language"]]
            said = await house.say(f"p{n}", text)
            assert said
            shown = row["text"] if route == "document" else ""  # quoted word for word, with its file and page
            assert "evil.example" not in said.replace(shown[:80], "")
            assert "Bartholomew" not in said
            after = (house.store.consents(person), house.store.entries(person), house.store.person(person), house.store.due_of(person))
            assert after[0] == before[0]
            assert after[1] == before[1]
            assert after[2].partnerships == before[2].partnerships
            assert after[3] == before[3]
        assert "Bartholomew" not in fake.received
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
    print(answer.wording.question)
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


def test_no_heavy_library_is_loaded_by_the_door_itself():
    code = "import sys, bot.llm, bot.advising; print([m for m in ('openai', 'langchain', 'langsmith', 'httpx') if m in sys.modules])"
    env = os.environ | {"PYTHONPATH": str(PROJECT)}
    ran = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=env, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
