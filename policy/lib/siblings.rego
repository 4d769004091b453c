# The other objects of an object's namespace: Gatekeeper's inventory, or one made of everything that conftest was given.
package lib.siblings

# Charts mostly leave the namespace to the one who installs them.
namespace(resource) := object.get(resource.metadata, "namespace", "")

# Those of one kind: a set, empty where there is none.
of_kind(resource, version, kind) := {sibling |
	some sibling in data.inventory.namespace[namespace(resource)][version][kind]
}

# An inventory as Gatekeeper keeps it: by namespace, version, kind and name.
inventory(resources) := object.union_n([{"namespace": {namespace(resource): {resource.apiVersion: kinds}}} |
	some resource in resources
	kinds := {resource.kind: {resource.metadata.name: resource}}
])
