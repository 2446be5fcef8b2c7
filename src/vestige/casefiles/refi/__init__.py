"""Exchange with programs for qualitative data analysis: REFI-QDA codebooks (.qdc) and projects (.qdpx).

The standard: REFI-QDA 1.5 (Evers, Caprioli, Nöst and Wiedemann 2020). A project's sources are never unpacked, and of
its description only structure is read: no element's text, no selection's name, no source's or user's name.
"""

from vestige.casefiles.refi.codebook import Codebook, QdaCode, codebook_of_checklist, read_codebook, write_codebook
from vestige.casefiles.refi.project import QdaCoding, QdaProject, read_project
from vestige.casefiles.refi.unitising import measure_overlap_of_coders

__all__ = [
    "Codebook",
    "QdaCode",
    "QdaCoding",
    "QdaProject",
    "codebook_of_checklist",
    "measure_overlap_of_coders",
    "read_codebook",
    "read_project",
    "write_codebook",
]
