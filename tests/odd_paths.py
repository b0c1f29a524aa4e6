"""Names that programs stumble over, and paths that are not files or folders."""

import contextlib
import os
import resource

NAMES = ["a[b]c", "[", "a*b", "a?b", "a\\b", "{a,b}", "a b\n", "ü汉", "%s", "~", "-a"]
NOT_UTF8 = os.fsdecode(b"a\xffb")
EVERY_NAME = [*NAMES, NOT_UTF8]


def fifo(folder):
    os.mkfifo(folder / "fifo")
    return folder / "fifo"


def device(folder):
    """Returns a link to a device, since a test must not risk the device itself."""
    (folder / "device").symlink_to("/dev/null")
    return folder / "device"


def dangling(folder):
    (folder / "dangling").symlink_to(folder / "nowhere" / "at all")
    return folder / "dangling"


def loop(folder):
    (folder / "loop").symlink_to(folder / "loop")
    return folder / "loop"


def in_a_file(folder):
    (folder / "file").write_text("mine")
    return folder / "file" / "below"


def a_folder(folder):
    (folder / "folder").mkdir()
    return folder / "folder"


def a_file(folder):
    (folder / "mine").write_text("mine")
    return folder / "mine"


def no_path(folder):
    return "a\0b"


def nothing(folder):
    return ""


NO_FILES = [fifo, device, dangling, loop, in_a_file, a_folder, no_path, nothing]
NO_FOLDERS = [fifo, device, dangling, loop, in_a_file, a_file, no_path, nothing]


def tree(folder):
    """Returns all paths below a folder, with the contents of files."""
    return {
        path: path.read_bytes() if path.is_file() else path.lstat().st_ino
        for path in sorted(folder.rglob("*"))
        if not path.is_fifo()
    }


@contextlib.contextmanager
def full_disk(size=100):
    """Lets no file grow beyond a size, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
