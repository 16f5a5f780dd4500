"""The whole program: read the settings, build the plane, export what its users need."""

import pulumi

from config.loading import SettingsError, load_secrets, load_settings
from plane.build import build

try:
    settings = load_settings()
except SettingsError as error:
    # One readable message with every fault in it, before anything is registered.
    raise pulumi.RunError(str(error)) from None

for name, value in build(settings, load_secrets()).items():
    pulumi.export(name, value)
