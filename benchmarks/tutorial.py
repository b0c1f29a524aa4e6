"""Executes the tutorial, and stores it with the outputs of its cells.

    python -m benchmarks.tutorial

It stores only the cells' own outputs, without messages of TensorFlow and without
times, and each figure once, as PNG.
"""

import os
import pathlib
import tempfile

import nbclient
import nbformat

ROOT = pathlib.Path(__file__).parent.parent
PATH = ROOT / "docs" / "tutorial.ipynb"


def executed(folder, *further):
    """Returns the tutorial, executed in a folder, with further code at its end.

    The kernel is a separate process, with the Python that runs this program.
    """
    notebook = nbformat.read(PATH, as_version=4)
    notebook.cells += [nbformat.v4.new_code_cell(code) for code in further]
    client = nbclient.NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    client.execute(env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)})
    return notebook


def own_outputs(outputs):
    """Returns the outputs of a cell, without the messages of libraries."""
    kept = []
    for output in outputs:
        if output.output_type != "stream":
            if "image/png" in output.data:
                output.data = {"image/png": output.data["image/png"]}
            kept.append(output)
        elif output.name == "stdout" and not output.text.startswith("INFO:"):
            kept.append(output)
    return kept


def main():
    with tempfile.TemporaryDirectory() as folder:
        notebook = executed(folder)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = own_outputs(cell.outputs)
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, PATH)


if __name__ == "__main__":
    main()
