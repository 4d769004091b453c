# W2: without a verified digest nothing passes.
package release_test

import data.release

signed := sprintf("sha256:%s", [concat("", ["a" | some _ in numbers.range(1, 64)])])

reviewed := sprintf("sha256:%s", [concat("", ["b" | some _ in numbers.range(1, 64)])])

verified := [
	{
		"critical": {
			"identity": {"docker-reference": "registry.example/asset-inventory"},
			"image": {"docker-manifest-digest": signed},
			"type": "https://sigstore.dev/cosign/sign/v1",
		},
		"optional": null,
	},
	reviewed,
]

pod(image) := {
	"kind": "Pod",
	"metadata": {"name": "api"},
	"spec": {"containers": [{"name": "api", "image": image}]},
}

messages(resource, entries) := {found.msg | some found in release.violation with input as resource with data.verified as entries}

test_accepts_what_was_signed if messages(pod(concat("@", ["registry.example/asset-inventory", signed])), verified) == set()

test_accepts_what_was_looked_at if messages(pod(concat("@", ["quay.io/oauth2-proxy/oauth2-proxy", reviewed])), verified) == set()

test_looks_into_lists if {
	messages({"kind": "List", "items": [pod("a:1")]}, verified) == {`W2 Pod api, container api: image "a:1" is none of those that were verified`}
}

test_refuses[image] if {
	some image in ["", "registry.example/asset-inventory:1.2.3", concat("@", ["a", replace(signed, "a", "c")]), concat("@", ["a", signed, reviewed])]
	messages(pod(image), verified) == {sprintf("W2 Pod api, container api: image %q is none of those that were verified", [image])}
}

test_refuses_everything_where_nothing_was_verified if {
	messages(pod(concat("@", ["a", signed])), []) == {sprintf(`W2 Pod api, container api: image "a@%s" is none of those that were verified`, [signed])}
}

test_fails_closed_without_data if {
	{found.msg | some found in release.violation with input as {"kind": "ConfigMap"}} == {"W2: nothing was verified: give data.verified"}
}
