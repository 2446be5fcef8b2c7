"""REFI-QDA: every dialect's codebook and project, hostile files, and that no word of a source is read."""

import re
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestige.casefiles.check import open_study
from vestige.casefiles.refi import (
    Codebook,
    QdaCode,
    codebook_of_checklist,
    measure_overlap_of_coders,
    read_codebook,
    read_project,
    write_codebook,
)
from vestige.casefiles.refi.codebook import codebook_bytes, parse_codebook
from vestige.casefiles.refi.offsets import positions_beyond_basic_plane, to_code_points, to_utf16_units
from vestige.casefiles.refi.project import Unit
from vestige.casefiles.refi.unitising import compare_spans, merge_spans
from vestige.casefiles.templates import new_study
from vestige.cli import run
from vestige.errors import OutputError, SettingsError, SourceError

CANARY = "Words-of-a-source"
G = "{:08x}-0000-4000-8000-000000000000".format
"""GUIDs by number."""

CODES = (
    f'<Codes><Code guid="{G(1)}" name="Group" isCodable="false" color="#FF0000"><Description>{CANARY}</Description>'
    f'<Code guid="{G(2)}" name="Size" isCodable="true"/><Code guid="{G(3)}" name="Roles"/></Code>'
    f'<Code guid="{G(4)}" name="Proceeds" isCodable="true"/></Codes>'
)
UTF8 = '<?xml version="1.0" encoding="utf-8"?>'
PREFIXED = CODES.replace("</", "</q:").replace("<C", "<q:C").replace("<D", "<q:D")
BRACED = CODES.replace(G(1), "{" + G(1) + "}")
DIALECTS = {
    "nvivo": f'\ufeff{UTF8}<CodeBook xmlns="urn:QDA-XML:codebook:1.0" origin="NVivo">{CODES}</CodeBook>',
    "atlas.ti": '<?xml version="1.0" encoding="utf-8" standalone="yes"?><CodeBook '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:QDA-XML:codebook:1.0 Codebook.xsd" '
    f'xmlns="urn:QDA-XML:codebook:1.0" origin="ATLAS.ti">{CODES.replace("-4000-8000-", "-4ABC-8DEF-")}</CodeBook>',
    "maxqda": f'{UTF8}<q:CodeBook xmlns:q="urn:QDA-XML:codebook:1.0">{PREFIXED}</q:CodeBook>',
    "qualcoder": f'{UTF8}\n<CodeBook xmlns="urn:QDA-XML:codebook:1:0" origin="QualCoder">{CODES}<Sets/></CodeBook>',
    "taguette": f'<CodeBook xmlns="urn:QDA-XML:codebook:1.0" origin="Taguette">{BRACED}<!-- {CANARY} --></CodeBook>',
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_codebooks_of_every_program(dialect, encoding, tmp_path):
    text = DIALECTS[dialect]
    if encoding == "utf-16":
        text = re.sub(r"(?i)utf-8", "utf-16", text.lstrip("\ufeff"))
    path = tmp_path / "codes.qdc"
    path.write_bytes(text.encode(encoding))
    codebook = read_codebook(path)

    def own(number):
        return G(number).replace("-4000-8000-", "-4abc-8def-") if dialect == "atlas.ti" else G(number)

    assert [(code.label, code.guid, code.parent, code.is_codable) for code in codebook.codes] == [
        ("Group", own(1), "", False),
        ("Size", own(2), "code-1", True),
        ("Roles", own(3), "code-1", True),
        ("Proceeds", own(4), "", True),
    ]
    assert codebook.descriptions_dropped == 1
    assert CANARY not in repr(codebook)
    assert codebook.codes[0].colour.lower() == "#ff0000"
    assert [codebook.depth(code) for code in codebook.codes] == [0, 1, 1, 0]


trees = st.lists(
    st.tuples(
        st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30), st.booleans(), st.integers(0, 5)
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=50)
@given(trees)
def test_round_trip(tree):
    codes = []
    for number, (label, codable, parent) in enumerate(tree, start=1):
        above = f"code-{parent}" if 0 < parent < number else ""
        codes.append(QdaCode(f"code-{number}", G(number), " ".join(label.split()), above, codable))
    # A file lists children right under their parent; ids follow the file's order.
    again = parse_codebook(codebook_bytes(Codebook(tuple(codes))))

    def shape(codebook):
        labels = {code.code: code.guid for code in codebook}
        return {(code.guid, code.label, code.is_codable, labels.get(code.parent, "")) for code in codebook}

    assert shape(again.codes) == shape(codes)


def test_checklist_as_codebook(tmp_path):
    new_study(tmp_path / "study", "worked-example")
    checklist = open_study(tmp_path / "study").checklist
    write_codebook(codebook_of_checklist(checklist), tmp_path / "codes.qdc")
    codebook = read_codebook(tmp_path / "codes.qdc")
    labels = {code.code: code.label for code in codebook.codes}
    written = next(code for code in codebook.codes if code.label == "written")
    assert labels[written.parent] == "Were there rules of conduct?"
    assert [code.label for code in codebook.codes if not code.parent] == [s.label for s in checklist.sections]
    assert codebook == codebook_of_checklist(checklist)
    with pytest.raises(OutputError):
        write_codebook(codebook, tmp_path / "codes.qdc")


def project(namespace="urn:QDA-XML:project:1.0", *, selections=None, prefix=""):
    selections = selections or (
        f'<PlainTextSelection guid="{G(30)}" name="{CANARY}" startPosition="10" endPosition="20">'
        f'<Coding guid="{G(40)}" creatingUser="{G(90)}"><CodeRef targetGUID="{G(2)}"/></Coding></PlainTextSelection>'
    )
    return (
        f'{prefix}<Project xmlns="{namespace}" name="{CANARY}" origin="x"><Users><User guid="{G(90)}" name="{CANARY}"/>'
        f'<User guid="{G(91)}" name="{CANARY}"/></Users><CodeBook>{CODES}</CodeBook><Sources>'
        f'<TextSource guid="{G(20)}" name="{CANARY}" plainTextPath="internal://{CANARY}.txt">'
        f"<PlainTextContent>{CANARY}</PlainTextContent>{selections}</TextSource>"
        f'<PDFSource guid="{G(21)}" name="{CANARY}"><PDFSelection guid="{G(31)}" page="7" firstX="1" firstY="1">'
        f'<Coding guid="{G(41)}"><CodeRef targetGUID="{G(4)}"/></Coding></PDFSelection>'
        f'<Coding guid="{G(43)}" creatingUser="{G(91)}"><CodeRef targetGUID="{G(1)}"/></Coding></PDFSource>'
        f'<AudioSource guid="{G(22)}"><AudioSelection guid="{G(32)}" begin="1000" end="2500"><Coding guid="{G(42)}" '
        f'creatingUser="{G(90)}"><CodeRef targetGUID="{G(99)}"/></Coding></AudioSelection></AudioSource></Sources>'
        f'<Notes><Note guid="{G(50)}"><PlainTextContent>{CANARY}</PlainTextContent></Note></Notes></Project>'
    )


def archive(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "namespace", "prefix"),
    [
        ("project.qde", "urn:QDA-XML:project:1.0", ""),
        ("My Study.qde", "urn:QDA-XML:project:1:0", '<?xml version="1.0" encoding="utf-8"?>'),
        ("PROJECT.QDE", "urn:QDA-XML:project:1.0", "\ufeff"),
        ("folder/inner.qde", "urn:QDA-XML:project:1.0", ""),
    ],
)
def test_projects_give_positions_and_nothing_else(name, namespace, prefix, tmp_path):
    members = {name: project(namespace, prefix=prefix), "Sources/a.txt": CANARY * 1000, "../../escape.txt": CANARY}
    found = read_project(archive(tmp_path / "p.qdpx", members))
    assert found.coders == ("coder-1", "coder-2")
    assert [(c.source, c.start, c.end, c.unit, c.code, c.coder) for c in found.codings] == [
        ("source-1", 10, 20, Unit.CHARACTERS, "code-2", "coder-1"),
        ("source-2", 7, 7, Unit.PAGE, "code-4", ""),
        ("source-2", None, None, Unit.WHOLE, "code-1", "coder-2"),
    ]
    assert found.dangling == 1
    assert CANARY not in repr(found)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["p.qdpx"]


def test_sources_are_never_decompressed(tmp_path, monkeypatch):
    opened = []
    real = zipfile.ZipFile.open

    def noted(self, name, *rest, **more):
        opened.append(name.filename if isinstance(name, zipfile.ZipInfo) else name)
        return real(self, name, *rest, **more)

    path = archive(tmp_path / "p.qdpx", {"project.qde": project(), "Sources/a.txt": CANARY})
    monkeypatch.setattr(zipfile.ZipFile, "open", noted)
    read_project(path)
    assert opened == ["project.qde"]


def test_positions_that_cannot_be_read_are_counted(tmp_path):
    bad = "".join(
        f'<PlainTextSelection guid="{G(60)}" startPosition="{start}" endPosition="{end}"><Coding guid="{G(61)}">'
        f'<CodeRef targetGUID="{G(2)}"/></Coding></PlainTextSelection>'
        for start, end in (("", "5"), ("-3", "5"), ("9", "5"), ("one", "two"), ("4", "9" * 400))
    )
    found = read_project(archive(tmp_path / "p.qdpx", {"project.qde": project(selections=bad)}))
    assert found.dangling == 6
    assert all(coding.unit is not Unit.CHARACTERS for coding in found.codings)


ENTITIES = '<!DOCTYPE x [<!ENTITY a "' + CANARY + '"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
HOSTILE = {
    "entities": ENTITIES + DIALECTS["qualcoder"].partition("?>")[2].replace('name="Size"', 'name="&a;"'),
    "external": ENTITIES + "<CodeBook xmlns='urn:QDA-XML:codebook:1.0'><Codes>&b;</Codes></CodeBook>",
    "entities in utf-16": (ENTITIES + "<CodeBook/>").encode("utf-16"),
    "not xml": CANARY,
    "empty": "",
    "cut off": DIALECTS["qualcoder"][:200],
    "another document": f"<html><body>{CANARY}</body></html>",
    "another namespace": DIALECTS["qualcoder"].replace("codebook:1:0", "codebook:2.0"),
    "too deep": '<CodeBook xmlns="urn:QDA-XML:codebook:1.0">' + "<Code>" * 230 + "</Code>" * 230 + "</CodeBook>",
    "codes without ids": DIALECTS["qualcoder"].replace("guid", "id"),
    "one id twice": DIALECTS["qualcoder"].replace(G(2), G(3)),
    "project as codebook": project(),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_codebooks(case, tmp_path):
    content = HOSTILE[case]
    (tmp_path / "x.qdc").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SourceError) as refused:
        read_codebook(tmp_path / "x.qdc")
    assert CANARY not in str(refused.value)
    assert refused.value.__context__ is None


def test_hostile_archives(tmp_path):
    bomb = b"<Project>" + b" " * (20 << 20)
    cases = {
        "bomb": {"project.qde": bomb},
        "none": {"a.txt": "x"},
        "two": {"a.qde": project(), "b.qde": project()},
        "entities": {"project.qde": ENTITIES + project()},
    }
    for name, members in cases.items():
        with pytest.raises(SourceError) as refused:
            read_project(archive(tmp_path / f"{name}.qdpx", members))
        assert CANARY not in str(refused.value)
    (tmp_path / "broken.qdpx").write_bytes(b"PK\x03\x04" + b"\0" * 100)
    damaged = bytearray(archive(tmp_path / "d.qdpx", {"project.qde": project()}).read_bytes())
    damaged[60:90] = b"\xff" * 30
    (tmp_path / "damaged.qdpx").write_bytes(bytes(damaged))
    lying = archive(tmp_path / "lying.qdpx", {"project.qde": bomb}).read_bytes()
    (tmp_path / "lying.qdpx").write_bytes(lying.replace(len(bomb).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    for name in ("broken", "damaged", "lying", "absent"):
        with pytest.raises(SourceError):
            read_project(tmp_path / f"{name}.qdpx")


def test_offsets_beyond_the_basic_plane():
    text = "a\U0001f600b\U00010348\U0001f4a1c"
    beyond = positions_beyond_basic_plane([text[:2], text[2:]])
    assert beyond == (1, 3, 4)
    units = [to_utf16_units(position, beyond) for position in range(len(text) + 1)]
    assert units == [len(text[:position].encode("utf-16-le")) // 2 for position in range(len(text) + 1)]
    assert [to_code_points(unit, beyond) for unit in units] == list(range(len(text) + 1))
    assert to_code_points(2, beyond) == 1


def spans_of(marks):
    return merge_spans([(place, place + 1) for place, mark in enumerate(marks) if mark])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_overlap_equals_counting_characters(marks):
    one, other = [mark[0] for mark in marks], [mark[1] for mark in marks]
    found = compare_spans("c", "", {"s": spans_of(one)}, {"s": spans_of(other)}, {"s": len(marks)})
    both, either = sum(a and b for a, b in marks), sum(a or b for a, b in marks)
    assert found.jaccard == (pytest.approx(both / either) if either else None)
    total, marked = 2 * len(marks), sum(one) + sum(other)
    expected = 2 * marked * (total - marked) / (total - 1)
    differing = 2 * (either - both)
    assert found.alpha == (pytest.approx(1 - differing / expected) if 0 < marked < total else None)


def test_two_coders_projects(tmp_path, capsys):
    def coded(*spans):
        return "".join(
            f'<PlainTextSelection guid="{G(70 + n)}" startPosition="{start}" endPosition="{end}"><Coding '
            f'guid="{G(80 + n)}" creatingUser="{G(90)}"><CodeRef targetGUID="{G(2)}"/></Coding></PlainTextSelection>'
            for n, (start, end) in enumerate(spans)
        )

    paths = [
        archive(tmp_path / f"{name}.qdpx", {"project.qde": project(selections=coded(*spans))})
        for name, spans in (("a", [(0, 100), (50, 120), (70_000, 70_100)]), ("b", [(20, 120), (200, 210)]))
    ]
    one, other = (read_project(path) for path in paths)
    found = next(
        each for each in measure_overlap_of_coders(one, other, lengths={"source-1": 100_000}) if each.label == "Size"
    )
    assert (found.one, found.other) == (2, 2)
    assert found.jaccard == pytest.approx(100 / 230)
    assert (found.one_touched, found.other_touched) == (0.5, 0.5)
    assert run(["casefile", "overlap", str(paths[0]), str(paths[1])]) == 0
    assert "Size" in capsys.readouterr().out
    assert run(["casefile", "project", str(paths[0])]) == 0
    assert CANARY not in capsys.readouterr().out


def test_projects_without_a_shared_source(tmp_path):
    one = read_project(archive(tmp_path / "a.qdpx", {"project.qde": project()}))
    elsewhere = project()
    for number in (20, 21, 22):
        elsewhere = elsewhere.replace(G(number), G(number + 200))
    other = read_project(archive(tmp_path / "b.qdpx", {"project.qde": elsewhere}))
    with pytest.raises(SettingsError):
        measure_overlap_of_coders(one, other)


def test_command_line_codebook(tmp_path, capsys):
    new_study(tmp_path / "study", "market-needs")
    assert run(["casefile", "codebook", str(tmp_path / "study"), "--out", str(tmp_path / "c.qdc")]) == 0
    assert run(["casefile", "codebook", str(tmp_path / "c.qdc")]) == 0
    assert "Needs" in capsys.readouterr().out
    assert run(["casefile", "codebook", str(tmp_path / "study")]) == 0
    assert run(["casefile", "codebook", str(tmp_path / "none.qdc")]) == 2
