# W11, one way in at a time.
package k8s.exposure_test

import data.k8s.exposure

parameters := {"entrances": {
	"api": {"name": "http", "port": 80, "targets": [4180]},
	"ingest": {"name": "http", "port": 80, "targets": [8081]},
}}

metadata := {"name": "api", "namespace": "inventory", "labels": {"app.kubernetes.io/component": "api"}}

service := {
	"kind": "Service",
	"metadata": metadata,
	"spec": {"type": "ClusterIP", "ports": [
		{"name": "http", "port": 80, "targetPort": 4180},
		{"name": "ops", "port": 9090, "targetPort": 9090},
	]},
}

ingress := {
	"kind": "Ingress",
	"metadata": metadata,
	"spec": {"rules": [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": "api", "port": {"name": "http"}}}}]}}]},
}

route := {
	"kind": "HTTPRoute",
	"metadata": metadata,
	"spec": {"rules": [{"backendRefs": [{"name": "api", "port": 80}]}]},
}

messages(resource, patches) := {found.msg |
	patched := json.patch(resource, patches)
	some found in exposure.violation with input as {"review": {"object": patched}, "parameters": parameters}
}

test_accepts[note] if {
	some note, [resource, patches] in {
		"a Service inside the cluster": [service, []],
		"one that says no type": [service, [{"op": "remove", "path": "/spec/type"}]],
		"a Service of what has no entrance": [service, [{"op": "replace", "path": "/metadata/labels", "value": {}}, {"op": "replace", "path": "/spec/ports/0/targetPort", "value": 5432}]],
		"an Ingress by name": [ingress, []],
		"an Ingress by number": [ingress, [{"op": "replace", "path": "/spec/rules/0/http/paths/0/backend/service/port", "value": {"number": 80}}]],
		"a route": [route, []],
		"a route that says its namespace": [route, [{"op": "add", "path": "/spec/rules/0/backendRefs/0/namespace", "value": "inventory"}]],
		"another kind": [{"kind": "ConfigMap", "metadata": metadata}, []],
	}
	messages(resource, patches) == set()
}

test_refuses_a_service_with[note] if {
	some note, [patch, text] in {
		"a port of every node": [{"op": "replace", "path": "/spec/type", "value": "NodePort"}, "type NodePort would open it to the network: use ClusterIP"],
		"a balancer": [{"op": "replace", "path": "/spec/type", "value": "LoadBalancer"}, "type LoadBalancer would open it to the network: use ClusterIP"],
		"addresses": [{"op": "add", "path": "/spec/externalIPs", "value": ["203.0.113.1"]}, "externalIPs must be empty"],
		"a way past the proxy": [{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 8080}, "port 80 must lead to [4180], where requests are authenticated"],
		"a target that is not said": [{"op": "remove", "path": "/spec/ports/0/targetPort"}, "port 80 must lead to [4180], where requests are authenticated"],
		"a second port of the name": [{"op": "replace", "path": "/spec/ports/1/name", "value": "http"}, "port 80 must lead to [4180], where requests are authenticated"],
	}
	messages(service, [patch]) == {sprintf("W11 Service api: %s", [text])}
}

test_refuses_an_ingress_to[note] if {
	some note, [path, value] in {
		"metrics": ["/spec/rules/0/http/paths/0/backend", {"service": {"name": "api", "port": {"name": "ops"}}}],
		"metrics by number": ["/spec/rules/0/http/paths/0/backend", {"service": {"name": "api", "port": {"number": 9090}}}],
		"something that is no Service": ["/spec/rules/0/http/paths/0/backend", {"resource": {"kind": "StorageBucket", "name": "a"}}],
		"metrics, where nothing else fits": ["/spec/defaultBackend", {"service": {"name": "api", "port": {"name": "ops"}}}],
	}
	messages(ingress, [{"op": "add", "path": path, "value": value}]) == {sprintf("W11 Ingress api: backend %s must be port http or 80 of a Service beside it", [json.marshal(value)])}
}

test_refuses_a_route_to[note] if {
	some note, [path, value] in {
		"metrics": ["/spec/rules/0/backendRefs/0", {"name": "api", "port": 9090}],
		"another namespace": ["/spec/rules/0/backendRefs/0", {"name": "api", "namespace": "other", "port": 80}],
		"another kind": ["/spec/rules/0/backendRefs/0", {"name": "api", "kind": "ServiceImport", "group": "multicluster.x-k8s.io", "port": 80}],
		"another group": ["/spec/rules/0/backendRefs/0", {"name": "api", "group": "example.com", "port": 80}],
	}
	messages(route, [{"op": "replace", "path": path, "value": value}]) == {sprintf("W11 HTTPRoute api: backend %s must be port http or 80 of a Service beside it", [json.marshal(value)])}
}

test_refuses_a_copy_of_every_request if {
	filter := {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "other", "port": 9090}}}
	count(messages(route, [{"op": "add", "path": "/spec/rules/0/filters", "value": [filter]}])) == 1
}

test_refuses_a_way_in_for_what_has_none[kind] if {
	some kind, resource in {"Ingress": ingress, "HTTPRoute": route}
	patches := [{"op": "replace", "path": "/metadata/labels/app.kubernetes.io~1component", "value": "prune"}]
	messages(resource, patches) == {sprintf(`W11 %s api: nothing of the component "prune" is for the outside`, [kind])}
}

test_refuses_a_route_that_is_no_http[kind] if {
	some kind in ["GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"]
	messages({"kind": kind, "metadata": metadata}, []) == {sprintf("W11 %s api: use an Ingress or an HTTPRoute", [kind])}
}

test_says_that_it_was_told_nothing if {
	{"msg": "there are no parameters for exposure"} in exposure.violation with input as {"review": {"object": {"kind": "ConfigMap"}}}
}
