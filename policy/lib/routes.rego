# Where an Ingress or an HTTPRoute leads.
package lib.routes

# Its backends, copies of requests included.
backends(resource) := {backend |
	[path, backend] := walk(resource.spec)
	is_backend(resource.kind, path)
}

is_backend("Ingress", path) if path[count(path) - 1] in {"backend", "defaultBackend"}

is_backend("HTTPRoute", path) if path[count(path) - 1] == "backendRef"

is_backend("HTTPRoute", path) if path[count(path) - 2] == "backendRefs"

# Names of Services.
services(resource) := {backend.service.name | some backend in backends(resource)} | {backend.name | some backend in backends(resource)}
