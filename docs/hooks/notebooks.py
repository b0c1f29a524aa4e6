"""Shows each notebook of the docs as a page, with the outputs it was saved with."""

import json
import pathlib
from typing import Any

from mkdocs.structure.files import File
from mkdocs.structure.files import Files

IMAGES = ("image/png", "image/svg+xml")


def on_files(files: Files, config: Any) -> Files:
    """Replaces every notebook by a page of Markdown."""
    for file in [each for each in files if each.src_uri.endswith(".ipynb")]:
        notebook = json.loads(pathlib.Path(file.abs_src_path).read_text("utf-8"))
        uri = file.src_uri.removesuffix(".ipynb") + ".md"
        files.remove(file)
        files.append(File.generated(config, uri, content=as_markdown(notebook)))
    return files


def on_page_markdown(markdown: str, **kwargs: Any) -> str:
    """Returns a page whose links to notebooks lead to their pages."""
    return markdown.replace(".ipynb)", ".md)")


def as_markdown(notebook: dict[str, Any]) -> str:
    """Returns the cells of a notebook as Markdown."""
    return "\n\n".join(map(_cell, notebook["cells"])) + "\n"


def _cell(cell):
    source = "".join(cell["source"])
    if cell["cell_type"] != "code":
        return source
    outputs = [_output(output) for output in cell["outputs"]]
    return "\n\n".join([f"```python\n{source}\n```", *filter(None, outputs)])


def _output(output):
    data = output.get("data", {})
    for kind in IMAGES:
        if kind in data:
            encoding = ";base64" if kind == "image/png" else ";utf8"
            content = "".join(data[kind]).replace("\n", "").replace("#", "%23")
            return f"<img alt=\"Output\" src='data:{kind}{encoding},{content}'>"
    text = "".join(output.get("text", data.get("text/plain", ""))).rstrip()
    return text and f"```text\n{text}\n```"
