"""`explain`."""

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument
from pmdaemon.cli.render.text import harmless


@command_named("explain")
@selectors_argument()
@json_option
def command(context: Context, selectors: tuple[str, ...], *, json: bool) -> None:
    """Say why processes are up or down, and what happens next.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    explanations = context.client().explain(*selectors)
    if json:
        say_json(explanations)
        return
    several = len(explanations) > 1
    blocks = []
    for each in explanations:
        heading = [
            context.terminal.paint(f"{harmless(each['called'])} (id {each['pm_id']})", "bold")
        ]
        sentences = [harmless(sentence) for sentence in each["sentences"]]
        blocks.append("\n".join([*(heading if several else []), *sentences]))
    print("\n\n".join(blocks) if blocks else "there is no process")
