"""Who calls: always the account file's caller, whatever the key."""

from localcloud.api.beside.registry import Arguments, answers
from localcloud.api.world import World


@answers("sts", "GetCallerIdentity")
def get_caller_identity(world: World, given: Arguments) -> Arguments:
    """The caller of the account file."""
    del given
    account = world.account
    return {"UserId": "AIDALOCALCLOUDCALLER0", "Account": account.account_id, "Arn": account.caller_arn}
