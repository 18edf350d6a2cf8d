"""What mkdocs does besides for the site: it shows files that lie outside of docs/.

The pages in docs/ link to the rest of the repository, as they are read there too. Of that, what `SHOWN` names has a page of its
own; a link to anything else becomes its text.
"""

import os
import pathlib
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHOWN = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "lint.toml": "reference-configuration.md",
}
LINK = re.compile(r"\[([^\[\]]*)\]\(([^()\s]+)\)")


def on_files(files, config):
    for source, page in SHOWN.items():
        text = (ROOT / source).read_text()
        if not source.endswith(".md"):
            text = f"# {source}\n\n```toml\n{text}```\n"
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    uri = page.file.src_uri
    source = next((source for source, shown in SHOWN.items() if shown == uri), f"docs/{uri}")

    def on_site(match: re.Match) -> str:
        text, link = match.groups()
        path, hash, anchor = link.partition("#")
        if not path or "://" in path:
            return match[0]
        target = os.path.normpath(os.path.join(os.path.dirname(source), path))
        if target in SHOWN:
            target = f"docs/{SHOWN[target]}"
        elif (ROOT / target).exists() and not target.startswith("docs/"):
            return text
        return f"[{text}]({os.path.relpath(target, os.path.dirname(f'docs/{uri}'))}{hash}{anchor})"

    return LINK.sub(on_site, markdown)
