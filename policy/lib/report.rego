# How every rule says what it found: which rule, in which object, and what is wrong.
package lib.report

about(resource, rule, text) := {
	"msg": sprintf("%s %s %s: %s", [rule, resource.kind, name(resource), text]),
	"details": {"rule": rule, "kind": resource.kind, "name": name(resource)},
}

name(resource) := object.get(resource, ["metadata", "name"], "without a name")
