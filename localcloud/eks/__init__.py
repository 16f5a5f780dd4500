"""`eks:index:Cluster` of the local cloud: the same children as the published pulumi-eks plugin makes."""
