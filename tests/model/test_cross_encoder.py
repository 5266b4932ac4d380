from pathlib import Path

import numpy as np
import pytest

from model.cross_encoder import load_cross_encoder
from model.sentence_encoder import SentenceEncoderSpec
from tests.model.cross_encoders import cross_encoder
from tests.model.tiny import TEXTS


def test_a_pair_has_one_score_whatever_it_is_asked_with(tmp_path: Path) -> None:
    model = load_cross_encoder(SentenceEncoderSpec(model=str(cross_encoder(tmp_path / "ce"))))
    pairs = [(one, other) for one in TEXTS for other in TEXTS]
    scores = model.score(pairs)
    assert scores.dtype == np.float32
    assert scores.std() > 0.05
    alone = np.concatenate([model.score([pair]) for pair in pairs])
    np.testing.assert_allclose(scores, alone, atol=1e-5)
    assert model.score(pairs).tobytes() == scores.tobytes()
    assert model.score([]).shape == (0,)


def test_a_model_of_classes_is_refused(tmp_path: Path) -> None:
    spec = SentenceEncoderSpec(model=str(cross_encoder(tmp_path / "ce", labels=3)))
    with pytest.raises(ValueError, match="must give one score a pair, got 3 labels"):
        load_cross_encoder(spec)
