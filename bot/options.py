"""Options out of a card, with no model: at most two, each with its price and its source; then what follows when somebody answers instead.

Numbers in brackets refer to sources that code has looked up; a detail that is ours is marked as ours. No option is shown twice in a
talk, nor in one shortly before; a card that has none left listens on.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from bot.choosing import choice_in, points
from bot.draft import Draft
from bot.exploring import follows_in, heard_in, walk
from bot.happening import told_in
from bot.hearing import feels, pleads, shared_words
from bot.model import Cited, Passage, Said, Talk
from bot.reply import CLEAR, NEAR, SURE, brief, open_to, speak, with_used
from bot.suggesting import suggest
from bot.theirs import holds, made_theirs, opening, so_far
from bot.voice import Voice

SCREEN = 550  # characters of an advising reply that fit one phone screen (about 38 characters by 24 lines, less blank lines)
MIRROR = 200  # characters of what is said before the options
QUOTED = 220  # characters of an own document that are quoted in a reply
CAUTIONED = "caution"  # the mark that a caution was said in this talk; once is enough
SAID_IT = 2  # words of a caution that they have used themselves, and so need not be told


def advise(draft: Draft, talk: Talk, passage: Passage, text: str) -> None:
    """Mirror, two options with price and source, one question; the parts are chosen so that they fit one screen."""
    voice = Voice(draft, passage, text)
    numbers = _unshown(voice, talk)[:2]
    if len(numbers) < 2:
        _go_on(draft, replace(talk, stage="options"), passage, numbers, text)
        return
    options = [passage.options[n] for n in numbers]
    sources = voice.cite(options)
    told_often = passage.thin is None and all(option.source for option in options)
    lead = draft.line("advise.two" if told_often else "advise.two.mixed")
    rows = [f"{n}. {voice.offer(option)} {voice.price(option, sources)}" for n, option in enumerate(options, 1)]
    care = [draft.line(f"handoff.{passage.handoff}")] if passage.handoff != "none" else []
    middle = "\n".join([*([passage.thin] if passage.thin else []), lead, *rows, *care, *own_document(draft)])
    room = SCREEN - len(middle) - len("\n\n\n\n")
    draft.talk = _shown(replace(talk, stage="options"), passage, *numbers)
    voice.show(numbers)
    said, asked = _opening(draft, voice, text, room)
    wording = replace(
        brief(draft, "options", passage, text, said, asked),
        before="\n".join([*([passage.thin] if passage.thin else []), lead]),
        offers=tuple(
            voice.in_reply(option, number, place, sources) for place, (option, number) in enumerate(zip(options, numbers, strict=True), 1)
        ),
        after="\n".join([*care, *own_document(draft)]),
    )
    speak(draft, [said, middle], asked, [*map(voice.choice, numbers), draft.choice("another")], sources, wording)


def _opening(draft: Draft, voice: Voice, text: str, room: int) -> tuple[str, str]:
    """What is said before the options, and asked after them: by a card that is quite sure its own mirror, else what happened; nothing by
    one that is only near. What is asked is for another reading, with their own part in it, where no feeling was told and there is room."""
    last = text.rpartition("\n")[2]
    told = None if voice.passage.score >= SURE else told_in(draft, last) or told_in(draft, text)
    if told and told.fresh:
        said = told.mirror()
        fits = [name for name in voice.questions() if len(said) + len(voice.part(name)) <= room]
        question = fits[0] if fits else min(voice.questions(), key=lambda name: len(voice.part(name)))
    else:
        pairs = list(product(voice.mirrors(), voice.questions()))
        fitting = [pair for pair in pairs if len(voice.part(pair[0])) + len(voice.part(pair[1])) <= room]
        mirror, question = fitting[0] if fitting else min(pairs, key=lambda pair: len(voice.part(pair[0])) + len(voice.part(pair[1])))
        said = voice.use(mirror) if voice.passage.score >= CLEAR else ""
    challenged = len(said) + len(voice.passage.challenge) <= room
    asked = voice.challenge() if challenged else voice.use(question)
    with_theirs = made_theirs(draft, last, said, min(MIRROR, room - len(asked)), told=told if told and told.fresh else None)
    if with_theirs == said and said and not holds(said, last, draft.words.hear):
        return opening(draft, last) or said, asked  # there is room for one of the two, and theirs fits nobody else
    return with_theirs, asked


def _shown(talk: Talk, passage: Passage, *numbers: int) -> Talk:
    return with_used(talk, *(f"{passage.card}/o{n}" for n in numbers))


def _unshown(voice: Voice, talk: Talk) -> list[int]:
    """The options of a card that were not shown in this talk nor in one shortly before."""
    passage = voice.passage
    return [n for n in range(len(passage.options)) if f"{passage.card}/o{n}" not in talk.used and not voice.shown(n)]


def has_ways(draft: Draft, talk: Talk, passage: Passage) -> bool:
    """Whether a card has two options left for this talk."""
    return len(_unshown(Voice(draft, passage, talk.asked), talk)) > 1


def _seen(talk: Talk, passage: Passage) -> list[int]:
    return [n for n in range(len(passage.options)) if f"{passage.card}/o{n}" in talk.used]


def pointed_at(draft: Draft, text: str) -> int | None:
    """The number of an option shown earlier in this talk, at which the text points by its place; None where it points at none."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk is None or passage is None or not points(text, draft.words.hear):
        return None
    voice = Voice(draft, passage, talk.asked)
    found = choice_in(text, [voice.choice(number) for number in _seen(talk, passage)], draft.words.hear)
    return int(found.id.rpartition(":")[2]) if found else None


def _go_on(draft: Draft, talk: Talk, passage: Passage, left: list[int], text: str) -> None:
    """A card that has shown its options speaks again: with the one that is left, else it listens on (rubric C12)."""
    said = text.rsplit("\n", 1)[-1]
    if left and not feels(said, draft.words.hear):
        _show_one(draft, talk, passage, left[0], "advise.another")
        return
    deepen(draft, _shown(talk, passage, *range(len(passage.options))), passage, said)


def another_way(draft: Draft) -> None:
    """The next option of the card in hand, then the next card found; then ideas of its own, and at last honesty that there is no more."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk is None:
        draft.say(draft.line("unsure"))
        return
    if passage and (left := _unshown(Voice(draft, passage, talk.asked), talk)):
        _show_one(draft, talk, passage, left[0], "advise.another")
        return
    for other in open_to(draft, talk):
        if other.card != talk.card and other.score >= NEAR and has_ways(draft, talk, other):
            advise(draft, replace(talk, card=other.card, stage="options", at=draft.at), other, talk.asked)
            return
    suggest(draft)


def shown_any(draft: Draft) -> bool:
    """Whether options of the card in hand were shown in this talk."""
    talk, passage = draft.talk, draft.context.in_hand
    return bool(talk and passage and talk.stage in ("options", "deepen", "own") and _seen(talk, passage))


def one_way(draft: Draft) -> None:
    """Somebody wants one thing and no choice of two: one option with its reason, as an offer; of those shown only its name."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk is None or passage is None:
        another_way(draft)
        return
    voice = Voice(draft, passage, talk.asked)
    seen, left = _seen(talk, passage), _unshown(voice, talk)
    if left:
        _show_one(draft, talk, passage, left[0], "advise.one")
    elif seen:
        _lean(draft, talk, passage, seen)
    else:
        another_way(draft)


def leaning(draft: Draft) -> None:
    """Somebody asks what the coach would do: of the options on the table the one that stands on a source, with what speaks against it."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk and passage:
        _lean(draft, talk, passage, _seen(talk, passage))


def _lean(draft: Draft, talk: Talk, passage: Passage, seen: list[int]) -> None:
    voice = Voice(draft, passage, talk.asked)
    number = next((number for number in seen if passage.options[number].source), seen[0])
    option = passage.options[number]
    draft.talk = replace(talk, stage="options", at=draft.at)
    said = draft.line("advise.one.shown", name=option.name, not_if=voice.filled(option.not_if))
    speak(draft, [said], voice.challenge(), [*map(voice.choice, seen), draft.choice("another")])


def _show_one(draft: Draft, talk: Talk, passage: Passage, number: int, key: str) -> None:
    voice, option = Voice(draft, passage, talk.asked), passage.options[number]
    sources = voice.cite([option])
    offer, price = voice.offer(option), voice.price(option, sources)
    said = draft.line(key, offer=offer, price=price)
    draft.talk = _shown(replace(talk, stage="options", at=draft.at), passage, number)
    voice.show([number])
    text = draft.event.text if isinstance(draft.event, Said) else ""
    told = so_far(draft, talk.asked) if pleads(text, draft.words.hear) else opening(draft, text)
    question = voice.challenge()
    wording = replace(
        brief(draft, "one", passage, talk.asked, "", question),
        before=said.partition(offer)[0].strip(),
        offers=(voice.in_reply(option, number, 1, sources),),
        after=said.rpartition(price)[2].strip(),
    )
    speak(draft, [told, said], question, [voice.choice(number), draft.choice("another")], sources, wording)


def chosen(draft: Draft, number: int) -> tuple[str, str, str] | None:
    """What leads over to a step of one's own once an option is picked: which it was, with a caution where that is news; the frame to make
    one's own, the empty one unless the card's speaks of this option; and the option's name."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk is None or passage is None or number >= len(passage.options):
        return None
    voice, hear = Voice(draft, passage, talk.asked), draft.words.hear
    option = passage.options[number]
    lead = draft.line("advise.picked", name=option.name)
    if CAUTIONED not in talk.used and len(shared_words(option.not_if, talk.asked, hear)) < SAID_IT:
        draft.talk = with_used(talk, CAUTIONED)
        lead = f"{lead} {draft.line('advise.not-if', not_if=voice.filled(option.not_if))}"
    fits = shared_words(f"{option.name} {option.offer}", passage.if_then.rpartition(",")[2], hear)
    return lead, voice.filled(passage.if_then) if fits else draft.line("frame.own"), option.name


# --- going deeper


def deepen(draft: Draft, talk: Talk, passage: Passage, text: str) -> None:
    """The person answered instead of choosing: a mirror of that and a question; then a fair challenge; then a step of their own."""
    draft.talk = talk
    voice = Voice(draft, passage, text)
    choices = [*map(voice.choice, _seen(talk, passage)), draft.choice("another")]
    if talk.stage == "options":
        draft.talk = replace(talk, stage="deepen")
        said, question = _answered(draft, voice, text), follows_in(draft, text) or voice.ask()
        speak(draft, [said], question, choices, brief=brief(draft, "deepen", passage, text, said, question))
    elif talk.stage == "deepen":
        draft.talk = replace(talk, stage="own")
        said = heard_in(draft, text)
        choices += walk(draft, talk.asked)
        challenge = Voice(draft, passage, talk.asked).filled(passage.challenge)
        if "?" in challenge:
            speak(draft, [said], voice.challenge(), choices)
        else:
            question = draft.line("own.question")
            speak(draft, [said, challenge], question, choices, brief=brief(draft, "challenge", passage, text, challenge, question))
    else:
        said = heard_in(draft, text)
        question, more = draft.line("own.question"), [*choices, *walk(draft, talk.asked), draft.choice("enough")]
        speak(draft, [said], question, more, brief=brief(draft, "own-step", passage, text, said, question))


def _answered(draft: Draft, voice: Voice, text: str) -> str:
    """The mirror of an answer: of what happened in it or of its own shape, else in a few of its words, else by the card."""
    fresh = voice.fresh(voice.mirrors())
    return heard_in(draft, text) or (voice.use(fresh) if fresh else "")


# --- what is asked of the card in hand


def tell_more(draft: Draft) -> None:
    """Where the guidance comes from and how firm it is."""
    passage = draft.context.in_hand
    if passage is None:
        draft.say(draft.line("tell-more.none"))
        return
    voice = Voice(draft, passage, "")
    gist = passage.gist if passage.thin is None else f"{passage.gist} {passage.thin}"
    sources: tuple[Cited, ...] = tuple(voice.cited(n) for n in range(1, len(passage.sources) + 1))
    draft.say(draft.line("tell-more", gist=gist, evidence=draft.line(f"evidence.{passage.strength}")), "reply", draft.offered, sources)


def plainer(draft: Draft) -> None:
    """Somebody did not understand: the last question again, in the fewest words there are, and short sentences from here on."""
    draft.plain = True
    passage = draft.context.in_hand
    if draft.talk and passage and draft.talk.stage not in ("explore", "threads"):
        question = min((Voice(draft, passage, "").part(f"q{n}") for n in range(3)), key=len)
        draft.say(draft.line("plain.again", question=question), "reply", draft.offered)
    else:
        draft.say(draft.line("plain"), "reply", draft.offered)


def for_instance(draft: Draft) -> None:
    """What one might do and how, as an if-then of the card in hand; asked again, its last word is a question."""
    talk, passage = draft.talk, draft.context.in_hand
    if talk is None or passage is None or talk.stage in ("explore", "threads"):
        draft.say(draft.line("example.none"))
        return
    voice = Voice(draft, passage, talk.asked)
    if "example" in talk.used:
        speak(draft, [], voice.ask(), draft.offered)
        return
    draft.talk = with_used(replace(talk, at=draft.at), "example")
    speak(draft, [draft.line("example", frame=voice.filled(passage.if_then))], voice.ask(), draft.offered)


def own_document(draft: Draft) -> list[str]:
    """What an operator's own document says about it, as a quotation with its place; data, and never more than shown."""
    if not draft.context.quotes:
        return []
    quote = draft.context.quotes[0]
    text = quote.text if len(quote.text) <= QUOTED else f"{quote.text[:QUOTED].rsplit(' ', 1)[0]} …"
    return [draft.line("own-document", text=text, document=quote.document, where=quote.where)]
