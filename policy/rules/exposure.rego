# METADATA
# title: What comes from outside meets the auth proxy or ingest, and nothing else.
# custom:
#   kinds:
#     - {apiGroups: [""], kinds: [Service]}
#     - {apiGroups: [networking.k8s.io], kinds: [Ingress]}
#     - {apiGroups: [gateway.networking.k8s.io], kinds: [HTTPRoute, GRPCRoute, TCPRoute, TLSRoute, UDPRoute]}
#   rules:
#     W11: Requests are authenticated at one place; a port of the node, a balancer or a route to another port leads past it.
package k8s.exposure

import data.lib.report
import data.lib.routes
import data.lib.workload

violation contains {"msg": "there are no parameters for exposure"} if not input.parameters.entrances

violation contains report.about(input.review.object, "W11", text) if some text in faults

resource := input.review.object

component := workload.component(resource)

# By component: the name and the number of its Service's port that leads to where requests are authenticated, and where that is.
entrance := input.parameters.entrances[component]

faults contains sprintf("type %s would open it to the network: use ClusterIP", [kind]) if {
	resource.kind == "Service"
	kind := object.get(resource, ["spec", "type"], "ClusterIP")
	kind != "ClusterIP"
}

faults contains "externalIPs must be empty" if {
	resource.kind == "Service"
	addresses := object.get(resource, ["spec", "externalIPs"], null)
	not addresses in {null, []}
}

faults contains sprintf("port %v must lead to %v, where requests are authenticated", [entrance.port, entrance.targets]) if {
	resource.kind == "Service"
	some port in resource.spec.ports
	is_entrance(port)
	targets := entrance.targets
	target := object.get(port, "targetPort", object.get(port, "port", null))
	not target in targets
}

faults contains sprintf("nothing of the component %q is for the outside", [component]) if {
	resource.kind in {"Ingress", "HTTPRoute"}
	not entrance
}

faults contains sprintf("backend %s must be port %s or %d of a Service beside it", [told, entrance.name, entrance.port]) if {
	some backend in routes.backends(resource)
	not is_allowed(backend)
	told := json.marshal(backend)
}

# Routes whose backends this rule cannot read.
faults contains "use an Ingress or an HTTPRoute" if {
	resource.kind in {"GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"}
}

is_entrance(port) if port.port == entrance.port

is_entrance(port) if object.get(port, "name", "") == entrance.name

is_allowed(backend) if backend.service.port.name == entrance.name

is_allowed(backend) if backend.service.port.number == entrance.port

is_allowed(backend) if {
	resource.kind == "HTTPRoute"
	backend.port == entrance.port
	object.get(backend, "kind", "Service") == "Service"
	object.get(backend, "group", "") == ""
	object.get(backend, "namespace", null) in {null, object.get(resource, ["metadata", "namespace"], null)}
}
