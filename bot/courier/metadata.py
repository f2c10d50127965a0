"""The texts inside the files: A1111's `parameters` and our JSON, both written from the ledger's order alone. Pure."""

from xml.sax.saxutils import escape

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tasks.infotext import a1111_text, easel_text
from tasks.schema import JobSpec

PARAMETERS = "parameters"
EASEL = "easel"
_USER_COMMENT = 0x9286
_EXIF_IFD = 0x8769
_UNICODE = b"UNICODE\x00"
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:easel="https://easel.invalid/ns/1.0/"><easel:order>{}</easel:order>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def png_texts(spec: JobSpec, seed: int, *, job_id: str) -> PngInfo:
    """Both texts as PNG chunks."""
    info = PngInfo()
    info.add_itxt(PARAMETERS, a1111_text(spec, seed=seed))
    info.add_itxt(EASEL, easel_text(spec, seed=seed, job_id=job_id))
    return info


def webp_texts(spec: JobSpec, seed: int, *, job_id: str) -> dict[str, bytes]:
    """The same for WebP: `parameters` where A1111 looks for it (EXIF UserComment), our JSON as XMP."""
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = _UNICODE + a1111_text(spec, seed=seed).encode("utf-16-be")
    return {"exif": exif.tobytes(), "xmp": _XMP.format(escape(easel_text(spec, seed=seed, job_id=job_id))).encode()}
