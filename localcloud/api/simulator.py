"""moto in this process: its application, its backends, clients that call it, and the account it stands for."""

import contextlib
import os
from typing import Any

from components.instance_types import INSTANCE_TYPES
from localcloud.api.clients import Clients
from localcloud.api.ids import Ids
from localcloud.api.libraries import module
from localcloud.aws.account import Account

_GLOBAL = {"iam": "aws", "s3": "aws", "route53": "aws", "sts": "aws"}
"""Services whose one backend stands under the partition's name instead of a region's."""


class Simulator:
    """moto as one account in one region, empty at first. There is one at a time: moto's backends are global."""

    def __init__(self, account: Account) -> None:
        # moto takes the account of every request from here.
        os.environ["MOTO_ACCOUNT_ID"] = account.account_id
        os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # 500 images that nobody here starts
        self.account = account
        _load_ec2()
        self._ids = Ids()
        module("moto.moto_api._internal.models").moto_api_backend.reset()
        server = module("moto.server")
        self.application: Any = server.DomainDispatcherApplication(server.create_backend_app)
        self._clients = Clients(self.application, account.region)
        self._ready: set[str] = set()
        self.backend("ec2")  # before any request: it begins with a network that is not the account's

    @property
    def region(self) -> str:
        """The account's region."""
        return self.account.region

    def forced(self, *ids: str) -> contextlib.AbstractContextManager[None]:
        """Inside, the first new EC2 resources of each id prefix get these ids; empty ones are left out."""
        return self._ids.forced(*ids)

    def client(self, service: str) -> Any:
        """A boto3 client of moto itself."""
        self.backend(_BACKENDS.get(service, service))
        return self._clients.client(service)

    def backend(self, service: str) -> Any:
        """moto's own objects for a service, in the account and its region."""
        accounts = module("moto.backends").get_backend(service)
        if service not in self._ready:
            # Making the application makes a backend of an example account, with a network of its own.
            self.application.app_instances[service] = module("moto.server").create_backend_app(service)
            for other in set(accounts) - {self.account.account_id}:
                del accounts[other]
        found = accounts[self.account.account_id]
        backend = found[self.account.partition if service in _GLOBAL else self.region]
        if service not in self._ready:
            self._ready.add(service)
            if service == "ec2":
                _clear_network(backend)
                self.use(self.account)
        return backend

    def uses(self, service: str) -> bool:
        """Whether anything asked for a service's backend yet; the others are empty."""
        return service in self._ready

    def use(self, account: Account) -> None:
        """Take over a changed account file: zones and what they offer."""
        self.account = account
        if "ec2" not in self._ready:
            return
        backend = self.backend("ec2")
        zone = module("moto.ec2.models.availability_zones_and_regions").Zone
        backend.zones[account.region] = [zone(one.name, account.region, one.id) for one in account.zones]
        _offer(account)


_BACKENDS = {"service-quotas": "servicequotas", "resource-groups": "resourcegroups"}


def _clear_network(backend: Any) -> None:
    """A default VPC is not part of the account file, and would count towards the quota."""
    for collection in (
        backend.vpcs,
        backend.subnets,
        backend.groups,
        backend.route_tables,
        backend.network_acls,
        backend.dhcp_options_sets,
        backend.amis,
    ):
        with contextlib.suppress(AttributeError):
            collection.clear()


def _load_ec2() -> None:
    """Import moto's EC2 without the world's instance type offerings: 90 MB that the account file overrides."""
    utils = module("moto.utilities.utils")
    load = utils.load_resource

    def load_little(name: str) -> Any:
        if "instance_type_offerings" in name:
            return []
        found = load(name)
        if name.endswith("instance_types.json"):
            return {type_: one for type_, one in found.items() if type_ in INSTANCE_TYPES}
        return found

    utils.load_resource = load_little
    try:
        module("moto.ec2.models")
    finally:
        utils.load_resource = load


def _offer(account: Account) -> None:
    """Make moto's table of instance types ours; the account file decides who offers what."""
    types = module("moto.ec2.models.instance_types")
    for name, known in INSTANCE_TYPES.items():
        types.INSTANCE_TYPES.setdefault(name, _described(name, known))
    zone_ids = {zone.name: zone.id for zone in account.zones}
    offered = {name: account.zones_of(name) for name in INSTANCE_TYPES}
    offerings: dict[str, list[tuple[str, str]]] = {
        "region": [(name, account.region) for name, zones in offered.items() if zones],
        "availability-zone": [(name, zone) for name, zones in offered.items() for zone in zones],
        "availability-zone-id": [
            (name, zone_ids[zone]) for name, zones in offered.items() for zone in zones if zone in zone_ids
        ],
    }
    types.INSTANCE_TYPE_OFFERINGS.clear()
    for kind, rows in offerings.items():
        types.INSTANCE_TYPE_OFFERINGS[kind] = {
            account.region: [
                {"InstanceType": name, "Location": place, "LocationType": kind} for name, place in rows
            ]
        }


def _described(name: str, known: Any) -> dict[str, Any]:
    """What our table knows of an instance type that moto's lacks."""
    told: dict[str, Any] = {
        "InstanceType": name,
        "CurrentGeneration": True,
        "VCpuInfo": {"DefaultVCpus": known.vcpus},
        "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]},
        "SupportedUsageClasses": ["on-demand"],
        "NetworkInfo": {"EfaSupported": bool(known.efa_interfaces)},
    }
    if known.gpus:
        told["GpuInfo"] = {"Gpus": [{"Manufacturer": "NVIDIA", "Count": known.gpus}]}
    return told
