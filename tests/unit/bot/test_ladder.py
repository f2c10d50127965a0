"""Files in the best form that fits, with their texts."""

import io

from PIL import Image

from bot.courier.inspection import Picture
from bot.courier.ladder import REQUEST_LIMIT_BYTES, Load, NamedFile, Rung, loads
from tasks.infotext import a1111_text, easel_text
from tests.specs import tiny_spec

JOB = "01JD4Q8Z6V9K3M5N7P2R4S6T8X"
SPEC = tiny_spec(prompt="a fox 狐 & <b>", negative_prompt="blurry", seeds=(7, 8))


def pictures() -> list[Picture]:
    gradient = Image.linear_gradient("L").resize((64, 64))
    image = Image.merge("RGB", (gradient, gradient.rotate(90), gradient.rotate(180)))
    return [Picture(image, seed) for seed in SPEC.seeds]


def opened(file: NamedFile) -> Image.Image:
    return Image.open(io.BytesIO(file.data))


def test_the_rungs_come_best_first_under_good_names() -> None:
    """PNG, lossless WebP, WebP at 95; the name is ours and carries the job's id."""
    rungs = list(loads(pictures(), SPEC, job_id=JOB))
    assert [load.rung for load in rungs] == [Rung.PNG, Rung.LOSSLESS, Rung.LOSSY]
    assert [file.name for file in rungs[0].files] == [f"easel-{JOB}-1.png", f"easel-{JOB}-2.png"]
    assert rungs[1].files[1].name == f"easel-{JOB}-2.webp"


def test_the_lossless_rungs_keep_every_pixel() -> None:
    """No silent loss."""
    png, lossless, _ = loads(pictures(), SPEC, job_id=JOB)
    want = pictures()[0].image.tobytes()
    assert opened(png.files[0]).tobytes() == want
    assert opened(lossless.files[0]).convert("RGB").tobytes() == want


def test_both_texts_are_in_every_form() -> None:
    """Info and remix work from the file alone, whatever it was saved as."""
    png, lossless, lossy = loads(pictures(), SPEC, job_id=JOB)
    assert opened(png.files[1]).info == {
        "parameters": a1111_text(SPEC, seed=8),
        "easel": easel_text(SPEC, seed=8, job_id=JOB),
    }
    for load in (lossless, lossy):
        image = opened(load.files[1])
        comment = image.getexif().get_ifd(0x8769)[0x9286]
        assert comment.removeprefix(b"UNICODE\x00").decode("utf-16-be") == a1111_text(SPEC, seed=8)
        assert "&lt;b&gt;" in image.info["xmp"].decode()


def test_the_limit_is_per_file_and_for_the_request() -> None:
    """Four files that fit one by one may still be too much together."""

    def load(*sizes: int) -> Load:
        return Load(Rung.PNG, tuple(NamedFile("x", bytes(size)) for size in sizes))

    assert load(100, 50).fits(100)
    assert not load(101).fits(100)
    assert not load(*[REQUEST_LIMIT_BYTES // 4] * 4).fits(REQUEST_LIMIT_BYTES)
