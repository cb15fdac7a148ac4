"""The one error tree of the devices: a device that is missing, stuck or wrongly set up."""


class DeviceError(Exception):
    """Root of all device faults; says which device, what was found and what was expected."""

    def __init__(self, device: str, found: str, expected: str) -> None:
        super().__init__(f"{device}: {found}; expected {expected}")
        self.device = device
        self.found = found
        self.expected = expected


class DeviceUnavailableError(DeviceError):
    """The device is not there, cannot be opened, or its library is not installed."""


class DeviceStuckError(DeviceError):
    """The device is open but gave nothing within its deadline."""


class DeviceSettingError(DeviceError, ValueError):
    """An option of a driver is unknown or out of range."""


class EndOfFootageError(DeviceError):
    """A file camera has no further frame; not a fault of the device."""
