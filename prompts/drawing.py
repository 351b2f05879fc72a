"""Draws a guide as a Mermaid flowchart, from the data the dialogue runs. It decides nothing and checks nothing."""

from __future__ import annotations

from prompts.library import END, Guide, Words


def draw(guide: Guide, words: Words) -> str:
    """A guide as a Mermaid flowchart, drawn from the data the dialogue runs."""
    spoken = words.guides[guide.guide]
    rows = ["flowchart TD"]
    rows += [f'    {_node(step.id)}["{_quoted(step.id)}"]' for step in guide.steps]
    for step in guide.steps:
        for choice in step.choices:
            target = f"{_node(choice.guide)}_guide([{choice.guide}])" if choice.guide else _node(choice.go or guide.after(step))
            rows.append(f'    {_node(step.id)} -->|"{_quoted(spoken.steps[step.id].choices[choice.id])}"| {target}')
        rows += [f'    {_node(step.id)} -->|"{kind}"| {_node(target)}' for kind, target in step.turns.items()]
        if step.deeper:
            rows.append(f'    {_node(step.id)} -->|"deeper"| {_node(step.deeper)}')
        if guide.weighs and step is guide.marked[-1]:
            rows += [f'    {_node(step.id)} -->|"{weight}"| {_node(target)}' for weight, target in guide.weighs.items()]
        elif step.otherwise:
            rows.append(f"    {_node(step.id)} -->|...| {_node(step.otherwise)}")
        elif not step.choices or step.many:
            rows.append(f"    {_node(step.id)} --> {_node(guide.after(step))}")
    rows.append(f"    {_node(END)}(({END}))")
    return "\n".join(rows) + "\n"


def _node(name: str) -> str:
    return "s_" + name.replace("-", "_")


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;")
