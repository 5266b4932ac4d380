"""What a recipe may tell img2dataset, which of its options ours stand for, what it leaves open."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from pipelines.packages import require_packages

Interpolation = Literal[
    "nearest", "linear", "bilinear", "cubic", "bicubic", "area", "lanczos", "lanczos4"
]

# What is said before a run, a line each.
WARNINGS = (
    "img2dataset fetches: it asks any address, internal ones too (allow_hosts is not enforced), "
    "reads no robots.txt and spares no host (per_host is not enforced)",
    "img2dataset bounds neither a body's bytes (max_bytes) nor its time (deadline_s holds for each "
    "read), and learns a picture's size by decoding it (max_pixels)",
    "img2dataset decodes in the worker, which a picture can crash; it leaves EXIF rotation and "
    "colour profiles alone",
)

# Options of img2dataset that a recipe says elsewhere, or that are pairmill's to decide.
SAID_ELSEWHERE = {
    "url_list": "sources.path",
    "input_format": "sources.path",
    "url_col": "sources.url_column",
    "caption_col": "sources.caption_column",
    "save_additional_columns": "sources.keep_columns",
    "output_folder": "output",
    "image_size": "gather.image_size",
    "resize_mode": "gather.resize",
    "resize_only_if_bigger": "gather.only_shrink",
    "encode_format": "gather.image_format",
    "encode_quality": "gather.quality",
    "max_image_area": "gather.max_pixels",
    "number_sample_per_shard": "gather.pictures_per_shard",
    "thread_count": "gather.concurrency",
    "timeout": "gather.deadline_s",
    "retries": "gather.retries",
    "user_agent_token": "gather.user_agent",
    "processes_count": "-- --direct_num_workers",
    "distributor": "-- --runner",
}
NOT_OURS = {
    "output_format",
    "bbox_col",
    "enable_wandb",
    "wandb_project",
    "oom_shard_count",
    "compute_hash",
    "verify_hash",
    "subjob_size",
    "disable_all_reencoding",
    "incremental_mode",
    "max_shard_retry",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Img2dataset:
    """Options of img2dataset by its own names, with its own defaults; the others stand elsewhere.

    Attributes:
      upscale_interpolation: OpenCV's, where a picture grows.
      downscale_interpolation: where it shrinks.
      skip_reencode: store the original bytes where format and size are right already.
      extract_exif: keep EXIF tags, named as exifread names them.
      min_image_size: pixels that the shorter side must have.
      max_aspect_ratio: longer side by shorter side, any where not given.
      disallowed_header_directives: X-Robots-Tag directives that forbid a picture.
    """

    upscale_interpolation: Interpolation = "lanczos"
    downscale_interpolation: Interpolation = "area"
    skip_reencode: bool = False
    extract_exif: bool = True
    min_image_size: Annotated[int, Field(ge=0)] = 0
    max_aspect_ratio: Annotated[float, Field(ge=1)] | None = None
    disallowed_header_directives: tuple[str, ...] = ("noai", "noimageai", "noindex", "noimageindex")


def check_installed() -> None:
    """Refuses to begin without the package.

    Raises:
      RecipeError: naming the extra that brings it.
    """
    require_packages("gather.engine = 'img2dataset'", ["img2dataset"], "img2dataset")
