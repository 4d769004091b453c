{{/* What one collector's pod has beside every CronJob's: its variables, its secret files, its token. root, values. */}}

{{- define "inventory.collector.env" -}}
{{- with .root.Values.proxy }}
{{- range $name, $value := dict "HTTP_PROXY" .http "HTTPS_PROXY" .https "NO_PROXY" .noProxy }}
{{- if $value }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- range .values.secretVariables }}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: { name: {{ .existingSecret | quote }}, key: {{ .key | quote }}, optional: {{ default false .optional }} }
{{- end }}
{{- end -}}

{{- define "inventory.collector.volumes" -}}
{{- with .values.secretFiles }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range . }}
      - secret:
          name: {{ .existingSecret | quote }}
          items: [{ key: {{ .key | quote }}, path: {{ .path | quote }} }]
      {{- end }}
{{- end }}
{{- if eq .values.identity.provider "token" }}
- name: identity
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: { audience: {{ .values.identity.audience | quote }}, expirationSeconds: 3600, path: token }
{{- end }}
{{- end -}}

{{- define "inventory.collector.mounts" -}}
{{- if .values.secretFiles }}
- name: secrets
  mountPath: /etc/inventory/secrets
  readOnly: true
{{- end }}
{{- if eq .values.identity.provider "token" }}
- name: identity
  mountPath: /var/run/secrets/inventory
  readOnly: true
{{- end }}
{{- end -}}

{{/* The annotations by which a cloud knows the ServiceAccount. EKS Pod Identity and token federation need none: they are told the name. */}}
{{- define "inventory.collector.identity" -}}
{{- with .values.identity }}
{{- if eq .provider "irsa" }}
eks.amazonaws.com/role-arn: {{ .roleArn | quote }}
eks.amazonaws.com/sts-regional-endpoints: "true"
{{- else if and (eq .provider "gke") .gcpServiceAccount }}
iam.gke.io/gcp-service-account: {{ .gcpServiceAccount | quote }}
{{- else if eq .provider "azure" }}
azure.workload.identity/client-id: {{ .clientId | quote }}
{{- with .tenantId }}
azure.workload.identity/tenant-id: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
