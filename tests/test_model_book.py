"""The coach's book for a model, and the bounds of its words, in three languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fake_model import fake_model
from model_house import BOOK, LIBRARY, house_of, model_at

from bot.wording import tokens_in
from prompts.book import load_book
from prompts.library import BadPrompts

SECRET = re.compile(
    r"sk-\w{8}|xox[abp]-|xapp-|\d{8,}:[\w-]{30}|BEGIN [A-Z ]*PRIVATE KEY|(?:postgres|mysql)\w*://|\S@\S+\.\w|password", re.IGNORECASE
)

TELLS_OF = {
    "en": (
        "they all wait for me, nothing moves unless I push",
        "It sounds as though you carry the pace for all of them.",
        "What would happen if you let one week pass?",
    ),
    "fr": (
        "ils attendent tous que je bouge, rien n'avance sans moi",
        "On dirait que vous portez le rythme de tout le monde.",
        "Que se passerait-il si vous laissiez passer une semaine ?",
    ),
    "es": (
        "todos esperan a que yo me mueva, nada avanza sin mí",
        "Suena a que llevas el ritmo de todos.",
        "¿Qué pasaría si dejaras pasar una semana?",
    ),
}
UNFIT = {
    "en": ("You must call them.", "You should call them.", "Well done.", "I have sent it.", "Experts say it passes."),
    "fr": ("Vous devez les appeler.", "Il faut les appeler.", "Bravo.", "J'ai envoyé la note.", "Les études montrent que cela passe."),
    "es": ("Debes llamarles.", "Hay que llamarles.", "Felicidades.", "He enviado la nota.", "Los estudios muestran que pasa."),
}


def test_llm07_the_book_holds_no_secret_and_is_short_enough_to_be_sent_each_time():
    folder = Path(__file__).parent.parent / "prompts" / "coach"
    for path in folder.rglob("*.*"):
        assert not SECRET.search(path.read_text(encoding="utf-8")), path.name
    assert tokens_in(BOOK.reply) < 1700
    assert set(BOOK.bounds) == set(LIBRARY.words)


def test_faults_of_the_book_are_all_named_at_once(tmp_path):
    for name in ("en", "fr"):
        (tmp_path / f"{name}.yaml").write_text("orders: ['(']\n", encoding="utf-8")
    with pytest.raises(BadPrompts) as raised:
        load_book(tmp_path)
    assert {"en.yaml", "fr.yaml"} <= {line.partition(":")[0] for line in str(raised.value).splitlines()}


def in_words(mirror: str, question: str) -> Any:
    def answer(data: dict[str, Any]) -> dict[str, Any]:
        options = [option | {"because": " ".join(option["offer"].split()[:6])} for option in data["composed"]["options"]]
        return {
            "mirror": mirror, "options": options, "question": question, "cards": [data["cards"][0]["id"]],
            "step": "", "guide": "", "safety": "none",
        }  # fmt: skip

    return answer


@pytest.mark.parametrize("language", TELLS_OF)
async def test_each_language_is_worded_within_its_own_bounds(language, tmp_path):
    story, mirror, question = TELLS_OF[language]
    with fake_model(answer=in_words(mirror, question)) as fake, house_of(tmp_path, [model_at(fake.url)]) as house:
        house.known("aisha", language=language)
        said = await house.say("aisha", story)
        assert said.startswith(mirror)
        assert said.endswith(question)
        assert LIBRARY.words[language].language in fake.received
        for unfit in UNFIT[language]:
            fake.answer = in_words(unfit, question)
            await house.say("aisha", {"en": "something on my mind", "fr": "j'ai un problème", "es": "tengo un problema"}[language])
            assert unfit not in await house.say("aisha", story)
