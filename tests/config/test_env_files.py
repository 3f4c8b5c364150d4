import pytest

from pmdaemon.config.env_files import LARGEST_FILE, read_env_file
from pmdaemon.core.errors import InvalidInput

FILE = """
# of the shop
A=1
export B="x\\ny"
C='$x ${y}'
D=a # comment
E="a # b"
F=
G = sp aced\x20\x20
H="two
lines"
J=pa$s${w}
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".env"


def test_variables_are_read_as_they_stand(path):
    path.write_text(FILE)

    assert read_env_file(str(path)) == {
        "A": "1", "B": "x\ny", "C": "$x ${y}", "D": "a", "E": "a # b", "F": "",
        "G": "sp aced", "H": "two\nlines", "J": "pa$s${w}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("A=1\n\n\ns3cret\n", "line 4: not a variable such as NAME=value"),
        ('A=1\nB="s3cret\n', "line 2: not a variable such as NAME=value"),
        ("=s3cret\n", "line 1: not a variable such as NAME=value"),
        ("\nA=s3cret\0\n", "line 2: A is not text"),
    ],
)
def test_a_fault_is_told_with_its_line_and_without_its_text(path, text, place):
    path.write_text(text)

    with pytest.raises(InvalidInput) as refusal:
        read_env_file(str(path))

    assert refusal.value.message.startswith(f"{path}, {place}")
    assert "s3cret" not in refusal.value.message


def test_a_file_that_cannot_be_read_is_refused(path):
    def refusal():
        with pytest.raises(InvalidInput) as error:
            read_env_file(str(path))
        return error.value.code, error.value.message

    assert refusal() == ("file_not_found", f"no such file: {path}")
    path.mkdir()
    assert refusal() == ("file_unreadable", f"cannot read {path}: is a directory")
    path.rmdir()
    path.write_bytes(b"A=\xff")
    assert refusal() == ("invalid_input", f"{path} is not UTF-8")
    path.write_bytes(b"#" * (LARGEST_FILE + 1))
    assert refusal() == ("invalid_input", f"{path} is larger than 1 MB")
