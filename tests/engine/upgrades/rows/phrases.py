"""What several rows say to the readers of docs/upgrades.md."""

ROLLS_MODELS = "**The GPU nodes roll** ([what that means](#when-gpu-nodes-roll))."
NEW_GPU_GROUP = (
    "EKS cannot change this in place. **The GPU node group is replaced, and all models are down meanwhile** "
    "([why, and what to do](#when-capacity-is-reserved-in-full))."
)
NEW_SYSTEM_GROUP = (
    "EKS cannot change this in place: a new system node group starts first, then the old one is drained and "
    "deleted. Controllers run two replicas and move; models are not touched."
)
NO_STOP = "Nothing stands still."
ALIAS = (
    "With the alias, resources stay what they are and the state learns their new names; only `Name` tags may "
    "change. Keep the alias for as long as a stack may still know the old name."
)
CAUGHT = "The old name's resources would be deleted. The check refuses it: add an alias."
