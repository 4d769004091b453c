# W11, with the Services beside.
package k8s.entrances_test

import data.k8s.entrances
import data.lib.siblings

service(name, component) := {
	"apiVersion": "v1",
	"kind": "Service",
	"metadata": {"name": name, "labels": {"app.kubernetes.io/component": component}},
}

metadata := {"name": "api", "labels": {"app.kubernetes.io/component": "api"}}

ingress := {
	"apiVersion": "networking.k8s.io/v1",
	"kind": "Ingress",
	"metadata": metadata,
	"spec": {"rules": [{"http": {"paths": [{"backend": {"service": {"name": "api", "port": {"name": "http"}}}}]}}]},
}

route := {
	"apiVersion": "gateway.networking.k8s.io/v1",
	"kind": "HTTPRoute",
	"metadata": metadata,
	"spec": {"rules": [{"backendRefs": [{"name": "api", "port": 80}]}]},
}

messages(resource, services) := {found.msg |
	some found in entrances.violation with input as {"review": {"object": resource}}
		with data.inventory as siblings.inventory({resource} | services)
}

test_accepts_its_own_service_for[kind] if {
	some kind, resource in {"Ingress": ingress, "HTTPRoute": route}
	messages(resource, {service("api", "api"), service("ingest", "ingest")}) == set()
}

test_refuses[note] if {
	some note, services in {
		"that of another component": {service("api", "ingest")},
		"one that is not there": set(),
	}
	some kind, resource in {"Ingress": ingress, "HTTPRoute": route}
	messages(resource, services) == {sprintf("W11 %s api: it leads to the Service api, which is none of the component \"api\"", [kind])}
}
