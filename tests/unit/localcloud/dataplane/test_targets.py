"""Ready endpoints of a Service's port are its targets, and nothing else is."""

from localcloud.dataplane.targets import Target, ready_targets
from tests.unit.localcloud.dataplane.cluster import endpoint, endpoints, service


def test_only_ready_endpoints_are_targets() -> None:
    slices = [
        endpoints(
            endpoint("b", "10.0.0.2", ready=True),
            endpoint("a", "10.0.0.1", ready=True),
            endpoint("c", "10.0.0.3", ready=False),
            endpoint("d", "10.0.0.4", ready=True, terminating=True),
        )
    ]
    assert ready_targets(service(), "http", slices) == [
        Target("a", "10.0.0.1", 8000),
        Target("b", "10.0.0.2", 8000),
    ]


def test_a_port_is_found_by_name_or_number() -> None:
    slices = [endpoints(endpoint("a", "10.0.0.1", ready=True))]
    assert ready_targets(service(), 80, slices) == ready_targets(service(), "http", slices) != []
    assert ready_targets(service(), 8000, slices) is None
    assert ready_targets(service(), "grpc", slices) is None


def test_another_services_endpoints_are_not_taken() -> None:
    foreign = endpoints(endpoint("a", "10.0.0.1", ready=True), name="other")
    elsewhere = endpoints(endpoint("a", "10.0.0.1", ready=True))
    elsewhere["metadata"]["namespace"] = "elsewhere"
    assert ready_targets(service(), "http", [foreign, elsewhere]) == []
