import pytest

from automask import testing
from automask.errors import ConfigError


@pytest.mark.models
def test_an_unknown_tiny_pipeline_is_refused():
    with pytest.raises(ConfigError, match=r"no tiny pipeline named 'sd3'; known are: sd15, sd15-flagged, sdxl, flux"):
        testing.tiny_diffusion(kind="sd3")
