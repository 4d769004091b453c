# What several rules ask of a NetworkPolicy.
package lib.netpol

import data.lib.selector

is_policy(resource) if {
	resource.kind == "NetworkPolicy"
	startswith(resource.apiVersion, "networking.k8s.io/")
}

# The component whose pods it is for. Its own labels prove nothing: anybody may write them on any policy.
component(policy) := object.get(policy, ["spec", "podSelector", "matchLabels", "app.kubernetes.io/component"], "")

# The peers of one direction, each with the ports that it may be reached on.
peers(policy, direction) := [{"rule": index, "peer": peer, "ports": object.get(rule, "ports", [])} |
	field := {"egress": "to", "ingress": "from"}[direction]
	some index, rule in policy.spec[direction]
	some peer in rule[field]
]

# A rule that holds nothing lets everything through; null is read as nothing. (OPA 1.17 panics on `in [{}, null]`.)
is_empty(rule) if count(rule) == 0

is_empty(rule) if is_null(rule)

# A field that is absent, null or an empty list means: any.
is_listed(rule, field) if count(rule[field]) > 0

# Who is chosen by a peer that chooses nobody in particular: only what is known to leave something out is a choice.
everybody(peer) := "every pod of the cluster" if {
	has(peer, "namespaceSelector")
	not chooses(peer, "namespaceSelector")
	not chooses(peer, "podSelector")
}

everybody(peer) := "every pod of the namespace" if {
	not has(peer, "namespaceSelector")
	has(peer, "podSelector")
	not chooses(peer, "podSelector")
}

everybody(peer) := "a peer that is nobody" if {
	every field in ["namespaceSelector", "podSelector", "ipBlock"] {
		not has(peer, field)
	}
}

has(peer, field) if is_object(peer[field])

chooses(peer, field) if selector.is_narrow(peer[field])
