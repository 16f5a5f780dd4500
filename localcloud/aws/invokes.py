"""Answers to the data sources that programs ask of the AWS provider."""

from components.versions import ADDONS
from localcloud.aws.account import Account
from localcloud.aws.rules.base import values_at
from localcloud.aws.store import Store
from localcloud.providers.protocol import Properties, ProviderError


def answer(token: str, args: Properties, account: Account, store: Store) -> Properties:
    """The result of a function such as ``aws:index/getRegion:getRegion``."""
    del store
    name = token.rsplit(":", 1)[-1]
    match name:
        case "getCallerIdentity":
            return {
                "accountId": account.account_id,
                "arn": account.caller_arn,
                "id": account.account_id,
                "userId": "AIDALOCALCLOUDCALLER0",
            }
        case "getPartition":
            return {
                "partition": account.partition,
                "dnsSuffix": "amazonaws.com",
                "id": account.partition,
                "reverseDnsPrefix": "com.amazonaws",
            }
        case "getRegion":
            return {
                "name": account.region,
                "id": account.region,
                "region": account.region,
                "description": account.region,
                "endpoint": f"ec2.{account.region}.amazonaws.com",
            }
        case "getAvailabilityZones":
            zones = account.zones
            excluded = [*values_at(args, "excludeNames"), *values_at(args, "excludeZoneIds")]
            kept = [zone for zone in zones if zone.name not in excluded and zone.id not in excluded]
            return {
                "id": account.region,
                "names": [zone.name for zone in kept],
                "zoneIds": [zone.id for zone in kept],
                "groupNames": [account.region],
                "region": account.region,
            }
        case "getAddonVersion":
            addon = str(args.get("addonName"))
            version = ADDONS.get(str(args.get("kubernetesVersion")), {}).get(addon, "v1.0.0-eksbuild.1")
            return {**args, "id": addon, "version": version}
        case _:
            raise ProviderError(
                f"the local cloud's aws provider does not answer {token}; it answers getAddonVersion, "
                "getCallerIdentity, getPartition, getRegion and getAvailabilityZones (pass known values as "
                "arguments instead)"
            )
