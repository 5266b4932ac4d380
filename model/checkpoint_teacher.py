"""Teachers from checkpoints in transformers' format, with the preprocessing each was trained on."""

from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModel,
    AutoTokenizer,
    PreTrainedModel,
)
from transformers.utils.logging import disable_progress_bar

from model.arithmetic import require_device, working_device, working_dtype
from model.model_encoder import ModelEncoder
from model.teacher import Embeddings, TeacherSpec, revision_of


class CheckpointTeacher(ModelEncoder):
    """A `model.teacher.Teacher`; see there.

    Pictures go through the checkpoint's own image processor, always Pillow's version of it, so that
    it does not matter whether torchvision is installed.
    """

    def __init__(self, spec: TeacherSpec) -> None:
        disable_progress_bar()  # of transformers, whose weights are read in a moment
        where = {"revision": spec.revision, "trust_remote_code": spec.allow_remote_code}
        _require_known(spec, where)
        self._threads = spec.threads
        device = working_device(spec.device)
        require_device(device)
        self.revision = revision_of(spec)
        model = _model(spec.model, where, working_dtype(spec.dtype, device))
        super().__init__(
            model.to(device),
            AutoTokenizer.from_pretrained(spec.model, **where),
            AutoImageProcessor.from_pretrained(spec.model, backend="pil", **where),
            languages=spec.languages,
            name=spec.model,
        )

    def _features(self, method: Any, inputs: Any) -> Embeddings:
        if self._threads:
            torch.set_num_threads(self._threads)  # torch keeps the number for each thread apart
        return super()._features(method, inputs)


def _require_known(spec: TeacherSpec, where: dict[str, Any]) -> None:
    """Raises ValueError where the checkpoint needs code that it may not run."""
    try:
        AutoConfig.from_pretrained(spec.model, **where)
    except ValueError as error:
        if spec.allow_remote_code or "trust_remote_code" not in str(error):
            raise
        raise ValueError(
            f"{spec.model} brings code of its own, which allow_remote_code must allow to run"
        ) from error


def _model(name: str, where: dict[str, Any], dtype: torch.dtype) -> PreTrainedModel:
    model, info = AutoModel.from_pretrained(name, dtype=dtype, output_loading_info=True, **where)
    wrong = sorted({*info["missing_keys"], *map(str, info["mismatched_keys"])})
    if wrong:
        raise ValueError(f"{name} lacks weights, {len(wrong)} in all: {', '.join(wrong[:3])} …")
    for method in ("get_text_features", "get_image_features"):
        if not hasattr(model, method):
            raise ValueError(f"a teacher must have {method}, got {type(model).__name__}")
    loaded: PreTrainedModel = model.eval()
    return loaded
