"""Refusals in AWS's own words."""

from localcloud.providers.protocol import ProviderError


class AwsError(ProviderError):
    """What the AWS API answered instead of doing what it was asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"api error {code}: {message}")
        self.code = code
        self.message = message
