"""The account file that a new local cloud begins with."""

DEFAULT = """\
# What the simulated AWS account holds before the stack. Edit it freely; `make up` reads it each time.
accountId: "111122223333"
region: us-east-2
zones:
  - {name: us-east-2a, id: use2-az1}
  - {name: us-east-2b, id: use2-az2}
  - {name: us-east-2c, id: use2-az3}

# Reserved GPU capacity. kind: odcr (on-demand capacity reservation) or capacity-block;
# state: active, scheduled, expired or cancelled; inUse: instances that others run in it already.
capacityReservations:
  - id: cr-0123456789abcdef0
    kind: odcr
    instanceType: p5e.48xlarge
    zone: us-east-2b
    count: 1
  - id: cr-0fedcba9876543210
    kind: capacity-block
    instanceType: p5en.48xlarge
    zone: us-east-2c
    count: 2

# Resource groups that pool reservations (capacityReservationResourceGroupArn).
reservationGroups:
  - name: inference-gpus
    reservations: [cr-0123456789abcdef0]

# DNS zones and issued certificates.
hostedZones:
  - {id: Z0123456789ABCDEFGHIJ, name: example.com}
certificates:
  - arn: arn:aws:acm:us-east-2:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef
    names: ["*.models.example.com"]

# IAM roles that cluster access can be granted to, KMS keys, and networks that a stack can be put into.
roles: [Admin, PlatformEngineer]
keys: []
#  - arn: arn:aws:kms:us-east-2:111122223333:key/01234567-89ab-cdef-0123-456789abcdef
#    state: enabled # or disabled, or pending-deletion
#    policy: {Version: "2012-10-17", Statement: [...]} # left out: IAM policies of the account decide
vpcs: []
#  - id: vpc-0123456789abcdef0
#    cidrBlock: 10.0.0.0/16
#    subnets:
#      - {id: subnet-0123456789abcdef0, zone: us-east-2a, cidrBlock: 10.0.0.0/20}

# Zones that offer an instance type; a type that is not listed is offered in every zone.
instanceOfferings:
  p5e.48xlarge: [us-east-2b]
  p5en.48xlarge: [us-east-2c]

# Instances that EC2 can start without a reservation, by type and zone; what is not listed has no end.
freeCapacity: {}
#  g6e.12xlarge: {us-east-2a: 0} # InsufficientInstanceCapacity

# Bucket names that other accounts have.
takenBucketNames: []

# Service quotas; docs/refusals.md tells what each refuses. vCPUs are those of running instances of a family,
# Capacity Blocks apart.
quotas:
  vpcs: 5
  internetGateways: 5
  subnetsPerVpc: 200
  elasticIps: 5
  natGatewaysPerZone: 5
  securityGroups: 2500
  rulesPerSecurityGroup: 60
  interfaceEndpointsPerVpc: 50
  pVcpus: 768
  gVcpus: 768
  standardVcpus: 256
  pSpotVcpus: 768
  gSpotVcpus: 768
  standardSpotVcpus: 256
  nodeGroupsPerCluster: 30
  nodesPerNodeGroup: 450
  loadBalancers: 50
  roles: 1000
  policiesPerRole: 10
  oidcProviders: 100
  buckets: 10000
  kmsKeys: 100000
"""
