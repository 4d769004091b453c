# Every backend of a route is found, wherever it is written.
package lib.routes_test

import data.lib.routes

test_finds_those_of_an_ingress if {
	routes.services({"kind": "Ingress", "spec": {
		"defaultBackend": {"service": {"name": "a"}},
		"rules": [{"http": {"paths": [
			{"backend": {"service": {"name": "b"}}},
			{"backend": {"resource": {"name": "no"}}},
		]}}],
	}}) == {"a", "b"}
}

test_finds_those_of_a_route if {
	routes.services({"kind": "HTTPRoute", "spec": {"rules": [{
		"backendRefs": [{"name": "a"}, {"name": "b", "filters": [{"requestMirror": {"backendRef": {"name": "c"}}}]}],
		"filters": [{"requestMirror": {"backendRef": {"name": "d"}}}],
	}]}}) == {"a", "b", "c", "d"}
}

test_finds_none_elsewhere if routes.backends({"kind": "Service", "spec": {"backend": {"service": {"name": "a"}}}}) == set()
