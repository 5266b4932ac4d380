import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny models are slower on several, and the tests run side by side."""
    torch.set_num_threads(1)
